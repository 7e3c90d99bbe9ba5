import type { ConflictPolicy } from '@octopipe/shared/domain/mapping/content';
import { describe, expect, it } from 'vitest';
import { beforeLaterPatch, beforeRepeatedPatch, mergeFields, saysOurs } from './merge-fields.js';

const email = (value: string, primary = false) => ({ value, label: 'work', primary });
const merge = (
  ours: Record<string, unknown>,
  theirs: Record<string, unknown>,
  policy: ConflictPolicy = 'fill_empty',
  written: string[] = [],
) =>
  mergeFields(
    'person',
    { ...ours, custom_fields: { mark: 'customer:1', ...(ours.custom_fields as object) } },
    theirs,
    {
      policyOf: () => policy,
      isOurs: (field) => written.includes(field),
      markerField: 'custom_fields.mark',
      country: 'AU',
    },
  );
const marker = { custom_fields: { mark: 'customer:1' } };

describe('the fields of a matched record', () => {
  it.each<[string, Parameters<typeof merge>, unknown]>([
    ['filled where empty', [{ name: 'Ann', org_id: 7 }, { name: 'Anna' }], { org_id: 7, ...marker }],
    ['kept where theirs is another', [{ name: 'Ann' }, { name: 'Anna' }], marker],
    [
      'taken when the policy says so',
      [{ name: 'Ann' }, { name: 'Anna' }, 'take_ours'],
      { name: 'Ann', ...marker },
    ],
    [
      'nothing but the marker when theirs are kept',
      [{ name: 'Ann', org_id: 7 }, { name: 'Anna' }, 'keep_theirs'],
      marker,
    ],
    ['not written where it says the same', [{ org_id: 7 }, { org_id: '7' }, 'take_ours'], marker],
    [
      'custom fields one by one',
      [{ custom_fields: { pet: 3, size: 5 } }, { 'custom_fields.pet': '4' }],
      { custom_fields: { mark: 'customer:1', size: 5 } },
    ],
    [
      'ours is added behind theirs, which stay primary',
      [{ emails: [email('a@x.example', true)] }, { emails: [email('b@x.example', true)] }],
      { emails: [email('b@x.example', true), email('a@x.example')], ...marker },
    ],
    [
      'ours becomes primary when ours are taken, theirs stay',
      [{ emails: [email('a@x.example', true)] }, { emails: [email('b@x.example', true)] }, 'take_ours'],
      { emails: [email('b@x.example'), email('a@x.example', true)], ...marker },
    ],
    [
      'the same number written differently is there already',
      [{ phones: [email('+61491570006', true)] }, { phones: [email('0491 570 006', true)] }],
      marker,
    ],
    [
      'ours where there is none',
      [{ emails: [email('a@x.example', true)] }, {}],
      { emails: [email('a@x.example', true)], ...marker },
    ],
    [
      'what we wrote earlier is ours to change and to clear',
      [{ name: 'Anne', org_id: null }, { name: 'Ann', org_id: '7' }, 'fill_empty', ['name', 'org_id']],
      { name: 'Anne', org_id: null, ...marker },
    ],
    ['a switch that is off is not empty', [{ is_linkable: true }, {}], marker],
  ])('%s', (_what, given, expected) => {
    expect(merge(...given).json).toEqual(expected);
  });

  it('names the fields it writes, and decides the same about the image as about the record', () => {
    const theirs = { name: 'Anna', emails: [email('b@x.example', true)] };
    const ours = { name: 'Ann', emails: [email('a@x.example', true)], org_id: 7, custom_fields: { size: 5 } };
    const first = merge(ours, theirs);
    expect(first.fields).toEqual(['custom_fields.mark', 'custom_fields.size', 'emails', 'org_id']);
    expect(merge(ours, structuredClone(theirs))).toEqual(first);
  });

  it('read back: of e-mails and phones ours must be among them', () => {
    const listed = [email('b@x.example', true), email('A@x.example')];
    expect(saysOurs('emails', [email('a@x.example', true)], listed, 'AU')).toBe(true);
    expect(saysOurs('emails', [email('c@x.example', true)], listed, 'AU')).toBe(false);
    expect(saysOurs('phones', [email('+61491570006')], [email('0491570006')], 'AU')).toBe(true);
    expect(saysOurs('name', 'Ann', 'Anna', 'AU')).toBe(false);
  });
});

