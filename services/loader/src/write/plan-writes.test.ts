import { hashOf } from '@octopipe/shared/core/canonical-json';
import type { MappedRecord, Payload } from '@octopipe/shared/domain/mapping/record';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changedFields,
  type KnownDelete,
  type KnownIntent,
  type KnownTarget,
  planWrites,
} from './plan-writes.js';

const key = 'customer:1';
const payload: Payload = { name: 'Ann', custom_fields: { Pets: 'Dog' } };
const record: MappedRecord = { entity: 'person', targetKey: key, payload, payloadHash: hashOf(payload) };
const before: Payload = { name: 'An', custom_fields: { Pets: 'Dog' } };
const target: KnownTarget = {
  targetId: '7',
  parentId: null,
  payload: before,
  payloadHash: hashOf(before),
  generation: 1,
  writtenFields: null,
  ownerId: null,
  afterImage: null,
  open: null,
};
const same: KnownTarget = { ...target, payload, payloadHash: record.payloadHash };
const intent = (change: Partial<KnownIntent>): KnownIntent => ({
  id: '1',
  operation: 'create',
  generation: 1,
  state: 'confirmed',
  attempt: 1,
  runId: 'r',
  payloadHash: record.payloadHash,
  code: null,
  ...change,
});
const deleting = (state: KnownDelete['state'], targetId = '7'): KnownDelete => ({
  id: '2',
  state,
  attempt: 1,
  targetId,
});
const plan = (known: {
  target?: KnownTarget;
  intent?: KnownIntent;
  deleting?: KnownDelete;
  match?: string;
  finished?: boolean;
}) =>
  planWrites([record], {
    targets: new Map(known.target ? [[key, known.target]] : []),
    intents: new Map(known.intent ? [[key, known.intent]] : []),
    deletes: new Map(known.deleting ? [[key, known.deleting]] : []),
    matches: new Map(known.match ? [[key, known.match]] : []),
    finished: new Set(known.finished ? [key] : []),
  })[0];

describe('what is to be done with a record', () => {
  it.each([
    ['never seen', {}, { kind: 'create', generation: 1, payload }],
    ['finished in this run', { finished: true }, { kind: 'finished' }],
    [
      'finished wins over an open intent',
      { finished: true, intent: intent({ state: 'sent' }) },
      { kind: 'finished' },
    ],
    [
      'create planned',
      { intent: intent({ state: 'planned' }) },
      { kind: 'create', generation: 1, alone: false },
    ],
    [
      'refused together with others: alone',
      { intent: intent({ state: 'planned', code: 'refused_together' }) },
      { kind: 'create', generation: 1, alone: true },
    ],
    ['create sent', { intent: intent({ state: 'sent' }) }, { kind: 'wait' }],
    ['create ambiguous', { intent: intent({ state: 'ambiguous' }) }, { kind: 'wait' }],
    [
      'create rejected by an earlier run',
      { intent: intent({ state: 'rejected' }) },
      { kind: 'create', generation: 2 },
    ],
    ['known, same', { target: same, intent: intent({}) }, { kind: 'unchanged' }],
    ['known, a delete on its way', { target: same, deleting: deleting('sent') }, { kind: 'wait' }],
    ['known, a delete without an answer', { target, deleting: deleting('ambiguous') }, { kind: 'wait' }],
    [
      'known, a delete that may have been made',
      { target: same, deleting: deleting('planned') },
      { kind: 'look' },
    ],
    [
      'known, a delete that was dropped',
      { target: same, deleting: deleting('rejected') },
      { kind: 'unchanged' },
    ],
    [
      'known, a delete of one before it',
      { target: same, deleting: deleting('planned', '3') },
      { kind: 'unchanged' },
    ],
    ['not known any more, deleted', { deleting: deleting('confirmed') }, { kind: 'create', generation: 1 }],
    [
      'known, changed',
      { target, intent: intent({}) },
      { kind: 'update', generation: 2, targetId: '7', payload: { name: 'Ann' } },
    ],
    [
      'known, update planned with this content',
      { target, intent: intent({ operation: 'update', generation: 2, state: 'planned' }) },
      { kind: 'update', generation: 2, payload: { name: 'Ann' } },
    ],
    [
      'known, update planned with another content: all fields, it may have arrived',
      {
        target,
        intent: intent({ operation: 'update', generation: 2, state: 'planned', payloadHash: 'other' }),
      },
      { kind: 'update', generation: 3, payload },
    ],
    [
      'same as before, but an update with another content may have arrived',
      {
        target: same,
        intent: intent({ operation: 'update', generation: 2, state: 'planned', payloadHash: 'other' }),
      },
      { kind: 'update', generation: 3, payload },
    ],
    [
      'known, update ambiguous',
      { target, intent: intent({ operation: 'update', generation: 2, state: 'ambiguous' }) },
      { kind: 'wait' },
    ],
    [
      'known, update rejected',
      { target, intent: intent({ operation: 'update', generation: 2, state: 'rejected' }) },
      { kind: 'update', generation: 3 },
    ],
    [
      'found by the walk with unknown content: all fields',
      { target: { ...target, payload: {}, payloadHash: '' }, intent: intent({}) },
      { kind: 'update', generation: 2, payload },
    ],
    [
      'matched with a record of the account',
      { match: '9' },
      { kind: 'update', generation: 1, targetId: '9', payload, ofTheirs: true },
    ],
    [
      'matched, its patch planned again: the same generation',
      { match: '9', intent: intent({ operation: 'update', state: 'planned' }) },
      { kind: 'update', generation: 1, ofTheirs: true },
    ],
    [
      'matched, its patch without an answer',
      { match: '9', intent: intent({ operation: 'update', state: 'ambiguous' }) },
      { kind: 'wait' },
    ],
    [
      'matched and patched before, changed since',
      { match: '9', target: { ...target, writtenFields: ['name'] }, intent: intent({ operation: 'update' }) },
      { kind: 'update', generation: 2, payload: { name: 'Ann' }, ofTheirs: true },
    ],
    [
      'matched and patched before, same',
      { match: '9', target: { ...same, writtenFields: ['name'] }, intent: intent({ operation: 'update' }) },
      { kind: 'unchanged' },
    ],
  ])('%s', (_what, known, expected) => {
    expect(plan(known)).toMatchObject(expected);
  });
});

