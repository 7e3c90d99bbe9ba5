import { sleep } from '@octopipe/shared/core/clock';
import { RetryLater } from '@octopipe/shared/core/errors';
import { type Database, inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { LimitHeaders } from '@octopipe/shared/pipedrive/http';
import { sql } from 'kysely';
import {
  type BudgetRow,
  type Denial,
  type Grant,
  grant,
  learnt,
  nextReset,
  reopened,
  rolledTo,
} from './grant.js';

/** The day's tokens are spent: the caller parks the run until `until` (our clock). */
export class DayIsSpent extends Error {
  override readonly name = 'DayIsSpent';
  constructor(readonly until: Date) {
    super('the day of tokens is spent');
  }
}

export interface BudgetOwner {
  tenantId: string;
  companyKey: string;
}

/**
 * Makes or refreshes the company's row with what the probe learnt; `dailyLimit` in tokens a day. In the transaction that
 * connects the company: a purge of the last tenant that was connected to it takes the row away.
 */
export async function openBudget(
  tx: Tx,
  companyKey: string,
  facts: { dailyLimit: number; burstLimit: number; reserveShare: number; clockSkewMs: number },
): Promise<void> {
  const ceiling = Math.floor(facts.dailyLimit * (1 - facts.reserveShare));
  await tx
    .insertInto('loader.companyBudget')
    .values({
      companyKey,
      day: sql<string>`((now() + ${facts.clockSkewMs} * interval '1 millisecond') at time zone 'utc')::date`,
      dailyLimit: facts.dailyLimit,
      ceiling,
      burstLimit: facts.burstLimit,
      clockSkewMs: facts.clockSkewMs,
    })
    .onConflict((conflict) =>
      conflict.column('companyKey').doUpdateSet({
        dailyLimit: facts.dailyLimit,
        ceiling,
        burstLimit: facts.burstLimit,
        clockSkewMs: facts.clockSkewMs,
        blockedUntil: null,
        updatedAt: sql<Date>`now()`,
      }),
    )
    .execute();
}

/** Tokens asked for at once, so that workers rarely meet on the row; what is left over is given back. */
const sliceTokens = 60;
const sliceRequests = 8;
/** A lull longer than this makes leased slots worthless: using them late would bunch requests up. */
const staleSlotMs = 250;
/** The dearest single request: a day with less left is as good as spent. */
const dearestRequest = 20;
/** Pauses after 429 in a row, without an accepted request between, that no header explained: then it is the day. */
const roundsUntilDayCountsAsSpent = 3;
/** Of this process only, by company: a suspicion to be slower by, not a fact; jobs are too short to come to it alone. */
const refusedRounds = new Map<string, number>();
/** Pauses up to here are waited out in place; longer ones hand the work back. */
const longestWaitMs = 10_000;

/**
 * One process's share of a company's budget: leases slices of tokens and request slots from the row in Postgres and
 * hands them out one request at a time. Fail-closed: no answer from Postgres means no request.
 */
export class CompanyBudget {
  #tokens = 0;
  /** The server day the tokens are of: yesterday's are worth nothing. */
  #tokensOf = '';
  #slots: number[] = [];
  #refill: Promise<void> | undefined;
  #learntAt = 0;

  constructor(
    readonly db: Database,
    readonly owner: BudgetOwner,
    readonly reserveShare: number,
  ) {}

  /** Waits for a request slot and takes `cost` tokens. Throws DayIsSpent, or RetryLater after a longer pause was asked for. */
  async take(cost: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (signal?.aborted) throw new RetryLater(0, 'draining');
      this.#slots = this.#slots.filter((slot) => slot > performance.now() - staleSlotMs);
      const slot = this.#slots[0];
      if (slot !== undefined && this.#tokens >= cost) {
        this.#slots.shift();
        this.#tokens -= cost;
        const waitMs = slot - performance.now();
        if (waitMs > 0) await sleep(waitMs, signal);
        return;
      }
      this.#refill ??= this.#lease(cost).finally(() => {
        this.#refill = undefined;
      });
      await this.#refill;
    }
  }

  async #lease(cost: number): Promise<void> {
    const answer = await this.#onRow((row, serverNow) => {
      if (this.#tokensOf !== rolledTo(row, serverNow).day) this.#tokens = 0;
      const result = grant(row, serverNow, {
        needTokens: Math.max(0, cost - this.#tokens),
        wantTokens: Math.max(0, Math.max(sliceTokens, cost) - this.#tokens),
        requests: sliceRequests,
      });
      return { row: result.row, result, serverNow };
    });
    const { result, serverNow } = answer;
    this.#tokensOf = result.row.day;
    if (result.kind === 'denied') return this.#refuse(result, serverNow);
    const first = performance.now() + (result.firstSlotAt.getTime() - serverNow.getTime());
    this.#tokens += result.tokens;
    for (let i = 0; i < sliceRequests; i += 1) this.#slots.push(first + i * result.slotGapMs);
  }

  async #refuse(denial: Denial, serverNow: Date): Promise<void> {
    const waitMs = denial.until.getTime() - serverNow.getTime();
    if (denial.reason === 'day_spent') throw new DayIsSpent(new Date(Date.now() + waitMs));
    if (waitMs > longestWaitMs) throw new RetryLater(waitMs, 'company_slowed');
    await sleep(waitMs);
  }

  /** Gives back what was leased and not used; called when a job ends. */
  async giveBack(): Promise<void> {
    const tokens = this.#tokens;
    this.#tokens = 0;
    this.#slots = [];
    if (tokens === 0) return;
    await this.#onRow((before, serverNow) => {
      const row = rolledTo(before, serverNow);
      if (row.day !== this.#tokensOf) return { row };
      return { row: { ...row, spent: Math.max(0, row.spent - tokens) } };
    });
  }

  /** Tokens of a request that never left. */
  refund(tokens: number): void {
    this.#tokens += tokens;
  }

  /** The account took a request: refusals before it were no spent day. */
  noteAccepted(): void {
    refusedRounds.delete(this.owner.companyKey);
  }

  /** Nothing of this company is sent for a while. */
  async pause(forMs: number): Promise<void> {
    await this.#onRow((row, serverNow) => ({ row: pausedUntil(row, new Date(serverNow.getTime() + forMs)) }));
    this.#slots = [];
  }

  /**
   * A 429 slows the whole company down, not one request. Without a hint: the window and some, at random. When pauses do
   * not help and no header says why, it is the day that is spent: going on would end in a block.
   */
  async slowDown(daily: boolean, retryAfterMs: number | undefined): Promise<void> {
    await this.#onRow((before, serverNow) => {
      const row = rolledTo(before, serverNow);
      if (daily)
        return {
          row: { ...row, exhaustedUntil: nextReset(serverNow), spent: Math.max(row.spent, row.ceiling) },
        };
      // Several requests in flight are refused together: one round.
      const isNewRound = row.blockedUntil === null || row.blockedUntil <= serverNow;
      const rounds = (refusedRounds.get(this.owner.companyKey) ?? 0) + (isNewRound ? 1 : 0);
      refusedRounds.set(this.owner.companyKey, rounds);
      if (rounds >= roundsUntilDayCountsAsSpent && retryAfterMs === undefined)
        return { row: { ...row, exhaustedUntil: nextReset(serverNow) } };
      const pauseMs = Math.max(retryAfterMs ?? 0, 2_000) + Math.random() * 1_000;
      return { row: pausedUntil(row, new Date(serverNow.getTime() + pauseMs)) };
    });
    this.#slots = [];
  }

  /** After a look at a day that counted as spent: the account's word replaces our count. */
  async believe(seen: LimitHeaders): Promise<void> {
    await this.learn(seen, { always: true });
    await this.#onRow((row, serverNow) => ({ row: reopened(rolledTo(row, serverNow), seen) }));
  }

  /** Takes the limit headers of an answer to heart: at most every two seconds, and always the server's clock. */
  async learn(seen: LimitHeaders, options: { always?: boolean } = {}): Promise<void> {
    if (!options.always && performance.now() - this.#learntAt < 2_000) return;
    this.#learntAt = performance.now();
    const skewMs = seen.serverTime ? seen.serverTime.getTime() - Date.now() : undefined;
    await inTransaction(this.db, { role: 'loader', tenantId: this.owner.tenantId }, async (tx) => {
      const { row, storedSkewMs } = await readRow(tx, this.owner.companyKey);
      const useSkewMs =
        skewMs !== undefined && Math.abs(skewMs - storedSkewMs) > 2_000 ? skewMs : storedSkewMs;
      const next = learnt(rolledTo(row, serverTime(useSkewMs)), seen, this.reserveShare);
      await writeRow(tx, this.owner.companyKey, next, useSkewMs);
    });
  }

  /** True when tokens can be had again; rolls the day over by the server's clock. */
  async isOpen(): Promise<boolean> {
    const { open } = await this.#onRow((row, serverNow) => {
      const result = grant(row, serverNow, {
        needTokens: dearestRequest,
        wantTokens: dearestRequest,
        requests: 0,
      });
      return { row: rolledTo(row, serverNow), open: result.kind === 'granted' };
    });
    return open;
  }

  async #onRow<T extends { row: BudgetRow }>(change: (row: BudgetRow, serverNow: Date) => T): Promise<T> {
    return inTransaction(this.db, { role: 'loader', tenantId: this.owner.tenantId }, async (tx) => {
      const { row, storedSkewMs } = await readRow(tx, this.owner.companyKey);
      const result = change(row, serverTime(storedSkewMs));
      await writeRow(tx, this.owner.companyKey, result.row, storedSkewMs);
      return result;
    });
  }
}

