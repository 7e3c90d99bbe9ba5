import type { Account } from '../account/account.js';
import { type SimClock, utcDay } from '../account/sim-clock.js';

const WINDOW_MS = 2_000;
/** Our choice: the documentation says only that ignoring 429 leads to a block. */
const ABUSE = { refusals: 60, withinMs: 10_000, blockMs: 15 * 60_000 };
/** Fair-use rule of 2019; whether it is enforced today is unknown, so it is only shown (switch daily_requests_left). */
const DAILY_WRITES = 10_000;

export type Verdict = 'admitted' | 'burst' | 'day' | 'blocked';

/**
 * Tokens of the day, burst window and abuse memory of the account's one token.
 * A request is admitted while at least one token is left and its price is taken afterwards, so the last request of a day
 * may cost more than was left; from then on the remaining header says 0 and everything is refused until UTC midnight.
 * Refused requests take neither tokens nor room in the window.
 */
export class RateLimits {
  readonly #clock: SimClock;
  #day: number;
  #spentToday = 0;
  #spentTotal = 0;
  #writesToday = 0;
  #window: number[] = [];
  #refusals: number[] = [];
  #blockedUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: SimClock) {
    this.#clock = clock;
    this.#day = utcDay(clock.nowMs());
  }

  admit(account: Account): Verdict {
    const now = this.#clock.nowMs();
    this.#turnDay(now);
    if (now < this.#blockedUntil) return 'blocked';
    // A clock set backwards must not leave requests of the future in the window.
    this.#window = this.#window.filter((at) => at > now - WINDOW_MS && at <= now);
    const verdict = this.#judge(account);
    if (verdict === 'admitted') this.#window.push(now);
    else this.noteRefusal();
    return now < this.#blockedUntil ? 'blocked' : verdict;
  }

  #judge(account: Account): Verdict {
    if (this.remaining(account) <= 0) return 'day';
    return this.#window.length >= account.limits().requestsPer2s ? 'burst' : 'admitted';
  }

  /** Every 429 counts towards the block, those of injected faults too. */
  noteRefusal(): void {
    const now = this.#clock.nowMs();
    this.#refusals = this.#refusals.filter((at) => at > now - ABUSE.withinMs && at <= now);
    this.#refusals.push(now);
    if (this.#refusals.length <= ABUSE.refusals) return;
    this.#blockedUntil = now + ABUSE.blockMs;
    this.#refusals = [];
  }

  spend(tokens: number): void {
    this.#turnDay(this.#clock.nowMs());
    this.#spentToday += tokens;
    this.#spentTotal += tokens;
  }

  noteWrite(): void {
    this.#writesToday += 1;
  }

  dailyLimit(account: Account): number {
    return account.limits().tokensPerSeat * account.seats;
  }

  remaining(account: Account): number {
    return Math.max(0, this.dailyLimit(account) - this.#spentToday);
  }

  spent(): { today: number; total: number } {
    this.#turnDay(this.#clock.nowMs());
    return { today: this.#spentToday, total: this.#spentTotal };
  }

  headers(account: Account): Record<string, string> {
    const now = this.#clock.nowMs();
    const limit = account.limits().requestsPer2s;
    const oldest = this.#window[0] ?? now;
    const headers: Record<string, string> = {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - this.#window.length)),
      'x-ratelimit-reset': String(Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1_000))),
    };
    if (account.switches.daily_headers === 'present') {
      headers['x-daily-ratelimit-token-limit'] = String(this.dailyLimit(account));
      headers['x-daily-ratelimit-token-remaining'] = String(this.remaining(account));
    }
    if (account.switches.daily_requests_left === 'present') {
      headers['x-daily-requests-left'] = String(Math.max(0, DAILY_WRITES - this.#writesToday));
    }
    return headers;
  }

  #turnDay(now: number): void {
    const day = utcDay(now);
    if (day === this.#day) return;
    this.#day = day;
    this.#spentToday = 0;
    this.#writesToday = 0;
  }
}
