import type { RecordRejected } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { MappedRecord } from '@octopipe/shared/domain/mapping/record';
import { linksOf, readRecords } from '@octopipe/shared/mapped/read-mapped-set';
import { type RawBuilder, sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { WriteOutcome } from '../destination/account.js';
import type { Image } from '../verify/image.js';
import type { AdmittedBatch } from './admit.js';
import { type Fate, fateOf } from './fate-of.js';
import { holdRun } from './hold-run.js';
import { imageAfterWrite } from './image-after-write.js';
import { type IntentMove, intentMoves } from './intent-states.js';
import type { SentPart, SentRequest } from './note-intents.js';
import type { Write } from './plan-writes.js';

/** The code of a record whose call got no readable answer again and again (unanswered.ts). */
export const neverAnswered = 'never_answered';

/** What one confirmed write leaves behind. */
export interface Confirmation {
  tenantId: string;
  connectionId: string;
  runId: string;
  setId: string;
  entity: string;
  intentId: string;
  operation: 'create' | 'update';
  generation: number;
  targetId: string;
  /** Of a record that stands under another: that one's id. */
  parentId: string | null;
  record: MappedRecord;
  /** Of a record that stood there before us, the fields written; null: all. */
  writtenFields: string[] | null;
  /** What it says now; null: not known before it is read back. */
  afterImage: Image | null;
}

/**
 * Commits what became of the records of one request, all in one transaction. A late answer of an attempt that was given
 * up changes nothing.
 */
export async function noteOutcome(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  request: SentRequest,
  outcome: WriteOutcome,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    for (const part of request.parts)
      await notePart(ctx, tx, batch, part, fateOf(batch.entity, request, part, outcome));
  });
}

async function notePart(
  ctx: LoaderContext,
  tx: Tx,
  batch: AdmittedBatch,
  part: SentPart,
  fate: Fate,
): Promise<void> {
  const { record, kind: operation, generation } = part.write;
  switch (fate.kind) {
    case 'written': {
      const { targetId } = fate;
      if (!(await moveIntent(tx, part, intentMoves.confirm, { targetId }))) return;
      const { intentId, parentId } = part;
      const writtenFields = part.write.kind === 'update' ? (part.write.merge?.fields ?? null) : null;
      const { targetKey } = record;
      const sent = (part.body.json ?? {}) as Record<string, unknown>;
      const afterImage = await imageAfterWrite(tx, { ...batch, targetKey, operation, sent }, fate.answer);
      await saveConfirmation(tx, {
        ...batch,
        intentId,
        operation,
        generation,
        targetId,
        parentId,
        record,
        writtenFields,
        afterImage,
      });
      return;
    }
    case 'refused':
      if (!(await moveIntent(tx, part, intentMoves.refuse, { code: fate.code }))) return;
      await saveFailure(tx, batch, record, refusalCode(fate.status), `${fate.code}: ${fate.message}`);
      return;
    case 'not_written':
      await moveIntent(tx, part, intentMoves.handBack, { code: fate.reason });
      return;
    case 'unknown':
      await moveIntent(tx, part, intentMoves.lose, lost(ctx, fate.reason));
      return;
  }
}

/** The record stands in Pipedrive: target record, crosswalk and this run's outcome, all or nothing. */
export async function saveConfirmation(tx: Tx, done: Confirmation): Promise<void> {
  const { record } = done;
  await tx
    .insertInto('loader.targetRecord')
    .values({
      tenantId: done.tenantId,
      connectionId: done.connectionId,
      targetKey: record.targetKey,
      entity: done.entity,
      targetId: done.targetId,
      parentId: done.parentId,
      payload: JSON.stringify(record.payload),
      payloadHash: record.payloadHash,
      generation: done.generation,
      createdByRun: done.runId,
      writtenByRun: done.runId,
      writtenFields: done.writtenFields,
      ownerId: sql<string | null>`(select owner_id from loader.intent where id = ${done.intentId})`,
      afterImage: done.afterImage && JSON.stringify(done.afterImage),
    })
    .onConflict((conflict) =>
      conflict.columns(['connectionId', 'targetKey']).doUpdateSet({
        // One that stood there before us gathers fields; one of ours has null and null added.
        writtenFields: sql<
          string[]
        >`(select array_agg(distinct field order by field) from unnest(loader.target_record.written_fields || excluded.written_fields) as field)`,
        // An update of other fields leaves the owner as it was sent before.
        ownerId: sql<string | null>`coalesce(excluded.owner_id, loader.target_record.owner_id)`,
        payload: JSON.stringify(record.payload),
        payloadHash: record.payloadHash,
        afterImage: done.afterImage && JSON.stringify(done.afterImage),
        patched: null,
        generation: done.generation,
        writtenByRun: done.runId,
        writtenAt: sql<Date>`now()`,
        verifiedAt: null,
      }),
    )
    .execute();
  const links = await linksOf(tx, done.tenantId, done.setId, [record.targetKey]);
  if (links.length > 0) {
    await tx
      .insertInto('loader.crosswalk')
      .values(
        links.map((link) => ({
          tenantId: done.tenantId,
          connectionId: done.connectionId,
          sourceType: link.object,
          sourceId: link.sourceId,
          slot: link.slot,
          targetKey: record.targetKey,
          role: link.role,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['connectionId', 'targetKey', 'sourceType', 'sourceId', 'slot'])
          .doUpdateSet({ role: sql<string>`excluded.role` }),
      )
      .execute();
  }
  await saveRunOutcome(tx, done, record.targetKey, done.operation === 'create' ? 'created' : 'updated');
}

/**
 * A record of ours that an earlier run sent with another content than this run's. It has no hash, so that whoever comes
 * to its key next sends all fields; it is not this run's outcome.
 */
export async function saveFound(
  tx: Tx,
  found: Omit<Confirmation, 'setId' | 'intentId' | 'operation' | 'record'>,
  targetKey: string,
): Promise<void> {
  await tx
    .insertInto('loader.targetRecord')
    .values({
      tenantId: found.tenantId,
      connectionId: found.connectionId,
      targetKey,
      entity: found.entity,
      targetId: found.targetId,
      parentId: found.parentId,
      payload: '{}',
      payloadHash: '',
      generation: found.generation,
      createdByRun: found.runId,
      writtenByRun: found.runId,
      writtenFields: found.writtenFields,
      afterImage: found.afterImage && JSON.stringify(found.afterImage),
    })
    .onConflict((conflict) => conflict.columns(['connectionId', 'targetKey']).doNothing())
    .execute();
}

/** Records whose payload is what we wrote before: counted, not sent. Not for a run that has ended: another knows better by now. */
export async function noteUnchanged(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  writes: ReadonlyArray<Write>,
): Promise<void> {
  const unchanged = writes.filter((write) => write.kind === 'unchanged' || write.kind === 'kept');
  if (unchanged.length === 0) return;
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (!(await holdRun(tx, batch.runId))) return;
    for (const { record } of unchanged.filter((write) => write.kind === 'kept'))
      await saveKept(tx, batch, record);
    for (const { record } of unchanged) await saveRunOutcome(tx, batch, record.targetKey, 'unchanged');
  });
}

