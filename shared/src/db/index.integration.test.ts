import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { type DatabaseHandle, inSystemTransaction, inTransaction, openDatabase, type Tx } from './index.js';

let testDatabase: TestDatabase;
/** One connection: whoever comes next gets the one just used. */
let database: DatabaseHandle;
const dropped: Error[] = [];
const tenantId = randomUUID();
const loader = { role: 'loader', tenantId } as const;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, {
    max: 1,
    onError: (error) => dropped.push(error),
    applicationName: 'index-test',
  });
});

afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

test('work runs as the role, for the tenant', async () => {
  expect(await inTransaction(database.db, loader, whoAmI)).toMatchObject({
    role: 'octopipe_loader',
    tenant: tenantId,
  });
  expect(await inSystemTransaction(database.db, whoAmI)).toMatchObject({
    role: 'octopipe_system',
    tenant: '',
  });
});

test.each([
  ['a commit', () => inTransaction(database.db, loader, whoAmI)],
  ['an error of ours', () => inTransaction(database.db, loader, () => Promise.reject(new Error('ours')))],
  ['an error of Postgres', () => inTransaction(database.db, loader, (tx) => sql`select 1 / 0`.execute(tx))],
  ['a tenant that is none', () => inTransaction(database.db, { ...loader, tenantId: 'x' }, readRuns)],
  ['system work', () => inSystemTransaction(database.db, whoAmI)],
  ['an error in system work', () => inSystemTransaction(database.db, (tx) => sql`select 1 / 0`.execute(tx))],
])('after %s the next user of the connection is nobody', async (_what, work) => {
  const before = await whoAmI(database.db);
  await work().catch(() => {});
  expect(await whoAmI(database.db)).toEqual(before);
  expect(before).toMatchObject({ role: 'none', tenant: '' });
});

test('system work after a tenant has no tenant', async () => {
  await inTransaction(database.db, loader, whoAmI);
  expect(await inSystemTransaction(database.db, whoAmI)).toMatchObject({ tenant: '' });
});

test('an error takes the work back', async () => {
  const slug = `gone-${randomUUID()}`;
  const work = inSystemTransaction(database.db, async (tx) => {
    await tx
      .insertInto('core.tenant')
      .values({ slug, name: 'Gone', wrappedDataKey: Buffer.alloc(1), masterKeyId: 'm' })
      .execute();
    throw new Error('half-way');
  });
  await expect(work).rejects.toThrow('half-way');
  const left = await inSystemTransaction(database.db, (tx) =>
    tx.selectFrom('core.tenant').select('id').where('slug', '=', slug).execute(),
  );
  expect(left).toEqual([]);
});

test('big numbers, money and dates come as they are stored', async () => {
  const { rows } = await sql`
    select 9007199254740993::int8 as big, 0.10::numeric as money, date '2024-03-31' as day,
      '{"inner_key": 1}'::jsonb as facts`.execute(database.db);
  expect(rows).toEqual([
    { big: '9007199254740993', money: '0.10', day: '2024-03-31', facts: { inner_key: 1 } },
  ]);
});

test('a connection that drops while idle is told, and the next query has a new one', async () => {
  await whoAmI(database.db);
  const killer = new pg.Client({ connectionString: testDatabase.url });
  await killer.connect();
  await killer.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'index-test' and pid <> pg_backend_pid()`,
  );
  await killer.end();
  await vi.waitFor(() => expect(dropped).toHaveLength(1));
  expect(await whoAmI(database.db)).toMatchObject({ role: 'none' });
});

async function whoAmI(db: Tx | DatabaseHandle['db']): Promise<unknown> {
  const { rows } = await sql`
    select current_setting('role') as role, coalesce(current_setting('app.tenant', true), '') as tenant,
      pg_backend_pid() as pid`.execute(db);
  return rows[0];
}

function readRuns(tx: Tx): Promise<unknown> {
  return sql`select count(*) from loader.run where tenant_id = ${tenantId}`.execute(tx);
}
