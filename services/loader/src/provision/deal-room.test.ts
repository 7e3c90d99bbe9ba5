import type { DealRoom } from '@octopipe/shared/run/read-run';
import { describe, expect, it } from 'vitest';
import { assertDealRoom, sayNoRoom } from './deal-room.js';

const room: DealRoom = {
  plan: 'lite',
  seats: 1,
  plan_source: 'plan from rate limit header, seats from active users',
  cap: 2_500,
  standing: { deals: 2_400, closed_deals: 1_900, leads: 95 },
  coming: { open_deals: 2, closed_deals: 5, leads: 1 },
  over: 3,
  left_out: { closed_by: '2021-06-30', deals: 4 },
};

describe('a run that finds no room for its leads and deals', () => {
  it('is refused only when one is too many', () => {
    expect(() => assertDealRoom({ ...room, over: 0 })).not.toThrow();
    expect(() => assertDealRoom({ ...room, over: 1 })).toThrow(/1 too many/);
  });

  it('is told the figures and everything that would help', () => {
    expect(sayNoRoom(room)).toMatchInlineSnapshot(
      `"Plan lite with 1 seat holds 2,500 leads and deals that are not archived (plan from rate limit header, seats from active users). The account has 2,495: 2,400 deals, 1,900 of them closed, and 95 leads. The run would add 8: 2 open deals, 5 closed deals and 1 lead. That is 3 too many. What helps, each by itself: plan growth (5,000) or 2 seats (5,000), then connect the account again and resume the run; archiving 3 of the account's 1,900 closed deals, then resume the run; a new export without the 4 deals that had closed by 2021-06-30. Nothing was written."`,
    );
  });

  it.each<[string, Partial<DealRoom>, RegExp[], RegExp[]]>([
    [
      'archiving closed deals is enough, or it takes open ones too, or not even all',
      { standing: { deals: 10, closed_deals: 2, leads: 5 }, over: 3 },
      [/archiving 3 of the account's 15 leads and deals/],
      [/closed deals,/],
    ],
    [
      'what stands is less than what is too many',
      { standing: { deals: 1, closed_deals: 1, leads: 1 }, over: 3 },
      [],
      [/archiving/],
    ],
    ['too few of the coming deals are closed', { left_out: null }, [/archiving/], [/a new export/]],
    [
      'a larger plan is not enough, more seats are',
      { coming: { open_deals: 90_000, closed_deals: 0, leads: 0 }, over: 89_995 },
      [/37 seats \(92,500\)/],
      [/plan growth|plan ultimate/],
    ],
    [
      'beyond all plans and seats',
      {
        coming: { open_deals: 400_000, closed_deals: 0, leads: 0 },
        over: 399_995,
        standing: { deals: 0, closed_deals: 0, leads: 0 },
        left_out: null,
      },
      [/No plan of Pipedrive holds more than 300,000\. Export fewer bookings\./],
      [/seats \(/, /What helps/],
    ],
  ])('%s', (_what, change, says, saysNot) => {
    const sentence = sayNoRoom({ ...room, ...change });
    for (const expected of says) expect(sentence).toMatch(expected);
    for (const unexpected of saysNot) expect(sentence).not.toMatch(unexpected);
    expect(sentence).toMatch(/Nothing was written\.$/);
  });
});
