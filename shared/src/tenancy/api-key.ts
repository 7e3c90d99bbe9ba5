import type { Request } from 'express';
import { sql } from 'kysely';
import { Problem } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { shareNext } from '../core/share-next.js';
import { type Database, inSystemTransaction, type Tx } from '../db/index.js';
import { hashOfSecret, hintOf, isWellFormed, newSecret } from './key-form.js';

export const roles = ['portal', 'operator', 'tenant_admin', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** Roles whose keys are bound to one tenant. The others may be; unbound they name the tenant per call. */
export const tenantRoles: ReadonlyArray<Role> = ['tenant_admin', 'viewer'];

/** Who is calling. `tenantId` is set for keys bound to one tenant; operators and portals name the tenant per call. */
export interface Caller {
  keyId: string;
  /** The same for a key and what it was rotated into: limits and remembered answers belong to the family. */
  familyId: string;
  label: string;
  role: Role;
  tenantId: string | null;
  /** Null: the limit of the role. */
  requestsPerMinute: number | null;
}

export interface NewKey {
  role: Role;
  label: string;
  tenantId?: string;
  expiresAt?: Date;
  requestsPerMinute?: number;
  createdBy?: string;
}

/** A key as the API shows it: never the secret, which nobody has but its holder. */
export interface ApiKey {
  id: string;
  familyId: string;
  hint: string;
  role: Role;
  tenantId: string | null;
  /** Its slug. */
  tenant: string | null;
  label: string;
  createdBy: string | null;
  requestsPerMinute: number | null;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

/** Makes a key and returns it once; only its SHA-256 is stored. */
export async function createApiKey(db: Database, key: NewKey): Promise<string> {
  return (await inSystemTransaction(db, (tx) => insertApiKey(tx, key))).secret;
}

/** The same inside a system transaction, with the row's id. */
export async function insertApiKey(
  tx: Tx,
  key: NewKey & { familyId?: string },
): Promise<{ id: string; secret: string }> {
  const secret = newSecret();
  const { id } = await tx
    .insertInto('core.apiKey')
    .values({
      keyHash: hashOfSecret(secret),
      hint: hintOf(secret),
      role: key.role,
      label: key.label,
      tenantId: key.tenantId ?? null,
      expiresAt: key.expiresAt ?? null,
      requestsPerMinute: key.requestsPerMinute ?? null,
      createdBy: key.createdBy ?? null,
      ...(key.familyId === undefined ? {} : { familyId: key.familyId }),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, secret };
}

/** True when no key exists yet: then the bootstrap operator key is made and printed once. */
export async function hasNoApiKeys(db: Database): Promise<boolean> {
  const row = await inSystemTransaction(db, (tx) =>
    tx.selectFrom('core.apiKey').select('id').limit(1).executeTakeFirst(),
  );
  return row === undefined;
}

/**
 * Reads `Authorization: Bearer …`; one answer for missing, mistyped, unknown, expired and revoked, so that nothing can
 * be guessed. Which of them it was stands in the log, with the hint of a known key and never with what was sent.
 *
 * A key is looked up for each call, so that a revoked one is refused at once; calls of one key that come together share
 * a look that began after them. A look is four round trips to the database, and was most of what an estimate took.
 */
export function openAuthenticator(db: Database, log?: Logger): (req: Request) => Promise<Caller> {
  const look = shareNext((keyHash) => findKey(db, Buffer.from(keyHash, 'hex')));
  return async (req) => {
    const found = await findCaller(look, req.headers.authorization ?? '');
    if ('caller' in found) return found.caller;
    const requestId: unknown = req.res?.locals.requestId;
    log?.info({ requestId, reason: found.refused, hint: found.hint }, 'api key refused');
    throw new Problem(401, 'unauthorized', 'Send a valid API key as "Authorization: Bearer o2p_live_…".');
  };
}

type Found =
  | { caller: Caller }
  | { refused: 'missing' | 'mistyped' | 'unknown' | 'expired' | 'revoked'; hint?: string };

async function findCaller(
  look: (keyHash: string) => ReturnType<typeof findKey>,
  authorization: string,
): Promise<Found> {
  const [scheme, secret = ''] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || secret === '') return { refused: 'missing' };
  if (!isWellFormed(secret)) return { refused: 'mistyped' };
  const row = await look(hashOfSecret(secret).toString('hex'));
  if (!row) return { refused: 'unknown' };
  const { id: keyId, expiresAt, revokedAt, hint, role, ...caller } = row;
  if (revokedAt !== null) return { refused: 'revoked', hint };
  if (expiresAt !== null && expiresAt <= new Date()) return { refused: 'expired', hint };
  return { caller: { ...caller, keyId, role: role as Role } };
}

function findKey(db: Database, keyHash: Buffer) {
  return inSystemTransaction(db, (tx) =>
    tx
      .selectFrom('core.apiKey')
      .select([
        'id',
        'familyId',
        'label',
        'role',
        'tenantId',
        'requestsPerMinute',
        endsAt().as('expiresAt'),
        'revokedAt',
        'hint',
      ])
      .where('keyHash', '=', keyHash)
      .executeTakeFirst(),
  );
}

/** The key behind a session that was opened with it, while it is valid. */
export async function findLiveKey(
  tx: Tx,
  keyId: string,
): Promise<{ id: string; tenantId: string | null } | undefined> {
  return live(
    tx.selectFrom('core.apiKey').select(['id', 'tenantId']).where('id', '=', keyId),
  ).executeTakeFirst();
}

export interface KeyFilter {
  tenantId?: string;
  after?: string;
  limit: number;
}

export async function listApiKeys(tx: Tx, { tenantId, after, limit }: KeyFilter): Promise<ApiKey[]> {
  const rows = await apiKeys(tx)
    .$if(tenantId !== undefined, (all) => all.where('k.tenantId', '=', tenantId ?? ''))
    .$if(after !== undefined, (all) => all.where('k.id', '>', after ?? ''))
    .orderBy('k.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, role: row.role as Role }));
}

export async function findApiKey(tx: Tx, id: string): Promise<ApiKey | undefined> {
  const row = await apiKeys(tx).where('k.id', '=', id).executeTakeFirst();
  return row && { ...row, role: row.role as Role };
}

/**
 * A second key of the same family. The former one works on for the overlap, so that a program can be given the new
 * one without a moment in which neither works; never longer than it would have anyhow. Rotated again, as when the
 * answer with the secret was lost, it hands on the expiry that it was made with and not the end of its overlap.
 */
export async function rotateApiKey(
  tx: Tx,
  id: string,
  change: { overlapSeconds: number; createdBy: string },
): Promise<{ id: string; secret: string } | undefined> {
  const row = await live(tx.selectFrom('core.apiKey').selectAll().where('id', '=', id))
    .forUpdate()
    .executeTakeFirst();
  if (!row) return undefined;
  await tx
    .updateTable('core.apiKey')
    .set({
      retiresAt: sql<Date>`least(retires_at, now() + make_interval(secs => ${change.overlapSeconds}))`,
    })
    .where('id', '=', id)
    .execute();
  return insertApiKey(tx, {
    role: row.role as Role,
    label: row.label,
    familyId: row.familyId,
    createdBy: change.createdBy,
    ...(row.tenantId === null ? {} : { tenantId: row.tenantId }),
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
    ...(row.requestsPerMinute === null ? {} : { requestsPerMinute: row.requestsPerMinute }),
  });
}

/** At once and for good. Doing it twice changes nothing. False when it is the last unbound operator key that lives. */
export async function revokeApiKey(tx: Tx, id: string): Promise<boolean> {
  // Two operators who revoke each other's key at the same moment must not both win.
  await sql`select pg_advisory_xact_lock(hashtextextended('revoke api key', 0))`.execute(tx);
  const left = await live(tx.selectFrom('core.apiKey').select('id'))
    .where('role', '=', 'operator')
    .where('tenantId', 'is', null)
    .where(endsAt(), 'is', null)
    .execute();
  if (left.length === 1 && left[0]?.id === id) return false;
  await tx
    .updateTable('core.apiKey')
    .set({ revokedAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .execute();
  return true;
}

function apiKeys(tx: Tx) {
  return tx
    .selectFrom('core.apiKey as k')
    .leftJoin('core.tenant as t', 't.id', 'k.tenantId')
    .select([
      'k.id',
      'k.familyId',
      'k.hint',
      'k.role',
      'k.tenantId',
      't.slug as tenant',
      'k.label',
      'k.createdBy',
      'k.requestsPerMinute',
      'k.createdAt',
      endsAt().as('expiresAt'),
      'k.revokedAt',
      'k.lastUsedAt',
    ]);
}

function live<Q extends { where(condition: ReturnType<typeof isLive>): Q }>(query: Q): Q {
  return query.where(isLive());
}

function isLive() {
  return sql<boolean>`revoked_at is null and coalesce(${endsAt()} > now(), true)`;
}

/** When a key ends by itself: its expiry or the end of its overlap, whichever comes first; null when it has neither. */
function endsAt() {
  return sql<Date | null>`least(expires_at, retires_at)`;
}
