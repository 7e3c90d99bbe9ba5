import { sleep } from '@octopipe/shared/core/clock';
import { isDatabaseAway, onceDatabaseAnswers } from '@octopipe/shared/core/database-away';
import { RetryLater, RunStopped } from '@octopipe/shared/core/errors';
import type { Metrics } from '@octopipe/shared/core/metrics';
import { inSpan } from '@octopipe/shared/core/tracing';
import { type Database, inTransaction, type Tx } from '@octopipe/shared/db/index';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { factsOf, type OperationName } from '@octopipe/shared/pipedrive/facts/index';
import {
  type ApiOutcome,
  type ApiRequest,
  createHttp,
  type PipedriveHttp,
} from '@octopipe/shared/pipedrive/http';
import type { CallPurpose } from '@octopipe/shared/pipedrive/planned-calls';
import { sql } from 'kysely';
import { CompanyBudget } from '../budget/company-budget.js';
import { blockSeconds } from '../connect/blocked-account.js';
import { type EntityRules, nextPosition, pageRequest, type RemoteRecord } from './entity-table.js';

export interface Connection {
  id: string;
  tenantId: string;
  baseUrl: string;
  companyKey: string;
  companyDomain: string;
  plan: string;
  seats: number;
}

export interface AccountSettings {
  settleMs: number;
  requestTimeoutMs: number;
  reserveShare: number;
}

/** How long nothing is sent to an account that could not be reached at all. */
const unreachablePauseMs = 5_000;

/** What a write may end in; the rest (throttled, no connection, refused credentials) is handled here. */
export type WriteOutcome =
  | Extract<ApiOutcome, { kind: 'ok' | 'refused' | 'unknown' }>
  | { kind: 'not_written'; reason: string };

/** The account says that the record is not there, or no more: to a delete that is a yes. */
export function isGone(outcome: ApiOutcome | WriteOutcome): boolean {
  return outcome.kind === 'refused' && (outcome.status === 404 || outcome.status === 410);
}

/**
 * One Pipedrive account as a run sees it: every request waits for its place in the company's budget, is counted
 * against the run, and teaches the budget what its headers say.
 */
export class Account {
  readonly budget: CompanyBudget;
  readonly #http: PipedriveHttp;
  /** An earlier try of the same work has made calls of this run already. */
  #isRepeat = false;
  #purpose: CallPurpose | undefined;

  constructor(
    readonly db: Database,
    readonly connection: Connection,
    readonly runId: string | null,
    apiToken: string,
    readonly settings: AccountSettings,
    readonly metrics: Metrics,
  ) {
    this.#http = createHttp({ baseUrl: connection.baseUrl, apiToken, timeoutMs: settings.requestTimeoutMs });
    this.budget = new CompanyBudget(
      db,
      { tenantId: connection.tenantId, companyKey: connection.companyKey },
      settings.reserveShare,
    );
  }

  /** Waits until this operation may be sent. Writes call it before they note their intent: a spent token is cheap, a false intent is not. */
  async takeTokens(operation: OperationName, signal?: AbortSignal): Promise<void> {
    await this.budget.take(tokenCost(operation), signal);
  }

  /** Sends a write whose tokens were taken and whose intent and use were noted. Never sends twice. */
  async write(request: ApiRequest): Promise<WriteOutcome> {
    const outcome = await this.#send(request);
    if (outcome.kind === 'ok' || outcome.kind === 'refused' || outcome.kind === 'unknown') return outcome;
    return { kind: 'not_written', reason: outcome.kind === 'not_sent' ? outcome.reason : outcome.kind };
  }

  /**
   * Begins work that starts afresh whenever it dies, and always with the same call: has this run made that call before,
   * every call from here on is counted as one that repeats another.
   */
  async startOver(first: OperationName): Promise<void> {
    this.#isRepeat = await this.hasCalled(first);
  }

  get isRepeat(): boolean {
    return this.#isRepeat;
  }

