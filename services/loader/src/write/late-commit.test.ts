import { describe, expect, it } from 'vitest';
import { canonicalOfSent } from '../verify/canonical.js';
import { imageOf } from '../verify/image.js';
import { isLateCommit } from './late-commit.js';

const sentAt = '2026-03-01T10:00:00Z';
const body = { name: 'Ann', add_time: '2021-02-03T04:05:06Z', custom_fields: { mark: 'customer:1' } };
/** What the account makes of it: some fields of its own, and its own times. */
const made = (set: object = {}) => ({
  id: 7,
  owner_id: 14,
  update_time: '2026-03-01T10:00:41Z',
  ...body,
  ...set,
});
const after = imageOf('person', made());
const at = Date.parse(sentAt);
const sends = { firstAtMs: at, lastAtMs: at + 60_000 };
const ours = { sent: canonicalOfSent('person', body), after, sends };

describe('a second record with a marker of ours', () => {
  it.each<[string, object, Partial<typeof ours> | { after: null } | { sends: undefined }, boolean]>([
    ['says what we sent, written late', {}, {}, true],
    ['of a record that was never sent again', {}, { sends: undefined }, false],
    ['of one of which it is not known what it said', {}, { after: null }, false],
    ['without the time that we sent: somebody made it now', { add_time: '2026-03-01T10:00:41Z' }, {}, false],
    ['in which somebody filled a field', { phones: [{ value: '0255500101', primary: true }] }, {}, false],
    ['of which somebody changed a field of ours', { name: 'Anne' }, {}, false],
    [
      'changed months later, as it is when something is hung on it',
      { update_time: '2026-08-01T09:00:00Z' },
      {},
      false,
    ],
    ['older than our first send', { update_time: '2026-03-01T09:00:00Z' }, {}, false],
    ['that does not say when it was changed', { update_time: null }, {}, false],
  ])('%s', (_what, set, known, expected) => {
    expect(isLateCommit('person', made(set), { ...ours, ...known })).toBe(expected);
  });

  it('has a time of its own where the account sets it, and v1 writes times in its own way', () => {
    const note = { content: 'Rings twice', deal_id: 3 };
    const of = (seconds: string) => ({
      id: 1,
      ...note,
      add_time: `2026-03-01 10:00:${seconds}`,
      update_time: `2026-03-01 10:00:${seconds}`,
    });
    const first = { sent: canonicalOfSent('note', note), after: imageOf('note', of('01')), sends };
    expect(isLateCommit('note', of('41'), first)).toBe(true);
  });
});
