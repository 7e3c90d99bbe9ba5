import type { RunStopped } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { mayMove, type RunStatus, runStatuses } from '@octopipe/shared/domain/run/states';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';

export interface StatusChange {
  to: RunStatus;
  /** Only from here, where more ways lead to `to`: what the caller has found out holds for this one alone. */
  from?: RunStatus;
  reasonCode?: string;
  reason?: string;
  resumeAt?: Date;
}

/**
 * The one way a run's status changes. Moves only along runTransitions; answers false when none leads from where the run
 * is by now. Announced once, in the event log.
 */
export async function changeStatus(
  tx: Tx,
  run: { id: string; tenantId: string; migrationId: string },
  change: StatusChange,
): Promise<boolean> {
  const from = runStatuses.filter(
    (status) => mayMove(status, change.to) && (change.from ?? status) === status,
  );
  const ends = change.to === 'done' || change.to === 'failed' || change.to === 'cancelled';
  const result = await tx
    .updateTable('loader.run')
    .set({
      status: change.to,
      reasonCode: change.reasonCode ?? null,
      reason: change.reason ?? null,
      resumeAt: change.resumeAt ?? null,
      startedAt: sql<Date>`coalesce(started_at, case when ${change.to === 'running'} then now() end)`,
      ...(ends ? { finishedAt: sql<Date>`now()` } : {}),
    })
    .where('id', '=', run.id)
    .where('status', 'in', from)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await appendEvent(tx, run.tenantId, {
    migrationId: run.migrationId,
    runId: run.id,
    kind: `run.${change.to}`,
    facts: change.reasonCode ? { reason: change.reasonCode } : {},
  });
  return true;
}

/**
 * The one way back from `done`, for retry-failed only: the run is in one of its phases again. Not a row of
 * runTransitions, for nobody else may resume what has ended.
 */
export async function reopenRun(
  tx: Tx,
  run: { id: string; tenantId: string; migrationId: string },
  phase: string,
): Promise<void> {
  await tx
    .updateTable('loader.run')
    .set({ status: 'running', phase, reasonCode: null, reason: null, resumeAt: null, finishedAt: null })
    .where('id', '=', run.id)
    .where('status', '=', 'done')
    .executeTakeFirstOrThrow();
  await appendEvent(tx, run.tenantId, {
    migrationId: run.migrationId,
    runId: run.id,
    kind: 'run.running',
    facts: { reason: 'retry_failed', phase },
  });
}

/** A job says that its run cannot go on without a person; the sentence says what to do. */
export function waitForPerson(
  ctx: LoaderContext,
  tenantId: string,
  runId: string,
  error: RunStopped,
): Promise<void> {
  return changeStatusOf(ctx, tenantId, runId, {
    to: 'waiting_person',
    reasonCode: error.code,
    reason: error.message,
  });
}

/** The day's tokens are spent: the run parks until the reset; nothing spins meanwhile. */
export function parkForBudget(
  ctx: LoaderContext,
  tenantId: string,
  runId: string,
  until: Date,
): Promise<void> {
  return changeStatusOf(ctx, tenantId, runId, {
    to: 'waiting_budget',
    reasonCode: 'day_spent',
    reason:
      "Today's share of the account's API tokens is spent; the run goes on by itself after Pipedrive's daily reset.",
    resumeAt: until,
  });
}

/** In a transaction of its own; a run that is gone or already elsewhere stays as it is. */
async function changeStatusOf(
  ctx: LoaderContext,
  tenantId: string,
  runId: string,
  change: StatusChange,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId }, async (tx) => {
    const run = await tx
      .selectFrom('loader.run')
      .select(['id', 'tenantId', 'migrationId'])
      .where('id', '=', runId)
      .executeTakeFirst();
    if (run) await changeStatus(tx, run, change);
  });
}
