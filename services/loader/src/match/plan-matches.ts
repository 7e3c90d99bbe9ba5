import type { Tx } from '@octopipe/shared/db/index';
import type { MatchedEntity } from '@octopipe/shared/domain/mapping/content';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { listPages } from '@octopipe/shared/pipedrive/planned-calls';
import { sql } from 'kysely';
import { entityTable } from '../destination/entity-table.js';
import type { TokenPlan } from '../provision/plan-tokens.js';

/**
 * Corrects the run's plan by what the walk found: a matched record is patched and not created, its batch reads it once
 * more just before (100 of them for the price of a list page), the walk itself had its pages, of which the plan knew
 * the first, and what reads ours back at the end goes past what is theirs alone. Still before the first record.
 */
export async function addToPlan(
  tx: Tx,
  run: { id: string; connectionId: string; setId: string },
  walk: { entity: MatchedEntity; pages: number; standing: ReadonlySet<string> },
): Promise<void> {
  const { ours, matched, batches } = await countMatched(tx, run, walk.entity);
  const row = await tx
    .selectFrom('loader.run')
    .select('plan')
    .where('id', '=', run.id)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const plan = row.plan as unknown as { tokens?: TokenPlan };
  if (!plan.tokens) throw new Error('a run is planned before its records are matched');
  const rules = entityTable[walk.entity];
  const past = listPages(rules, ours, walk.standing.size - matched) - listPages(rules, ours, 0);
  const tokens = withCalls(plan.tokens, [
    [rules.create, -matched],
    [rules.update, matched],
    [rules.list, walk.pages - 1 + batches + past],
  ]);
  const cheaper = matched * (tokenCost(rules.create) - tokenCost(rules.update));
  await tx
    .updateTable('loader.run')
    .set({ plan: JSON.stringify({ ...plan, tokens: { ...tokens, floor: plan.tokens.floor - cheaper } }) })
    .where('id', '=', run.id)
    .execute();
}

function withCalls(plan: TokenPlan, calls: ReadonlyArray<readonly [OperationName, number]>): TokenPlan {
  const byOperation = new Map(Object.entries(plan.by_operation));
  for (const [operation, count] of calls)
    byOperation.set(operation, (byOperation.get(operation) ?? 0) + count * tokenCost(operation));
  const spent = [...byOperation].filter(([, tokens]) => tokens > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...plan,
    planned: spent.reduce((sum, [, tokens]) => sum + tokens, 0),
    by_operation: Object.fromEntries(spent),
  };
}

async function countMatched(
  tx: Tx,
  run: { connectionId: string; setId: string },
  entity: MatchedEntity,
): Promise<{ ours: number; matched: number; batches: number }> {
  const { rows } = await sql<{ ours: number; matched: number; batches: number }>`
    select count(*)::int as matched, count(distinct b.id)::int as batches,
      (select coalesce(sum(cardinality(target_keys)), 0)::int from transform.load_batch
        where set_id = ${run.setId} and entity = ${entity}) as ours
    from transform.load_batch b cross join lateral unnest(b.target_keys) as key
    join loader.record_match m on m.connection_id = ${run.connectionId} and m.target_key = key and m.decision = 'match'
    where b.set_id = ${run.setId} and b.entity = ${entity}
      and not exists (select from loader.target_record t
        where t.connection_id = m.connection_id and t.target_key = m.target_key)`.execute(tx);
  return rows[0] ?? { ours: 0, matched: 0, batches: 0 };
}
