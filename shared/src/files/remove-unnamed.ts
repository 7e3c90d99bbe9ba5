import { sql } from 'kysely';
import type { Logger } from '../core/logger.js';
import { type Database, inTransaction, type Scope, type Tx } from '../db/index.js';
import type { FileStore } from './store.js';

/**
 * Files are written before the rows that name them. When that transaction ends in an error they may be nobody's, but not
 * surely: its commit may have arrived although the answer did not, and then they are the only copy of what somebody sent.
 * So it holds a lock to its end (`holdWhileNaming`), and afterwards somebody looks (`removeUnnamed`).
 */
export async function holdWhileNaming(tx: Tx, lock: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`.execute(tx);
}

/**
 * Removes those of the blobs that no row names. When the lock is still held the commit may be on its way, and when the
 * database is away nobody can look: then all stay, encrypted and at worst named by nobody until the tenant's purge.
 */
export async function removeUnnamed(
  ctx: { db: Database; files: FileStore },
  scope: Scope,
  written: {
    blobs: ReadonlyArray<string>;
    lock: string;
    named(tx: Tx, blobs: ReadonlyArray<string>): Promise<Array<{ blob: string }>>;
  },
  log: Logger,
): Promise<void> {
  const { blobs, lock, named } = written;
  if (blobs.length === 0) return;
  let unnamed: string[];
  try {
    unnamed = await inTransaction(ctx.db, scope, async (tx) => {
      const { rows } = await sql<{
        free: boolean;
      }>`select pg_try_advisory_xact_lock(hashtextextended(${lock}, 0)) as free`.execute(tx);
      if (!rows[0]?.free) return [];
      const kept = new Set((await named(tx, blobs)).map(({ blob }) => blob));
      return blobs.filter((blob) => !kept.has(blob));
    });
  } catch (error) {
    log.warn({ files: blobs.length, err: error }, 'could not look whether files are named; they stay');
    return;
  }
  for (const blob of unnamed) await ctx.files.remove(scope.tenantId, blob);
}
