import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { Problem } from '../core/errors.js';
import { type Database, inSystemTransaction } from '../db/index.js';

export const roles = ['portal', 'operator', 'tenant_admin', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** Who is calling. `tenantId` is set for keys bound to one tenant; operators and portals name the tenant per call. */
export interface Caller {
  keyId: string;
  label: string;
  role: Role;
  tenantId: string | null;
}

/** Makes a key and returns it once; only its SHA-256 is stored (a random 256-bit key needs no slow hash). */
export async function createApiKey(
  db: Database,
  key: { role: Role; label: string; tenantId?: string },
): Promise<string> {
  const secret = `o2p_live_${randomBytes(32).toString('base64url')}`;
  await inSystemTransaction(db, (tx) =>
    tx
      .insertInto('core.apiKey')
      .values({
        keyHash: hashOfKey(secret),
        role: key.role,
        label: key.label,
        tenantId: key.tenantId ?? null,
      })
      .execute(),
  );
  return secret;
}

/** True when no key exists yet: then the bootstrap operator key is made and printed once. */
export async function hasNoApiKeys(db: Database): Promise<boolean> {
  const row = await inSystemTransaction(db, (tx) =>
    tx.selectFrom('core.apiKey').select('id').limit(1).executeTakeFirst(),
  );
  return row === undefined;
}

/** Reads `Authorization: Bearer …`; one answer for missing, unknown and expired, so that nothing can be guessed. */
export async function authenticate(db: Database, req: Request): Promise<Caller> {
  const [scheme, secret] = (req.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer' && secret?.startsWith('o2p_')) {
    const row = await inSystemTransaction(db, (tx) =>
      tx
        .selectFrom('core.apiKey')
        .select(['id', 'label', 'role', 'tenantId', 'expiresAt'])
        .where('keyHash', '=', hashOfKey(secret))
        .executeTakeFirst(),
    );
    if (row && (row.expiresAt === null || row.expiresAt > new Date())) {
      return { keyId: row.id, label: row.label, role: row.role as Role, tenantId: row.tenantId };
    }
  }
  throw new Problem(401, 'unauthorized', 'Send a valid API key as "Authorization: Bearer o2p_live_…".');
}

function hashOfKey(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
