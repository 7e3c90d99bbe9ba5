import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hashOf } from '../core/canonical-json.js';
import { type DatabaseHandle, inTransaction, openDatabase } from '../db/index.js';
import { nodeFlags } from '../embedded/node-flags.js';
import { openFileStore } from '../files/store.js';
import { jobIdOf, type ServiceName, serviceNames } from '../queue/catalog.js';
import { openQueueConnection, type QueueConnection } from '../queue/connection.js';
import { createProducer } from '../queue/producer.js';
import { createApiKey } from '../tenancy/api-key.js';
import { parseMasterKey, tenantDataKey } from '../tenancy/secrets.js';
import { fillTables, schemas, tenantTables } from '../testing/fill-tables.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { type SeededTenant, seedTenant } from '../testing/seed-tenants.js';
import { runStep } from './run-step.js';
import { droppedTables, endTables, type PurgeStep, purgedTables, purgeSteps } from './tables.js';

/**
 * The four services as they are deployed, from the build: a purge goes through all of them. Two tenants have a row in
 * every table, files, keys and queued jobs; one of them goes.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const masterKey = randomBytes(32).toString('base64');
const patience = { timeout: 240_000, interval: 50 };
/** Services start, die and start again: on a busy machine that takes its time. */
const testTimeoutMs = 300_000;
/** No sweep after the first, which finds nothing: whatever changes of the other tenant, the purge did. */
const noSweeps = { SWEEP_INTERVAL_MS: '3600000' };

let database: TestDatabase;
let handle: DatabaseHandle;
let client: pg.Client;
let files: string;
let operator: { id: string; secret: string };
let queue: QueueConnection;
let running: Map<ServiceName, { child: ChildProcess; url: string }>;
let deaths: string[];
let isOver: boolean;

beforeEach(async () => {
  database = await createTestDatabase();
  handle = openDatabase(database.url, { max: 3, onError: () => {}, applicationName: 'purge-test' });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  files = await mkdtemp(path.join(tmpdir(), 'octopipe-purge-'));
  const secret = await createApiKey(handle.db, { role: 'operator', label: 'a label of the operator' });
  const { rows } = await client.query<{ id: string }>('select id from core.api_key');
  operator = { id: rows[0]?.id ?? '', secret };
  queue = openQueueConnection({
    databaseUrl: database.url,
    applicationName: 'purge-test',
    onError: () => {},
  });
  running = new Map();
  deaths = [];
  isOver = false;
});

afterEach(async () => {
  isOver = true;
  await Promise.all(
    [...running.values()].map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }),
  );
  await queue.close();
  await client.end();
  await handle.destroy();
  await database.drop();
  await rm(files, { recursive: true, force: true });
});

test('no table is forgotten, and none comes before one that refers to it', async () => {
  const listed = purgeSteps.flatMap((step) => purgedTables[step]);
  const names = listed.map(({ name }) => name);
  expect([...names, ...droppedTables, endTables[0]].sort()).toEqual(
    (await tenantTables(client)).map(({ name }) => name).sort(),
  );
  for (const step of purgeSteps)
    for (const { name } of purgedTables[step])
      expect([step, ...(step === 'ingest' ? ['core'] : [])]).toContain(name.split('.')[0]);

  const order = [...names, ...endTables];
  const { rows: references } = await client.query<{ child: string; parent: string }>(
    `select distinct conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint
     where contype = 'f' and connamespace::regnamespace::text = any ($1) and confrelid <> 'core.purge'::regclass`,
    [schemas],
  );
  expect(references.length).toBeGreaterThan(40);
  const inOneGo = listed.filter((table) => table.inOneGo).map(({ name }) => name);
  expect(references.filter(({ child, parent }) => child === parent).map(({ child }) => child)).toEqual(
    inOneGo,
  );
  expect(
    references.filter(
      ({ child, parent }) => child !== parent && order.indexOf(child) >= order.indexOf(parent),
    ),
  ).toEqual([]);

  // Whatever a slice looks for its rows by, an index begins with it.
  const { rows: indexes } = await client.query<{ leads: string }>(
    `select distinct format('%s.%s', indrelid::regclass, attname) as leads
     from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0] where indpred is null`,
  );
  const leads = new Set(indexes.map((index) => index.leads));
  expect(
    listed.map(({ name, by }) => `${name}.${by?.[0] ?? 'tenant_id'}`).filter((column) => !leads.has(column)),
  ).toEqual([]);
});