describe('what a record says before a later patch of ours', () => {
  const phone = (value: string, primary = false) => ({ value, label: 'mobile', primary });
  const [theirs, ours, added] = [phone('0491570006', true), phone('0491570156'), phone('0255500101')];
  const image = (
    before: Record<string, unknown>,
    now: Record<string, unknown>,
    fields: string[],
    { written = [], wrote = {} }: { written?: string[]; wrote?: Record<string, unknown> } = {},
  ) =>
    beforeLaterPatch(before, now, {
      fields,
      isOurs: (field) => written.includes(field),
      wrote,
      country: 'AU',
    });

  it.each<[string, Parameters<typeof image>, unknown]>([
    [
      'a field that we write for the first time says what stands there now',
      [{ name: 'Anna' }, { name: 'Ann', org_id: '7' }, ['org_id']],
      { name: 'Anna', org_id: '7' },
    ],
    [
      'one that somebody changed since we wrote it says what they made of it',
      [{ name: 'Anna' }, { name: 'Anne' }, ['name']],
      { name: 'Anne' },
    ],
    [
      'one that still says ours says what they had at first',
      [{ name: 'Anna' }, { name: 'Ann' }, ['name'], { written: ['name'] }],
      { name: 'Anna' },
    ],
    [
      'one that they emptied is empty',
      [{ name: 'Anna', org_id: '7' }, { name: 'Ann' }, ['org_id']],
      { name: 'Anna' },
    ],
    [
      'one that was empty at first and says ours stays empty',
      [{ name: 'Anna' }, { name: 'Anna', org_id: '7' }, ['org_id'], { written: ['org_id'] }],
      { name: 'Anna' },
    ],
    [
      'phones: what they added stays, what we added does not',
      [
        { phones: [theirs] },
        { phones: [theirs, ours, added] },
        ['phones'],
        { written: ['phones'], wrote: { phones: [ours] } },
      ],
      { phones: [theirs, added] },
    ],
    [
      'phones: nobody touched them, so they are as they were, with their primary',
      [
        { phones: [theirs] },
        { phones: [phone('+61491570006'), { ...ours, primary: true }] },
        ['phones'],
        { written: ['phones'], wrote: { phones: [ours] } },
      ],
      { phones: [theirs] },
    ],
    [
      'phones: one that both had is theirs',
      [{ phones: [theirs] }, { phones: [theirs] }, ['phones'], { wrote: { phones: [theirs] } }],
      { phones: [theirs] },
    ],
    [
      'phones: what they took away is gone, and all ours leaves none',
      [{ phones: [theirs] }, { phones: [ours] }, ['phones'], { wrote: { phones: [ours] } }],
      {},
    ],
  ])('%s', (_what, args, expected) => {
    expect(image(...args)).toEqual(expected);
  });
});

describe('what a record says before our first patch, when that is tried again', () => {
  it('what an earlier try with another content wrote is not theirs', () => {
    const now = { name: 'Anne', emails: [email('b@x.example', true)] };
    const patch = { sent: { name: 'Ann' }, earlier: now, now, country: 'AU' };
    expect(beforeRepeatedPatch({ name: 'Anna' }, now, patch)).toMatchObject({ name: 'Anna' });
  });

  const [theirs, ours, added] = [email('a@x.example', true), email('b@x.example'), email('c@x.example')];
  const before = { name: 'Anna', emails: [theirs] };
  const sent = { name: 'Ann', emails: [ours], org_id: '7' };
  it.each<[string, Record<string, unknown>, unknown]>([
    ['nothing arrived: as it was', before, before],
    ['all of it arrived: as it was', { name: 'Ann', emails: [theirs, ours], org_id: '7' }, before],
    ['somebody changed a field since: theirs', { ...before, name: 'Anne' }, { ...before, name: 'Anne' }],
    ['somebody filled one: theirs', { ...before, org_id: '9' }, { ...before, org_id: '9' }],
    ['somebody emptied one: empty', { emails: [theirs] }, { emails: [theirs] }],
    [
      'somebody added an e-mail, before ours arrived or after: theirs',
      { ...before, emails: [theirs, ours, added] },
      { ...before, emails: [theirs, added] },
    ],
  ])('%s', (_what, now, expected) => {
    const patch = { sent, earlier: {}, now, country: 'AU' };
    expect(beforeRepeatedPatch(before, now, patch)).toEqual(expected);
  });
});
