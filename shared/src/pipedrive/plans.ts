/**
 * Pipedrive's plans: what they allow. Sources: rate limiting page (2026-09-17), usage limits article; see docs/decisions
 * for how a plan is recognised. Legacy plans keep their own names.
 */
export interface Plan {
  /** Tokens per seat and day: 30,000 × the plan's factor. */
  dailyTokensPerSeat: number;
  /** Requests per rolling 2 s for one API token. */
  burstPer2s: number;
  /** Custom fields per company, all entities together; null = no limit. */
  customFields: number | null;
  /** Leads and deals per seat that are neither archived nor deleted, capped at 300,000; null = no limit. */
  dealsPerSeat: number | null;
}

export const plans = {
  lite: { dailyTokensPerSeat: 30_000, burstPer2s: 20, customFields: 30, dealsPerSeat: 2_500 },
  growth: { dailyTokensPerSeat: 60_000, burstPer2s: 40, customFields: 100, dealsPerSeat: 5_000 },
  premium: { dailyTokensPerSeat: 150_000, burstPer2s: 100, customFields: 300, dealsPerSeat: 15_000 },
  ultimate: { dailyTokensPerSeat: 210_000, burstPer2s: 120, customFields: 500, dealsPerSeat: 20_000 },
} as const satisfies Record<string, Plan>;

export type PlanName = keyof typeof plans;
export const planNames = Object.keys(plans) as [PlanName, ...PlanName[]];

export function isPlanName(name: string): name is PlanName {
  return Object.hasOwn(plans, name);
}

/** However many seats. */
export const dealCapOfAnyPlan = 300_000;

/** Leads + deals the company may hold; null = no limit. */
export function dealCap(plan: PlanName, seats: number): number | null {
  return Math.min(plans[plan].dealsPerSeat * seats, dealCapOfAnyPlan);
}

/**
 * What would hold so many leads and deals: the smallest of the larger plans with the same seats, and the fewest seats on
 * the same plan. Where neither does, the answer is empty: there is no such account.
 */
export function whatHolds(
  records: number,
  plan: PlanName,
  seats: number,
): { plan?: { name: PlanName; holds: number }; seats?: { count: number; holds: number } } {
  const holds = (name: PlanName, count: number) => dealCap(name, count) ?? Number.POSITIVE_INFINITY;
  const larger = planNames.find(
    (name) => holds(name, seats) > holds(plan, seats) && holds(name, seats) >= records,
  );
  const count = Math.max(seats, Math.ceil(records / plans[plan].dealsPerSeat));
  return {
    ...(larger ? { plan: { name: larger, holds: holds(larger, seats) } } : {}),
    ...(count > seats && holds(plan, count) >= records
      ? { seats: { count, holds: holds(plan, count) } }
      : {}),
  };
}

export function dailyTokens(plan: PlanName, seats: number): number {
  return plans[plan].dailyTokensPerSeat * seats;
}

/** The plan whose burst allowance the `x-ratelimit-limit` header shows; undefined for a number we do not know. */
export function planOfBurst(limit: number): PlanName | undefined {
  return planNames.find((name) => plans[name].burstPer2s === limit);
}
