import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type DatabaseHandle, inTransaction, openDatabase } from '@octopipe/shared/db/index';
import { endedStatuses, runStatuses } from '@octopipe/shared/domain/run/states';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { type SeededTenant, seedTenant } from '@octopipe/shared/testing/seed-tenants';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mayHoldUnknown, settleDoubt } from './doubt.js';

// The build, as it is run after a restore (`npm test` builds first).
const program = fileURLToPath(new URL('../../dist/bundle/cancel-live-runs.js', import.meta.url));

let testDatabase: TestDatabase;
let database: DatabaseHandle;
let files: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { max: 4, onError: () => {}, applicationName: 'test' });
  files = await mkdtemp(path.join(tmpdir(), 'octopipe-restored-'));
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
  await rm(files, { recursive: true });
});

test('of two tenants each live run is cancelled once, what ended stays, and a purge is left its own', async () => {
  const master = parseMasterKey(randomBytes(32).toString('base64'));
  const tenants = await Promise.all(
    ['acme', 'beta', 'gone'].map((slug) => seedTenant(database.db, master, files, slug)),
  );
  const [acme, beta, gone] = tenants as [SeededTenant, SeededTenant, SeededTenant];
  for (const tenant of [acme, beta]) await addRuns(tenant);
  await database.db
    .updateTable('core.tenant')
    .set({ purgeId: gone.things.purge })
    .where('id', '=', gone.id)
    .execute();
  const before = await runsAndEvents();

  const first = await run();
  const after = await runsAndEvents();
  const live = before.runs.filter(({ status }) => !endedStatuses.includes(status as never));
  const cancelled = live.filter(({ tenantId }) => tenantId !== gone.id);
  // The seeded one is paused.
  expect(cancelled).toHaveLength(2 * (runStatuses.length - endedStatuses.length) + 2);
  const words = (row: (typeof live)[number]) =>
    row.tenantId === gone.id ? 'left to the purge of its tenant' : `was ${row.status}, cancelled`;
  expect(first.split('\n').sort()).toEqual(
    [
      '',
      `${2 * (runStatuses.length + 1)} connections in doubt`,
      `${cancelled.length} runs cancelled`,
      ...live.map(
        (row) => `run ${row.id} of tenant ${row.tenantId} on connection ${row.connectionId}: ${words(row)}`,
      ),
    ].sort(),
  );
  expect(after.runs).toEqual(
    before.runs.map((row) =>
      cancelled.includes(row) ? { ...row, status: 'cancelled', reasonCode: 'database_restored' } : row,
    ),
  );
  // Told in the log, and by that to the receivers of webhooks: once each.
  expect(after.events).toEqual(
    [...before.events, ...cancelled.map(({ id }) => `run.cancelled ${id}`)].sort(),
  );

  expect(await run()).toContain('\n0 runs cancelled\n');
  expect(await runsAndEvents()).toEqual(after);
});

test('a load that is done settles the doubt of its connection, and lets only its own migration be taken back', async () => {
  const { connectionId, tenantId, ...ids } = await database.db
    .selectFrom('loader.run as run')
    .innerJoin('loader.connection as connection', 'connection.id', 'run.connectionId')
    .select(['run.connectionId', 'run.tenantId', 'migrationId', 'exportId', 'mappingVersionId'])
    .where('companyKey', '=', 'acme-done')
    .executeTakeFirstOrThrow();
  const { id: other } = await database.db
    .insertInto('ingest.migration')
    .values({ tenantId, reference: 'other', name: 'other' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const asked = (migrationId: string) =>
    inTransaction(database.db, { role: 'loader', tenantId }, (tx) =>
      mayHoldUnknown(tx, { connectionId, migrationId }),
    );
  const isLoaded = async (migrationId: string) => {
    const load = { ...ids, connectionId, tenantId, migrationId, kind: 'production', status: 'done' };
    const { id } = await database.db
      .insertInto('loader.run')
      .values(load)
      .returning('id')
      .executeTakeFirstOrThrow();
    await inTransaction(database.db, { role: 'loader', tenantId }, (tx) =>
      settleDoubt(tx, { id, connectionId }),
    );
  };
  // One was done before the restore.
  expect([await asked(ids.migrationId), await asked(other)]).toEqual([true, true]);
  await isLoaded(other);
  expect([await asked(ids.migrationId), await asked(other)]).toEqual([true, false]);
  await isLoaded(ids.migrationId);
  expect([await asked(ids.migrationId), await asked(other)]).toEqual([false, false]);
});

test('a schema that is older than the build is refused before anything is changed', async () => {
  await database.pool.query(`update octopipe_migration set name = 'z-' || name`);
  const before = await runsAndEvents();
  await expect(run()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^cancel-live-runs: .*run the migrate step first/),
  });
  expect(await runsAndEvents()).toEqual(before);
  await database.pool.query(`update octopipe_migration set name = substr(name, 3)`);
});

async function run(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeFlags, program], {
    env: { PATH: process.env.PATH, DATABASE_URL: testDatabase.url },
  });
  return stdout;
}

/** A run of each status, each into an account of its own: of a live one there is one for an account. */
async function addRuns(tenant: SeededTenant): Promise<void> {
  const { db } = database;
  for (const status of runStatuses) {
    const { id: connectionId } = await db
      .insertInto('loader.connection')
      .values({
        tenantId: tenant.id,
        baseUrl: 'http://127.0.0.1:1',
        companyKey: `${tenant.slug}-${status}`,
        companyDomain: status,
        sealedToken: Buffer.from('never opened here'),
        state: 'ready',
        plan: 'Growth',
        seats: 2,
        planSource: 'given',
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await db
      .insertInto('loader.run')
      .values({
        tenantId: tenant.id,
        migrationId: tenant.things.migration,
        connectionId,
        exportId: tenant.things.export,
        mappingVersionId: tenant.things.mapping,
        kind: 'production',
        status,
      })
      .execute();
  }
}

async function runsAndEvents() {
  const runs = await database.db
    .selectFrom('loader.run')
    .select(['id', 'tenantId', 'connectionId', 'status', 'reasonCode'])
    .orderBy('id')
    .execute();
  const events = await database.db
    .selectFrom('core.event as event')
    .innerJoin('core.outbox as outbox', 'outbox.eventId', 'event.id')
    .select(['event.kind', 'event.runId'])
    .execute();
  return { runs, events: events.map(({ kind, runId }) => `${kind} ${runId}`).sort() };
}
