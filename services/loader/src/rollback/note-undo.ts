import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { isGone, type WriteOutcome } from '../destination/account.js';
import type { AdmittedBatch } from '../write/admit.js';
import { holdRun } from '../write/hold-run.js';
import { type IntentMove, intentMoves } from '../write/intent-states.js';
import {
  type IntentFacts,
  lost,
  moveIntent,
  neverAnswered,
  refusalCode,
  saveRunOutcome,
} from '../write/note-outcome.js';
import { leave, mostUnanswered } from '../write/unanswered.js';
import { forget } from './forget.js';
import type { Undo, UndoRequest } from './plan-undo.js';
import type { OurRecord } from './read-ours.js';
import type { UndoItem } from './read-undo-state.js';

export type SentUndo = UndoRequest & { intentId: string; attempt: number };

type Outcome = 'deleted' | 'restored' | 'gone' | 'kept' | 'failed';

/**
 * What needs no call (any more): kept, gone, or done by a call whose answer was lost. Not for a run that has ended: a load
 * that came after it may have counted on the record already.
 */
export async function noteSettled(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  undos: ReadonlyArray<Extract<Undo, { kind: 'settled' }>>,
): Promise<void> {
  if (undos.length === 0) return;
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (!(await holdRun(tx, batch.runId))) return;
    for (const { item, decision, label, edited, stuck } of undos) {
      switch (decision.action) {
        case 'keep':
          await noteKept(tx, batch, item, decision.reason, label, edited);
          break;
        case 'gone': {
          const wasUs = await closeLostAnswer(tx, item.deleting);
          await noteDone(tx, batch, item, wasUs ? 'deleted' : 'gone');
          break;
        }
        case 'restored':
          await closeLostAnswer(tx, item.updating);
          await noteRestored(tx, batch, item, { label, edited, stuck });
          break;
      }
    }
  });
}

/** Commits what became of one call. A late answer of an attempt that was given up changes nothing. */
export async function noteUndo(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  request: SentUndo,
  outcome: WriteOutcome,
): Promise<void> {
  const { item } = request;
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const move = (by: IntentMove, more: IntentFacts = {}) =>
      moveIntent(tx, request, by, { targetId: item.ours.targetId, ...more });
    const wasGone = isGone(outcome);
    if (outcome.kind === 'ok' || (wasGone && request.purpose === 'delete')) {
      if (!(await move(intentMoves.confirm))) return;
      if (request.purpose === 'delete')
        await noteDone(tx, batch, item, wasGone && request.attempt === 1 ? 'gone' : 'deleted');
      if (request.purpose === 'restore') await noteRestored(tx, batch, item, request);
      return;
    }
    switch (outcome.kind) {
      case 'refused':
        if (!(await move(intentMoves.refuse, { code: outcome.code }))) return;
        // Gone instead of changed: the next look at the batch says so.
        if (wasGone) return;
        await saveOutcome(tx, batch, item.ours, 'failed', {
          code: refusalCode(outcome.status),
          detail: `${outcome.code}: ${outcome.message}`,
        });
        await keepParts(tx, batch, item);
        return;
      case 'not_written':
        await move(intentMoves.handBack, { code: outcome.reason });
        return;
      case 'unknown':
        await move(intentMoves.lose, lost(ctx, outcome.reason));
        return;
    }
  });
}

/** Leaves to a person what is not to be tried any more: it was seen to stand right before. Answers the other requests. */
export async function leaveUndo(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  requests: ReadonlyArray<UndoRequest>,
  left: ReadonlySet<string>,
): Promise<UndoRequest[]> {
  const leftOf = ({ item, operation, generation }: UndoRequest) => {
    const intent = operation === 'delete' ? item.deleting : item.updating;
    return intent && intent.generation === generation && left.has(intent.id) ? intent : undefined;
  };
  const leaving = requests.filter(leftOf);
  if (leaving.length > 0)
    await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
      if (!(await holdRun(tx, batch.runId))) return;
      for (const request of leaving) {
        const { item } = request;
        const intent = leftOf(request);
        if (!intent || !(await leave(tx, { intentId: intent.id, attempt: intent.attempt }))) continue;
        await saveOutcome(tx, batch, item.ours, 'failed', {
          code: neverAnswered,
          detail: `the account gave no readable answer to it ${mostUnanswered} times or more, and it was not done`,
        });
        await keepParts(tx, batch, item);
      }
    });
  return requests.filter((request) => !leaving.includes(request));
}

