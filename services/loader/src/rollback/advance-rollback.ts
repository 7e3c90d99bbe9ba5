import type { Tx } from '@octopipe/shared/db/index';
import { endedStatuses, loadKinds, wholeOf } from '@octopipe/shared/domain/run/states';
import { RunPlan } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import { changeStatus } from '../run/change-status.js';
import type { Hint } from '../run/hint.js';
import { unknownStates } from '../write/intent-states.js';
import { forget } from './forget.js';

export interface AdvancedRollback {
  id: string;
  tenantId: string;
  migrationId: string;
  connectionId: string;
  entities: string[] | null;
  plan: unknown;
}

/** As many as one page of a list by ids holds. */
const recordsPerBatch = 100;

/**
 * The first phase of a rollback: writes of the load that nobody knows the outcome of are settled, then the account is
 * read and every record decided; then a person says go, unless they said so with the request. Answers `next` when the
 * batches lie ready.
 */
export async function advanceLook(tx: Tx, run: AdvancedRollback): Promise<Hint[] | 'next'> {
  const ids = { tenantId: run.tenantId, runId: run.id };
  const open = await openEntities(tx, run);
  if (open.length > 0)
    return open
      .filter(({ due }) => due > 0)
      .map(({ entity }) => ({ name: 'settle-unknown', payload: { ...ids, entity } }));
  const plan = RunPlan.parse(run.plan);
  if (!plan.rollback) return [{ name: 'plan-rollback', payload: ids }];
  if (!plan.confirmed) {
    const { deletes, restores, keeps } = plan.rollback;
    await changeStatus(tx, run, {
      to: 'waiting_person',
      reasonCode: 'rollback_preview',
      reason: `It would delete ${deletes} records, restore ${restores} and keep ${keeps}; nothing was changed yet. Resume the run to go ahead, or cancel it.`,
    });
    return [];
  }
  await layOutBatches(tx, run);
  return 'next';
}

/** The entities of this account with writes of unknown outcome, of whatever run. */
function openEntities(tx: Tx, run: AdvancedRollback): Promise<Array<{ entity: string; due: number }>> {
  return tx
    .selectFrom('loader.intent')
    .select([
      'entity',
      sql<number>`(count(*) filter (where (state = 'ambiguous' and not_before <= now()) or (state = 'sent' and deadline < now())))::int`.as(
        'due',
      ),
    ])
    .where('connectionId', '=', run.connectionId)
    .where('state', 'in', unknownStates)
    .groupBy('entity')
    .execute();
}

/** What needs no call has its outcome at once; the rest goes into batches, in the order of ids. Parts go with their whole. */
async function layOutBatches(tx: Tx, run: AdvancedRollback): Promise<void> {
  const settled = await tx
    .selectFrom('loader.rollbackItem')
    .select('targetKey')
    .where('runId', '=', run.id)
    .where('action', 'in', ['gone', 'restored'])
    .execute();
  await forget(
    tx,
    run.connectionId,
    settled.map((item) => item.targetKey),
  );
  await sql`
    insert into loader.record_outcome (tenant_id, run_id, target_key, entity, outcome, code)
    select tenant_id, run_id, target_key, entity, case action when 'keep' then 'kept' else action end, reason
    from loader.rollback_item where run_id = ${run.id} and action in ('keep', 'gone', 'restored')
    on conflict do nothing
  `.execute(tx);
  await sql`
    insert into loader.batch_progress (tenant_id, run_id, batch_id, entity, seq, state, target_keys)
    select tenant_id, run_id, gen_random_uuid(), entity, seq, 'pending', array_agg(target_key order by at)
    from (
      select tenant_id, run_id, entity, target_key, at, ((at - 1) / ${recordsPerBatch}::int)::int as seq
      from (
        select *, row_number() over (partition by entity order by archived, length(target_id), target_id) as at
        from loader.rollback_item where run_id = ${run.id} and action in ('delete', 'restore')
          and entity <> all (${Object.keys(wholeOf)}::text[])
      ) as numbered
    ) as item
    group by tenant_id, run_id, entity, seq
  `.execute(tx);
}

/** The whole migration was taken back from this account: every load of it says so. A part of it changes nothing of that. */
export async function endRollback(tx: Tx, run: AdvancedRollback): Promise<void> {
  if (run.entities !== null) return;
  const loads = await tx
    .selectFrom('loader.run')
    .select(['id', 'tenantId', 'migrationId'])
    .where('migrationId', '=', run.migrationId)
    .where('connectionId', '=', run.connectionId)
    .where('kind', 'in', [...loadKinds])
    .where('status', 'in', [...endedStatuses])
    .where('status', '<>', 'rolled_back')
    .orderBy('createdAt')
    .execute();
  for (const load of loads) await changeStatus(tx, load, { to: 'rolled_back' });
}