describe('an update of a file', () => {
  const file = (sha256: string, path: string, more: Payload = {}): Payload => ({
    name: 'a.pdf',
    file: { $file: { path, sha256, bytes: 3 } },
    ...more,
  });
  const updateOf = (known: Payload, wanted: Payload) =>
    planWrites([{ ...record, entity: 'file', payload: wanted, payloadHash: hashOf(wanted) }], {
      targets: new Map([[key, { ...target, payload: known, payloadHash: hashOf(known) }]]),
      intents: new Map(),
      deletes: new Map(),
      matches: new Map(),
      finished: new Set(),
    })[0];

  it.each([
    ['kept elsewhere in the export', file('a', 'old/a.pdf'), file('a', 'new/a.pdf'), {}],
    [
      'kept elsewhere, and renamed',
      file('a', 'old/a.pdf'),
      file('a', 'new/b.pdf', { name: 'b.pdf' }),
      { name: 'b.pdf' },
    ],
    ['what stands there is not known', {}, file('a', 'a.pdf'), { name: 'a.pdf' }],
    [
      'with another content',
      file('a', 'a.pdf'),
      file('b', 'a.pdf'),
      { file: { $file: { path: 'a.pdf', sha256: 'b', bytes: 3 } } },
    ],
  ])('%s', (_what, known, wanted, payload) => {
    expect(updateOf(known, wanted)).toMatchObject({ kind: 'update' });
    expect(updateOf(known, wanted)).toHaveProperty('payload', payload);
  });
});

describe('changedFields', () => {
  const value = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 2 }),
    fc.record({ $option: fc.string({ maxLength: 3 }) }),
  );
  const names = fc.constantFrom('name', 'value', 'owner_id', 'emails');
  const flat = fc.dictionary(names, value);
  const payloads = fc
    .tuple(flat, fc.option(fc.dictionary(fc.constantFrom('Pets', 'Notes', 'Colour'), value)))
    .map(([fields, custom]) => (custom ? { ...fields, custom_fields: custom } : fields) as Payload);

  /** As the account applies a patch: null clears, custom fields one by one. */
  const applied = (to: Payload, change: Payload): Payload => {
    const result = { ...to };
    for (const [name, changed] of Object.entries(change))
      result[name] =
        name === 'custom_fields' ? applied((to.custom_fields ?? {}) as Payload, changed as Payload) : changed;
    return result;
  };
  const withoutEmpty = (of: Payload): unknown =>
    Object.fromEntries(
      Object.entries(of)
        .map(([name, member]) => [name, name === 'custom_fields' ? withoutEmpty(member as Payload) : member])
        .filter(([, member]) => member !== null && JSON.stringify(member) !== '{}'),
    );

  it('applied to what stood gives what is wanted, and is empty for equal payloads', () => {
    fc.assert(
      fc.property(payloads, payloads, (from, to) => {
        expect(withoutEmpty(applied(from, changedFields(from, to)))).toEqual(withoutEmpty(to));
        expect(changedFields(to, structuredClone(to))).toEqual({});
      }),
    );
  });

  it('names only what differs, and clears what is gone', () => {
    expect(
      changedFields(
        { name: 'Ann', org_id: { $ref: 'customer:1#org' }, custom_fields: { Pets: 'Dog', Age: '3' } },
        { name: 'Ann', custom_fields: { Pets: 'Cat' } },
      ),
    ).toEqual({ org_id: null, custom_fields: { Pets: 'Cat', Age: null } });
  });
});
