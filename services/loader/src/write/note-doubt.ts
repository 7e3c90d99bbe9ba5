import type { Tx } from '@octopipe/shared/db/index';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { entityTable } from '../destination/entity-table.js';
import { intentMoves } from './intent-states.js';

/** One transaction's share: some thousands of records, so that nobody waits long for the lock on the run. */
const batchesAtOnce = 50;

/** The code of an intent about which nobody knows because the tables are of an earlier time. */
export const databaseRestored = 'database_restored';

/**
 * In a run into a connection in doubt (docs/decisions/0034), batches begin as `in_doubt`, where nothing can lease them.
 * The next of this entity get an `ambiguous` intent for each record that may have been written without our tables
 * knowing it: one that has no target record and is not matched with a record of theirs (a repeated update harms nothing).
 * Then they are `settling`, as if answers had been lost: walks look for the markers, and what is found by neither of two
 * is sent.
 *
 * When it was sent is not known, so it has no `sent_at` and the walk looks at everything. A record that stands under
 * another is looked for only where that one stands: without it, it cannot.
 *
 * A key is doubted once for each restore: afterwards its intent is of our time and says all there is to know. Answers
 * whether there was a batch to note. Under the lock on the run; intents and the batch's state are one transaction.
 */
export async function noteDoubt(
  ctx: LoaderContext,
  tx: Tx,
  run: { id: string; tenantId: string; connectionId: string; setId: string | null },
  entity: Entity,
): Promise<boolean> {
  const batches = await tx
    .selectFrom('loader.batchProgress')
    .select('batchId')
    .where('runId', '=', run.id)
    .where('entity', '=', entity)
    .where('state', '=', 'in_doubt')
    .orderBy('seq')
    .limit(batchesAtOnce)
    .execute();
  if (batches.length === 0) return false;
  const batchIds = batches.map(({ batchId }) => batchId);
  const { from, to } = intentMoves.doubt;
  const { under } = entityTable[entity];
  const { requestTimeoutMs, settleMs } = ctx.settings;
  await sql`
    with doubtful as (
      select batch.id as batch_id, mapped.target_key, mapped.payload_hash, parent.target_id as parent_id, latest.id as intent_id,
        coalesce(latest.operation = 'create' and latest.state = any(${from}::text[]), false) as is_open,
        coalesce(latest.generation, 0) as generation,
        -- What a loader had sent when it was stopped may still be on its way in.
        greatest(now(), latest.deadline + ${settleMs} * interval '1 millisecond',
          connection.doubted_at + ${requestTimeoutMs + settleMs} * interval '1 millisecond') as not_before
      from transform.load_batch batch
      join loader.connection connection on connection.id = ${run.connectionId}
      cross join unnest(batch.target_keys) as listed(key)
      join transform.mapped_record mapped on mapped.set_id = ${run.setId} and mapped.target_key = listed.key
      left join loader.target_record parent on parent.connection_id = ${run.connectionId}
        and parent.target_key = mapped.payload->${under?.field ?? ''}->>'$ref'
      left join lateral (
        select id, operation, state, generation, deadline, updated_at from loader.intent
        where connection_id = ${run.connectionId} and target_key = mapped.target_key and operation <> 'delete'
        order by id desc limit 1) latest on true
      where batch.id = any(${batchIds}::uuid[])
        and (latest.updated_at is null or latest.updated_at < connection.doubted_at)
        and (${under === undefined} or parent.target_id is not null)
        and not exists (select from loader.target_record known
          where known.connection_id = ${run.connectionId} and known.target_key = mapped.target_key)
        and not exists (select from loader.record_match matched
          where matched.connection_id = ${run.connectionId} and matched.target_key = mapped.target_key and matched.decision = 'match')
        and not exists (select from loader.record_outcome done
          where done.run_id = ${run.id} and done.target_key = mapped.target_key)
    ), moved as (
      update loader.intent intent
      set state = ${to}, code = ${databaseRestored}, run_id = ${run.id}, batch_id = doubtful.batch_id, payload_hash = doubtful.payload_hash,
        parent_id = doubtful.parent_id, sent_at = null, not_before = doubtful.not_before, probes = 0, updated_at = now()
      from doubtful where intent.id = doubtful.intent_id and doubtful.is_open
    )
    insert into loader.intent (tenant_id, connection_id, run_id, batch_id, target_key, entity, operation, generation, state, code,
      payload_hash, parent_id, not_before)
    select ${run.tenantId}, ${run.connectionId}, ${run.id}, batch_id, target_key, ${entity}, 'create', generation + 1, ${to},
      ${databaseRestored}, payload_hash, parent_id, not_before
    from doubtful where not is_open`.execute(tx);
  await tx
    .updateTable('loader.batchProgress')
    .set({ state: 'settling' })
    .where('runId', '=', run.id)
    .where('batchId', 'in', batchIds)
    .execute();
  return true;
}
