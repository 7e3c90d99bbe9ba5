import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDatabaseAway } from '@octopipe/shared/core/database-away';
import { createLogger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant, type Tenant } from '@octopipe/shared/tenancy/tenant';
import { startLostCommit } from '@octopipe/shared/testing/lost-commit';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { parse } from 'csv-parse/sync';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReporterConfig } from '../config.js';
import { createContext, type ReporterContext } from '../context.js';
import { count } from '../count.js';
import { listDocuments } from '../reporter/documents.js';
import { sweep } from '../sweep.js';
import { finishedAt, hostile, seedRun } from '../testing/seed-run.js';
import { reconcileRun } from './reconcile-run.js';

let database: TestDatabase;
let ctx: ReporterContext;
let root: string;
let tenant: Tenant;
let otherTenant: Tenant;

beforeEach(async () => {
  database = await createTestDatabase();
  root = await mkdtemp(join(tmpdir(), 'octopipe-reporter-'));
  const config = configOf(database.url, parseMasterKey(randomBytes(32).toString('base64')));
  ctx = createContext(config, createLogger('reporter', 'error'));
  tenant = await getOrCreateTenant(ctx.db, ctx.masterKey, { slug: 'harbour', name: 'Harbour & Sons' });
  otherTenant = await getOrCreateTenant(ctx.db, ctx.masterKey, { slug: 'other', name: 'Other' });
});

afterEach(async () => {
  await ctx.destroy();
  await database.drop();
  await rm(root, { recursive: true, force: true });
});

test('the summary of a run with rejected, refused and differing records', async () => {
  const { runId, migrationId } = await seedRun(ctx.db, tenant, {
    waivers: [{ gate: 'rehearsal', actor: 'olive@harbour.example' }],
  });
  await seedRun(ctx.db, otherTenant);
  await reconcile(runId);
  expect(JSON.parse((await contents(runId))['summary.json'] ?? '')).toEqual({
    migration_id: migrationId,
    run_id: runId,
    status: 'done',
    source: {
      booking: { rows: 2, mapped: 2, merged: 0, excluded: {}, rejected: {} },
      customer: {
        rows: 5,
        mapped: 2,
        merged: 1,
        excluded: { deleted: 1 },
        rejected: { orphan_reference: 1 },
      },
      payment: { rows: 2, mapped: 1, merged: 0, excluded: {}, rejected: { unparseable_amount: 1 } },
      refund: { rows: 1, mapped: 1, merged: 0, excluded: {}, rejected: {} },
    },
    target: {
      activity: { planned: 2, created: 2, updated: 0, unchanged: 0, failed: 0, waiting: 0 },
      deal: { planned: 2, created: 2, updated: 0, unchanged: 0, failed: 0, waiting: 0 },
      person: { planned: 2, created: 0, updated: 1, unchanged: 0, failed: 1, waiting: 0 },
    },
    balanced: true,
    verified: { records: 5, fields: 20, differences: 1 },
    findings: { invalid_phone: 2, orphan_reference: 1 },
    tokens: { planned: 65, spent: 20, floor: 60, by_operation: { createDeal: 10, createPerson: 10 } },
    waivers: [{ gate: 'rehearsal', actor: 'olive@harbour.example' }],
    duration_ms: 7_530_000,
    documents: [
      'crosswalk.csv',
      'mapped.ndjson',
      'inventory-automations.html',
      'inventory-faqs.html',
      'inventory-forms-and-fields.html',
      'inventory-portal.html',
      'inventory-manual-review.html',
      'inventory-out-of-scope.html',
      'billing-disputes.html',
      'inventories.xlsx',
      'inventories.json',
      'reconciliation.json',
      'reconciliation.html',
      'summary.json',
    ],
  });
});

test('the crosswalk is ordered and safe to open in a spreadsheet', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  await reconcile(runId);
  const rows: string[][] = parse((await contents(runId))['crosswalk.csv'] ?? '');
  expect(rows.map((row) => row.slice(0, 7).join('|'))).toEqual([
    'source_type|source_id|slot|role|target_key|target_type|target_id',
    'booking|10||primary|booking:10|deal|501',
    'booking|11||primary|booking:11|deal|502',
    'customer|1||primary|customer:1|person|500',
    `customer|'${hostile}|'@2|merged|customer:1|person|500`,
    'payment|7||primary|payment:7|activity|503',
    'refund|3||primary|refund:3|activity|504',
  ]);
});