  /** Notes this purpose of every call that the work makes and that names none itself. */
  async noting<T>(purpose: CallPurpose, work: () => Promise<T>): Promise<T> {
    this.#purpose = purpose;
    try {
      return await work();
    } finally {
      this.#purpose = undefined;
    }
  }

  /** Whether this run has made such a call, of this purpose where one is given. */
  async hasCalled(operation: OperationName, purpose?: CallPurpose): Promise<boolean> {
    const row = await inTransaction(this.db, { role: 'loader', tenantId: this.connection.tenantId }, (tx) =>
      tx
        .selectFrom('loader.tokenUse')
        .select('operation')
        .where('runId', '=', this.runId)
        .where('operation', '=', operation)
        .where(purpose === undefined ? sql<boolean>`true` : sql<boolean>`jsonb_exists(purposes, ${purpose})`)
        .executeTakeFirst(),
    );
    return row !== undefined;
  }

  /** Reads, patiently: a read can be repeated. Throws RetryLater when the account does not answer for a while. */
  async read(
    request: ApiRequest,
    signal?: AbortSignal,
    purpose?: CallPurpose,
  ): Promise<{ data: unknown; more: unknown }> {
    const outcome = await this.#readPatiently(request, signal, purpose);
    if (outcome.kind === 'ok') return { data: outcome.data, more: outcome.more };
    throw new RunStopped(
      'read_refused',
      `Pipedrive refused to list ${request.operation} (${outcome.code}); check that the API token belongs to an admin user.`,
    );
  }

  /** Reads one record by its id; undefined when it is not there (any more). */
  async find(request: ApiRequest, signal?: AbortSignal): Promise<unknown> {
    const outcome = await this.#readPatiently(request, signal, undefined);
    if (outcome.kind === 'ok') return outcome.data;
    if (isGone(outcome)) return undefined;
    throw new RunStopped(
      'read_refused',
      `Pipedrive refused to show a record (${request.operation}, ${outcome.code}); check that the API token belongs to an admin user.`,
    );
  }

