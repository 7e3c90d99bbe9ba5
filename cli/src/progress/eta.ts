const dayMs = 86_400_000;

export interface EtaFacts {
  nowMs: number;
  tokensLeft: number;
  tokensPerSecond: number | undefined;
  spentToday: number | undefined;
  /** What we may take of each day's tokens. */
  dailyShare: number | undefined;
  /** When the run said it goes on, while it waits for the next day's tokens. */
  resumeAtMs: number | undefined;
}

/**
 * When the run ends, in milliseconds since 1970: at the present speed, and no faster than the day's tokens allow.
 * The day turns at midnight UTC (pipedrive-api.md 4) unless the run itself says when it goes on.
 * Undefined while the speed is not known yet.
 */
export function estimateEnd(facts: EtaFacts): number | undefined {
  const { nowMs, tokensLeft, tokensPerSecond } = facts;
  if (tokensLeft <= 0) return nowMs;
  if (tokensPerSecond === undefined || tokensPerSecond <= 0) return undefined;
  const workMs = (tokens: number) => (tokens / tokensPerSecond) * 1_000;
  const { dailyShare, spentToday = 0 } = facts;
  if (dailyShare === undefined || dailyShare <= 0)
    return Math.max(nowMs, facts.resumeAtMs ?? 0) + workMs(tokensLeft);

  const leftToday = facts.resumeAtMs === undefined ? Math.max(0, dailyShare - spentToday) : 0;
  const nextDayMs = facts.resumeAtMs ?? Math.floor(nowMs / dayMs + 1) * dayMs;
  // Before midnight neither the tokens nor the time may run out.
  if (tokensLeft <= leftToday && nowMs + workMs(tokensLeft) <= nextDayMs) return nowMs + workMs(tokensLeft);
  const doneToday = Math.min(leftToday, ((nextDayMs - nowMs) * tokensPerSecond) / 1_000);
  const perDay = Math.min(dailyShare, (dayMs * tokensPerSecond) / 1_000);
  const afterToday = Math.max(0, tokensLeft - doneToday);
  const fullDays = Math.max(0, Math.ceil(afterToday / perDay) - 1);
  return nextDayMs + fullDays * dayMs + workMs(afterToday - fullDays * perDay);
}
