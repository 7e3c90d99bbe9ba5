import { expect, test } from 'vitest';
import { type PlanName, whatHolds } from './plans.js';

test.each<[number, PlanName, number, ReturnType<typeof whatHolds>]>([
  [2_501, 'lite', 1, { plan: { name: 'growth', holds: 5_000 }, seats: { count: 2, holds: 5_000 } }],
  [5_000, 'lite', 1, { plan: { name: 'growth', holds: 5_000 }, seats: { count: 2, holds: 5_000 } }],
  [5_001, 'lite', 1, { plan: { name: 'premium', holds: 15_000 }, seats: { count: 3, holds: 7_500 } }],
  [20_001, 'ultimate', 1, { seats: { count: 2, holds: 40_000 } }],
  [20_001, 'growth', 3, { plan: { name: 'premium', holds: 45_000 }, seats: { count: 5, holds: 25_000 } }],
  [300_000, 'ultimate', 14, { seats: { count: 15, holds: 300_000 } }],
  [300_001, 'ultimate', 15, {}],
  [300_001, 'lite', 1, {}],
])('%i leads and deals, plan %s with %i seats', (records, plan, seats, expected) => {
  expect(whatHolds(records, plan, seats)).toEqual(expected);
});
