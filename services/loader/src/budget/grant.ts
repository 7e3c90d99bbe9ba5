/**
 * The token budget of one Pipedrive company as pure arithmetic; company-budget.ts keeps the row in Postgres.
 *
 * Tokens: `ceiling` of the day's limit is ours, the rest stays with the customer's own integrations. The day is the
 * server's (UTC until learnt otherwise), so times here are server times.
 * Requests: spaced evenly at the plan's rate with a margin (a rolling window is then never exceeded, whoever counts).
 */
export interface BudgetRow {
  day: string;
  dailyLimit: number;
  ceiling: number;
  spent: number;
  exhaustedUntil: Date | null;
  blockedUntil: Date | null;
  burstLimit: number;
  burstNextAt: Date;
}

export interface Grant {
  kind: 'granted';
  tokens: number;
  /** When the first of the granted requests may leave, and how far apart they are. */
  firstSlotAt: Date;
  slotGapMs: number;
  row: BudgetRow;
}

export interface Denial {
  kind: 'denied';
  /** day_spent: until the reset; slowed: a short pause after a 429; */
  reason: 'day_spent' | 'slowed';
  until: Date;
  row: BudgetRow;
}

/** Pipedrive counts requests in a rolling window of 2 s; we stay a tenth below it for the network's jitter. */
const windowMs = 2_000;
const burstShare = 0.9;
/** A queue of slots longer than this was not made by us: the server's clock was set back. */
const longestQueueMs = 120_000;

export function slotGapMs(burstLimit: number): number {
  return windowMs / (burstLimit * burstShare);
}

/** Midnight UTC after `now`: the guess for the daily reset until the headers teach us another. */
export function nextReset(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}

/**
 * Grants up to `wantTokens` (at least `needTokens`) and `requests` request slots, or says until when to wait.
 * Fails closed: what cannot be granted in full need is denied.
 */
export function grant(
  before: BudgetRow,
  serverNow: Date,
  ask: { needTokens: number; wantTokens: number; requests: number },
): Grant | Denial {
  const row = rolledTo(before, serverNow);
  if (row.blockedUntil !== null && row.blockedUntil > serverNow)
    return { kind: 'denied', reason: 'slowed', until: row.blockedUntil, row };
  if (row.exhaustedUntil !== null && row.exhaustedUntil > serverNow)
    return { kind: 'denied', reason: 'day_spent', until: row.exhaustedUntil, row };
  const left = row.ceiling - row.spent;
  if (left < ask.needTokens) return { kind: 'denied', reason: 'day_spent', until: nextReset(serverNow), row };
  const tokens = Math.min(left, Math.max(ask.needTokens, ask.wantTokens));
  const gap = slotGapMs(row.burstLimit);
  const queueMs = row.burstNextAt.getTime() - serverNow.getTime();
  const firstSlotAt = queueMs > 0 && queueMs < longestQueueMs ? row.burstNextAt : serverNow;
  return {
    kind: 'granted',
    tokens,
    firstSlotAt,
    slotGapMs: gap,
    row: {
      ...row,
      spent: row.spent + tokens,
      burstNextAt: new Date(firstSlotAt.getTime() + gap * ask.requests),
    },
  };
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** A new server day starts with nothing spent. The day never goes back: a clock that does is not believed. */
export function rolledTo(row: BudgetRow, serverNow: Date): BudgetRow {
  const today = dayOf(serverNow);
  if (today <= row.day) return row;
  return { ...row, day: today, spent: 0, exhaustedUntil: null };
}

export interface SeenLimits {
  dailyLimit?: number;
  dailyRemaining?: number;
  burstLimit?: number;
  serverTime?: Date;
}

/**
 * The account answered although the day counted as spent: what it says now replaces our count, because its reset need
 * not be midnight UTC. Without the daily header the day is open again as far as our own count goes.
 */
export function reopened(row: BudgetRow, seen: SeenLimits): BudgetRow {
  if (seen.dailyRemaining === undefined) return { ...row, exhaustedUntil: null };
  return {
    ...row,
    spent: Math.max(0, row.dailyLimit - seen.dailyRemaining),
    exhaustedUntil: seen.dailyRemaining > 0 ? null : row.exhaustedUntil,
  };
}

/** What a limit header teaches: the day's limit, and use by others that our own count cannot know. */
export function learnt(row: BudgetRow, seen: SeenLimits, reserveShare: number): BudgetRow {
  const dailyLimit = seen.dailyLimit ?? row.dailyLimit;
  const ceiling = Math.floor(dailyLimit * (1 - reserveShare));
  // An answer from before midnight that arrives after it speaks of yesterday.
  const isOfToday = seen.serverTime === undefined || dayOf(seen.serverTime) === row.day;
  const spentByAll = seen.dailyRemaining === undefined || !isOfToday ? 0 : dailyLimit - seen.dailyRemaining;
  return {
    ...row,
    dailyLimit,
    ceiling,
    spent: Math.max(row.spent, spentByAll),
    burstLimit: seen.burstLimit ?? row.burstLimit,
  };
}
