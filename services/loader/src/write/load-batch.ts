import { onceDatabaseAnswers } from '@octopipe/shared/core/database-away';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import type { LoaderContext } from '../context.js';
import type { Account, WriteOutcome } from '../destination/account.js';
import { entityTable } from '../destination/entity-table.js';
import { loadSymbols } from '../destination/load-symbols.js';
import { mergeUpdates } from '../match/merge-updates.js';
import { type AdmittedBatch, finishBatch, renewLease } from './admit.js';
import { apiOf, buildRequests } from './build-requests.js';
import { lookAtUndone } from './look-at-undone.js';
import { noteIntents, type SentRequest } from './note-intents.js';
import { noteOutcome, noteUnchanged } from './note-outcome.js';
import { parkRecord } from './park-record.js';
import { planCalls } from './plan-calls.js';
import { isSent, planWrites } from './plan-writes.js';
import { readBatchState } from './read-batch-state.js';
import { everyOne, sendNoted } from './send-noted.js';
import { leaveUnanswered } from './unanswered.js';

/**
 * Writes one batch of records of one entity, each exactly once. A call writes one record, or several new ones of one
 * parent (the lines of a deal); each of them has an intent of its own, which moves
 *
 *   (none) → sent → confirmed            the answer was a definite yes: id, crosswalk and outcome in one transaction
 *                 → rejected             a definite no of Pipedrive: the record failed, with its reason
 *                 → planned              a definite no before anything was written (429, no connection): may be sent again;
 *                                        or a no to several at once: each is sent alone, so that the bad one fails alone
 *                 → ambiguous            no readable answer, or one that does not name this record: it may have been written.
 *                                        Never re-sent; settle-unknown looks first
 *   sent, and nobody knows more after its deadline → ambiguous
 *   ambiguous → confirmed                the walk found its marker
 *             → planned                  two walks, apart in time, found nothing: may be sent again, attempt n + 1
 *   planned, without an answer n times   left to a person, a failed record (unanswered.ts): not sent again until they say so
 *   (none), planned, sent → ambiguous    the database was restored to an earlier time: anything may have been written since
 *                                        (note-doubt.ts)
 *
 * A delete of a rollback that was ended is waited for in the same way, and then looked at (look-at-undone.ts): before that,
 * nobody can say that its record is written.
 *
 * A matched record (match/) is not created but updated, and a repeated update decides the same: what it said before our
 * first patch is committed with the intent.
 *
 * Nor is a person's edit of a record that we made written over: each update is preceded by a look (match/keep-edits.ts).
 *
 * Guarantee: at least once per job, exactly once per record. What if it dies …
 *   before the intents are noted?        Nothing was sent; the lease runs out and the batch is done again.
 *   after they are noted, before the call? The intents are `sent` with nothing behind them: after the deadline the walk
 *                                        finds no marker, twice, and they are sent again.
 *   during the call, or after the answer? Same, only that the walk finds the markers and confirms them.
 *   or the database is away after it?    The answer waits here until it can be noted (core/database-away.ts); nobody has to look.
 *   after an outcome is noted?           That record is finished; the rest of the batch is planned afresh.
 *   or freezes before the call?          Past its deadline it does not send any more. A freeze between that look at the clock and
 *                                        the socket cannot be seen: a second copy is then found by marker and removed.
 *   before the batch is done?            All records are finished; the next worker only closes the batch.
 *   or is the run ended meanwhile?       What had left is noted, whatever it answers; nothing of it leaves after that (hold-run.ts).
 *   again and again, at the same record? The batch is put on trial (trial.ts): halves of it are tried alone until one record
 *                                        is left. That one is parked, a failed record with its reason; the others go on.
 */
export async function loadBatch(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const state = await readBatchState(ctx, batch);
  const planned = planWrites(state.records, state);
  const [parked] = planned.filter((write) => isSent(write) && write.record.targetKey === batch.parks);
  if (parked) {
    await parkRecord(ctx, batch, parked.record);
    log.error({ batchId: batch.batchId, targetKey: parked.record.targetKey }, 'record parked');
    return;
  }
  await lookAtUndone(
    ctx,
    account,
    batch,
    planned.filter((write) => write.kind === 'look'),
    signal,
  );
  const symbols = await loadSymbols(
    ctx,
    batch,
    planned.map((write) => write.record.payload),
  );
  // What people have made of records is decided field by field, by how they stand now.
  const writes = await mergeUpdates(ctx, account, batch, planned, state, symbols, signal);
  await noteUnchanged(ctx, batch, writes);
  const toSend = await leaveUnanswered(ctx, batch, writes.filter(isSent), state);

  for (const calls of planCalls(batch.entity, toSend, ctx.settings.inFlight)) {
    if (signal.aborted) break;
    // Slice by slice: the bytes of a whole batch of uploads would not fit in memory.
    const requests = await buildRequests(ctx, batch, calls, symbols);
    if (requests.length === 0) continue;
    for (const request of requests) await account.takeTokens(request.operation, signal);
    if (!(await renewLease(ctx, batch))) {
      log.warn({ batchId: batch.batchId }, 'another worker has the batch, or the run has ended');
      return;
    }
    failpoint('loader.before_intent', batch.entity);
    const sendBefore = Date.now() + ctx.settings.requestTimeoutMs;
    const sent = await noteIntents(ctx, account, batch, requests);
    failpoint('loader.after_intent', batch.entity);
    await everyOne(sent.map((request) => sendOne(ctx, account, batch, request, sendBefore)));
  }
  failpoint('loader.before_batch_done', batch.entity);
  const left = await finishBatch(ctx, batch);
  log.info(
    {
      batchId: batch.batchId,
      entity: batch.entity,
      operation: entityTable[batch.entity].create,
      records: state.records.length,
      ...left,
    },
    'batch written',
  );
}

async function sendOne(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  request: SentRequest,
  sendBefore: number,
): Promise<void> {
  for (const { write } of request.parts) failpoint('loader.before_send', write.record.targetKey);
  const note = (outcome: WriteOutcome) =>
    onceDatabaseAnswers(() => noteOutcome(ctx, batch, request, outcome));
  const outcome = await sendNoted(account, apiOf(request), sendBefore, note);
  failpoint('loader.after_answer', batch.entity);
  await note(outcome);
  failpoint('loader.after_outcome', batch.entity);
}
