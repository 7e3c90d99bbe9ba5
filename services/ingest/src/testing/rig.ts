import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@octopipe/shared/core/logger';
import { openDatabase } from '@octopipe/shared/db/index';
import { type BodyTimes, defaultBodyTimes } from '@octopipe/shared/http/body-time';
import type { RunningService } from '@octopipe/shared/service/service';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { createTestDatabase } from '@octopipe/shared/testing/postgres';
import pg from 'pg';
import yazl from 'yazl';
import type { IngestConfig } from '../config.js';
import { create } from '../service.js';

/** A running ingest service over a database and a file store of its own, and what a test asks of it. */
export interface Rig {
  url: string;
  databaseUrl: string;
  config: IngestConfig;
  operatorKey: string;
  /** All log lines so far. */
  logs(): string;
  filesDir: string;
  keyOfTenant(slug: string): Promise<string>;
  /** Rows of a query as the database's owner, beyond row-level security. */
  query<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>;
  call(method: string, route: string, options?: CallOptions): Promise<{ status: number; body: never }>;
  openMigration(tenant: string, reference?: string): Promise<string>;
  upload(migrationId: string, tenant: string, zip: Buffer): Promise<{ status: number; body: never }>;
  /** Waits until the export is assessed or failed. */
  settled(migrationId: string, tenant: string, exportId: string): Promise<ExportView>;
  stop(): Promise<void>;
}

interface CallOptions {
  key?: string;
  json?: unknown;
  bytes?: Buffer;
  type?: string;
  headers?: Record<string, string>;
}

export interface ExportView {
  id: string;
  state: string;
  error_code: string | null;
  error_detail: string | null;
  files: Array<{
    path: string;
    object: string | null;
    kind: string;
    state: string;
    rows: number | null;
    dropped_columns: string[];
  }>;
  objects: Array<{ object: string; rows: number }>;
  findings: Record<string, number>;
}

export async function startRig(
  overrides: {
    redisUrl?: string;
    maxUploadBytes?: number;
    bodyTimes?: BodyTimes;
    withoutService?: boolean;
  } = {},
): Promise<Rig> {
  const database = await createTestDatabase();
  const filesDir = await mkdtemp(path.join(tmpdir(), 'octopipe-ingest-files-'));
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const config: IngestConfig = {
    db: { url: database.url, poolSize: 6 },
    queue: { redisUrl: overrides.redisUrl, concurrency: 3, sweepIntervalMs: 200, lockMs: 10_000 },
    files: { root: filesDir },
    http: { host: '127.0.0.1', port: 0, bodyTimes: overrides.bodyTimes ?? defaultBodyTimes },
    log: { level: 'debug' },
    masterKey: parseMasterKey(randomBytes(32).toString('base64')),
    upload: { maxBytes: overrides.maxUploadBytes ?? 64 * 2 ** 20 },
    webhooks: { testHosts: ['127.0.0.1'] },
  };
  const admin = openDatabase(database.url, { max: 2, onError: () => {}, applicationName: 'rig' });
  const operatorKey = await createApiKey(admin.db, { role: 'operator', label: 'test' });
  const logger = createLogger('ingest', 'debug', sink);
  const service: RunningService | undefined = overrides.withoutService
    ? undefined
    : await create(config, { logger });
  const url = service?.url ?? '';

  const rig: Rig = {
    url,
    databaseUrl: database.url,
    config,
    operatorKey,
    logs: () => lines.join(''),
    filesDir,
    async keyOfTenant(slug) {
      const [row] = await rig.query<{ id: string }>('select id from core.tenant where slug = $1', [slug]);
      return createApiKey(admin.db, { role: 'tenant_admin', label: slug, tenantId: row?.id ?? '' });
    },
    async query(text, values = []) {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        return (await client.query(text, values)).rows as never;
      } finally {
        await client.end();
      }
    },
    async call(method, route, options = {}) {
      const body = options.bytes ?? (options.json === undefined ? undefined : JSON.stringify(options.json));
      const answer = await fetch(`${url}${route}`, {
        method,
        headers: {
          authorization: `Bearer ${options.key ?? operatorKey}`,
          'content-type': options.type ?? (options.bytes ? 'application/zip' : 'application/json'),
          ...options.headers,
        },
        ...(body === undefined ? {} : { body: body as never }),
      });
      return { status: answer.status, body: (await answer.json()) as never };
    },
    async openMigration(tenant, reference = 'ref-1') {
      const { body } = await rig.call('POST', '/v1/migrations', {
        json: { tenant, reference, name: `${tenant} moves` },
      });
      return (body as { id: string }).id;
    },
    upload: (migrationId, tenant, zip) =>
      rig.call('POST', `/v1/migrations/${migrationId}/exports?tenant=${tenant}`, { bytes: zip }),
    async settled(migrationId, tenant, exportId) {
      for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
        const { body } = await rig.call(
          'GET',
          `/v1/migrations/${migrationId}/exports/${exportId}?tenant=${tenant}`,
        );
        const view = body as ExportView;
        if (view.state === 'assessed' || view.state === 'failed') return view;
      }
      throw new Error(`export ${exportId} did not settle; log:\n${rig.logs().slice(-4_000)}`);
    },
    async stop() {
      await service?.destroy();
      await admin.destroy();
      await database.drop();
      await rm(filesDir, { recursive: true, force: true });
    },
  };
  return rig;
}

/** A package in memory: path → content. */
export async function zipOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(content as string), name, { mtime: new Date(0) });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The files of a folder, as zipOf takes them. */
export async function filesOfFolder(folder: string): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const full = path.join(entry.parentPath, entry.name);
    files[path.relative(folder, full).split(path.sep).join('/')] = await readFile(full);
  }
  return files;
}
