import { describe, expect, it } from 'vitest';
import { contentOf } from '../rollback/content-of.js';
import { imageOf } from '../verify/image.js';
import { arrivedOf } from './open-patch.js';

const until = new Date('2026-01-01T10:00:00Z');
const won = { status: 'won', won_time: '2025-12-31T09:00:00' };
const open = { fields: won, until };
const listed = (more: object, update_time = '2026-01-01T09:59:30Z') => ({
  id: 1,
  title: 'Clean',
  update_time,
  ...more,
});
const after = imageOf('deal', listed({ status: 'open' }));
const closed = { ...won, close_time: '2025-12-31T09:00:00Z', probability: 100 };

describe('what stands of an update whose answer was lost', () => {
  const contentAfter = (record: ReturnType<typeof listed>) =>
    contentOf(
      {
        after,
        before: null,
        written: new Set(),
        arrived: arrivedOf('deal', open, after, record),
        unarchived: false,
      },
      imageOf('deal', record),
    );

  it.each<[string, ReturnType<typeof listed>, string[]]>([
    ['nothing arrived', listed({ status: 'open' }), []],
    ['it arrived, with what the account makes of it', listed(closed), []],
    ['it arrived, and somebody gave the deal another title', listed({ ...closed, title: 'Mine' }), ['title']],
    [
      'it arrived, and the record was changed later: only what we sent is ours',
      listed(closed, '2026-01-01T11:00:00Z'),
      ['close_time', 'probability'],
    ],
    [
      'nothing arrived, and somebody lost the deal',
      listed({ status: 'lost', lost_reason: 'Price' }),
      ['lost_reason', 'status'],
    ],
  ])('%s', (_what, record, edited) => {
    expect(contentAfter(record).edited).toEqual(edited);
  });

  it('of theirs, a field is ours that we had not written before: it is put back', () => {
    const before = { name: 'Anna', org_id: '7' };
    const record = { id: 1, name: 'Ann', org_id: 7 };
    const patch = { fields: { name: 'Ann', org_id: null }, until };
    const arrived = arrivedOf('person', patch, before, record);
    expect(arrived).toEqual({ name: 'Ann' });
    const known = { after: before, before, written: new Set<string>(), unarchived: false };
    expect(contentOf({ ...known, arrived }, imageOf('person', record))).toEqual({
      content: 'untouched',
      edited: [],
      standing: ['name'],
    });
  });

  it('is nothing where no answer was lost', () => {
    expect(arrivedOf('deal', null, after, listed(closed))).toEqual({});
  });
});
