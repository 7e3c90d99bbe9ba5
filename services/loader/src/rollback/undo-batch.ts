import { hashOf } from '@octopipe/shared/core/canonical-json';
import { onceDatabaseAnswers } from '@octopipe/shared/core/database-away';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { assertSeesEverything } from '../connect/sees-everything.js';
import type { LoaderContext } from '../context.js';
import type { Account, WriteOutcome } from '../destination/account.js';
import type { RemoteRecord } from '../destination/entity-table.js';
import { stateKey } from '../verify/state-hash.js';
import { type AdmittedBatch, renewLease } from '../write/admit.js';
import { holdRun } from '../write/hold-run.js';
import { insertIntents } from '../write/note-intents.js';
import { parkRecord } from '../write/park-record.js';
import { everyOne, sendNoted } from '../write/send-noted.js';
import { heldSince, linesOf, lookAgain, type SecondLook } from './look-again.js';
import { keepParts, leaveUndo, noteSettled, noteUndo, type SentUndo } from './note-undo.js';
import { isWaiting, partsAreOurs, planUndo, type UndoRequest } from './plan-undo.js';
import { readUndoState, type UndoItem } from './read-undo-state.js';

/**
 * Takes one batch of records back, each exactly once and only if nobody changed it. The write path in reverse (see
 * write/load-batch.ts): the same leases, budget and intents; what differs is that an unknown outcome is settled by looking.
 *
 *   look at each record again → kept (edited, something hangs on it) · gone · restored already: its outcome, no call
 *                             → archived: a PATCH takes it out; the rest at the next turn
 *                             → delete or restore: intent `sent`, then the call
 *   sent → confirmed            yes, or "not there any more": the record is forgotten, its outcome noted, in one transaction
 *        → rejected             a definite no: the record failed, with its reason
 *        → planned              a definite no before anything was done
 *        → ambiguous            no readable answer → planned after its rest; the next turn looks: gone → done, else sent again;
 *                               after so many times left to a person, a failed record (write/unanswered.ts)
 *
 * What if it dies …
 *   before an intent is noted?   Nothing was sent; the lease runs out and the batch is done again, from a new look.
 *   or freezes before the call?  Past its deadline it does not send any more: what is restored then may have been edited since.
 *   between intent and outcome?  After the deadline the intent is ambiguous, rests, and the next look tells what became of it.
 *   or the database is away after it? The answer waits here until it can be noted (core/database-away.ts).
 *   after an outcome?            That record is finished; the rest of the batch is looked at afresh.
 */
export async function undoBatch(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const { items, lookedAt, left } = await readUndoState(ctx, batch);
  const [parked] = items.filter((item) => item.ours.targetKey === batch.parks && !isWaiting(item));
  if (parked) {
    await parkRecord(ctx, batch, parked.ours, (tx) => keepParts(tx, batch, parked));
    log.error({ batchId: batch.batchId, targetKey: parked.ours.targetKey }, 'record parked');
    return;
  }
  if (items.length > 0) {
    const ids = items.map((item) => item.ours.targetId);
    const looks = await lookAgain(account, batch.entity, ids, lookedAt, ctx.settings.inFlight, signal);
    if ([...looks.values()].includes('gone')) await assertSeesEverything(account, signal);
    const held = await heldSince(account, batch.entity, lookedAt, signal);
    const { changed, lines } = await lookAtParts(account, items, looks, signal);
    for (const id of changed) held.add(stateKey(batch.entity, id));
    const undos = items.map((item) => {
      const id = item.ours.targetId;
      const isHeld = held.has(stateKey(batch.entity, id));
      return planUndo(item, looks.get(id) ?? 'gone', isHeld, lines.get(id) ?? []);
    });
    await noteSettled(
      ctx,
      batch,
      undos.filter((undo) => undo.kind === 'settled'),
    );
    const requests = await leaveUndo(
      ctx,
      batch,
      undos.flatMap((undo) => (undo.kind === 'send' ? [undo.request] : [])),
      left,
    );
    if (!(await sendAll(ctx, account, batch, requests, signal))) {
      log.warn({ batchId: batch.batchId }, 'another worker has the batch, or the run has ended');
      return;
    }
  }
  failpoint('loader.undo_before_batch_done', batch.entity);
  log.info({ batchId: batch.batchId, entity: batch.entity, records: items.length }, 'batch taken back');
}

