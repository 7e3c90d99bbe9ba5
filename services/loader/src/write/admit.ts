import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { type Entity, endedStatuses, phases } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { unknownStates } from './intent-states.js';
import { afterDeath, afterTurn, isOnTrial, type Trial, toPark, toTry } from './trial.js';

export interface AdmittedBatch {
  tenantId: string;
  runId: string;
  migrationId: string;
  connectionId: string;
  setId: string;
  batchId: string;
  entity: Entity;
  /** Our turn on this batch; every later write of ours repeats it. */
  fence: bigint;
  /** On trial, the only keys that this turn may try; null: all. */
  tries: string[] | null;
  /** The key that is to be parked instead of tried: it killed its worker again and again. */
  parks: string | undefined;
}

interface BatchId {
  tenantId: string;
  runId: string;
  batchId: string;
}

/** Which way a batch goes: a rollback takes its records back. */
export type BatchDirection = 'load' | 'undo';

/**
 * Counts the death of the worker that had the batch, if it has died with it, and what was done since the batch was last
 * looked at. Answers whether the next turn is one of a trial (trial.ts): such a batch is written alone.
 */
export async function standsTrial(ctx: LoaderContext, payload: BatchId, log: Logger): Promise<boolean> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: payload.tenantId }, async (tx) => {
    const batch = await tx
      .selectFrom('loader.batchProgress')
      .select([
        'crashes',
        'suspects',
        'openKeys',
        sql<boolean>`state = 'leased' and lease_until < now()`.as('hasDied'),
      ])
      .where('runId', '=', payload.runId)
      .where('batchId', '=', payload.batchId)
      .where('state', 'in', ['pending', 'leased'])
      .forUpdate()
      .executeTakeFirst();
    if (!batch) return false;
    const open = await openKeys(tx, payload);
    const didSomething = open.length < (batch.openKeys ?? open.length);
    const trial = batch.hasDied
      ? afterDeath(batch, open, didSomething)
      : afterTurn(batch, open, didSomething);
    if (batch.hasDied)
      log.warn(
        { batchId: payload.batchId, crashes: trial.crashes, openRecords: open.length },
        'the worker of a batch died or stood still beyond its lease',
      );
    if (batch.hasDied || didSomething || batch.openKeys === null) {
      await tx
        .updateTable('loader.batchProgress')
        .set({
          ...trial,
          openKeys: open.length,
          ...(batch.hasDied ? { state: 'pending', lockedBy: null, leaseUntil: null } : {}),
        })
        .where('runId', '=', payload.runId)
        .where('batchId', '=', payload.batchId)
        .execute();
    }
    return isOnTrial(trial);
  });
}

/**
 * The only gate to the write path: decides whether a hinted batch may run now, and leases it. The run must be running
 * and in the batch's phase, and the batch free. Times are Postgres' own, so a worker's clock does not matter.
 * Answers undefined when not: the hint ends as a no-op and will come again.
 */
export async function admit(
  ctx: LoaderContext,
  payload: BatchId,
  direction: BatchDirection,
): Promise<AdmittedBatch | undefined> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: payload.tenantId }, async (tx) => {
    const run = await tx
      .selectFrom('loader.run')
      .select(['id', 'migrationId', 'connectionId', 'setId', 'kind', 'phase', 'status'])
      .where('id', '=', payload.runId)
      .executeTakeFirst();
    if (!run || run.setId === null || run.status !== 'running') return undefined;
    if ((run.kind === 'rollback') !== (direction === 'undo')) return undefined;
    const entity = phases.find((phase) => phase.name === run.phase)?.entity;
    if (!entity) return undefined;
    const leased = await tx
      .updateTable('loader.batchProgress')
      .set({
        state: 'leased',
        lockedBy: ctx.workerId,
        leaseUntil: leaseEnd(ctx),
        fence: sql<string>`fence + 1`,
      })
      .where('runId', '=', run.id)
      .where('batchId', '=', payload.batchId)
      .where('entity', '=', entity)
      .where('state', '=', 'pending')
      .returning(['fence', 'crashes', 'suspects'])
      .executeTakeFirst();
    if (!leased) return undefined;
    return {
      tenantId: payload.tenantId,
      runId: run.id,
      migrationId: run.migrationId,
      connectionId: run.connectionId,
      setId: run.setId,
      batchId: payload.batchId,
      entity,
      fence: BigInt(leased.fence),
      tries: leased.suspects && toTry(leased, await openKeys(tx, payload)),
      parks: toPark(leased),
    };
  });
}