  async #readPatiently(
    request: ApiRequest,
    signal: AbortSignal | undefined,
    purpose: CallPurpose | undefined,
  ): Promise<Extract<ApiOutcome, { kind: 'ok' | 'refused' }>> {
    for (let attempt = 1; ; attempt += 1) {
      await this.takeTokens(request.operation, signal);
      await this.countUse(request.operation, attempt > 1 ? 'read_again' : purpose);
      const outcome = await this.#send(request);
      if (outcome.kind === 'ok' || outcome.kind === 'refused') return outcome;
      if (attempt >= 5) throw new RetryLater(10_000, 'account_not_answering');
      await sleep(Math.random() * 300 * 2 ** attempt, signal);
    }
  }

  /** One cheap call outside our share, to learn the server's clock and what is left. True when tokens can be had again. */
  async lookAtBudget(): Promise<boolean> {
    const outcome = await this.#send({ operation: 'getCurrentUser' });
    if (outcome.kind !== 'ok') return false;
    await this.budget.believe(outcome.limits);
    return this.budget.isOpen();
  }

  /** All pages of a list, one at a time. A record may come twice when others change the list meanwhile: callers key by id. */
  async *pages(
    rules: EntityRules,
    query: Record<string, string>,
    signal?: AbortSignal,
    purpose?: CallPurpose,
  ): AsyncGenerator<RemoteRecord[]> {
    let position: string | undefined;
    do {
      const { data, more } = await this.read(pageRequest(rules, query, position), signal, purpose);
      yield Array.isArray(data) ? (data as RemoteRecord[]) : [];
      position = nextPosition(rules, more);
    } while (position !== undefined);
  }

  /** What the account has answered is not lost over a budget that cannot be told of it now. */
  async #send(request: ApiRequest): Promise<ApiOutcome> {
    const outcome = await this.#measured(request);
    if ('limits' in outcome)
      await onceDatabaseAnswers(() =>
        this.budget.learn(outcome.limits, { always: outcome.kind === 'throttled' }),
      );
    if (outcome.kind === 'ok' || outcome.kind === 'refused') this.budget.noteAccepted();
    switch (outcome.kind) {
      case 'not_sent':
        // Nothing was charged. The pause keeps an outage of the network from turning the same records over and over.
        this.budget.refund(tokenCost(request.operation));
        await onceDatabaseAnswers(() => this.budget.pause(unreachablePauseMs));
        return outcome;
      case 'refused':
        if (outcome.status === 402)
          throw new RunStopped(
            'account_not_open',
            'Pipedrive answers that the company account is not open (payment required); settle that with Pipedrive, then resume the run.',
          );
        if (outcome.code.startsWith('feature_capping'))
          throw new RunStopped(
            'plan_limit_reached',
            `Pipedrive refuses ${request.operation} because a limit of the plan is reached (${outcome.code}); upgrade the plan or make room, then resume the run.`,
          );
        return outcome;
      case 'throttled':
        await onceDatabaseAnswers(() => this.budget.slowDown(outcome.daily, outcome.retryAfterMs));
        return outcome;
      case 'unauthorized':
        throw new RunStopped(
          'token_refused',
          'Pipedrive no longer accepts the API token; connect the account again with a valid token, then resume the run.',
        );
      case 'blocked':
        await onceDatabaseAnswers(() => this.budget.pause(blockSeconds * 1_000));
        throw new RunStopped(
          'blocked_by_pipedrive',
          'Pipedrive has blocked this account for a while (an HTML 403); wait 15 minutes, find out what else uses the account, then resume the run.',
        );
      default:
        return outcome;
    }
  }

  async #measured(request: ApiRequest): Promise<ApiOutcome> {
    const { operation } = request;
    const startedAt = performance.now();
    const outcome = await inSpan(operation, 'call', { runId: this.runId ?? '' }, async (span) => {
      const answer = await this.#http.send(request);
      span.setAttribute('outcome', answer.kind);
      return answer;
    });
    const seconds = (performance.now() - startedAt) / 1000;
    this.metrics.observe('octopipe_pipedrive_request_seconds', { operation, outcome: outcome.kind }, seconds);
    return outcome;
  }

  /** Counts a request against the run, by operation and server day. Called before the request leaves. */
  async countUse(operation: OperationName, purpose?: CallPurpose): Promise<void> {
    await inTransaction(this.db, { role: 'loader', tenantId: this.connection.tenantId }, (tx) =>
      this.countUseIn(tx, operation, 1, purpose),
    );
  }

  async countUseIn(tx: Tx, operation: OperationName, calls: number, purpose?: CallPurpose): Promise<void> {
    if (this.runId === null) return;
    const tokens = tokenCost(operation) * calls;
    const noted = purpose ?? this.#purpose ?? (this.#isRepeat ? repeated(operation) : undefined);
    await tx
      .insertInto('loader.tokenUse')
      .values({
        tenantId: this.connection.tenantId,
        connectionId: this.connection.id,
        runId: this.runId,
        operation,
        day: sql<string>`(select day from loader.company_budget where company_key = ${this.connection.companyKey})`,
        calls,
        tokens,
        purposes: JSON.stringify(noted === undefined ? {} : { [noted]: calls }),
      })
      .onConflict((conflict) =>
        conflict.columns(['runId', 'operation', 'day']).doUpdateSet({
          calls: sql<number>`loader.token_use.calls + ${calls}`,
          tokens: sql<number>`loader.token_use.tokens + ${tokens}`,
          ...(noted === undefined
            ? {}
            : {
                purposes: sql<string>`loader.token_use.purposes || jsonb_build_object(${noted}::text,
                  coalesce((loader.token_use.purposes->>${noted})::int, 0) + ${calls}::int)`,
              }),
        }),
      )
      .execute();
  }

  /** Tokens that cannot be given back because the database is away count as spent today: too careful, never too bold. */
  async close(): Promise<void> {
    this.#http.close();
    await this.budget.giveBack().catch((error: unknown) => {
      if (!isDatabaseAway(error)) throw error;
    });
  }
}

function repeated(operation: OperationName): CallPurpose {
  return factsOf(operation).method === 'GET' ? 'read_again' : 'sent_again';
}
