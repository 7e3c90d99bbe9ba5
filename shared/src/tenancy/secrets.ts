import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { SetupError, TenantGone } from '../core/errors.js';
import type { Database } from '../db/index.js';
import { inSystemTransaction } from '../db/index.js';

/** The installation's master key: wraps one data key per tenant. `id` tells rotations apart. */
export interface MasterKey {
  id: string;
  key: Buffer;
}

/** Parses OCTOPIPE_MASTER_KEY: 32 bytes in base64. */
export function parseMasterKey(text: string): MasterKey {
  // Buffer.from skips what is not base64, so a passphrase of the right length would pass for a key.
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
    throw new SetupError('OCTOPIPE_MASTER_KEY must be 32 bytes in base64 (openssl rand -base64 32).');
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

/** The tenant's own data key, unwrapped with the master key. */
export async function tenantDataKey(db: Database, master: MasterKey, tenantId: string): Promise<Buffer> {
  const row = await inSystemTransaction(db, (tx) =>
    tx
      .selectFrom('core.tenant')
      .select(['slug', 'wrappedDataKey', 'masterKeyId', 'purgeId'])
      .where('id', '=', tenantId)
      .executeTakeFirst(),
  );
  if (!row || row.purgeId !== null) throw new TenantGone();
  if (row.masterKeyId !== master.id) {
    throw new SetupError(
      `The data of this installation was sealed with master key ${row.masterKeyId}, but ${master.id} is configured; restore the former OCTOPIPE_MASTER_KEY.`,
    );
  }
  return unseal(master.key, row.wrappedDataKey, `tenant-key|${row.slug}`);
}
