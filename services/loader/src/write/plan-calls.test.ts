import { createCalls } from '@octopipe/shared/pipedrive/planned-calls';
import { describe, expect, it } from 'vitest';
import { entityTable } from '../destination/entity-table.js';
import { planCalls } from './plan-calls.js';
import type { SentWrite } from './plan-writes.js';

let count = 0;
function line(deal: string, more: { alone?: boolean; kind?: 'update' } = {}): SentWrite {
  count += 1;
  const payload = { deal_id: { $ref: deal } };
  const record = { entity: 'line' as const, targetKey: `${deal}/${count}`, payload, payloadHash: '' };
  return more.kind
    ? { kind: 'update', record, generation: 2, targetId: '1', parentId: '1', payload, ofTheirs: false }
    : { kind: 'create', record, generation: 1, payload, alone: more.alone === true };
}
const lines = (deal: string, n: number, more = {}) => Array.from({ length: n }, () => line(deal, more));
/** `a×6` is one call for six lines of deal a. */
const shape = (writes: SentWrite[], inFlight = 4) =>
  planCalls('line', writes, inFlight).map((calls) =>
    calls.map((call) => `${call[0]?.record.targetKey.split('/')[0]}×${call.length}`).join(' '),
  );

describe('which writes leave as one call', () => {
  it.each<[string, SentWrite[], string[]]>([
    ['a few lines: one by one, never two of a deal at once', lines('a', 3), ['a×1', 'a×1', 'a×1']],
    ['from six on: one call', lines('a', 6), ['a×6']],
    ['deals side by side', [...lines('a', 2), ...lines('b', 7), ...lines('c', 1)], ['a×1 b×7 c×1', 'a×1']],
    [
      'no more in flight than allowed',
      'abcde'.split('').flatMap((deal) => lines(deal, 1)),
      ['a×1 b×1 c×1 d×1', 'e×1'],
    ],
    ['more than a call takes', lines('a', 103), ['a×100', 'a×1', 'a×1', 'a×1']],
    ['more, with a rest worth a call', lines('a', 106), ['a×100', 'a×6']],
    ['refused together before: alone now', lines('a', 6, { alone: true }), Array(6).fill('a×1')],
    ['an update is no part of it', [...lines('a', 5), line('a', { kind: 'update' })], Array(6).fill('a×1')],
    ['nothing', [], []],
  ])('%s', (_what, writes, expected) => {
    expect(shape(writes)).toEqual(expected);
  });

  it('records that stand by themselves all go side by side', () => {
    const writes = lines('a', 5);
    expect(planCalls('deal', writes, 3).map((calls) => calls.map((call) => call.length))).toEqual([
      [1, 1, 1],
      [1, 1],
    ]);
  });

  it('is what the token plan counted', () => {
    for (let n = 0; n < 320; n += 1) {
      const calls = planCalls('line', lines('a', n), 4).flat();
      const bulk = calls.filter((call) => call.length > 1).length;
      expect(createCalls(entityTable.line, n)).toEqual({ bulk, single: calls.length - bulk });
    }
  });
});
