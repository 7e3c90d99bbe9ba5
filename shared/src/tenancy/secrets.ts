import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { SetupError, TenantGone } from '../core/errors.js';
import type { Database } from '../db/index.js';
import { inSystemTransaction } from '../db/index.js';

/** A master key of the installation: wraps one data key per tenant. `id` comes from the key and tells rotations apart. */
export interface MasterKey {
  id: string;
  key: Buffer;
}

/** The current one, which alone seals, and those that open as well: former ones, or the next one before its time. */
export interface KeyRing extends MasterKey {
  others: ReadonlyArray<MasterKey>;
}

/** Parses OCTOPIPE_MASTER_KEY (32 bytes in base64) and OCTOPIPE_OTHER_MASTER_KEYS (the same, with commas between). */
export function parseMasterKey(text: string, others = ''): KeyRing {
  const current = parseKey('OCTOPIPE_MASTER_KEY', text);
  const rest = others
    .split(',')
    .map((other) => other.trim())
    .filter((other) => other !== '')
    .map((other) => parseKey('OCTOPIPE_OTHER_MASTER_KEYS', other));
  return { ...current, others: rest.filter(({ id }) => id !== current.id) };
}

function parseKey(name: string, text: string): MasterKey {
  // Buffer.from skips what is not base64, so a passphrase of the right length would pass for a key.
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
    throw new SetupError(`${name} must be 32 bytes in base64 (openssl rand -base64 32).`);
  const key = Buffer.from(text, 'base64');
  return { id: createHash('sha256').update(key).digest('hex').slice(0, 12), key };
}

/** AES-256-GCM: 12-byte nonce, ciphertext, 16-byte tag. `context` binds it to its row: moved elsewhere it does not open. */
export function seal(key: Buffer, plain: Buffer, context: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` made with the same key and context; throws otherwise. */
export function unseal(key: Buffer, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  return Buffer.concat([decipher.update(sealed.subarray(12, sealed.length - 16)), decipher.final()]);
}

/** The key of this id; what was sealed with one that is not in the ring cannot be opened by anybody. */
export function keyOfRing(ring: KeyRing, id: string): Buffer {
  const found = [ring, ...ring.others].find((known) => known.id === id);
  if (found) return found.key;
  throw new SetupError(
    `The data of this installation was sealed with master key ${id}, but only ${idsOf(ring)} is configured; put the former key back, as OCTOPIPE_MASTER_KEY or among OCTOPIPE_OTHER_MASTER_KEYS.`,
  );
}

/** Opens what does not say which key of the ring sealed it; throws when none of them did. */
export function unsealWithRing(ring: KeyRing, sealed: Buffer, context: string): Buffer {
  for (const { key } of ring.others) {
    try {
      return unseal(key, sealed, context);
    } catch {
      // Of another key of the ring, or damaged: the last look tells.
    }
  }
  return unseal(ring.key, sealed, context);
}

/** For sentences; an id does not tell its key. */
export function idsOf(ring: KeyRing): string {
  return [ring, ...ring.others].map(({ id }) => id).join(', ');
}

/** What a tenant's data key is bound to in its wrapping. */
export function tenantKeyContext(slug: string): string {
  return `tenant-key|${slug}`;
}

/** The tenant's own data key, unwrapped with the master key that wrapped it. */
export async function tenantDataKey(db: Database, ring: KeyRing, tenantId: string): Promise<Buffer> {
  const row = await inSystemTransaction(db, (tx) =>
    tx
      .selectFrom('core.tenant')
      .select(['slug', 'wrappedDataKey', 'masterKeyId', 'purgeId'])
      .where('id', '=', tenantId)
      .executeTakeFirst(),
  );
  if (!row || row.purgeId !== null) throw new TenantGone();
  return unseal(keyOfRing(ring, row.masterKeyId), row.wrappedDataKey, tenantKeyContext(row.slug));
}
