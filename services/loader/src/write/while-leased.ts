import { onceDatabaseAnswers } from '@octopipe/shared/core/database-away';
import type { Logger } from '@octopipe/shared/core/logger';
import type { LoaderContext } from '../context.js';
import { type AdmittedBatch, renewLease } from './admit.js';

/** Renewals per lease: one may be late, and the next still comes in time. */
const renewalsPerLease = 3;

/**
 * Keeps the lease of a batch for as long as the turn lives, however long it reads or waits for the account: only who is
 * dead or stands still loses it. It gives no right to write: before each slice the turn asks whether the batch is still
 * its own (renewLease), and after a long stop it may not be.
 */
export async function whileLeased<T>(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  log: Logger,
  work: () => Promise<T>,
): Promise<T> {
  let isRenewing = false;
  const renew = async () => {
    if (isRenewing) return;
    isRenewing = true;
    try {
      // After an outage of the database longer than the lease, the first to ask should be who holds it.
      await onceDatabaseAnswers(() => renewLease(ctx, batch));
    } catch (error) {
      log.warn({ batchId: batch.batchId, err: error }, 'lease not renewed');
    } finally {
      isRenewing = false;
    }
  };
  const timer = setInterval(() => void renew(), ctx.settings.leaseMs / renewalsPerLease);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
