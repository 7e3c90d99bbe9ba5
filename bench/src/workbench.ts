import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { generate } from '@octopipe/generator/generate';
import { createContext as createIngestContext, type IngestContext } from '@octopipe/ingest/context';
import { listPackage } from '@octopipe/ingest/staging/list-package';
import { createLogger } from '@octopipe/shared/core/logger';
import { migrateToLatestOrThrow } from '@octopipe/shared/db/migrate';
import { startEmbeddedPostgres } from '@octopipe/shared/embedded/postgres';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant } from '@octopipe/shared/tenancy/tenant';
import { createContext as createTransformContext, type TransformContext } from '@octopipe/transform/context';
import pg from 'pg';
import type { Choices } from './choices.js';
import { temporaryFolder } from './temporary-folder.js';

/** A Postgres of our own (fsync on, as in production), one tenant, and the contexts that the services work with. */
export interface Workbench {
  url: string;
  tenantId: string;
  migrationId: string;
  /** The tenant's short name and a key for the services' APIs. */
  slug: string;
  apiKey: string;
  /** What a service of its own process needs to work on the same data. */
  env: Record<string, string>;
  /** The generated package as a folder and as the zip that is uploaded. */
  package: { folder: string; zip: string; rows: number; megabytes: number };
  ingest: IngestContext;
  transform: TransformContext;
  /** As the database's owner, beyond row-level security. */
  query<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export async function openWorkbench({ size, seed }: Choices): Promise<Workbench> {
  const temporary = await temporaryFolder();
  const folder = temporary.path;
  const made = await makePackage(path.join(folder, 'export'), size, seed);
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') });
  await migrateToLatestOrThrow(postgres.url);
  const master = randomBytes(32).toString('base64');
  const masterKey = parseMasterKey(master);
  const filesRoot = path.join(folder, 'files');
  const config = {
    db: { url: postgres.url, poolSize: 4 },
    queue: { redisUrl: undefined, concurrency: 4, sweepIntervalMs: 1_000, lockMs: 10_000 },
    files: { root: filesRoot },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'warn' },
    masterKey,
  };
  // The standard output is the report's alone.
  const logger = createLogger('bench', 'warn', process.stderr);
  const ingest = createIngestContext(
    { ...config, upload: { maxBytes: 2 ** 31 }, webhooks: { testHosts: [] } },
    logger,
  );
  const transform = createTransformContext(config, logger);
  const owner = new pg.Pool({ connectionString: postgres.url, max: 2 });
  owner.on('error', () => {});
  const query = async <T extends object>(text: string, values: unknown[] = []) =>
    (await owner.query<T>(text, values)).rows;
  const tenant = await getOrCreateTenant(ingest.db, masterKey, { slug: 'bench', name: 'Bench' });
  const apiKey = await createApiKey(ingest.db, { role: 'operator', label: 'bench' });
  const [migration] = await query<{ id: string }>(
    `insert into ingest.migration (tenant_id, reference, name) values ($1, 'bench', 'Bench') returning id`,
    [tenant.id],
  );
  return {
    url: postgres.url,
    tenantId: tenant.id,
    migrationId: migration?.id ?? '',
    slug: tenant.slug,
    apiKey,
    env: {
      DATABASE_URL: postgres.url,
      OCTOPIPE_MASTER_KEY: master,
      OCTOPIPE_FILES_DIR: filesRoot,
      PIPEDRIVE_TEST_HOSTS: '127.0.0.1',
      LOG_LEVEL: 'warn',
    },
    package: made,
    ingest,
    transform,
    query,
    async close() {
      await owner.end();
      await transform.destroy();
      await ingest.destroy();
      await postgres.stop();
      temporary.remove();
    },
  };
}

/** Without planted defects: what psql cannot read, and rows that are set aside, would make the two sides do different work. */
export async function makePackage(
  out: string,
  size: Choices['size'],
  seed: number,
): Promise<Workbench['package']> {
  const made = await generate({ size, seed, out, defects: 'none', files: true, maxFiles: 10_000, zip: true });
  if (made.zip === undefined) throw new Error('the generator made no zip');
  return {
    folder: path.join(out, 'package'),
    zip: made.zip,
    rows: made.rows,
    megabytes: made.bytes / 2 ** 20,
  };
}

/** Takes the zipped package in, as the upload does, up to the point where its tables wait for being staged. */
export async function takeIn(bench: Workbench): Promise<string> {
  const { ingest, tenantId, migrationId } = bench;
  const content = createReadStream(bench.package.zip);
  const stored = await ingest.files.put(tenantId, await ingest.dataKey(tenantId), content);
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
