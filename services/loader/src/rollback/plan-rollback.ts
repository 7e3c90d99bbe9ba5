import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { type Entity, entities, rollbackPhases } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { type RollbackPlan, tokenUse } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import type { LiveRun } from '../run/read-live-run.js';
import { closeOverHolders, type DecidedRecord } from './close-over-holders.js';
import { lookAtAccount, type SeenRecord } from './look-at-account.js';
import { type Calls, callsOf, type EntityWork } from './price.js';
import { countSchemaCalls } from './schema-items.js';

/**
 * The look of a rollback: reads every list page of the account once, compares each record of ours with what it said
 * after our last write, and follows every link, those of strangers' records too. What comes out is stored record by
 * record, with its price; nothing is changed. Execution looks at each record again.
 *
 * Guarantee: repeats from the start when it dies; the plan is replaced in one transaction.
 */
export async function planRollback(
  ctx: LoaderContext,
  account: Account,
  run: LiveRun,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const scope = { role: 'loader', tenantId: run.tenantId } as const;
  const { at, seen, heldByOthers, others, listed } = await lookAtAccount(ctx, account, run, signal);
  const decided = closeOverHolders(seen, heldByOthers);
  const work = workOf(seen, decided, listed);
  failpoint('loader.look_before_save');
  await inTransaction(ctx.db, scope, async (tx) => {
    await saveItems(tx, run, seen, decided);
    await savePhases(tx, run, seen);
    const schema = run.entities === null ? await countSchemaCalls(tx, run) : { items: 0, calls: {} };
    await savePlan(tx, run, callsOf(work, schema.calls), {
      ...countsOf(seen, decided),
      looked_at: at.toISOString(),
      schema_items: schema.items,
      others,
    });
  });
  log.info({ records: seen.length, others: others.records }, 'rollback planned');
}

function actionOf(record: SeenRecord, decided: ReadonlyMap<string, DecidedRecord>) {
  const found = decided.get(record.targetKey);
  if (!found) throw new Error(`${record.targetKey} was not decided`);
  return found;
}

function workOf(
  seen: ReadonlyArray<SeenRecord>,
  decided: ReadonlyMap<string, DecidedRecord>,
  listed: Record<Entity, number>,
): Record<Entity, EntityWork> {
  const work = Object.fromEntries(
    entities.map((entity) => [entity, { deletes: 0, restores: 0, archived: 0, staying: listed[entity] }]),
  ) as Record<Entity, EntityWork>;
  for (const record of seen) {
    const { action } = actionOf(record, decided).decision;
    const of = work[record.entity];
    if (action === 'delete') Object.assign(of, { deletes: of.deletes + 1, staying: of.staying - 1 });
    if (action === 'restore') of.restores += 1;
    if ((action === 'delete' || action === 'restore') && record.archived) of.archived += 1;
  }
  return work;
}

function countsOf(
  seen: ReadonlyArray<SeenRecord>,
  decided: ReadonlyMap<string, DecidedRecord>,
): Pick<RollbackPlan, 'entities' | 'deletes' | 'restores' | 'keeps' | 'gone'> {
  const counts: RollbackPlan['entities'] = {};
  for (const record of seen) {
    const { decision } = actionOf(record, decided);
    const of = counts[record.entity] ?? { delete: 0, restore: 0, restored: 0, gone: 0, keep: {} };
    counts[record.entity] = of;
    if (decision.action === 'keep') of.keep[decision.reason] = (of.keep[decision.reason] ?? 0) + 1;
    else of[decision.action] += 1;
  }
  const sum = (of: (entity: RollbackPlan['entities'][string]) => number) =>
    Object.values(counts).reduce((total, entity) => total + of(entity), 0);
  return {
    entities: counts,
    deletes: sum((entity) => entity.delete),
    restores: sum((entity) => entity.restore),
    keeps: sum((entity) => Object.values(entity.keep).reduce((total, n) => total + n, 0)),
    gone: sum((entity) => entity.gone),
  };
}

async function saveItems(
  tx: Tx,
  run: LiveRun,
  seen: ReadonlyArray<SeenRecord>,
  decided: ReadonlyMap<string, DecidedRecord>,
): Promise<void> {
  await tx.deleteFrom('loader.rollbackItem').where('runId', '=', run.id).execute();
  for (let at = 0; at < seen.length; at += 1_000) {
    await tx
      .insertInto('loader.rollbackItem')
      .values(
        seen.slice(at, at + 1_000).map((record) => {
          const { decision, holder } = actionOf(record, decided);
          const isKept = decision.action === 'keep';
          return {
            tenantId: run.tenantId,
            runId: run.id,
            entity: record.entity,
            targetKey: record.targetKey,
            targetId: record.targetId,
            action: decision.action,
            reason: isKept ? decision.reason : null,
            label: isKept || record.fields.length > 0 ? record.label : null,
            archived: record.archived,
            fields: record.fields,
            hangsOn: [...record.hangsOn],
            holder,
          };
        }),
      )
      .execute();
  }
}

async function savePhases(tx: Tx, run: LiveRun, seen: ReadonlyArray<SeenRecord>): Promise<void> {
  for (const [position, phase] of rollbackPhases.entries()) {
    const planned = seen.filter((record) => record.entity === phase.entity).length;
    await tx
      .insertInto('loader.runPhase')
      .values({
        tenantId: run.tenantId,
        runId: run.id,
        phase: phase.name,
        position,
        entity: phase.entity,
        state: 'pending',
        planned,
      })
      .onConflict((conflict) =>
        conflict.columns(['runId', 'phase']).doUpdateSet({ planned, entity: phase.entity }),
      )
      .execute();
  }
}

async function savePlan(tx: Tx, run: LiveRun, rest: Calls, rollback: RollbackPlan): Promise<void> {
  const byOperation = Object.fromEntries(
    (await tokenUse(tx, run.tenantId, run.id)).map((row) => [row.operation, row.tokens]),
  );
  for (const [operation, calls] of Object.entries(rest))
    byOperation[operation] = (byOperation[operation] ?? 0) + calls * tokenCost(operation as OperationName);
  const planned = Object.values(byOperation).reduce((sum, tokens) => sum + tokens, 0);
  const tokens = { planned, floor: planned, by_operation: byOperation };
  await tx
    .updateTable('loader.run')
    .set({ plan: sql`plan || ${JSON.stringify({ tokens, rollback })}::jsonb` })
    .where('id', '=', run.id)
    .execute();
}