test(
  'everything of one tenant goes, nothing of the other, and a receipt says what',
  async () => {
    await startAll(noSweeps);
    const { acme, beta } = await seedTwo();
    const queued = await queueJobs([acme, beta]);
    const key = await createApiKey(handle.db, {
      role: 'tenant_admin',
      label: acme.canary,
      tenantId: acme.id,
    });
    const before = { beta: await rowsOf(beta), files: await contentsOf(beta) };
    for (const { name } of (await tenantTables(client)).filter(({ partitioned }) => !partitioned))
      expect([name, before.beta[name]?.length]).not.toEqual([name, 0]);

    const preview = await purge({});
    expect(preview.status).toBe(200);
    expect(preview.body).toMatchObject({
      files: 4,
      runs_not_at_rest: [],
      records_in_accounts: { [acme.canary]: 1 },
    });
    expect(await call('reporter', 'GET', '/v1/purges?tenant=acme')).toMatchObject({ body: { items: [] } });
    expect((await purge({ preview: false })).body).toMatchObject({ code: 'invalid_request' });
    expect((await purge({ preview: false, confirm: 'beta' })).status).toBe(422);
    for (const [status, lease] of [
      ['running', null],
      ['waiting_budget', null],
      ['paused', '1 minute'],
    ]) {
      await client.query('update loader.run set status = $1 where id = $2', [status, acme.things.run]);
      await client.query(
        `update loader.batch_progress set state = 'leased', lease_until = now() + $1::interval where run_id = $2`,
        [lease, acme.things.run],
      );
      expect((await purge({})).body).toMatchObject({ runs_not_at_rest: [acme.things.run] });
      const refused = await purge({ preview: false, confirm: 'acme' });
      expect([refused.status, refused.body.code]).toEqual([409, 'runs_not_at_rest']);
    }
    await client.query(
      `update loader.batch_progress set lease_until = now() - interval '1 s' where run_id = $1`,
      [acme.things.run],
    );
    expect((await call('ingest', 'GET', '/v1/migrations', undefined, key)).status).toBe(200);

    const asked = await purge({ preview: false, confirm: 'acme' });
    expect([asked.status, asked.body.state]).toEqual([202, 'removing']);
    // Whatever of it is still there, nobody is answered any more.
    expect((await call('ingest', 'GET', '/v1/migrations', undefined, key)).status).toBe(401);
    expect((await call('ingest', 'GET', '/v1/migrations?tenant=acme')).status).toBe(404);
    expect((await call('loader', 'GET', `/v1/runs/${acme.things.run}?tenant=acme`)).status).toBe(404);

    const receipt = await whenDone(asked.body.id as string);
    // What it removed is what it said it would, and what nobody but the end of a tenant leaves alone.
    expect(receipt.rows).toEqual({
      ...(preview.body.rows as object),
      'core.api_key': 2,
      // The seeded one, and that of the key made above.
      'core.rate_use': 2,
      'loader.company_budget': 1,
    });
    expect(receipt).toMatchObject({
      state: 'done',
      tenant_id: acme.id,
      tenant_sha256: createHash('sha256').update('acme').digest('hex'),
      requested_by: operator.id,
      files: preview.body.files,
      bytes: preview.body.bytes,
    });
    const { receipt_sha256, ...content } = receipt;
    expect(receipt_sha256).toBe(hashOf(content));

    // That records of it stand in this account, and not whose they are.
    const { rows: left } = await client.query('select company_hash as hash from loader.left_company');
    expect(left).toEqual([{ hash: createHash('sha256').update(acme.canary).digest('hex') }]);
    expect(await traces([acme.canary, 'a label of the operator'])).toEqual(['core.api_key']);
    expect(await traces([acme.id])).toEqual(['core.purge']);
    // The queue's own journal names jobs, and they are named by ids of ours: it trims itself.
    expect((await traces(Object.values(idsOf(acme)))).filter((name) => name !== 'bullmq.event')).toEqual([]);
    expect(await tablesOf(acme)).toEqual([]);
    expect(await readdir(files)).toEqual([beta.id]);
    expect({ beta: await rowsOf(beta), files: await contentsOf(beta) }).toEqual(before);
    expect(await idsIn(queue)).toEqual(queued.filter((id) => id.includes(beta.things.run)));

    const html = await fetch(`${urlOf('reporter')}/v1/purges/${receipt.id}/receipt`, { headers: headers() });
    expect(html.headers.get('content-type')).toContain('text/html');
    expect(await html.text()).toContain(String(receipt_sha256));
    expect((await call('reporter', 'GET', '/v1/purges?tenant=acme')).body.items).toEqual([receipt]);
    expect((await purge({})).status).toBe(404);
    // The name is free, and who takes it next is somebody else.
    const again = await call('ingest', 'POST', '/v1/migrations', {
      tenant: 'acme',
      reference: 'r',
      name: 'n',
    });
    expect(again.status).toBe(201);
  },
  testTimeoutMs,
);