/** From now on this is what we know of the record, although nothing of it was sent: the next run finds it unchanged. */
async function saveKept(tx: Tx, batch: AdmittedBatch, record: MappedRecord): Promise<void> {
  await tx
    .updateTable('loader.targetRecord')
    .set({ payload: JSON.stringify(record.payload), payloadHash: record.payloadHash })
    .where('connectionId', '=', batch.connectionId)
    .where('targetKey', '=', record.targetKey)
    .execute();
}

/** A record that could not even be sent. Not of a run that has ended. */
export async function noteFailed(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  record: MappedRecord,
  error: RecordRejected,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (await holdRun(tx, batch.runId)) await saveFailure(tx, batch, record, error.code, error.detail);
  });
}

/** Reads the mapped record of a key that the walk confirmed. */
export async function recordOfKey(
  tx: Tx,
  tenantId: string,
  setId: string,
  targetKey: string,
): Promise<MappedRecord | undefined> {
  return (await readRecords(tx, tenantId, setId, [targetKey]))[0];
}

/** The record cannot be written in this run; the reason is for whoever looks at it. */
export async function saveFailure(
  tx: Tx,
  batch: AdmittedBatch,
  record: Pick<MappedRecord, 'targetKey'>,
  code: string,
  detail: string,
): Promise<void> {
  await saveRunOutcome(tx, batch, record.targetKey, 'failed', { code, detail });
}

/** What became of a record in a run, once; but a late yes to a call that was left to a person already still counts. */
export async function saveRunOutcome(
  tx: Tx,
  of: { tenantId: string; runId: string; entity: string },
  targetKey: string,
  outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'restored' | 'gone' | 'kept' | 'failed',
  why: { code: string | null; detail: string | null } | undefined = undefined,
): Promise<void> {
  await tx
    .insertInto('loader.recordOutcome')
    .values({
      tenantId: of.tenantId,
      runId: of.runId,
      targetKey,
      entity: of.entity,
      outcome,
      code: why?.code ?? null,
      detail: why?.detail?.slice(0, 300) ?? null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['runId', 'targetKey'])
        .doUpdateSet((set) => ({
          outcome: set.ref('excluded.outcome'),
          code: set.ref('excluded.code'),
          detail: set.ref('excluded.detail'),
        }))
        .where('loader.recordOutcome.code', '=', neverAnswered),
    )
    .execute();
}

/** What a move changes of an intent besides its state. */
export interface IntentFacts {
  targetId?: string;
  code?: string;
  notBefore?: RawBuilder<Date>;
  unanswered?: RawBuilder<number>;
}

/** True when the intent was where the move starts, with our attempt still the latest. */
export async function moveIntent(
  tx: Tx,
  part: Pick<SentPart, 'intentId' | 'attempt'>,
  move: IntentMove,
  facts: IntentFacts,
): Promise<boolean> {
  const result = await tx
    .updateTable('loader.intent')
    .set({ ...facts, state: move.to, updatedAt: sql<Date>`now()` })
    .where('id', '=', part.intentId)
    .where('attempt', '=', part.attempt)
    .where('state', 'in', move.from)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The rest doubles with each answer that is lost in a row, so often at most: to eight minutes. */
const mostDoublings = 3;

/**
 * An unknown outcome rests until the request's deadline and the settling time have passed: the server may still be at it.
 * After more than one in a row longer, for what is wrong takes longer to pass, and each try costs tokens.
 */
export function lost(ctx: LoaderContext, reason: string): IntentFacts {
  return {
    code: reason,
    notBefore: sql<Date>`greatest(deadline, now())
      + ${ctx.settings.settleMs} * power(2, least(unanswered, ${mostDoublings}::int)) * interval '1 millisecond'`,
    unanswered: sql<number>`unanswered + 1`,
  };
}

/** Our word for a refusal, by its status. */
export function refusalCode(status: number): string {
  if (status === 403) return 'not_allowed';
  if (status === 404 || status === 410) return 'target_gone';
  if (status === 413) return 'file_too_large';
  return 'refused_by_pipedrive';
}