/** Theirs as it was, but for the fields that somebody changed since: they are listed by name. */
async function noteRestored(
  tx: Tx,
  batch: AdmittedBatch,
  item: UndoItem,
  { label, edited, stuck }: Pick<UndoRequest, 'label' | 'edited' | 'stuck'>,
): Promise<void> {
  await tx
    .updateTable('loader.rollbackItem')
    .set({ label: edited.length > 0 ? label : null, fields: edited })
    .where('runId', '=', batch.runId)
    .where('targetKey', '=', item.ours.targetKey)
    .execute();
  await noteDone(tx, batch, item, 'restored', stuck);
}

/** The record is not ours any more: deleted, or theirs as it was. */
async function noteDone(
  tx: Tx,
  batch: AdmittedBatch,
  item: UndoItem,
  outcome: 'deleted' | 'restored' | 'gone',
  stuck: ReadonlyArray<string> = [],
): Promise<void> {
  await forget(
    tx,
    batch.connectionId,
    [item.ours, ...item.parts].map(({ targetKey }) => targetKey),
  );
  await saveOutcome(tx, batch, item.ours, outcome, {
    code: null,
    detail: stuck.length > 0 ? `could not be put back: ${stuck.join(', ')}` : null,
  });
  for (const part of item.parts) await saveOutcome(tx, batch, part, outcome, { code: null, detail: null });
}

/** It stays, and so does what it hangs on: their turn comes in a later phase. */
async function noteKept(
  tx: Tx,
  batch: AdmittedBatch,
  item: UndoItem,
  reason: string,
  label: string,
  fields: string[],
): Promise<void> {
  await tx
    .updateTable('loader.rollbackItem')
    .set({ action: 'keep', reason, label, fields })
    .where('runId', '=', batch.runId)
    .where('targetKey', '=', item.ours.targetKey)
    .execute();
  await holdAll(tx, batch, item.hangsOn);
  await saveOutcome(tx, batch, item.ours, 'kept', { code: reason, detail: null });
  await keepParts(tx, batch, item);
}

/** Parts stay with their whole, and what they hang on with them. */
export async function keepParts(tx: Tx, batch: AdmittedBatch, item: UndoItem): Promise<void> {
  for (const part of item.parts) {
    const kept = await tx
      .updateTable('loader.rollbackItem')
      .set({ action: 'keep', reason: 'part_of_kept', holder: 'whole' })
      .where('runId', '=', batch.runId)
      .where('targetKey', '=', part.targetKey)
      .where('action', '=', 'delete')
      .returning('hangsOn')
      .executeTakeFirst();
    if (!kept) continue;
    await holdAll(tx, batch, kept.hangsOn);
    await saveOutcome(tx, batch, part, 'kept', { code: 'part_of_kept', detail: null });
  }
}

async function holdAll(tx: Tx, batch: AdmittedBatch, keys: ReadonlyArray<string>): Promise<void> {
  await tx
    .updateTable('loader.rollbackItem')
    .set({ holder: 'kept' })
    .where('runId', '=', batch.runId)
    .where('targetKey', '=', sql<string>`any(${[...keys]}::text[])`)
    .where('holder', '=', 'none')
    .execute();
}

/** True when a call of ours without a known outcome must have done it. */
async function closeLostAnswer(tx: Tx, intent: UndoItem['deleting']): Promise<boolean> {
  if (intent?.state !== 'planned') return false;
  await moveIntent(tx, { intentId: intent.id, attempt: intent.attempt }, intentMoves.confirm, {});
  return true;
}

async function saveOutcome(
  tx: Tx,
  batch: AdmittedBatch,
  record: Pick<OurRecord, 'targetKey' | 'entity'>,
  outcome: Outcome,
  why: { code: string | null; detail: string | null },
): Promise<void> {
  await saveRunOutcome(tx, { ...batch, entity: record.entity }, record.targetKey, outcome, why);
}