test(
  'killed at every step, it ends all the same',
  async () => {
    const places = [
      'purge.after_mark',
      'purge.after_slice@loader.intent',
      'purge.before_next_step@transform',
      'purge.after_retire',
      'purge.before_end',
    ];
    await startAll({
      SWEEP_INTERVAL_MS: '200',
      QUEUE_LOCK_MS: '500',
      OCTOPIPE_FAILPOINT: places.join(),
      OCTOPIPE_FAILPOINT_MARK: path.join(files, 'mark'),
    });
    const { acme, beta } = await seedTwo();
    const preview = await purge({});
    // Its answer was lost with the process: whoever asks again hears of the same purge, half-way or done.
    await expect(purge({ preview: false, confirm: 'acme' })).rejects.toThrow();
    const id = await vi.waitFor(async () => {
      const { rows } = await client.query<{ id: string }>('select id from core.purge where subject_id = $1', [
        acme.id,
      ]);
      expect(rows).toHaveLength(1);
      return rows[0]?.id ?? '';
    }, patience);
    const receipt = await whenDone(id);
    expect(deaths.sort()).toEqual(['ingest', 'ingest', 'ingest', 'loader', 'transform']);
    expect(receipt.rows).toMatchObject(preview.body.rows as object);
    expect(receipt).toMatchObject({ files: preview.body.files, bytes: preview.body.bytes });
    expect(await traces([acme.canary])).toEqual([]);
    expect(await tablesOf(acme)).toEqual([]);
    expect((await readdir(files)).filter((name) => !name.startsWith('mark'))).toEqual([beta.id]);
  },
  testTimeoutMs,
);

test('two workers at once remove each row once, and a row that comes late is found by its parent', async () => {
  const { acme } = await seedTwo();
  const { connection, run } = acme.things;
  // More than two slices.
  await client.query(
    `insert into loader.record_outcome select $1, $2, 'many:' || n, 'deal', 'created' from generate_series(1, 12000) n`,
    [acme.id, run],
  );
  await client.query(
    `insert into core.purge (id, subject_id, slug_hash, requested_by) values ($1, $1, '', $1)`,
    [acme.id],
  );
  await client.query(`update core.tenant set purge_id = $1 where id = $1`, [acme.id]);
  const producer = createProducer(queue, () => {});
  const step = (name: PurgeStep) =>
    runStep(
      { db: handle.db, producer },
      name,
      { tenantId: acme.id, purgeId: acme.id },
      new AbortController().signal,
    );
  const state = async () => {
    const { rows } = await client.query<{ step: string; removed: Record<string, number> }>(
      'select step, rows_removed as removed from core.purge where id = $1',
      [acme.id],
    );
    return rows[0];
  };
  await step('reporter');
  await client.query(
    `insert into reporter.document (tenant_id, run_id, name, media_type, blob, bytes, sha256) values ($1, $2, 'late', '', '', 1, '')`,
    [acme.id, run],
  );
  await Promise.all([step('loader'), step('loader')]);
  // The run could not go: a document of it had come meanwhile. From the beginning, then.
  expect(await state()).toMatchObject({
    step: 'reporter',
    removed: { 'reporter.document': 2, 'loader.record_outcome': 12_001 },
  });
  const { rows: left } = await client.query('select id from loader.connection where id = $1', [connection]);
  expect(left).toHaveLength(1);
  for (const name of ['reporter', 'loader'] as const) await step(name);
  expect(await state()).toMatchObject({
    step: 'transform',
    removed: { 'reporter.document': 3, 'loader.connection': 1 },
  });
  // A job that was left over finds nothing of its to do.
  await step('loader');
  expect((await state())?.step).toBe('transform');
  await producer.close();
});

test('what was under way when the tenant was marked neither reads, writes nor leaves a file', async () => {
  const { acme } = await seedTwo();
  const store = openFileStore(files, async (id) => {
    // A purge of the whole of it comes between the last byte and the name.
    await client.query(
      `insert into core.purge (id, subject_id, slug_hash, requested_by) values ($1, $1, '', $1)`,
      [id],
    );
    await client.query(`update core.tenant set purge_id = $1 where id = $1`, [id]);
    await store.retire(id);
    await store.removeRetired(id);
  });
  const dataKey = await tenantDataKey(handle.db, parseMasterKey(masterKey), acme.id);
  await expect(store.put(acme.id, dataKey, Readable.from(['late']))).rejects.toThrow(/ENOENT/);
  expect(await readdir(files)).not.toContain(acme.id);
  await expect(tenantDataKey(handle.db, parseMasterKey(masterKey), acme.id)).rejects.toThrow(
    /no such tenant/,
  );
  for (const role of serviceNames)
    await expect(
      inTransaction(handle.db, { role, tenantId: acme.id }, async (tx) =>
        tx.selectFrom('loader.run').selectAll().execute(),
      ),
    ).rejects.toThrow(/no such tenant/);
});

