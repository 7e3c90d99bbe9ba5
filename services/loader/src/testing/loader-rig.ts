import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { hashOf } from '@octopipe/shared/core/canonical-json';
import { slicesOf } from '@octopipe/shared/core/slices';
import { type DatabaseHandle, openDatabase } from '@octopipe/shared/db/index';
import { contentHash, type MappingContent } from '@octopipe/shared/domain/mapping/content';
import type { MappedRecord, Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { type Exit, spawnWatched } from '@octopipe/shared/embedded/spawn-watched';
import { openFileStore } from '@octopipe/shared/files/store';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { parseMasterKey, tenantDataKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant } from '@octopipe/shared/tenancy/tenant';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { type RunningSimulator, type SimulatorOptions, startSimulator } from '@octopipe/simulator/server';
import { probePayloads, testContent } from './mapped-fixture.js';

/** Times short enough for tests; the order of magnitude between them is that of the defaults. */
const quick = {
  REQUEST_TIMEOUT_MS: '800',
  SETTLE_MS: '150',
  PROBE_GAP_MS: '150',
  LEASE_MS: '1500',
  BUDGET_PROBE_MS: '400',
  SWEEP_INTERVAL_MS: '250',
  QUEUE_LOCK_MS: '900',
};

export interface SeededTenant {
  tenant: { id: string; slug: string };
  ids: { migrationId: string; exportId: string; mappingVersionId: string; setId: string };
}

export interface LoaderRig extends SeededTenant {
  sim: RunningSimulator;
  database: DatabaseHandle;
  databaseUrl: string;
  records: MappedRecord[];
  /** Another tenant with the same records mapped. */
  addTenant(slug: string): Promise<SeededTenant>;
  /** Starts the built loader as a process of its own; `failpoint` makes it die there. */
  startLoader(env?: Record<string, string>): Promise<LoaderProcess>;
  close(): Promise<void>;
}

export interface LoaderProcess {
  url: string;
  exited: Promise<Exit>;
  stop(): Promise<void>;
  kill(): void;
  /** SIGSTOP and SIGCONT, for one that sleeps beyond its lease; SIGTERM for one that is to end in its own time. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  api<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }>;
  /** A GET as it is answered. */
  ask(path: string): Promise<Response>;
}

type Payloads = ReadonlyArray<readonly [Entity, string, Payload]>;

/** A tenant with an export that is already mapped, a simulator, and loader processes on demand: the loader alone, for real. */
export async function createLoaderRig(
  options: {
    simulator?: SimulatorOptions;
    redisUrl?: string;
    payloads?: Payloads | ((file: { sha256: string; bytes: number }) => Payloads);
    content?: MappingContent;
    /** Few by default, so that a small run has several of every entity. */
    recordsPerBatch?: number;
    /** A migrated database that is not on the server of all tests; dropped with the rig. */
    database?: TestDatabase;
    /** The loader's times are its defaults, for proofs whose figures are times. */
    asShipped?: boolean;
  } = {},
): Promise<LoaderRig> {
  const testDatabase = options.database ?? (await createTestDatabase());
  const sim = await startSimulator({
    plan: 'ultimate',
    seats: 5,
    requestsPer2s: 100_000,
    ...options.simulator,
  });
  const files = await mkdtemp(path.join(tmpdir(), 'octopipe-loader-'));
  const masterKey = randomBytes(32).toString('base64');
  const database = openDatabase(testDatabase.url, {
    max: 4,
    onError: () => {},
    applicationName: 'loader-rig',
  });
  const apiKey = await createApiKey(database.db, { role: 'operator', label: 'rig' });
  const seed = async (slug: string) => {
    const master = parseMasterKey(masterKey);
    const tenant = await getOrCreateTenant(database.db, master, { slug, name: 'Test tenant' });
    const stored = await openFileStore(files).put(
      tenant.id,
      await tenantDataKey(database.db, master, tenant.id),
      Readable.from([Buffer.from('%PDF-1.4 a small file')]),
    );
    const { payloads = probePayloads } = options;
    const records = recordsOf(typeof payloads === 'function' ? payloads(stored) : payloads);
    const ids = await seedMappedSet(
      database,
      tenant.id,
      options.content ?? testContent,
      records,
      stored,
      options.recordsPerBatch ?? 5,
    );
    return { tenant, ids, records };
  };
  const { tenant, ids, records } = await seed(`t-${randomBytes(4).toString('hex')}`);
  const processes: LoaderProcess[] = [];
  return {
    sim,
    tenant,
    ids,
    database,
    databaseUrl: testDatabase.url,
    records,
    addTenant: seed,
    async startLoader(env = {}) {
      const loader = await startProcess(
        {
          ...(options.asShipped ? {} : quick),
          DATABASE_URL: testDatabase.url,
          OCTOPIPE_MASTER_KEY: masterKey,
          OCTOPIPE_FILES_DIR: files,
          PIPEDRIVE_TEST_HOSTS: '127.0.0.1',
          LOG_LEVEL: 'warn',
          ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
          ...env,
        },
        apiKey,
        tenant.slug,
      );
      processes.push(loader);
      return loader;
    },
    async close() {
      for (const loader of processes) await loader.stop();
      await sim.close();
      await database.destroy();
      await testDatabase.drop();
      await rm(files, { recursive: true, force: true });
    },
  };
}

async function startProcess(
  env: Record<string, string>,
  apiKey: string,
  tenant: string,
): Promise<LoaderProcess> {
  const main = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));
  const child = await spawnWatched(process.execPath, [...nodeFlags, main], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const ready = /ready at (http:\S+)/.exec(text);
      if (ready?.[1]) resolve(ready[1]);
      // What follows the ready line are logs: shown when a test is looked into.
      if (process.env.OCTOPIPE_TEST_LOGS) process.stdout.write(chunk);
    });
    child.exited.then(() => reject(new Error(`the loader ended before it was ready: ${text}`)), reject);
  });
  const call = (method: 'GET' | 'POST', path: string, body?: unknown) => {
    const target = new URL(path, url);
    target.searchParams.set('tenant', tenant);
    return fetch(target, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  return {
    url,
    exited: child.exited,
    stop: async () => {
      await child.stop();
    },
    kill: () => child.kill('SIGKILL'),
    signal: (name) => child.kill(name),
    ask: (path) => call('GET', path),
    async api<T>(method: 'GET' | 'POST', path: string, body?: unknown) {
      const response = await call(method, path, body);
      return { status: response.status, body: (await response.json()) as T };
    },
  };
}

function recordsOf(payloads: Payloads): MappedRecord[] {
  return payloads.map(([entity, targetKey, payload]) => ({
    entity,
    targetKey,
    payload,
    payloadHash: hashOf(payload),
  }));
}

/** Writes what ingest and transform would have written, as the superuser of the test database. */
async function seedMappedSet(
  database: DatabaseHandle,
  tenantId: string,
  content: MappingContent,
  records: MappedRecord[],
  file: { blob: string; sha256: string; bytes: number },
  recordsPerBatch: number,
) {
  const { db } = database;
  const { id: migrationId } = await db
    .insertInto('ingest.migration')
    .values({ tenantId, reference: 'rig', name: 'rig' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { id: exportId } = await db
    .insertInto('ingest.export')
    .values({ tenantId, migrationId, state: 'assessed', sha256: 'x', bytes: '1', blob: file.blob })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('ingest.exportFile')
    .values({
      tenantId,
      exportId,
      path: 'attachments/invoices/1/INV-1.pdf',
      kind: 'attachment',
      state: 'kept',
      blob: file.blob,
      bytes: String(file.bytes),
      sha256: file.sha256,
    })
    .execute();
  const { id: mappingVersionId } = await db
    .insertInto('transform.mappingVersion')
    .values({
      tenantId,
      migrationId,
      exportId,
      number: 1,
      state: 'confirmed',
      content: JSON.stringify(content),
      contentHash: contentHash(content),
      confirmedBy: 'rig',
      confirmedAt: new Date(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const { id: setId } = await db
    .insertInto('transform.mappedSet')
    .values({ tenantId, migrationId, exportId, mappingVersionId, state: 'mapped' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await addRecords(database, tenantId, setId, records, recordsPerBatch);
  return { migrationId, exportId, mappingVersionId, setId };
}

async function addRecords(
  database: DatabaseHandle,
  tenantId: string,
  setId: string,
  records: MappedRecord[],
  recordsPerBatch: number,
): Promise<void> {
  const { db } = database;
  for (const record of records) {
    await db
      .insertInto('transform.mappedRecord')
      .values({
        tenantId,
        setId,
        targetKey: record.targetKey,
        entity: record.entity,
        sourceObject: record.targetKey.split(':')[0] ?? '',
        payload: JSON.stringify(record.payload),
        payloadHash: record.payloadHash,
      })
      .execute();
    const [object = '', rest = ''] = record.targetKey.split(':');
    await db
      .insertInto('transform.sourceLink')
      .values({
        tenantId,
        setId,
        object,
        sourceId: rest.split('#')[0] ?? '',
        slot: rest.split('#')[1] ?? '',
        targetKey: record.targetKey,
        role: 'primary',
      })
      .execute();
  }
  for (const entity of new Set(records.map((record) => record.entity))) {
    const batches = batchesOf(
      records.filter((record) => record.entity === entity),
      recordsPerBatch,
    );
    for (const [seq, batch] of batches.entries()) {
      await db
        .insertInto('transform.loadBatch')
        .values({ tenantId, setId, entity, seq, targetKeys: batch.map((record) => record.targetKey) })
        .execute();
    }
  }
}

/** Small ones, so that a few records are several batches; the lines of a deal stay together. */
function batchesOf(records: MappedRecord[], recordsPerBatch: number): MappedRecord[][] {
  const isLine = records[0]?.entity === 'line';
  if (!isLine) return slicesOf(records, recordsPerBatch);
  const deals = new Map<string, MappedRecord[]>();
  for (const record of records) {
    const deal = JSON.stringify(record.payload.deal_id);
    deals.set(deal, [...(deals.get(deal) ?? []), record]);
  }
  return [...deals.values()];
}

export type { TestDatabase };
