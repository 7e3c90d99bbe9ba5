import { sql } from 'kysely';
import { failpoint } from '../core/failpoints.js';
import { type Database, inSystemTransaction, type Tx } from '../db/index.js';
import { answerContext } from './idempotency.js';
import { type KeyRing, keyOfRing, seal, tenantKeyContext, unseal, unsealWithRing } from './secrets.js';

export interface Resealed {
  /** Data keys of tenants: what they seal in their turn (tokens, webhook secrets, files) stays as it is. */
  tenants: number;
  /** Kept answers of POSTs with an Idempotency-Key. */
  answers: number;
  /** Did not open with the key they name, and were left as they are. */
  damaged: number;
  /** Still under another key at the end: the damaged ones, and what a process with a former key has sealed meanwhile. */
  left: number;
}

/** Rows of one transaction. */
const defaultSliceSize = 100;

/**
 * Seals everything that a master key seals under the current key of the ring. The console's cookies are with the
 * browsers and end by themselves after eight hours.
 *
 * At-least-once: each slice is a transaction and each row says which key it has, so this may be killed, and run twice or
 * by two at once. It begins only when every key that is in use is in the ring: half a rotation looks like a whole one.
 */
export async function resealAll(
  db: Database,
  ring: KeyRing,
  sliceSize = defaultSliceSize,
): Promise<Resealed> {
  for (const id of await inSystemTransaction(db, keyIdsInUse)) keyOfRing(ring, id);
  const tenants = await inSlices(db, (tx, after) => resealTenants(tx, ring, after, sliceSize));
  const answers = await inSlices(db, (tx, after) => resealAnswers(tx, ring, after, sliceSize));
  return {
    tenants: tenants.resealed,
    answers: answers.resealed,
    damaged: tenants.damaged + answers.damaged,
    left: await inSystemTransaction(db, (tx) => countOfOtherKeys(tx, ring)),
  };
}

interface Slice {
  /** Null: there was nothing more. */
  last: string | null;
  resealed: number;
  damaged: number;
}

async function inSlices(db: Database, next: (tx: Tx, after: string) => Promise<Slice>) {
  const sum = { resealed: 0, damaged: 0 };
  for (let after: string | null = '00000000-0000-0000-0000-000000000000'; after !== null; ) {
    const from: string = after;
    const slice = await inSystemTransaction(db, (tx) => next(tx, from));
    failpoint('reseal.after_slice');
    sum.resealed += slice.resealed;
    sum.damaged += slice.damaged;
    after = slice.last;
  }
  return sum;
}

async function resealTenants(tx: Tx, ring: KeyRing, after: string, limit: number): Promise<Slice> {
  const rows = await tx
    .selectFrom('core.tenant')
    .select(['id', 'slug', 'wrappedDataKey', 'masterKeyId'])
    // Whoever is being purged has no data key any more.
    .where('purgeId', 'is', null)
    .where('masterKeyId', '<>', ring.id)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .forNoKeyUpdate()
    .execute();
  let resealed = 0;
  for (const { id, slug, wrappedDataKey, masterKeyId } of rows) {
    const context = tenantKeyContext(slug);
    const dataKey = opened(() => unseal(keyOfRing(ring, masterKeyId), wrappedDataKey, context));
    if (!dataKey) continue;
    await tx
      .updateTable('core.tenant')
      .set({ wrappedDataKey: seal(ring.key, dataKey, context), masterKeyId: ring.id })
      .where('id', '=', id)
      .execute();
    resealed += 1;
  }
  return { last: rows.at(-1)?.id ?? null, resealed, damaged: rows.length - resealed };
}

async function resealAnswers(tx: Tx, ring: KeyRing, after: string, limit: number): Promise<Slice> {
  const rows = await tx
    .selectFrom('core.idempotency')
    .select(['id', 'sealedBody', 'masterKeyId'])
    .where('sealedBody', 'is not', null)
    .where('masterKeyId', 'is distinct from', ring.id)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .forNoKeyUpdate()
    .execute();
  let resealed = 0;
  for (const { id, sealedBody, masterKeyId } of rows) {
    const context = answerContext(id);
    const sealed = sealedBody ?? Buffer.alloc(0);
    const body = opened(() =>
      masterKeyId === null
        ? unsealWithRing(ring, sealed, context)
        : unseal(keyOfRing(ring, masterKeyId), sealed, context),
    );
    if (!body) continue;
    await tx
      .updateTable('core.idempotency')
      .set({ sealedBody: seal(ring.key, body, context), masterKeyId: ring.id })
      .where('id', '=', id)
      .execute();
    resealed += 1;
  }
  return { last: rows.at(-1)?.id ?? null, resealed, damaged: rows.length - resealed };
}

/** One broken row must not keep all the others under a key that is to go. */
function opened(open: () => Buffer): Buffer | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

async function keyIdsInUse(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select master_key_id as id from core.tenant where purge_id is null
    union select master_key_id from core.idempotency where sealed_body is not null and master_key_id is not null
    order by 1`.execute(tx);
  return rows.map(({ id }) => id);
}

async function countOfOtherKeys(tx: Tx, ring: KeyRing): Promise<number> {
  const { rows } = await sql<{ left: number }>`
    select (select count(*) from core.tenant where purge_id is null and master_key_id <> ${ring.id})::int
      + (select count(*) from core.idempotency where sealed_body is not null
           and master_key_id is distinct from ${ring.id})::int as left`.execute(tx);
  return rows[0]?.left ?? 0;
}