async function seedTwo(): Promise<{ acme: SeededTenant; beta: SeededTenant }> {
  const master = parseMasterKey(masterKey);
  const acme = await seedTenant(handle.db, master, files, 'acme');
  const beta = await seedTenant(handle.db, master, files, 'beta');
  for (const tenant of [acme, beta]) {
    await fillTables(handle.db, client, tenant);
    // Of a process that died before it could say what they are.
    await writeFile(path.join(files, tenant.id, 'f'.repeat(32)), 'a file that no row names');
    await writeFile(path.join(files, tenant.id, `${'e'.repeat(32)}.part`), 'half of a file');
  }
  return { acme, beta };
}

/** A job of each service that is not due for an hour. */
async function queueJobs(tenants: SeededTenant[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { id: tenantId, things } of tenants) {
    const payload = { version: 1 as const, tenantId, runId: things.run };
    const queueOf = queue.createQueue('reporter');
    const jobId = jobIdOf('reconcile-run', payload);
    await queueOf.add('reconcile-run', payload, { jobId, delay: 3_600_000 });
    await queueOf.close();
    ids.push(jobId);
  }
  return ids;
}

async function idsIn(connection: QueueConnection): Promise<string[]> {
  const reporter = connection.createQueue('reporter');
  const jobs = await reporter.getJobs(['delayed', 'waiting']);
  await reporter.close();
  return jobs.map((job) => String(job.id));
}

/** What only this tenant's rows had. */
function idsOf({ things }: SeededTenant): Record<string, string> {
  const { tenant: _, purge: __, document: ___, source_record: ____, ...ids } = things;
  return ids;
}

async function rowsOf(tenant: SeededTenant): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name } of await tenantTables(client)) {
    const { rows } = await client.query<{ text: string }>(
      `select (to_jsonb(t) - 'last_used_at')::text as text from ${name} t where tenant_id = $1 order by 1`,
      [tenant.id],
    );
    found[name] = rows.map(({ text }) => text);
  }
  return found;
}

async function contentsOf(tenant: SeededTenant): Promise<Record<string, string>> {
  const folder = path.join(files, tenant.id);
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(path.join(folder, name))).toString('hex')]),
    ),
  );
}

/** Tables of the whole database, the queue's included, in which one of these stands, as text or as bytes. */
async function traces(marks: string[]): Promise<string[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  expect(tables.length).toBeGreaterThan(45);
  const patterns = marks.flatMap((mark) => [`%${mark}%`, `%${Buffer.from(mark).toString('hex')}%`]);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query(`select 1 from ${name} t where t::text like any ($1) limit 1`, [
      patterns,
    ]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** Relations named after an export of a tenant. */
async function tablesOf(tenant: SeededTenant): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select relname as name from pg_class where relname like $1',
    [`%${tenant.things.export.replaceAll('-', '')}%`],
  );
  return rows.map(({ name }) => name);
}

function purge(json: unknown) {
  return call('ingest', 'POST', '/v1/tenants/acme/purge', json);
}

async function whenDone(id: string): Promise<Record<string, unknown>> {
  return vi.waitFor(async () => {
    const { body } = await call('reporter', 'GET', `/v1/purges/${id}`);
    expect(body).toMatchObject({ state: 'done' });
    return body;
  }, patience);
}

async function call(
  service: ServiceName,
  method: string,
  route: string,
  json?: unknown,
  secret = operator.secret,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${urlOf(service)}${route}`, {
    method,
    headers: headers(secret),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

function headers(secret = operator.secret): Record<string, string> {
  return { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
}

function urlOf(service: ServiceName): string {
  return running.get(service)?.url ?? '';
}

async function startAll(env: Record<string, string>): Promise<void> {
  await Promise.all(serviceNames.map((service) => start(service, env)));
}

/** Started again whenever it is killed, as an orchestrator would. */
async function start(service: ServiceName, env: Record<string, string>): Promise<void> {
  const child = spawn(
    process.execPath,
    [...nodeFlags, path.join(root, 'services', service, 'dist/bundle/main.js')],
    {
      env: {
        ...{ PATH: process.env.PATH, DATABASE_URL: database.url, OCTOPIPE_MASTER_KEY: masterKey },
        ...{ OCTOPIPE_FILES_DIR: files, LOG_LEVEL: 'warn', DATABASE_POOL_SIZE: '4', ...env },
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  child.once('exit', (_code, signal) => {
    if (signal !== 'SIGKILL' || isOver) return;
    deaths.push(service);
    void start(service, env);
  });
  const ready = new Promise<string>((resolve) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const url = /ready at (\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  running.set(service, { child, url: '' });
  running.set(service, { child, url: await ready });
}
