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
    from loader.batch_progress self left join transform.load_batch b on b.id = self.batch_id
    where p.run_id = ${run.id} and p.entity = ${entity} and p.state = 'settling'
      and self.run_id = p.run_id and self.batch_id = p.batch_id
      and not exists (
        select from loader.intent i
        where i.connection_id = ${run.connectionId} and i.target_key = any(coalesce(self.target_keys, b.target_keys))
          and i.state in ('sent', 'ambiguous'))
  `.execute(tx);
}