test('mapped.ndjson holds every planned record, the refused one included, in byte order', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  await reconcile(runId);
  const lines = ((await contents(runId))['mapped.ndjson'] ?? '').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).target_key)).toEqual([
    'booking:10',
    'booking:11',
    'customer:1',
    'customer:2',
    'payment:7',
    'refund:3',
  ]);
  expect(lines[0]).toMatch(
    /^\{"entity":"deal","payload":\{"status":"won","title":"Deep clean","value":"120.50"\},"payload_hash":"[0-9a-f]{64}","target_key":"booking:10"\}$/,
  );
});

test('what the account had no activity type left for stands among what could not be carried over in full', async () => {
  const { runId, connectionId } = await seedRun(ctx.db, tenant);
  const other = await seedRun(ctx.db, tenant);
  for (const [id, kind, type] of [
    [connectionId, 'Refund', 'Task'],
    // No kind of this mapping, one that has its own type, and another account.
    [connectionId, 'Deposit', 'Task'],
    [connectionId, 'Payment', 'Payment'],
    [other.connectionId, 'Refund', 'Meeting'],
  ] as const)
    await ctx.db
      .insertInto('loader.destinationItem')
      .values({
        tenantId: tenant.id,
        connectionId: id,
        kind: 'activity_type',
        name: kind,
        actualName: type,
        remoteId: '7',
        remoteKey: 'x',
      })
      .execute();
  await reconcile(runId);
  const documents = await contents(runId);
  const says =
    'The account has as many activity types as Pipedrive allows a company. Refund has none of its own: such activities have the type Task, and their subject begins with what they are.';
  expect(JSON.parse(documents['reconciliation.json'] ?? '').lossy).toEqual([
    { object: 'booking', says: 'Pipedrive sets the creation time; the original stands in a field.' },
    { object: 'activity', says },
  ]);
  expect(documents['reconciliation.html']).toContain(`<strong>Activity:</strong> ${says}`);
});

test('reconciliation.json compares the money and lists what is not as planned, without values', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  await reconcile(runId);
  const report = JSON.parse((await contents(runId))['reconciliation.json'] ?? '');
  expect({
    verdict: report.verdict,
    points: report.points.map((point: { code: string }) => point.code),
    deals: report.deal_values,
    payments: report.payments,
    rejected: report.rejected_rows.map(({ says: _, ...row }: { says: string }) => row),
    failed: report.failed_records,
    differences: report.differences,
    hashes: Object.keys(report.hashes),
  }).toEqual({
    verdict: 'accounted_with_exceptions',
    points: ['rows_rejected', 'records_failed', 'fields_differ'],
    deals: [
      {
        currency: 'AUD',
        status: 'open',
        planned_deals: 1,
        planned: '80',
        read_deals: 1,
        read: '80',
        equal: true,
      },
      {
        currency: 'AUD',
        status: 'won',
        planned_deals: 1,
        planned: '120.5',
        read_deals: 1,
        read: '120.5',
        equal: true,
      },
    ],
    payments: [
      {
        object: 'payment',
        currency: 'AUD',
        rows: 1,
        stated: '1100',
        activities: 1,
        read: '1100',
        unreadable: 0,
        equal: true,
      },
      {
        object: 'refund',
        currency: 'AUD',
        rows: 1,
        stated: '50',
        activities: 1,
        read: '50',
        unreadable: 0,
        equal: true,
      },
    ],
    rejected: [
      {
        object: 'customer',
        source_id: hostile,
        file: 'customers_2.csv',
        file_row: 2,
        code: 'orphan_reference',
      },
      { object: 'payment', source_id: '8', file: 'payments.csv', file_row: 2, code: 'unparseable_amount' },
    ],
    failed: [
      {
        entity: 'person',
        target_key: 'customer:2',
        code: 'field_refused',
        detail: 'Pipedrive refused the field name.',
      },
    ],
    differences: [{ entity: 'person', target_key: 'customer:1', field: 'phone', kind: 'changed' }],
    hashes: ['export', 'mapping', 'documents'],
  });
});

