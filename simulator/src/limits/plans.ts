export interface Plan {
  readonly tokensPerSeat: number;
  readonly requestsPer2s: number;
  readonly dealsPerSeat: number;
  readonly customFields: number;
  /** Values of visible_to that the plan knows. */
  readonly visibility: readonly number[];
  readonly companyVisibility: number;
  readonly recurringProducts: boolean;
}

const BASE_TOKENS = 30_000;
const few = { visibility: [1, 3], companyVisibility: 3 };
const groups = { visibility: [1, 3, 5, 7], companyVisibility: 7 };

/**
 * Rate limiting page of 2026-09-17 (tokens, burst of an API token), knowledge base "Usage limits" (deals, fields),
 * "Visibility" page. The legacy row of visibility groups and recurring products follows the plan each one became.
 */
export const plans = {
  lite: {
    tokensPerSeat: BASE_TOKENS,
    requestsPer2s: 20,
    dealsPerSeat: 2_500,
    customFields: 30,
    ...few,
    recurringProducts: false,
  },
  growth: {
    tokensPerSeat: 2 * BASE_TOKENS,
    requestsPer2s: 40,
    dealsPerSeat: 5_000,
    customFields: 100,
    ...few,
    recurringProducts: true,
  },
  premium: {
    tokensPerSeat: 5 * BASE_TOKENS,
    requestsPer2s: 100,
    dealsPerSeat: 15_000,
    customFields: 300,
    ...groups,
    recurringProducts: true,
  },
  ultimate: {
    tokensPerSeat: 7 * BASE_TOKENS,
    requestsPer2s: 120,
    dealsPerSeat: 20_000,
    customFields: 500,
    ...groups,
    recurringProducts: true,
  },
  essential: {
    tokensPerSeat: BASE_TOKENS,
    requestsPer2s: 20,
    dealsPerSeat: 2_000,
    customFields: 30,
    ...few,
    recurringProducts: false,
  },
  advanced: {
    tokensPerSeat: 2 * BASE_TOKENS,
    requestsPer2s: 40,
    dealsPerSeat: 4_000,
    customFields: 100,
    ...few,
    recurringProducts: true,
  },
  professional: {
    tokensPerSeat: 3 * BASE_TOKENS,
    requestsPer2s: 80,
    dealsPerSeat: 10_000,
    customFields: 300,
    ...few,
    recurringProducts: true,
  },
  power: {
    tokensPerSeat: 5 * BASE_TOKENS,
    requestsPer2s: 100,
    dealsPerSeat: 15_000,
    customFields: 500,
    ...groups,
    recurringProducts: true,
  },
  enterprise: {
    tokensPerSeat: 7 * BASE_TOKENS,
    requestsPer2s: 120,
    dealsPerSeat: Infinity,
    customFields: Infinity,
    ...groups,
    recurringProducts: true,
  },
} as const satisfies Record<string, Plan>;

export type PlanName = keyof typeof plans;

export const planNames = Object.keys(plans) as [PlanName, ...PlanName[]];

/** Leads and deals of a company never exceed this, however many seats it has (K: Usage limits). */
export const DEALS_PER_COMPANY = 300_000;
/** The per-company maximum exists (403) but its number is not published; our choice. */
export const ACTIVITY_TYPES_PER_COMPANY = 20;
/** D: Custom fields. */
export const OPTIONS_PER_FIELD = 10_000;
/** Published with the bulk calls of deal lines. */
export const LINES_PER_REQUEST = 100;
export const RECURRING_LINES_PER_DEAL = 20;
/** Not documented; our choice, answered with 413. */
export const MAX_FILE_BYTES = 50 * 1024 * 1024;
