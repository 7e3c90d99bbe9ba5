import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateToLatestOrThrow } from '../db/migrate.js';
import { startEmbeddedPostgres } from '../embedded/postgres.js';
import type { TestDatabase } from './postgres.js';

export type OwnPostgres = TestDatabase & {
  /** As an operator would: connections are cut, what was committed is there again after `comeBack`. */
  goAway(): Promise<void>;
  /** The same data on the same port. */
  comeBack(): Promise<void>;
};

/** A database on a server of its own, that may be stopped without other tests noticing; migrated, unless it is not to be. */
export async function startOwnPostgres({ migrated = true } = {}): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), `octopipe-own-${process.pid}-`));
  // The account that Postgres runs as when we are root must pass.
  await chmod(folder, 0o755);
  const start = (port?: number) =>
    startEmbeddedPostgres({
      dataDir: join(folder, 'postgres'),
      // A stop in order writes everything; nobody needs this data after a power cut.
      settings: { fsync: 'off', full_page_writes: 'off' },
      ...(port === undefined ? {} : { port }),
    });
  let server = await start();
  const { url, port } = server;
  if (migrated) await migrateToLatestOrThrow(url);
  return {
    url,
    goAway: () => server.stop(),
    async comeBack() {
      server = await start(port);
    },
    async drop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
