import type { Tx } from '@octopipe/shared/db/index';
import { entities, wholeOf } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { FailedFilter } from './retry-failed.js';

/** The codes of records that could not be changed because they are not there any more. */
const goneCodes = ['target_gone', 'match_gone'];

/** The code of a delete that a person's word stands for: look-at-undone.ts asks the account before it believes it. */
const saidGone = 'said_gone';

/**
 * `chosen`: the records of ours that this run found gone, when it was about to change them or when it read back, and
 * that the filter names; with them what was part of them. Parts are not chosen by themselves: only through their whole
 * can the account be asked for them. What was read back says nothing of an entity that is being written again.
 */
export function chosenGone(runId: string, { entity, code, targetKeys }: FailedFilter) {
  const isNamed = [
    entity === undefined ? sql`true` : sql`entity = ${entity}`,
    code === undefined ? sql`true` : sql`code = ${code}`,
    targetKeys === undefined ? sql`true` : sql`target_key = any(${targetKeys})`,
  ];
  const parts = entities.filter((one) => wholeOf[one] !== undefined);
  return sql`
    with known as (
      select o.target_key, o.entity, o.outcome, t.target_id, t.parent_id,
        case when o.outcome = 'failed' then o.code else 'missing' end as code,
        exists (select from loader.difference d
          join loader.verification v on v.run_id = d.run_id and v.entity = d.entity
          where d.run_id = o.run_id and d.target_key = o.target_key and d.kind = 'missing') as missing
      from loader.record_outcome o
      join loader.run r on r.id = o.run_id
      join loader.target_record t on t.connection_id = r.connection_id and t.target_key = o.target_key
      where o.run_id = ${runId}
    ), gone as (
      select target_key, entity, code, target_id from known
      where entity <> all(${parts}) and ${sql.join(isNamed, sql` and `)}
        and (case when outcome = 'failed' then code = any(${goneCodes}) else missing end)
    ), chosen as (
      select target_key, entity, code, false as with_parent from gone
      union all
      select part.target_key, part.entity, part.code, true from known part
      join gone on gone.target_id = part.parent_id
      where (part.entity, gone.entity) in (${sql.join(parts.map((part) => sql`(${part}, ${wholeOf[part]})`))})
    )`;
}

/**
 * A person's word that these records are to be made anew. It is noted as a delete of which nobody knows whether it was
 * made: the write path looks at the record, forgets it if it is gone, makes it anew at its next turn, and leaves it as it
 * is if it stands after all. A match with a record that is gone is none any more.
 */
export async function sayGone(tx: Tx, runId: string, filter: FailedFilter): Promise<void> {
  await sql`
    ${chosenGone(runId, filter)}
    insert into loader.intent
      (tenant_id, connection_id, run_id, target_key, entity, operation, generation, state, payload_hash, target_id, code)
    select t.tenant_id, t.connection_id, r.id, t.target_key, t.entity, 'delete',
      coalesce((select max(i.generation) from loader.intent i where i.connection_id = t.connection_id
        and i.target_key = t.target_key and i.operation = 'delete'), 0) + 1,
      'planned', '', t.target_id, ${saidGone}
    from chosen c
    join loader.run r on r.id = ${runId}
    join loader.target_record t on t.connection_id = r.connection_id and t.target_key = c.target_key
    where not c.with_parent`.execute(tx);
  await sql`
    ${chosenGone(runId, filter)}
    delete from loader.record_match m using chosen c, loader.run r
    where r.id = ${runId} and m.connection_id = r.connection_id and m.target_key = c.target_key
      and m.decision = 'match'`.execute(tx);
}
