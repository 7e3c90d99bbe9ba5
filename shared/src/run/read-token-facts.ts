import { sql } from 'kysely';
import type { Tx } from '../db/index.js';
import type { CallPurpose } from '../pipedrive/planned-calls.js';
import type { Run } from './read-run.js';

/** What a run noted of itself that makes it spend other than it had planned; read when somebody asks why. */

/** The calls that a purpose was noted of, by operation. */
export async function notedCalls(
  tx: Tx,
  tenantId: string,
  runId: string,
): Promise<Array<{ operation: string; purpose: CallPurpose; calls: number }>> {
  const { rows } = await sql<{ operation: string; purpose: CallPurpose; calls: number }>`
    select operation, noted.key as purpose, sum(noted.value::int)::int as calls
    from loader.token_use cross join lateral jsonb_each_text(purposes) as noted
    where tenant_id = ${tenantId} and run_id = ${runId}
    group by operation, noted.key order by operation, noted.key`.execute(tx);
  return rows;
}

/** Records that came to stand in the account, or to be known there, without the create that was planned for them. */
export interface UnsentRecords {
  entity: string;
  /** Created by a call that this run did not send: a walk found them. */
  found: number;
  /** Found with another content than the run's, and updated: nobody knew them when the run was planned. */
  adopted: number;
}

export async function unsentRecords(tx: Tx, tenantId: string, run: Run): Promise<UnsentRecords[]> {
  const { rows } = await sql<UnsentRecords>`
    with outcomes as (
      select done.entity, (count(*) filter (where done.outcome = 'created'))::int as created,
        (count(*) filter (where done.outcome <> 'created' and known.created_by_run = ${run.id} and matched.target_key is null))::int as adopted
      from loader.record_outcome done
      left join loader.target_record known on done.outcome in ('updated', 'unchanged')
        and known.connection_id = ${run.connectionId} and known.target_key = done.target_key
      left join loader.record_match matched on done.outcome in ('updated', 'unchanged')
        and matched.connection_id = ${run.connectionId} and matched.target_key = done.target_key and matched.decision = 'match'
      where done.tenant_id = ${tenantId} and done.run_id = ${run.id}
      group by done.entity
    ), sent as (
      select entity, count(*)::int as created from loader.intent
      where tenant_id = ${tenantId} and connection_id = ${run.connectionId} and run_id = ${run.id}
        and operation = 'create' and state = 'confirmed' and sent_at is not null
      group by entity
    )
    select entity, greatest(outcomes.created - coalesce(sent.created, 0), 0) as found, outcomes.adopted
    from outcomes left join sent using (entity)
    order by entity collate "C"`.execute(tx);
  return rows;
}

/** By entity, the list pages that hold what its verification saw; null where that was not noted yet. */
export async function verifiedPages(
  tx: Tx,
  tenantId: string,
  runId: string,
): Promise<Array<{ entity: string; pages: number | null }>> {
  return tx
    .selectFrom('loader.verification')
    .select(['entity', 'pages'])
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId)
    .execute();
}

/** The parts of the account's schema that the run has made, by kind and entity. */
export async function itemsMade(
  tx: Tx,
  tenantId: string,
  runId: string,
): Promise<Array<{ kind: string; entity: string }>> {
  return tx
    .selectFrom('loader.destinationItem')
    .select(['kind', 'entity'])
    .where('tenantId', '=', tenantId)
    .where('createdByRun', '=', runId)
    .execute();
}
