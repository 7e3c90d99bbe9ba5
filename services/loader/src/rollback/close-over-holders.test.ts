import { describe, expect, it } from 'vitest';
import { closeOverHolders, type FoundRecord } from './close-over-holders.js';

const untouched = { selected: true, maker: 'ours', listed: true, content: 'untouched' } as const;
const found = (
  targetKey: string,
  hangsOn: string[] = [],
  facts: Partial<FoundRecord['facts']> = {},
): FoundRecord => ({
  targetKey,
  hangsOn,
  facts: { ...untouched, ...facts },
  partOf: undefined,
});
const house = (facts: Partial<Record<'note' | 'deal' | 'person' | 'org', Partial<FoundRecord['facts']>>>) => [
  found('note', ['deal'], facts.note),
  found('deal', ['person'], facts.deal),
  found('person', ['org'], facts.person),
  found('org', [], facts.org),
];
const actions = (records: FoundRecord[], heldByOthers: string[] = []) =>
  Object.fromEntries(
    [...closeOverHolders(records, new Set(heldByOthers))].map(([key, { decision }]) => [
      key,
      decision.action === 'keep' ? decision.reason : decision.action,
    ]),
  );

describe('what stays holds what it hangs on', () => {
  it('nothing stays: everything goes', () => {
    expect(actions(house({}))).toEqual({ note: 'delete', deal: 'delete', person: 'delete', org: 'delete' });
  });

  it('an edited deal keeps its person and that one its organization, and lets its note go', () => {
    expect(actions(house({ deal: { content: 'edited' } }))).toEqual({
      note: 'delete',
      deal: 'edited',
      person: 'kept_hangs_on_it',
      org: 'kept_hangs_on_it',
    });
  });

  it("a stranger's deal on our person keeps the person, and that one its organization", () => {
    expect(actions(house({}), ['person'])).toEqual({
      note: 'delete',
      deal: 'delete',
      person: 'others_hang_on_it',
      org: 'kept_hangs_on_it',
    });
  });

  it('an edited note keeps the whole line above it, in any order of the records', () => {
    const expected = {
      note: 'edited',
      deal: 'kept_hangs_on_it',
      person: 'kept_hangs_on_it',
      org: 'kept_hangs_on_it',
    };
    const records = house({ note: { content: 'edited' } });
    expect(actions(records)).toEqual(expected);
    expect(actions(records.toReversed())).toEqual(expected);
  });

  it('what is gone holds nothing', () => {
    expect(actions(house({ note: { listed: false, content: 'unread' } }))).toMatchObject({
      note: 'gone',
      deal: 'delete',
    });
  });

  it('a person of theirs that is restored holds our organization only if it hung there before us', () => {
    const theirs = { maker: 'theirs' } as const;
    const records = (hangsOn: string[]) => [found('person', hangsOn, theirs), found('org')];
    expect(actions(records([]))).toEqual({ person: 'restore', org: 'delete' });
    expect(actions(records(['org']))).toEqual({ person: 'restore', org: 'kept_hangs_on_it' });
  });

  it('entities that are not asked for stay and hold', () => {
    expect(actions(house({ note: { selected: false } }))).toEqual({
      note: 'not_selected',
      deal: 'kept_hangs_on_it',
      person: 'kept_hangs_on_it',
      org: 'kept_hangs_on_it',
    });
  });

  it('parts share the fate of their whole, and hold what they hang on', () => {
    const records = (deal: Partial<FoundRecord['facts']>, line: Partial<FoundRecord['facts']> = {}) => [
      found('deal', [], deal),
      { ...found('line', ['deal', 'product'], line), partOf: 'deal' },
      { ...found('other line', ['deal', 'other product']), partOf: 'deal' },
      found('product'),
      found('other product'),
    ];
    const all = { line: 'delete', 'other line': 'delete', product: 'delete', 'other product': 'delete' };
    expect(actions(records({}))).toEqual({ deal: 'delete', ...all });
    const kept = {
      line: 'part_of_kept',
      'other line': 'part_of_kept',
      product: 'kept_hangs_on_it',
      'other product': 'kept_hangs_on_it',
    };
    expect(actions(records({ content: 'edited' }))).toEqual({ deal: 'edited', ...kept });
    expect(actions(records({}, { content: 'edited' }))).toEqual({
      ...kept,
      deal: 'kept_hangs_on_it',
      line: 'edited',
    });
  });

  it('ends where records hang on each other, and does not mind a key that is not there', () => {
    expect(actions([found('a', ['b', 'elsewhere'], { content: 'edited' }), found('b', ['a'])])).toEqual({
      a: 'edited',
      b: 'kept_hangs_on_it',
    });
  });
});