/**
 * Before each slice, and on a timer: true while the batch is still ours, with a full lease ahead (longer than a request may
 * take). Of a run that has ended it is not renewed: the next run waits for it no longer than that.
 */
export async function renewLease(ctx: LoaderContext, batch: AdmittedBatch): Promise<boolean> {
  const result = await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, (tx) =>
    tx
      .updateTable('loader.batchProgress')
      .set({ leaseUntil: leaseEnd(ctx) })
      .where('runId', '=', batch.runId)
      .where('batchId', '=', batch.batchId)
      .where('state', '=', 'leased')
      .where('fence', '=', String(batch.fence))
      .where('runId', 'in', (runs) =>
        runs
          .selectFrom('loader.run')
          .select('id')
          .where('id', '=', batch.runId)
          .where('status', 'not in', [...endedStatuses]),
      )
      .executeTakeFirst(),
  );
  return result.numUpdatedRows > 0n;
}

/**
 * Closes our turn: done when every record has its outcome; settling while some wait for the walk; else pending again
 * (not written: a 429, a spent day, a stop). Does nothing when the batch is no longer ours.
 */
export async function finishBatch(
  ctx: LoaderContext,
  batch: AdmittedBatch,
): Promise<{ waiting: number; unknown: number }> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const open = await openKeys(tx, batch);
    const unknown = open.length === 0 ? 0 : await countUnknown(tx, batch, open);
    const ours = await findOurTurn(tx, batch);
    if (ours) {
      await tx
        .updateTable('loader.batchProgress')
        .set({
          state: open.length === 0 ? 'done' : unknown > 0 ? 'settling' : 'pending',
          lockedBy: null,
          leaseUntil: null,
          openKeys: open.length,
          ...afterTurn(ours, open, open.length < (ours.openKeys ?? 0)),
        })
        .where('runId', '=', batch.runId)
        .where('batchId', '=', batch.batchId)
        .execute();
    }
    return { waiting: open.length, unknown };
  });
}

/** The batch's row, locked, while the turn is still ours. */
export async function findOurTurn(
  tx: Tx,
  batch: AdmittedBatch,
): Promise<(Trial & { openKeys: number | null }) | undefined> {
  return tx
    .selectFrom('loader.batchProgress')
    .select(['crashes', 'suspects', 'openKeys'])
    .where('runId', '=', batch.runId)
    .where('batchId', '=', batch.batchId)
    .where('state', '=', 'leased')
    .where('fence', '=', String(batch.fence))
    .forUpdate()
    .executeTakeFirst();
}

/** The batch's keys without an outcome, in the batch's order. Those of a rollback stand in its progress, it made them itself. */
async function openKeys(tx: Tx, { runId, batchId }: BatchId): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select key from loader.batch_progress progress left join transform.load_batch batch on batch.id = progress.batch_id,
      unnest(coalesce(progress.target_keys, batch.target_keys)) with ordinality as listed(key, place)
    where progress.run_id = ${runId} and progress.batch_id = ${batchId} and not exists (
      select from loader.record_outcome outcome where outcome.run_id = ${runId} and outcome.target_key = key)
    order by place`.execute(tx);
  return rows.map((row) => row.key);
}

async function countUnknown(tx: Tx, batch: AdmittedBatch, open: string[]): Promise<number> {
  const { unknown } = await tx
    .selectFrom('loader.intent')
    .select(sql<number>`count(*)::int`.as('unknown'))
    .where('connectionId', '=', batch.connectionId)
    .where('targetKey', 'in', open)
    .where('state', 'in', unknownStates)
    .executeTakeFirstOrThrow();
  return unknown;
}

function leaseEnd(ctx: LoaderContext) {
  return sql<Date>`now() + ${ctx.settings.leaseMs} * interval '1 millisecond'`;
}
