import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContext as createIngestContext, type IngestContext } from '@octopipe/ingest/context';
import { listPackage } from '@octopipe/ingest/staging/list-package';
import { createLogger } from '@octopipe/shared/core/logger';
import { migrateToLatestOrThrow } from '@octopipe/shared/db/migrate';
import { startEmbeddedPostgres } from '@octopipe/shared/embedded/postgres';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant } from '@octopipe/shared/tenancy/tenant';
import { createContext as createTransformContext, type TransformContext } from '@octopipe/transform/context';
import pg from 'pg';

/** A Postgres of our own (fsync on, as in production), one tenant, and the contexts that the services work with. */
export interface Workbench {
  url: string;
  tenantId: string;
  migrationId: string;
  ingest: IngestContext;
  transform: TransformContext;
  /** As the database's owner, beyond row-level security. */
  query<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export async function openWorkbench(): Promise<Workbench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'octopipe-bench-'));
  // Postgres runs as another account when we are root, and has to pass through here.
  await chmod(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') });
  await migrateToLatestOrThrow(postgres.url);
  const masterKey = parseMasterKey(randomBytes(32).toString('base64'));
  const config = {
    db: { url: postgres.url, poolSize: 4 },
    queue: { redisUrl: undefined, concurrency: 4, sweepIntervalMs: 1_000, lockMs: 10_000 },
    files: { root: path.join(folder, 'files') },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'warn' },
    masterKey,
  };
  const logger = createLogger('bench', 'warn');
  const ingest = createIngestContext({ ...config, upload: { maxBytes: 2 ** 31 }, webhooks: { testHosts: [] } }, logger);
  const transform = createTransformContext(config, logger);
  const owner = new pg.Pool({ connectionString: postgres.url, max: 2 });
  owner.on('error', () => {});
  const query = async <T extends object>(text: string, values: unknown[] = []) =>
    (await owner.query<T>(text, values)).rows;
  const tenant = await getOrCreateTenant(ingest.db, masterKey, { slug: 'bench', name: 'Bench' });
  const [migration] = await query<{ id: string }>(
    `insert into ingest.migration (tenant_id, reference, name) values ($1, 'bench', 'Bench') returning id`,
    [tenant.id],
  );
  return {
    url: postgres.url,
    tenantId: tenant.id,
    migrationId: migration?.id ?? '',
    ingest,
    transform,
    query,
    async close() {
      await owner.end();
      await transform.destroy();
      await ingest.destroy();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Takes a zipped package in, as the upload does, up to the point where its tables wait for being staged. */
export async function takeIn(bench: Workbench, zip: string): Promise<string> {
  const { ingest, tenantId, migrationId } = bench;
  const stored = await ingest.files.put(tenantId, await ingest.dataKey(tenantId), createReadStream(zip));
  const [made] = await bench.query<{ id: string }>(
    `insert into ingest.export (tenant_id, migration_id, state, sha256, bytes, blob)
      values ($1, $2, 'received', $3, $4, $5) returning id`,
    [tenantId, migrationId, stored.sha256, stored.bytes, stored.blob],
  );
  const id = made?.id ?? '';
  const { signal } = new AbortController();
  await listPackage(ingest, tenantId, { id, blob: stored.blob, bytes: String(stored.bytes) }, signal);
  return id;
}
