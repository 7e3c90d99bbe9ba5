import type { Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';

/**
 * Frees the batches that waited for the walk, unless intents of theirs are still open. Asked again whenever the run is
 * looked at, not only after a walk: the last open intent may be closed by a late answer, or by a walk that then died.
 */
export async function reopenBatches(
  tx: Tx,
  run: { id: string; connectionId: string },
  entity: string,
): Promise<void> {
  await sql`
    update loader.batch_progress p set state = 'pending'
    from transform.load_batch b
    where p.run_id = ${run.id} and p.entity = ${entity} and p.state = 'settling' and b.id = p.batch_id
      and not exists (
        select from loader.intent i
        where i.connection_id = ${run.connectionId} and i.target_key = any(b.target_keys) and i.state in ('sent', 'ambiguous'))
  `.execute(tx);
}
