import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@octopipe/shared/core/logger';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { createTestDatabase } from '@octopipe/shared/testing/postgres';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import type { TransformConfig } from '../config.js';
import { createContext, type TransformContext } from '../context.js';
import { mapExport } from '../jobs/map-export.js';
import { create } from '../service.js';
import { readFolder, type StagedPackage, stageTables, type Tables } from './stage-folder.js';

/** A transform service over a database of its own, and what a test asks of it. */
export interface Rig {
  ctx: TransformContext;
  url: string;
  databaseUrl: string;
  operatorKey: string;
  keyOf(tenantId: string, role?: 'tenant_admin' | 'viewer'): Promise<string>;
  call(
    method: string,
    route: string,
    options?: { key?: string; json?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; body: never }>;
  stageSample(tenant: string, settings?: object): Promise<StagedPackage>;
  stage(
    tenant: string,
    tables: Tables,
    more?: { manifest?: unknown; settings?: object },
  ): Promise<StagedPackage>;
  /** Proposes and confirms through the API; the version's id. */
  confirmMapping(staged: StagedPackage, tenant: string): Promise<string>;
  /** Runs the job until it is done or `slices` slices are. */
  map(staged: StagedPackage, mappingVersionId: string, slices?: number): Promise<void>;
  /** Takes the service's worker away: jobs are for somebody else. */
  drain(): Promise<void>;
  /** As the database's owner, beyond row-level security. */
  query<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

const sample = fileURLToPath(new URL('../../../../samples/harbour-home-services/package', import.meta.url));

export async function startRig(): Promise<Rig> {
  const database = await createTestDatabase();
  const filesDir = await mkdtemp(path.join(tmpdir(), 'octopipe-transform-'));
  const config: TransformConfig = {
    db: { url: database.url, poolSize: 4 },
    // The tests run the job themselves: a sweep that wakes up in between would be a second hand.
    queue: { redisUrl: undefined, concurrency: 1, sweepIntervalMs: 3_600_000, lockMs: 10_000 },
    files: { root: filesDir },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'error' },
    masterKey: parseMasterKey(randomBytes(32).toString('base64')),
  };
  const logger = createLogger('transform', 'error');
  const ctx = createContext(config, logger);
  const service = await create(config, { logger });
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  // Dropping the database may overtake the goodbye of a connection that is being closed.
  pool.on('error', () => {});
  const operatorKey = await createApiKey(ctx.db, { role: 'operator', label: 'ops' });
  const rig: Rig = {
    ctx,
    url: service.url,
    databaseUrl: database.url,
    operatorKey,
    keyOf: (tenantId, role = 'tenant_admin') => createApiKey(ctx.db, { role, label: role, tenantId }),
    async call(method, route, options = {}) {
      const answer = await fetch(`${service.url}${route}`, {
        method,
        headers: {
          authorization: `Bearer ${options.key ?? operatorKey}`,
          'content-type': 'application/json',
          ...options.headers,
        },
        ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
      });
      return { status: answer.status, body: (await answer.json()) as never };
    },
    async stageSample(tenant, settings = {}) {
      const { tables, files, manifest } = await readFolder(sample, (text) => parse(text));
      return stageTables(pool, tenant, tables, { manifest, files, settings });
    },
    stage: (tenant, tables, more) => stageTables(pool, tenant, tables, more),
    async confirmMapping(staged, tenant) {
      const proposed = await rig.call('POST', `/v1/mappings?tenant=${tenant}`, {
        json: { migration_id: staged.migrationId, export_id: staged.exportId },
      });
      const { id, content_hash } = proposed.body as { id: string; content_hash: string };
      await rig.call('POST', `/v1/mappings/${id}/confirm?tenant=${tenant}`, { json: { content_hash } });
      return id;
    },
    async map(staged, mappingVersionId, slices = Number.POSITIVE_INFINITY) {
      let left = slices;
      const signal = {
        get aborted() {
          left -= 1;
          return left < 0;
        },
      } as AbortSignal;
      const payload = {
        version: 1 as const,
        tenantId: staged.tenantId,
        exportId: staged.exportId,
        mappingVersionId,
      };
      // A logger for each job, as the worker gives: what is bound to it ends with it.
      await mapExport.handle(ctx, payload as never, signal, logger.child({}));
    },
    drain: () => service.drain(),
    query: async (text, values = []) => (await pool.query(text, values)).rows as never,
    async stop() {
      await service.destroy();
      await ctx.destroy();
      await pool.end();
      await database.drop();
      await rm(filesDir, { recursive: true, force: true });
    },
  };
  return rig;
}
