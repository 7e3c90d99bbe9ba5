import { sql } from 'kysely';
import { type Database, inSystemTransaction, type Tx } from '../db/index.js';
import type { Claim, Claimed, IdempotencyStore, KeptAnswer, Wanted } from '../http/idempotency.js';
import { type KeyRing, keyOfRing, seal, unseal, unsealWithRing } from './secrets.js';

/** A kept answer is given for a day. */
const keptHours = 24;

/** Kept answers are sealed: the one of `POST /v1/keys` holds a secret, others hold a tenant's data. */
export function openIdempotencyStore(db: Database, ring: KeyRing, leaseMs: number): IdempotencyStore {
  const keepIn = async (tx: Tx, { id, fence }: Claim, answer: KeptAnswer): Promise<boolean> => {
    const { numUpdatedRows } = await tx
      .updateTable('core.idempotency')
      .set({
        state: 'done',
        status: answer.status,
        headers: JSON.stringify(answer.headers),
        sealedBody: seal(ring.key, answer.body, answerContext(id)),
        masterKeyId: ring.id,
        bodyHash: answer.bodyHash,
        ...(answer.tenantId === undefined ? {} : { tenantId: answer.tenantId }),
      })
      .where('id', '=', id)
      .where('fence', '=', fence)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  };
  return {
    leaseMs,
    async claim(wanted) {
      for (;;) {
        const claimed = await inSystemTransaction(db, async (tx) => {
          const claim = await take(tx, wanted, leaseMs);
          return claim ? { kind: 'mine' as const, claim } : await read(tx, wanted, ring);
        });
        // Released between our two looks: it is free again.
        if (claimed) return claimed;
      }
    },
    renew: ({ id, fence }) =>
      inSystemTransaction(db, async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('core.idempotency')
          .set({ leaseUntil: inMs(leaseMs) })
          .where('id', '=', id)
          .where('fence', '=', fence)
          .where('state', '=', 'running')
          .executeTakeFirst();
        return numUpdatedRows === 1n;
      }),
    keep: (claim, answer, tx) =>
      tx ? keepIn(tx, claim, answer) : inSystemTransaction(db, (own) => keepIn(own, claim, answer)),
    async release({ id, fence }) {
      await inSystemTransaction(db, (tx) =>
        tx
          .deleteFrom('core.idempotency')
          .where('id', '=', id)
          .where('fence', '=', fence)
          .where('state', '=', 'running')
          .execute(),
      );
    },
  };
}

/** Forgets what is older than its day, and claims that nobody came back for. */
export async function sweepIdempotency(db: Database): Promise<void> {
  await inSystemTransaction(db, (tx) =>
    tx
      .deleteFrom('core.idempotency')
      .where('id', 'in', (old) =>
        old
          .selectFrom('core.idempotency')
          .select('id')
          .where('expiresAt', '<', sql<Date>`now()`)
          .limit(1_000),
      )
      .execute(),
  );
}

/** One statement, so that of a thousand repeats at the same moment one gets it. */
function take(tx: Tx, wanted: Wanted, leaseMs: number): Promise<Claim | undefined> {
  const fresh = {
    requestHash: wanted.requestHash,
    tenantId: wanted.tenantId,
    leaseUntil: inMs(leaseMs),
    expiresAt: sql<Date>`now() + make_interval(hours => ${keptHours})`,
  };
  return tx
    .insertInto('core.idempotency')
    .values({
      familyId: wanted.familyId,
      route: wanted.route,
      key: wanted.key,
      state: 'running',
      ...fresh,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['familyId', 'route', 'key'])
        .doUpdateSet({
          ...fresh,
          state: 'running',
          status: null,
          headers: null,
          sealedBody: null,
          masterKeyId: null,
          bodyHash: null,
          fence: sql`core.idempotency.fence + 1`,
        })
        .where(
          sql<boolean>`core.idempotency.expires_at < now() or (core.idempotency.state = 'running'
            and core.idempotency.lease_until < now() and core.idempotency.request_hash = excluded.request_hash)`,
        ),
    )
    .returning(['id', 'fence'])
    .executeTakeFirst();
}

async function read(
  tx: Tx,
  wanted: Wanted,
  ring: KeyRing,
): Promise<Exclude<Claimed, { kind: 'mine' }> | undefined> {
  const row = await tx
    .selectFrom('core.idempotency')
    .selectAll()
    .select(sql<number>`extract(epoch from lease_until - now()) * 1000`.as('leaseMs'))
    .where('familyId', '=', wanted.familyId)
    .where('route', '=', wanted.route)
    .where('key', '=', wanted.key)
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.status === null || row.sealedBody === null)
    return { kind: 'running', requestHash: row.requestHash, retryAfterMs: Number(row.leaseMs) };
  return {
    kind: 'done',
    requestHash: row.requestHash,
    answer: {
      status: row.status,
      headers: row.headers as Record<string, string>,
      body:
        row.masterKeyId === null
          ? unsealWithRing(ring, row.sealedBody, answerContext(row.id))
          : unseal(keyOfRing(ring, row.masterKeyId), row.sealedBody, answerContext(row.id)),
      bodyHash: row.bodyHash,
    },
  };
}

/** What a kept answer is bound to in its seal. */
export function answerContext(id: string): string {
  return `idempotency|${id}`;
}

function inMs(ms: number) {
  return sql<Date>`now() + make_interval(secs => ${ms / 1000})`;
}
