import { describe, expect, it } from 'vitest';
import { type Decision, decide, type RecordFacts, stays } from './decide.js';

const harmless: RecordFacts = {
  selected: true,
  maker: 'ours',
  listed: true,
  content: 'untouched',
  holder: 'none',
};
const keep = (reason: string) => ({ action: 'keep', reason });

/** Every record there can be. */
const all: RecordFacts[] = [true, false].flatMap((selected) =>
  (['ours', 'theirs', 'unknown'] as const).flatMap((maker) =>
    [true, false].flatMap((listed) =>
      (['untouched', 'restored', 'edited', 'unread'] as const).flatMap((content) =>
        (['none', 'others', 'kept', 'whole'] as const).map((holder) => ({
          selected,
          maker,
          listed,
          content,
          holder,
        })),
      ),
    ),
  ),
);

const theirs: RecordFacts = { ...harmless, maker: 'theirs' };

describe('what a rollback does to a record', () => {
  it.each<[string, RecordFacts, Decision | ReturnType<typeof keep>]>([
    ['made by us, untouched, nothing hangs on it', harmless, { action: 'delete' }],
    ['made by us, edited by a person', { ...harmless, content: 'edited' }, keep('edited')],
    [
      'never read back after our last write: read as edited',
      { ...harmless, content: 'unread' },
      keep('never_read_back'),
    ],
    [
      'made by us, a deal of theirs hangs on it',
      { ...harmless, holder: 'others' },
      keep('others_hang_on_it'),
    ],
    [
      'made by us, something of ours that stays hangs on it',
      { ...harmless, holder: 'kept' },
      keep('kept_hangs_on_it'),
    ],
    ['made by us, part of a record that stays', { ...harmless, holder: 'whole' }, keep('part_of_kept')],
    ['gone already', { ...harmless, listed: false, content: 'unread' }, { action: 'gone' }],
    ['not asked for', { ...harmless, selected: false }, keep('not_selected')],
    ['not asked for and gone', { ...harmless, selected: false, listed: false }, keep('not_selected')],
    [
      'no proof that we made it, no image of before',
      { ...harmless, maker: 'unknown' },
      keep('unknown_maker'),
    ],
    [
      'made by us and yet as before: a contradiction',
      { ...harmless, content: 'restored' },
      keep('unknown_maker'),
    ],
    ['theirs, as we left it', theirs, { action: 'restore' }],
    [
      'theirs, as we left it, with things of theirs on it',
      { ...theirs, holder: 'others' },
      { action: 'restore' },
    ],
    [
      'theirs, nothing of ours stands in it any more',
      { ...theirs, content: 'restored' },
      { action: 'restored' },
    ],
    ['theirs, never read back', { ...theirs, content: 'unread' }, keep('never_read_back')],
    ['theirs, deleted by them', { ...theirs, listed: false, content: 'unread' }, { action: 'gone' }],
  ])('%s', (_what, facts, expected) => {
    expect(decide(facts)).toEqual(expected);
  });

  it('deletes in exactly one case of all', () => {
    expect(all).toHaveLength(192);
    expect(all.filter((facts) => decide(facts).action === 'delete')).toEqual([harmless]);
  });

  it('changes what is theirs only when it says what we wrote', () => {
    const changed = all.filter((facts) => decide(facts).action === 'restore');
    expect(changed).toHaveLength(4);
    for (const facts of changed) expect(facts).toMatchObject({ maker: 'theirs', content: 'untouched' });
  });

  it('touches nothing that is not selected, not listed, or of an unknown maker', () => {
    for (const facts of all.filter((one) => !one.selected || !one.listed || one.maker === 'unknown'))
      expect(['keep', 'gone']).toContain(decide(facts).action);
  });

  it('knows what stands afterwards', () => {
    expect(
      [
        keep('edited') as Decision,
        { action: 'restore' } as const,
        { action: 'restored' } as const,
        { action: 'delete' } as const,
        { action: 'gone' } as const,
      ].map(stays),
    ).toEqual([true, true, true, false, false]);
  });
});