test('what was found missing was not read back, and the page says so before all else', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  const gone = [
    ['deal', 'booking:10'],
    ['activity', 'refund:3'],
  ] as const;
  for (const [entity, targetKey] of gone) {
    const found = { tenantId: tenant.id, runId, entity, targetKey, field: '', kind: 'missing' };
    await ctx.db.insertInto('loader.difference').values(found).execute();
    await ctx.db
      .updateTable('loader.verification')
      .set({ records: 1, differences: 1 })
      .where('runId', '=', runId)
      .where('entity', '=', entity)
      .execute();
  }
  await reconcile(runId);
  const files = await contents(runId);
  expect(files['reconciliation.html']).toContain('<h1>Not everything is accounted for.</h1>');
  expect(files['reconciliation.html']).toContain(
    '3 records with 20 fields were read back from Pipedrive and compared;\n3 differences were found.',
  );
  const report = JSON.parse(files['reconciliation.json'] ?? '');
  expect(report.points.map(({ code, says }: { code: string; says: string }) => [code, says])).toEqual([
    ['records_missing', 'Pipedrive records "activity" that were written and are no longer there: 1 of 2.'],
    ['records_missing', 'Pipedrive records "deal" that were written and are no longer there: 1 of 2.'],
    ['rows_rejected', expect.any(String)],
    ['records_failed', expect.any(String)],
    ['fields_differ', 'Fields that Pipedrive gives back differently from how they were written: 1.'],
    ['sums_differ', 'Sums of money that are not the same in Pipedrive: won deals in AUD, refunds.'],
  ]);
  expect(report.deal_values).toMatchObject([
    { status: 'open', read_deals: 1, equal: true },
    { status: 'won', planned_deals: 1, read_deals: 0, read: '0', equal: false },
  ]);
  expect(report.payments).toMatchObject([
    { object: 'payment', activities: 1, equal: true },
    { object: 'refund', activities: 0, read: '0', equal: false },
  ]);
});

test('the page says the verdict first, names the waiver, escapes what came from the export', async () => {
  const { runId } = await seedRun(ctx.db, tenant, {
    waivers: [{ gate: 'rehearsal', actor: '<b>Olive</b>', key: 'night shift', at: '2026-11-20T21:00:00Z' }],
  });
  await reconcile(runId);
  const html = (await contents(runId))['reconciliation.html'] ?? '';
  expect(html).toContain('<h1>Everything is accounted for, with exceptions to look at.</h1>');
  expect(html).toContain(
    '<strong>Rehearsal before the real run</strong>, waived by <strong>&lt;b&gt;Olive&lt;/b&gt;</strong> (with the key <strong>night shift</strong>), <time datetime="2026-11-20T21:00:00.000Z">21 Nov 2026, 08:00:00 (Australia/Sydney)</time>',
  );
  expect(html).toContain('What cannot be carried over in full');
  expect(html).not.toContain('<script');
  expect(html).not.toMatch(/src=|href="(?!inventor|billing-disputes)/);
});

test('customers that were merged are listed by id; those that a waiver kept apart are a waived check of their own', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  const { mappingVersionId, setId } = await ctx.db
    .selectFrom('loader.run')
    .select(['mappingVersionId', 'setId'])
    .where('id', '=', runId)
    .executeTakeFirstOrThrow();
  const group = { grade: 'sure', evidence: [], customers: ['8', '9'], mergeInto: null };
  await sql`
    update transform.mapping_version set waived = true, confirmed_by = 'cli --yes',
      content = content || ${JSON.stringify({ duplicates: [group] })}::jsonb
    where id = ${mappingVersionId}`.execute(ctx.db);
  await ctx.db
    .insertInto('transform.sourceAlias')
    .values({ tenantId: tenant.id, setId: setId ?? '', object: 'customer', sourceId: '3', survivingId: '1' })
    .execute();
  await reconcile(runId);
  const files = await contents(runId);
  const html = files['reconciliation.html'] ?? '';
  expect(html).toContain(
    '1 customer merged into 1 other by the confirmed mapping, or in OctopusPro before the export.',
  );
  expect(html).toContain('1 group of customers that look alike was kept apart, 1 of them surely the same.');
  expect(html).toContain('<th scope="row">1</th><td>3</td>');
  expect(html).toContain('they were kept apart</strong>, waived by <strong>cli --yes</strong>');
  expect(JSON.parse(files['reconciliation.json'] ?? '')).toMatchObject({
    merged_customers: [{ source_id: '3', into: '1' }],
    waivers: [{ gate: 'mapping_confirmation' }, { gate: 'duplicate_customers', actor: 'cli --yes' }],
  });
});

