import { RunStopped } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { MappedRecord } from '@octopipe/shared/domain/mapping/record';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { type AdmittedBatch, findOurTurn } from './admit.js';
import { saveFailure } from './note-outcome.js';
import { noTrial } from './trial.js';

/** The code of a record that killed its worker again and again: it is not tried again until a person queues it again. */
export const parkedCode = 'parked';

/** As many as may be the records' own fault: a few, and one in so many written. Beyond, what is broken is around them. */
const parkedByItself = 3;
const writtenForOneMore = 50;

/**
 * Sets aside the one record that is left of a trial. Nobody is in doubt about it: its last intent, if it has one, is
 * `planned`, so nothing of it stands in the account.
 *
 * When record after record is parked, it is not the records: the run stops and asks. Resuming it lets as many more be
 * parked (the waiver `parking`).
 */
export async function parkRecord(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  record: Pick<MappedRecord, 'targetKey'>,
  /** What else goes with it, in the same transaction. */
  and: (tx: Tx) => Promise<void> = async () => {},
): Promise<void> {
  const isParked = await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const turn = await findOurTurn(tx, batch);
    if (!turn) return true;
    if (!(await mayPark(tx, batch))) {
      await endTrial(tx, batch);
      return false;
    }
    await saveFailure(
      tx,
      batch,
      record,
      parkedCode,
      `a worker died ${turn.crashes} times in a row, at last on this record alone; nothing of it was written`,
    );
    await and(tx);
    return true;
  });
  if (!isParked)
    throw new RunStopped(
      'batch_keeps_dying',
      `Workers die on one record after the other of batch ${batch.batchId}: look into the loader's log for what kills them, then resume the run to try again.`,
    );
}

/** So that it is tried again, and not parked, when the run is resumed. */
async function endTrial(tx: Tx, batch: AdmittedBatch): Promise<void> {
  await tx
    .updateTable('loader.batchProgress')
    .set(noTrial)
    .where('runId', '=', batch.runId)
    .where('batchId', '=', batch.batchId)
    .execute();
}

async function mayPark(tx: Tx, batch: AdmittedBatch): Promise<boolean> {
  const { rows } = await sql<{ parked: number; written: number; resumed: number }>`
    select
      (select count(*)::int from loader.record_outcome where run_id = ${batch.runId} and code = ${parkedCode}) as parked,
      (select count(*)::int from loader.record_outcome where run_id = ${batch.runId} and outcome <> 'failed') as written,
      (select count(*)::int from loader.run, jsonb_array_elements(run.waivers) as waiver
        where run.id = ${batch.runId} and waiver->>'gate' = 'parking') as resumed`.execute(tx);
  const { parked = 0, written = 0, resumed = 0 } = rows[0] ?? {};
  return parked < parkedByItself * (1 + resumed) + Math.floor(written / writtenForOneMore);
}
