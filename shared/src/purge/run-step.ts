import { sql } from 'kysely';
import { RetryLater } from '../core/errors.js';
import { failpoint } from '../core/failpoints.js';
import { type Database, inPurgeTransaction, inSystemTransaction, type Tx } from '../db/index.js';
import type { Producer } from '../queue/producer.js';
import { type PurgedTable, type PurgeStep, purgedTables, purgeSteps } from './tables.js';

export interface PurgeContext {
  db: Database;
  producer: Producer;
}

/** What a purge job carries. */
export interface PurgeJob {
  tenantId: string;
  purgeId: string;
}

/** Rows of one transaction: some tenths of a second, and what a kill can undo. */
const sliceSize = 5_000;
/** Whoever still works for the tenant ends at its next transaction; one that holds its rows longer is come back to. */
const lockTimeoutMs = 5_000;
const comeBackMs = 1_000;

/** Somebody else has done this step: there is nothing left to do for us. */
class StepIsOver extends Error {}

/**
 * One service's part of a purge, as a job of its own. At least once, and by two workers at once without harm: every
 * transaction locks the purge's row and looks whether the step is still this one. Dies it, the sweep hints it again, and
 * what is left is removed. `more` is what the service has beside the rows of its tables.
 *
 *   reporter → loader → transform → ingest → done     the foreign keys' order; each service empties its own schema
 *   any → reporter                                    a row came late (an insert that had begun before the mark): a
 *                                                     foreign key refuses its parent, and all are gone through again
 */
export async function runStep(
  ctx: PurgeContext,
  step: PurgeStep,
  job: PurgeJob,
  signal: AbortSignal,
  more: { before?: () => Promise<void>; after?: () => Promise<void> } = {},
): Promise<void> {
  try {
    await more.before?.();
    for (const table of purgedTables[step]) await emptyTable(ctx.db, step, job, table, signal);
    await more.after?.();
    await passOn(ctx, step, job);
  } catch (error) {
    if (error instanceof StepIsOver) return;
    const { code } = error as { code?: unknown };
    if (code === '23503') {
      await beginAgain(ctx, job);
      return;
    }
    // lock_not_available, deadlock_detected
    if (code === '55P03' || code === '40P01')
      throw new RetryLater(comeBackMs, 'tenant_still_worked_on', { cause: error });
    throw error;
  }
}

/** A transaction of a step, which holds the purge's row; what it removes it counts in `count`. */
export async function inStep<T>(
  db: Database,
  step: PurgeStep,
  { tenantId, purgeId }: PurgeJob,
  work: (tx: Tx, count: (table: string, rows: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  return inPurgeTransaction(db, { role: step, tenantId }, async (tx) => {
    await sql`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`.execute(tx);
    const mine = await tx
      .selectFrom('core.purge')
      .select('id')
      .where('id', '=', purgeId)
      .where('subjectId', '=', tenantId)
      .where('step', '=', step)
      .forUpdate()
      .executeTakeFirst();
    if (!mine) throw new StepIsOver();
    return work(tx, (table, rows) => addRows(tx, purgeId, table, rows));
  });
}

/** In the transaction that removes them: what the receipt says is what happened, whoever dies when. */
export async function addRows(tx: Tx, purgeId: string, table: string, rows: number): Promise<void> {
  if (rows === 0) return;
  await tx
    .updateTable('core.purge')
    .set({
      rowsRemoved: sql`jsonb_set(rows_removed, array[${table}::text],
        to_jsonb(coalesce((rows_removed ->> ${table}::text)::bigint, 0) + ${rows}::bigint))`,
    })
    .where('id', '=', purgeId)
    .execute();
}

async function emptyTable(
  db: Database,
  step: PurgeStep,
  job: PurgeJob,
  table: PurgedTable,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (signal.aborted) throw new RetryLater(comeBackMs, 'shutting_down');
    const removed = await inStep(db, step, job, async (tx, count) => {
      const rows = await deleteSlice(tx, job.tenantId, table);
      await count(table.name, rows);
      return rows;
    });
    failpoint('purge.after_slice', table.name);
    if (table.inOneGo || removed < sliceSize) return;
  }
}

async function deleteSlice(tx: Tx, tenantId: string, table: PurgedTable): Promise<number> {
  const limit = table.inOneGo ? sql`` : sql`limit ${sliceSize}`;
  const { rows } = await sql<{ removed: string }>`
    with gone as (
      delete from ${nameOf(table.name)} where ctid = any (array(
        select ctid from ${nameOf(table.name)} where ${isOf(tenantId, table)} ${limit}
      )) returning 1)
    select count(*) as removed from gone`.execute(tx);
  return Number(rows[0]?.removed ?? 0);
}

/** How many rows of each table would go. */
export async function countRows(tx: Tx, tenantId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of purgeSteps.flatMap((step) => purgedTables[step])) {
    const { rows } = await sql<{ count: string }>`
      select count(*) as count from ${nameOf(table.name)} where ${isOf(tenantId, table)}`.execute(tx);
    const count = Number(rows[0]?.count ?? 0);
    if (count > 0) counts[table.name] = count;
  }
  return counts;
}

function isOf(tenantId: string, { by }: PurgedTable) {
  if (by === undefined) return sql`tenant_id = ${tenantId}`;
  const [column, parent] = by;
  return sql`${sql.id(column)} in (select id from ${nameOf(parent)} where tenant_id = ${tenantId}) and tenant_id = ${tenantId}`;
}

/** From the list above, never from a request. */
function nameOf(table: string) {
  return sql.id(...table.split('.'));
}

async function passOn(ctx: PurgeContext, step: PurgeStep, job: PurgeJob): Promise<void> {
  const next = purgeSteps[purgeSteps.indexOf(step) + 1];
  // The last step ends the purge itself.
  if (next === undefined) return;
  failpoint('purge.before_next_step', step);
  await inStep(ctx.db, step, job, (tx) =>
    tx.updateTable('core.purge').set({ step: next }).where('id', '=', job.purgeId).execute(),
  );
  await ctx.producer.send(`purge-${next}`, job);
}

async function beginAgain(ctx: PurgeContext, job: PurgeJob): Promise<void> {
  const [first] = purgeSteps;
  await inSystemTransaction(ctx.db, (tx) =>
    tx
      .updateTable('core.purge')
      .set({ step: first })
      .where('id', '=', job.purgeId)
      .where('step', '<>', 'done')
      .execute(),
  );
  await ctx.producer.send(`purge-${first}`, job);
}

/** For a service's sweep: the purges whose step is this service's. */
export async function hintPurges(ctx: PurgeContext, step: PurgeStep): Promise<void> {
  const open = await inSystemTransaction(ctx.db, (tx) =>
    tx.selectFrom('core.purge').select(['id', 'subjectId']).where('step', '=', step).limit(100).execute(),
  );
  for (const { id: purgeId, subjectId: tenantId } of open)
    await ctx.producer.send(`purge-${step}`, { tenantId, purgeId });
}