/** The deals whose lines somebody changed, took away or added to: that changed the deal. Of the others, their lines. */
async function lookAtParts(
  account: Account,
  items: ReadonlyArray<UndoItem>,
  looks: ReadonlyMap<string, SecondLook>,
  signal: AbortSignal,
): Promise<{ changed: string[]; lines: Map<string, RemoteRecord[]> }> {
  const withLines = items.filter((item) => {
    const look = looks.get(item.ours.targetId);
    return typeof look === 'object' && (item.parts.length > 0 || Number(look.products_count ?? 0) > 0);
  });
  const ids = withLines.map((item) => item.ours.targetId);
  const listed = await linesOf(account, ids, signal);
  const changed: string[] = [];
  const lines = new Map<string, RemoteRecord[]>();
  for (const item of withLines) {
    const id = item.ours.targetId;
    const parts = listed.filter((line) => String(line.deal_id) === id);
    if (partsAreOurs(item, parts)) lines.set(id, parts);
    else changed.push(id);
  }
  return { changed, lines };
}

/** Slice by slice; false when the batch is not ours any more, or the run has ended. */
async function sendAll(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  requests: ReadonlyArray<UndoRequest>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let at = 0; at < requests.length && !signal.aborted; at += ctx.settings.inFlight) {
    const slice = requests.slice(at, at + ctx.settings.inFlight);
    for (const { api } of slice) await account.takeTokens(api.operation, signal);
    if (!(await renewLease(ctx, batch))) return false;
    failpoint('loader.undo_before_intent', batch.entity);
    const sendBefore = Date.now() + ctx.settings.requestTimeoutMs;
    const sent = await noteUndoIntents(ctx, account, batch, slice);
    failpoint('loader.undo_after_intent', batch.entity);
    await everyOne(sent.map((request) => sendOne(ctx, account, batch, request, sendBefore)));
  }
  return true;
}

async function sendOne(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  request: SentUndo,
  sendBefore: number,
): Promise<void> {
  const note = (outcome: WriteOutcome) => onceDatabaseAnswers(() => noteUndo(ctx, batch, request, outcome));
  const outcome = await sendNoted(account, request.api, sendBefore, note);
  failpoint('loader.undo_after_answer', batch.entity);
  await note(outcome);
  failpoint('loader.undo_after_outcome', batch.entity);
}

/** Commits that these calls are about to be made, before a socket is touched; only those whose intent nobody else holds, and of a run that has ended none. */
function noteUndoIntents(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  requests: ReadonlyArray<UndoRequest>,
): Promise<SentUndo[]> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (!(await holdRun(tx, batch.runId))) return [];
    const rows = await insertIntents(
      tx,
      batch,
      requests.map(({ item, operation, generation, api }) => ({
        targetKey: item.ours.targetKey,
        operation,
        generation,
        // No payload of ours: whoever loads this record next sends all fields.
        payloadHash: '',
        bodyHash: hashOf(api.json ?? null),
        targetId: item.ours.targetId,
        parentId: item.ours.parentId,
        ownerId: null,
        timeoutMs: ctx.settings.requestTimeoutMs,
      })),
    );
    const byKey = new Map(rows.map((row) => [row.targetKey, row]));
    const sent = requests.flatMap((request) => {
      const row = byKey.get(request.item.ours.targetKey);
      return row ? [{ ...request, intentId: row.id, attempt: row.attempt }] : [];
    });
    for (const { api } of sent) await account.countUseIn(tx, api.operation, 1);
    return sent;
  });
}
