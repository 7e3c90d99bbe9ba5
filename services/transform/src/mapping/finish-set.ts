import type { Tx } from '@octopipe/shared/db/index';
import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { countRecords } from '@octopipe/shared/mapped/read-mapped-set';
import { listCountedObjects } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import { writeAdHocProduct } from './ad-hoc-product.js';
import type { SetScope } from './set-scope.js';

/** Why a set cannot be loaded: a bug of ours, found before it could do harm. */
export type SetFault = 'equation_broken' | 'dangling_reference' | 'mapper_error';

/** Proves the set, lays out the load batches and closes it; answers the fault instead when a proof fails. */
export async function finishSet(
  tx: Tx,
  scope: SetScope & { migrationId: string; content: MappingContent; exportedAt: string },
): Promise<{ fault: SetFault; where: string } | undefined> {
  const unequal = await brokenEquation(tx, scope);
  if (unequal) return { fault: 'equation_broken', where: unequal };
  await writeAdHocProduct(tx, scope);
  const dangling = await danglingReference(tx, scope);
  if (dangling) return { fault: 'dangling_reference', where: dangling };
  await writeBatches(tx, scope);
  await tx
    .updateTable('transform.mappedSet')
    .set({ state: 'mapped', finishedAt: new Date() })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', scope.setId)
    .where('state', '=', 'mapping')
    .execute();
  const counts = await countRecords(tx, scope.tenantId, scope.setId);
  await appendEvent(tx, scope.tenantId, {
    migrationId: scope.migrationId,
    kind: 'set.mapped',
    facts: { setId: scope.setId, ...Object.fromEntries(counts.map(({ entity, count }) => [entity, count])) },
  });
  return undefined;
}

/** Closes the set as failed: it will not be tried again until the code has changed and a new version is confirmed. */
export async function failSet(
  tx: Tx,
  scope: SetScope & { migrationId: string },
  fault: SetFault,
  where: string,
): Promise<void> {
  await tx
    .updateTable('transform.mappedSet')
    .set({ state: 'failed', errorCode: fault, finishedAt: new Date() })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', scope.setId)
    .where('state', '=', 'mapping')
    .execute();
  await appendEvent(tx, scope.tenantId, {
    migrationId: scope.migrationId,
    kind: 'set.failed',
    facts: { setId: scope.setId, code: fault, where },
  });
}

/** Equation 1: every staged row has exactly one outcome. The object it does not hold for. */
async function brokenEquation(tx: Tx, scope: SetScope): Promise<string | undefined> {
  const staged = await listCountedObjects(tx, scope.tenantId, scope.exportId);
  const counted = await tx
    .selectFrom('transform.sourceOutcome')
    .select(['object', sql<number>`count(*)::int`.as('rows')])
    .where('tenantId', '=', scope.tenantId)
    .where('setId', '=', scope.setId)
    .groupBy('object')
    .execute();
  const outcomes = new Map(counted.map((row) => [row.object, row.rows]));
  const unequal = staged.find((object) => (outcomes.get(object.object) ?? 0) !== object.rows);
  if (unequal) return unequal.object;
  return counted.find((row) => !staged.some((object) => object.object === row.object))?.object;
}

/**
 * A record that refers to a key that is not in the set: the loader could never resolve it. The first such key.
 * A scalar subquery, because `not exists` becomes a join, and a set that was just written has no statistics: the planner
 * then compares every reference with every record (45,000 records, measured: not done after ten minutes). This form is a
 * look-up in the primary key for each reference, whatever the planner believes.
 */
async function danglingReference(tx: Tx, scope: SetScope): Promise<string | undefined> {
  const { rows } = await sql<{ targetKey: string | null }>`
    select min(r.target_key collate "C") as target_key
    from transform.mapped_record r
    cross join lateral jsonb_path_query(r.payload, 'strict $.**."$ref"') as reference(key)
    where r.tenant_id = ${scope.tenantId} and r.set_id = ${scope.setId} and (
      select t.target_key from transform.mapped_record t
      where t.set_id = r.set_id and t.target_key = reference.key #>> '{}') is null`.execute(tx);
  return rows[0]?.targetKey ?? undefined;
}

/**
 * At most 100 keys of one entity each, in the order of the export; the same on every server (collate "C"). The lines of
 * a deal stay together, because they may leave as one call: deals of at most half a batch are packed by where their
 * first line falls, so that the last of them still fits; larger ones have batches of their own.
 */
async function writeBatches(tx: Tx, scope: SetScope): Promise<void> {
  await sql`
    insert into transform.load_batch (tenant_id, set_id, entity, seq, target_keys)
    select ${scope.tenantId}, ${scope.setId}, entity, seq, array_agg(target_key order by position)
    from (
      select entity, target_key, position, ((position - 1) / 100)::int + 1 as seq
      from (
        select entity, target_key,
          row_number() over (partition by entity order by sort_key collate "C", target_key collate "C") as position
        from transform.mapped_record
        where tenant_id = ${scope.tenantId} and set_id = ${scope.setId} and entity <> 'line'
      ) as ordered
    ) as numbered
    group by entity, seq`.execute(tx);
  await sql`
    insert into transform.load_batch (tenant_id, set_id, entity, seq, target_keys)
    select ${scope.tenantId}, ${scope.setId}, 'line', row_number() over (order by min(position)),
      array_agg(target_key order by position)
    from (
      select target_key, position,
        case when lines > 50 then deal || '/' || ((nth - 1) / 100)::text
          else (first_value(packed) over (partition by deal order by position) / 50)::text end as batch
      from (
        select *, count(*) filter (where lines <= 50) over (order by position) - 1 as packed
        from (
          select target_key, deal, count(*) over (partition by deal) as lines,
            row_number() over (partition by deal order by sort_key collate "C", target_key collate "C") as nth,
            row_number() over (order by min_key collate "C", deal, sort_key collate "C", target_key collate "C") as position
          from (
            select target_key, sort_key, payload->'deal_id'->>'$ref' as deal,
              min(sort_key collate "C") over (partition by payload->'deal_id'->>'$ref') as min_key
            from transform.mapped_record
            where tenant_id = ${scope.tenantId} and set_id = ${scope.setId} and entity = 'line'
          ) as keyed
        ) as ordered
      ) as counted
    ) as placed
    group by batch`.execute(tx);
}
