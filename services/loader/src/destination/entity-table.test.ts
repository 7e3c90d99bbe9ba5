import { noteHtml } from '@octopipe/shared/domain/convert/html';
import {
  fileNameWithMarker,
  markerField,
  markerLine,
  markerOf,
  targetKeyOf,
} from '@octopipe/shared/domain/mapping/record';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { factsOf } from '@octopipe/shared/pipedrive/facts/index';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entityTable,
  nextPosition,
  pageRequest,
  pathOf,
  type RemoteRecord,
  walksOver,
} from './entity-table.js';

describe('the table of entities', () => {
  it.each(entities)('%s: its walks ask only what its list takes', (entity) => {
    const rules = entityTable[entity];
    const taken = new Set(factsOf(rules.list).query.map((parameter) => parameter.name));
    const asked = [rules.everything, rules.changedSince?.(new Date(0)) ?? {}]
      .flatMap((query) => walksOver(rules, query, ['1']))
      .flatMap((query) => Object.keys(pageRequest(rules, query, '5').query ?? {}));
    expect(asked.filter((name) => !taken.has(name))).toEqual([]);
    expect(
      [rules.create, rules.update, rules.remove].map((operation) => factsOf(operation).method).join(),
    ).toMatch(/^POST,(PATCH|PUT),DELETE$/);
  });

  it.each<[Entity, Partial<RemoteRecord>, string | undefined]>([
    ['person', { custom_fields: { m: 'customer:1' } }, 'customer:1'],
    ['person', { custom_fields: { m: null } }, undefined],
    ['deal', { custom_fields: null }, undefined],
    ['lead', { m: 'inquiry:1', origin_id: 'else' }, 'inquiry:1'],
    ['lead', { origin_id: 'inquiry:1' }, 'inquiry:1'],
    ['lead', { m: '', origin_id: null }, undefined],
    ['activity', { note: `Words<br>${markerLine('payment:4', 'INV-1')}` }, 'payment:4'],
    ['activity', { note: null }, undefined],
    ['note', { content: `<p>Words<br />${markerLine('customer:1#note')}</p>` }, 'customer:1#note'],
    ['note', { content: 'words' }, undefined],
    ['line', { comments: `2 × AUD 5.00\n${markerLine('booking_service:7')}` }, 'booking_service:7'],
    ['line', { comments: '' }, undefined],
    ['file', { name: fileNameWithMarker('a.b.pdf', 'attachment:3#2') }, 'attachment:3#2'],
    ['file', { name: 'a.pdf' }, undefined],
  ])('finds the marker of a %s: %j', (entity, record, expected) => {
    expect(entityTable[entity].markerOf({ id: 1, ...record }, 'm')).toBe(expected);
  });

  // What the mappers write, as an account may answer it: cleaned HTML, a trimmed field.
  const carriers: Record<Entity, (key: string, words: string) => Partial<RemoteRecord>> = {
    organization: (key) => inField(key),
    person: (key) => inField(key),
    product: (key) => inField(key),
    deal: (key) => inField(key),
    lead: (key) => ({ origin_id: markerOf(key) }),
    line: (key, words) => ({ comments: `${words}\n${markerLine(key)}` }),
    activity: (key, words) => ({ note: `${noteHtml(words)}<br><br>${noteHtml(markerLine(key, words))}` }),
    note: (key, words) => ({ content: `<p>${noteHtml(words)}<br />${noteHtml(markerLine(key, words))}</p>` }),
    file: (key, words) => ({ name: fileNameWithMarker(`${words}.pdf`, key) }),
  };
  const inField = (key: string) => ({ custom_fields: { m: markerField(key)[1].value.trim() } });
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
    fc.string({ unit: fc.constantFrom(...'a1 -_.:/#~^%&<>"\'()[]·,;\u00a0é日'), minLength: 1 }),
  );

  it.each(entities)('%s: the marker that is written is the key that is found, for any id', (entity) => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(undefined, 'note', '2'), anyText, (id, slot, words) => {
        const key = targetKeyOf('booking_service', id, slot);
        const record = { id: 1, ...carriers[entity](key, words) };
        expect(entityTable[entity].markerOf(record, 'm')).toBe(key);
      }),
    );
  });

  it('reaches a line through its deal, and lists a hundred deals at once', () => {
    expect(pathOf(entityTable.line, { targetId: '7', parentId: '3' })).toEqual({
      id: '3',
      product_attachment_id: '7',
    });
    const deals = Array.from({ length: 101 }, (_, n) => String(n));
    expect(walksOver(entityTable.line, {}, deals).map((query) => query.deal_ids)).toEqual([
      deals.slice(0, 100).join(','),
      '100',
    ]);
    expect(walksOver(entityTable.line, {}, [])).toEqual([]);
    expect(walksOver(entityTable.deal, { limit: '1' }, deals)).toEqual([{ limit: '1' }]);
  });

  it('asks whole seconds: fractions are refused', () => {
    expect(entityTable.deal.changedSince?.(new Date('2026-01-02T03:04:05.678Z'))?.updated_since).toBe(
      '2026-01-02T03:04:05Z',
    );
  });

  it('finds the next page in either place, and the end', () => {
    expect(nextPosition(entityTable.deal, { next_cursor: 'abc' })).toBe('abc');
    expect(nextPosition(entityTable.deal, { next_cursor: null })).toBeUndefined();
    expect(nextPosition(entityTable.deal, undefined)).toBeUndefined();
    const page = { more_items_in_collection: true, next_start: 100 };
    expect(nextPosition(entityTable.note, { pagination: page })).toBe('100');
    expect(nextPosition(entityTable.note, page)).toBe('100');
    expect(
      nextPosition(entityTable.note, { pagination: { ...page, more_items_in_collection: false } }),
    ).toBeUndefined();
    // Leads name no next start; an answer that hides the next page must not look like the end of the list.
    const leads = { start: 500, limit: 500, more_items_in_collection: true };
    expect(nextPosition(entityTable.lead, leads)).toBe('1000');
    expect(nextPosition(entityTable.lead, { ...leads, more_items_in_collection: false })).toBeUndefined();
    expect(() => nextPosition(entityTable.lead, { more_items_in_collection: true })).toThrow('more pages');
  });
});
