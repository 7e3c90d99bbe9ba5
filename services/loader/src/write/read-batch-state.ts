import { inTransaction } from '@octopipe/shared/db/index';
import type { MappedRecord, Payload, TargetKey } from '@octopipe/shared/domain/mapping/record';
import { readRecords } from '@octopipe/shared/mapped/read-mapped-set';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Canonical } from '../verify/canonical.js';
import type { Image } from '../verify/image.js';
import type { AdmittedBatch } from './admit.js';
import { lostUntil, openPatchOf } from './open-patch.js';
import type { KnownDelete, KnownIntent, KnownTarget } from './plan-writes.js';
import { readLeft } from './unanswered.js';

export interface BatchState {
  records: MappedRecord[];
  targets: Map<TargetKey, KnownTarget>;
  intents: Map<TargetKey, KnownIntent>;
  deletes: Map<TargetKey, KnownDelete>;
  /** Key → the record of the account that it was found to be. */
  matches: Map<TargetKey, string>;
  /** Of matched records that were patched, or were about to be: what they said before. */
  images: Map<TargetKey, Image>;
  /** Of those, what a first patch was to write. */
  patched: Map<TargetKey, Canonical>;
  finished: Set<TargetKey>;
  /** Intents that are not sent any more, but left to a person. */
  left: Set<string>;
}

/** The batch's records (those that this turn may try) and all that Postgres knows of them: written targets, the latest intent each, outcomes of this run. */
export async function readBatchState(
  ctx: LoaderContext,
  batch: Pick<AdmittedBatch, 'tenantId' | 'runId' | 'connectionId' | 'setId' | 'batchId' | 'tries'>,
): Promise<BatchState> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const { targetKeys: allKeys } = await tx
      .selectFrom('transform.loadBatch')
      .select('targetKeys')
      .where('id', '=', batch.batchId)
      .executeTakeFirstOrThrow();
    const targetKeys = allKeys.filter((key) => batch.tries?.includes(key) ?? true);
    const records = await readRecords(tx, batch.tenantId, batch.setId, targetKeys);
    // Before the target records: an answer that is noted between the two changes both, and what was open in the first is waited for.
    const intents = await tx
      .selectFrom('loader.intent')
      .distinctOn('targetKey')
      .select([
        'targetKey',
        'id',
        'operation',
        'generation',
        'state',
        'attempt',
        'runId',
        'payloadHash',
        'code',
      ])
      .where('connectionId', '=', batch.connectionId)
      .where('targetKey', 'in', targetKeys)
      .where('operation', '<>', 'delete')
      .orderBy('targetKey')
      .orderBy('id', 'desc')
      .execute();
    const deletes = await tx
      .selectFrom('loader.intent')
      .distinctOn('targetKey')
      .select(['targetKey', 'id', 'state', 'attempt', 'targetId'])
      .where('connectionId', '=', batch.connectionId)
      .where('targetKey', 'in', targetKeys)
      .where('operation', '=', 'delete')
      .orderBy('targetKey')
      .orderBy('id', 'desc')
      .execute();
    const targets = await tx
      .selectFrom('loader.targetRecord')
      .select([
        'targetKey',
        'targetId',
        'parentId',
        'payload',
        'payloadHash',
        'generation',
        'writtenFields',
        'ownerId',
        'patched',
        lostUntil('loader.target_record').as('lostUntil'),
        sql<Image | null>`case when image_is_late then null else after_image end`.as('afterImage'),
      ])
      .where('connectionId', '=', batch.connectionId)
      .where('targetKey', 'in', targetKeys)
      .execute();
    const matches = await tx
      .selectFrom('loader.recordMatch')
      .select(['targetKey', 'targetId'])
      .where('connectionId', '=', batch.connectionId)
      .where('targetKey', 'in', targetKeys)
      .where('decision', '=', 'match')
      .execute();
    const images = await tx
      .selectFrom('loader.beforeImage')
      .select(['targetKey', 'image', 'patched'])
      .where('connectionId', '=', batch.connectionId)
      .where('targetKey', 'in', targetKeys)
      .execute();
    const outcomes = await tx
      .selectFrom('loader.recordOutcome')
      .select('targetKey')
      .where('runId', '=', batch.runId)
      .where('targetKey', 'in', targetKeys)
      .execute();
    const left = await readLeft(tx, batch, targetKeys);
    return {
      records,
      left,
      targets: new Map(
        targets.map(({ patched, lostUntil, ...row }) => [
          row.targetKey,
          { ...row, payload: row.payload as Payload, open: openPatchOf({ patched, lostUntil }) },
        ]),
      ),
      intents: new Map(intents.map((row) => [row.targetKey, row as KnownIntent])),
      deletes: new Map(
        deletes.map(({ targetId, ...row }) => [
          row.targetKey,
          { ...row, targetId: targetId ?? '' } as KnownDelete,
        ]),
      ),
      matches: new Map(matches.map((row) => [row.targetKey, row.targetId ?? ''])),
      images: new Map(images.map((row) => [row.targetKey, row.image as Image])),
      patched: new Map(images.map((row) => [row.targetKey, (row.patched ?? {}) as Canonical])),
      finished: new Set(outcomes.map((row) => row.targetKey)),
    };
  });
}
