import type { Tx } from '@octopipe/shared/db/index';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { sql } from 'kysely';
import { entityTable } from '../destination/entity-table.js';
import { noTrial } from '../write/trial.js';
import { firstBatchState } from './doubt.js';
import { chosenGone, sayGone } from './gone-records.js';

export interface FailedFilter {
  entity?: Entity | undefined;
  code?: string | undefined;
  targetKeys?: string[] | undefined;
  /** Instead of those that failed: those that are gone from the account, to be made anew. */
  makeAnew?: boolean | undefined;
}

export interface FailedCount {
  entity: Entity;
  code: string;
  records: number;
  /** Failed only because a parent had, or part of one that is gone: goes with it. */
  withParent: boolean;
}

/** What goes on trial again: counted first, and by the same words then reopened. */
export async function countFailed(tx: Tx, runId: string, filter: FailedFilter): Promise<FailedCount[]> {
  const { rows } = await sql<FailedCount>`
    ${chosen(runId, filter)}
    select entity, code, count(*)::int as records, with_parent from chosen
    group by entity, code, with_parent order by entity collate "C", code collate "C", with_parent`.execute(
    tx,
  );
  return rows;
}

/** Each sent alone, at the price of a create: what the retry can cost at most, beside reading them back. */
export function priceOf(counts: ReadonlyArray<FailedCount>): number {
  return counts.reduce(
    (sum, { entity, records }) => sum + records * tokenCost(entityTable[entity].create),
    0,
  );
}

/**
 * Takes the outcomes of the chosen records back: they wait again, their batches are open, and the run is in the first
 * phase that has one of them (only ever backwards). From there the write path does what it always does: a refused
 * intent opens a new generation, what is written already is finished, each gate asks again, and what was read back is
 * read back again. Answers the phase. Under the lock on the run.
 */
export async function reopenFailed(
  tx: Tx,
  { id: runId, connectionId }: { id: string; connectionId: string },
  filter: FailedFilter,
): Promise<string> {
  if (filter.makeAnew) await sayGone(tx, runId, filter);
  const { rows: freed } = await sql<{ targetKey: string; entity: Entity }>`
    ${chosen(runId, filter)}
    delete from loader.record_outcome o using chosen c where o.run_id = ${runId} and o.target_key = c.target_key
    returning o.target_key, o.entity`.execute(tx);
  await tx
    .updateTable('loader.batchProgress as progress')
    .from('transform.loadBatch as batch')
    .set({ state: sql<string>`(${firstBatchState(connectionId)})`, openKeys: null, ...noTrial })
    .whereRef('batch.id', '=', 'progress.batchId')
    .where('progress.runId', '=', runId)
    .where('progress.state', '=', 'done')
    .where(sql<boolean>`batch.target_keys && ${freed.map(({ targetKey }) => targetKey)}`)
    .execute();
  return goBackTo(tx, runId, [...new Set(freed.map(({ entity }) => entity))]);
}

async function goBackTo(tx: Tx, runId: string, reopened: Entity[]): Promise<string> {
  const first = await tx
    .selectFrom('loader.runPhase')
    .select(['phase', 'position'])
    .where('runId', '=', runId)
    .where('entity', 'in', reopened)
    .orderBy('position')
    .executeTakeFirstOrThrow();
  await tx.updateTable('loader.run').set({ phase: first.phase }).where('id', '=', runId).execute();
  await tx
    .updateTable('loader.runPhase')
    .set({
      state: sql<string>`case when phase = ${first.phase} then 'running' else 'pending' end`,
      finishedAt: null,
    })
    .where('runId', '=', runId)
    .where('position', '>=', first.position)
    .execute();
  // A line changes the value of its deal.
  const changed = reopened.includes('line') ? [...reopened, 'deal'] : reopened;
  await tx
    .deleteFrom('loader.verification')
    .where('runId', '=', runId)
    .where('entity', 'in', changed)
    .execute();
  return first.phase;
}

/** `chosen`: the failed records that the filter names, and those of later phases that failed only because a parent had. */
function chosen(runId: string, filter: FailedFilter) {
  if (filter.makeAnew) return chosenGone(runId, filter);
  const { entity, code, targetKeys } = filter;
  const isNamed = [
    entity === undefined ? sql`true` : sql`o.entity = ${entity}`,
    code === undefined ? sql`true` : sql`o.code = ${code}`,
    targetKeys === undefined ? sql`true` : sql`o.target_key = any(${targetKeys})`,
  ];
  return sql`
    with failed as (
      select o.target_key, o.entity, o.code, phase.position,
        ${sql.join(isNamed, sql` and `)} as named
      from loader.record_outcome o
      join loader.run_phase phase on phase.run_id = o.run_id and phase.entity = o.entity
      where o.run_id = ${runId} and o.outcome = 'failed'
    ), chosen as (
      select target_key, entity, code, not named as with_parent from failed
      where named or (code = 'parent_not_written'
        and position > (select min(position) from failed where named))
    )`;
}