describe('planted inconsistencies are found', () => {
  test.each<[string, (runId: string) => Promise<unknown>, string]>([
    [
      'a staged row without an outcome',
      () => ctx.db.deleteFrom('transform.sourceOutcome').where('sourceId', '=', '11').execute(),
      'rows_not_explained',
    ],
    [
      'a mapped record without an outcome',
      () => ctx.db.deleteFrom('loader.recordOutcome').where('targetKey', '=', 'booking:11').execute(),
      'records_waiting',
    ],
    [
      'an outcome for a record that was never planned',
      (runId) =>
        ctx.db
          .insertInto('loader.recordOutcome')
          .values({
            tenantId: tenant.id,
            runId,
            targetKey: 'booking:99',
            entity: 'deal',
            outcome: 'created',
          })
          .execute(),
      'records_not_explained',
    ],
    [
      'an intent of an earlier run that nobody settled',
      async (runId) => {
        const run = await ctx.db
          .selectFrom('loader.run')
          .selectAll()
          .where('id', '=', runId)
          .executeTakeFirstOrThrow();
        const earlier = await ctx.db
          .insertInto('loader.run')
          .values({
            tenantId: run.tenantId,
            migrationId: run.migrationId,
            connectionId: run.connectionId,
            exportId: run.exportId,
            mappingVersionId: run.mappingVersionId,
            kind: 'production',
            status: 'cancelled',
          })
          .returning('id')
          .executeTakeFirstOrThrow();
        await ctx.db
          .insertInto('loader.intent')
          .values({
            tenantId: tenant.id,
            connectionId: run.connectionId,
            runId: earlier.id,
            targetKey: 'booking:10',
            entity: 'deal',
            operation: 'create',
            generation: 1,
            state: 'ambiguous',
            payloadHash: 'h',
          })
          .execute();
      },
      'outcomes_unknown',
    ],
    [
      'a file of the package that nobody can read',
      async (runId) => {
        const { exportId, migrationId } = await ctx.db
          .selectFrom('loader.run')
          .select(['exportId', 'migrationId'])
          .where('id', '=', runId)
          .executeTakeFirstOrThrow();
        await ctx.db
          .insertInto('core.finding')
          .values({
            tenantId: tenant.id,
            migrationId,
            exportId,
            origin: 'assess',
            code: 'unread_file',
            severity: 'block',
            object: 'invoice',
            file: 'invoices.xlsx',
          })
          .execute();
      },
      'files_not_read',
    ],
  ])('%s', async (_name, plant, code) => {
    const { runId } = await seedRun(ctx.db, tenant);
    await plant(runId);
    await reconcile(runId);
    const files = await contents(runId);
    expect(JSON.parse(files['summary.json'] ?? '').balanced).toBe(false);
    const report = JSON.parse(files['reconciliation.json'] ?? '');
    expect(report.verdict).toBe('not_accounted');
    expect(report.points.map((point: { code: string }) => point.code)).toContain(code);
  });
});

test('a run that failed before anything was mapped has a report that says so', async () => {
  const { runId } = await seedRun(ctx.db, tenant, { status: 'failed', reason: 'The token was refused.' });
  await ctx.db.updateTable('loader.run').set({ setId: null }).where('id', '=', runId).execute();
  await ctx.db.deleteFrom('loader.recordOutcome').execute();
  await reconcile(runId);
  const files = await contents(runId);
  expect(files['mapped.ndjson']).toBe('');
  expect(JSON.parse(files['summary.json'] ?? '')).toMatchObject({
    status: 'failed',
    balanced: false,
    target: {},
  });
  expect(files['reconciliation.html']).toContain('The run stopped before its end: The token was refused.');
});

test('run again, also twice at the same moment: the same bytes, one set of files, nothing left behind', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  await reconcile(runId);
  const before = await contents(runId);
  await Promise.all([reconcile(runId), reconcile(runId)]);
  expect(await contents(runId)).toEqual(before);
  expect((await readdir(join(root, tenant.id))).sort()).toEqual((await blobs(runId)).sort());
});

test('when a file cannot be written, the former documents stay and the new files go', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  await reconcile(runId);
  const before = await blobs(runId);
  let puts = 0;
  const broken: ReporterContext = {
    ...ctx,
    files: {
      ...ctx.files,
      put: (...file) => {
        puts += 1;
        return puts === 4 ? Promise.reject(new Error('disk full')) : ctx.files.put(...file);
      },
    },
  };
  await expect(reconcile(runId, tenant.id, broken)).rejects.toThrow('disk full');
  expect(await blobs(runId)).toEqual(before);
  expect((await readdir(join(root, tenant.id))).sort()).toEqual([...before].sort());
});

