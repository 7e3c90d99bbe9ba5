import type { Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import { parkedCode } from '../write/park-record.js';
import { noTrial } from '../write/trial.js';
import { changeStatus } from './change-status.js';

/**
 * Takes back that these records failed (without keys: all parked ones), and all that failed for want of their parent.
 * Their batches are open again and the run goes back to the first phase that has one; the phases between find
 * everything done. What was read back is read back again. Answers how many are tried again. Under the lock on the run.
 */
export async function requeueFailed(
  tx: Tx,
  run: { id: string; tenantId: string; migrationId: string; reasonCode: string | null },
  targetKeys: string[] | undefined,
): Promise<number> {
  const freed = await tx
    .deleteFrom('loader.recordOutcome')
    .where('runId', '=', run.id)
    .where('outcome', '=', 'failed')
    .where((where) => (targetKeys ? where('targetKey', 'in', targetKeys) : where('code', '=', parkedCode)))
    .returning('targetKey')
    .execute();
  if (freed.length === 0) return 0;
  const children = await tx
    .deleteFrom('loader.recordOutcome')
    .where('runId', '=', run.id)
    .where('code', '=', 'parent_not_written')
    .returning('targetKey')
    .execute();
  const keys = [...freed, ...children].map((row) => row.targetKey);
  const opened = await tx
    .updateTable('loader.batchProgress as progress')
    .from('transform.loadBatch as batch')
    .set({ state: 'pending', openKeys: null, ...noTrial })
    .whereRef('batch.id', '=', 'progress.batchId')
    .where('progress.runId', '=', run.id)
    .where('progress.state', '=', 'done')
    .where(sql<boolean>`batch.target_keys && ${keys}`)
    .returning('progress.entity')
    .execute();
  await goBackTo(tx, run.id, [...new Set(opened.map((row) => row.entity))]);
  if (run.reasonCode === 'records_failed') await changeStatus(tx, run, { to: 'running' });
  return keys.length;
}

/** Only ever backwards: a batch of the phase the run is in, or of one before it. */
async function goBackTo(tx: Tx, runId: string, opened: string[]): Promise<void> {
  if (opened.length === 0) return;
  const first = await tx
    .selectFrom('loader.runPhase')
    .select(['phase', 'position'])
    .where('runId', '=', runId)
    .where('entity', 'in', opened)
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
  await tx.deleteFrom('loader.difference').where('runId', '=', runId).execute();
  await tx.deleteFrom('loader.verification').where('runId', '=', runId).execute();
}
