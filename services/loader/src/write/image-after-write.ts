import type { Tx } from '@octopipe/shared/db/index';
import type { Entity } from '@octopipe/shared/domain/run/states';
import type { RemoteRecord } from '../destination/entity-table.js';
import { type Image, imageAfterUpdate, imageOf } from '../verify/image.js';

/**
 * What a record says after our write, from the answer to it: nobody can have changed it in between. Later looks are
 * compared with this, so that an edit of the same day is an edit. Without a whole answer there is none; the verification
 * makes it then.
 */
export async function imageAfterWrite(
  tx: Tx,
  written: {
    connectionId: string;
    targetKey: string;
    entity: Entity;
    operation: 'create' | 'update';
    /** The body that was sent. */
    sent: Readonly<Record<string, unknown>>;
  },
  answer: unknown,
): Promise<Image | null> {
  if (!isRecord(answer)) return null;
  if (written.operation === 'create') return imageOf(written.entity, answer);
  const base = (await readAfterImage(tx, written)) ?? (await readBeforeImage(tx, written));
  return base === null ? null : imageAfterUpdate(written.entity, base, written.sent, answer);
}

type OfRecord = { connectionId: string; targetKey: string };

async function readAfterImage(tx: Tx, of: OfRecord): Promise<Image | null> {
  const row = await tx
    .selectFrom('loader.targetRecord')
    .select('afterImage')
    .where('connectionId', '=', of.connectionId)
    .where('targetKey', '=', of.targetKey)
    .executeTakeFirst();
  return (row?.afterImage ?? null) as Image | null;
}

/** Before the first patch of a record of theirs there is no target record yet. */
async function readBeforeImage(tx: Tx, of: OfRecord): Promise<Image | null> {
  const row = await tx
    .selectFrom('loader.beforeImage')
    .select('image')
    .where('connectionId', '=', of.connectionId)
    .where('targetKey', '=', of.targetKey)
    .executeTakeFirst();
  return (row?.image ?? null) as Image | null;
}

function isRecord(answer: unknown): answer is RemoteRecord {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer) && 'id' in answer;
}