test('when the commit is not answered, the documents that it named stay', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  const line = await startLostCommit(database.url);
  const config = configOf(line.url, ctx.masterKey);
  const cut = createContext(config, createLogger('reporter', 'silent'));
  try {
    line.loseCommitOf('insert into "reporter"."document"');
    await expect(reconcile(runId, tenant.id, cut)).rejects.toSatisfy(isDatabaseAway);
    expect(line.lost()).toBe(1);
  } finally {
    await cut.destroy();
    await line.close();
  }
  const files = await contents(runId);
  expect(JSON.parse(files['summary.json'] ?? '')).toMatchObject({ run_id: runId });
  expect((await readdir(join(root, tenant.id))).sort()).toEqual((await blobs(runId)).sort());
});

test('a run that goes on gets no documents, and a foreign run is not found', async () => {
  const { runId } = await seedRun(ctx.db, tenant, { status: 'running' });
  await reconcile(runId);
  expect(await blobs(runId)).toEqual([]);
  await expect(reconcile(runId, otherTenant.id)).rejects.toThrow('does not exist for this tenant');
});

test('the sweep hints ended runs without documents, of every tenant, and no others', async () => {
  const done = await seedRun(ctx.db, tenant);
  const printed = await seedRun(ctx.db, tenant);
  const failed = await seedRun(ctx.db, otherTenant, { status: 'failed' });
  await seedRun(ctx.db, otherTenant, { status: 'running' });
  await reconcile(printed.runId);
  const sent: unknown[] = [];
  await sweep({
    ...ctx,
    producer: { send: async (name, payload) => void sent.push([name, payload]), close: async () => {} },
  });
  expect(sent).toHaveLength(2);
  expect(sent).toEqual(
    expect.arrayContaining([
      ['reconcile-run', { tenantId: tenant.id, runId: done.runId }],
      ['reconcile-run', { tenantId: otherTenant.id, runId: failed.runId }],
    ]),
  );
  // The metrics speak of the same runs.
  const unmoved = Date.now() / 1000 - finishedAt.getTime() / 1000;
  expect(await count(ctx)).toEqual([
    { name: 'octopipe_reports_missing', labels: {}, value: 2 },
    { name: 'octopipe_unmoved_seconds', labels: {}, value: expect.closeTo(unmoved, -2) },
  ]);
});

test('the crosswalk and the records stream: more rows than one page', async () => {
  const { runId, connectionId } = await seedRun(ctx.db, tenant);
  const rows = Array.from({ length: 2_500 }, (_, index) => ({
    tenantId: tenant.id,
    connectionId,
    sourceType: 'customer',
    sourceId: `x${String(index).padStart(5, '0')}`,
    targetKey: 'customer:1',
    role: 'merged',
  }));
  await ctx.db.insertInto('loader.crosswalk').values(rows).execute();
  await reconcile(runId);
  const csv: string[][] = parse((await contents(runId))['crosswalk.csv'] ?? '');
  const ids = csv.map((row) => row[1] ?? '').filter((id) => id.startsWith('x'));
  expect(ids).toEqual(rows.map((row) => row.sourceId));
});

function configOf(url: string, masterKey: ReporterConfig['masterKey']): ReporterConfig {
  return {
    db: { url, poolSize: 4 },
    queue: { redisUrl: undefined, concurrency: 1, sweepIntervalMs: 1_000, lockMs: 10_000 },
    files: { root },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'error' },
    masterKey,
  };
}

function reconcile(runId: string, tenantId = tenant.id, using = ctx): Promise<void> {
  return reconcileRun.handle(
    using,
    { version: 1, tenantId, runId } as never,
    new AbortController().signal,
    ctx.logger,
  );
}

async function contents(runId: string): Promise<Record<string, string>> {
  const documents = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, (tx) =>
    listDocuments(tx, tenant.id, runId),
  );
  const dataKey = await ctx.dataKey(tenant.id);
  const files: Record<string, string> = {};
  for (const { name, blob } of documents)
    files[name] = (await ctx.files.read(tenant.id, dataKey, blob)).toString('utf8');
  return files;
}

async function blobs(runId: string): Promise<string[]> {
  const documents = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, (tx) =>
    listDocuments(tx, tenant.id, runId),
  );
  return documents.map(({ blob }) => blob);
}