/** A pause never shortens one that stands already. */
function pausedUntil(row: BudgetRow, until: Date): BudgetRow {
  return row.blockedUntil !== null && row.blockedUntil > until ? row : { ...row, blockedUntil: until };
}

function serverTime(skewMs: number): Date {
  return new Date(Date.now() + skewMs);
}

async function readRow(tx: Tx, companyKey: string): Promise<{ row: BudgetRow; storedSkewMs: number }> {
  const row = await tx
    .selectFrom('loader.companyBudget')
    .selectAll()
    .where('companyKey', '=', companyKey)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { row, storedSkewMs: Number(row.clockSkewMs) };
}

async function writeRow(tx: Tx, companyKey: string, row: BudgetRow, skewMs: number): Promise<void> {
  await tx
    .updateTable('loader.companyBudget')
    .set({
      day: row.day,
      dailyLimit: row.dailyLimit,
      ceiling: row.ceiling,
      spent: row.spent,
      exhaustedUntil: row.exhaustedUntil,
      blockedUntil: row.blockedUntil,
      burstLimit: row.burstLimit,
      burstNextAt: row.burstNextAt,
      clockSkewMs: Math.round(skewMs),
      updatedAt: sql<Date>`now()`,
    })
    .where('companyKey', '=', companyKey)
    .execute();
}

export type { Grant };
