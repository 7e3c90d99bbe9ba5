import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DatabaseHandle, openDatabase } from '@octopipe/shared/db/index';
import type { RunStatus } from '@octopipe/shared/domain/run/states';
import type { RunningService } from '@octopipe/shared/service/service';
import { createApiKey, type Role } from '@octopipe/shared/tenancy/api-key';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { type SeededTenant, seedTenant } from '@octopipe/shared/testing/seed-tenants';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { create } from '../service.js';

let testDatabase: TestDatabase;
let database: DatabaseHandle;
let service: RunningService;
let filesDir: string;
let acme: SeededTenant;
let beta: SeededTenant;
/** Newest first, as they are listed. */
let runs: Array<{ id: string; tenant: string }>;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  filesDir = await mkdtemp(path.join(tmpdir(), 'octopipe-runs-'));
  const masterKey = parseMasterKey(randomBytes(32).toString('base64'));
  service = await create({
    db: { url: testDatabase.url, poolSize: 4 },
    queue: { redisUrl: undefined, concurrency: 1, sweepIntervalMs: 3_600_000, lockMs: 10_000 },
    files: { root: filesDir },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'error' },
    masterKey,
    settings: {
      ...{ requestTimeoutMs: 1_000, settleMs: 1_000, probeGapMs: 1_000, leaseMs: 5_000, reserveShare: 0.2 },
      ...{ budgetProbeMs: 900_000, inFlight: 1, batchesInFlight: 1, testHosts: [] },
    },
  });
  database = openDatabase(testDatabase.url, { max: 2, onError: () => {}, applicationName: 'runs-test' });
  acme = await seedTenant(database.db, masterKey, filesDir, 'acme');
  beta = await seedTenant(database.db, masterKey, filesDir, 'beta');
  runs = [
    { id: beta.things.run, tenant: 'beta' },
    { id: acme.things.run, tenant: 'acme' },
  ];
  // Ended ones: an account has one live run. Made in one transaction, so at one moment: the id must order them.
  const ended = await database.db.transaction().execute(async (tx) => {
    const ids: string[] = [];
    for (const status of ['failed', 'done', 'failed'] as const)
      ids.push(
        (
          await tx
            .insertInto('loader.run')
            .values(runOf(acme, status))
            .returning('id')
            .executeTakeFirstOrThrow()
        ).id,
      );
    return ids;
  });
  runs.unshift(
    ...ended
      .sort()
      .reverse()
      .map((id) => ({ id, tenant: 'acme' })),
  );
});

afterAll(async () => {
  await database?.destroy();
  await service?.destroy();
  await testDatabase?.drop();
  if (filesDir) await rm(filesDir, { recursive: true, force: true });
});

test('the operator sees every run of the installation with its tenant, page by page, each once', async () => {
  const operator = await keyOf('operator');
  expect((await listed(operator, '')).map(({ id, tenant }) => ({ id, tenant }))).toEqual(runs);
  const pages: Shown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Page = await pageOf(operator, `limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(page.items.length).toBeLessThanOrEqual(2);
    pages.push(...page.items);
    cursor = page.next_cursor;
  }
  expect(pages.map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
});

test('filters: one status, several, a migration, a tenant; an unknown status is the caller’s mistake', async () => {
  const operator = await keyOf('operator');
  expect(await counted(operator, 'status=failed')).toEqual({ failed: 2 });
  expect(await counted(operator, 'status=failed,paused')).toEqual({ failed: 2, paused: 2 });
  expect(await counted(operator, 'status=waiting_person')).toEqual({});
  expect(await counted(operator, `migration_id=${beta.things.migration}`)).toEqual({ paused: 1 });
  expect(await counted(operator, 'tenant=acme&status=paused')).toEqual({ paused: 1 });
  for (const wrong of ['status=waiting', 'status=', 'status=failed,', 'cursor=eA', 'migration_id=7'])
    expect([wrong, (await ask(operator, wrong)).status]).toEqual([wrong, 422]);
});

test('whoever is bound to a tenant is told of its own runs only; a portal names one', async () => {
  const own = runs.filter(({ tenant }) => tenant === 'acme').map(({ id }) => id);
  for (const role of ['tenant_admin', 'viewer', 'operator', 'portal'] as const) {
    const bound = await keyOf(role, acme);
    expect((await listed(bound, '')).map(({ id }) => id)).toEqual(own);
    expect(await counted(bound, `migration_id=${beta.things.migration}`)).toEqual({});
    expect((await ask(bound, 'tenant=beta')).status).toBe(404);
  }
  const portal = await keyOf('portal');
  expect((await ask(portal, '')).status).toBe(422);
  expect((await listed(portal, 'tenant=acme')).map(({ id }) => id)).toEqual(own);
});

test('says what it waits for, and since when: a change of the status, and of nothing else', async () => {
  const operator = await keyOf('operator');
  const shown = async () => (await listed(operator, `migration_id=${beta.things.migration}`))[0] as Shown;
  const before = await shown();
  const change = (set: Record<string, unknown>) =>
    database.db.updateTable('loader.run').set(set).where('id', '=', beta.things.run).execute();
  await change({ phase: 'notes' });
  expect((await shown()).since).toBe(before.since);
  await change({ status: 'waiting_person', reasonCode: 'token_refused', reason: 'Give a new token.' });
  const waits = await shown();
  expect(waits).toMatchObject({
    tenant: 'beta',
    status: 'waiting_person',
    reason_code: 'token_refused',
    reason: 'Give a new token.',
    resume_at: null,
  });
  expect(Date.parse(waits.since)).toBeGreaterThan(Date.parse(before.since));
  await change({ status: 'waiting_person', phase: 'files' });
  expect((await shown()).since).toBe(waits.since);
});

test('of a tenant that is being purged nothing is listed', async () => {
  const operator = await keyOf('operator');
  await database.db
    .updateTable('core.tenant')
    .set({ purgeId: acme.things.purge })
    .where('id', '=', acme.id)
    .execute();
  expect((await listed(operator, '')).map(({ tenant }) => tenant)).toEqual(['beta']);
});

interface Shown {
  id: string;
  tenant: string;
  status: RunStatus;
  since: string;
}
interface Page {
  items: Shown[];
  next_cursor: string | null;
}

function runOf(tenant: SeededTenant, status: RunStatus) {
  return {
    tenantId: tenant.id,
    migrationId: tenant.things.migration,
    connectionId: tenant.things.connection,
    exportId: tenant.things.export,
    mappingVersionId: tenant.things.mapping,
    kind: 'production',
    status,
  };
}

function keyOf(role: Role, tenant?: SeededTenant): Promise<string> {
  return createApiKey(database.db, { role, label: role, ...(tenant ? { tenantId: tenant.id } : {}) });
}

function ask(key: string, query: string): Promise<Response> {
  return fetch(new URL(`/v1/runs?${query}`, service.url), { headers: { authorization: `Bearer ${key}` } });
}

async function pageOf(key: string, query: string): Promise<Page> {
  const answer = await ask(key, query);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

async function listed(key: string, query: string): Promise<Shown[]> {
  return (await pageOf(key, query)).items;
}

async function counted(key: string, query: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of await listed(key, query)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
