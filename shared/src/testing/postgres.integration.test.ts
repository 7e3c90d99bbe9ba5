import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './postgres.js';

const databases: TestDatabase[] = [];

afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop();
});

test('each database is migrated and apart from the others, also when made at the same moment', async () => {
  databases.push(...(await Promise.all(Array.from({ length: 4 }, createTestDatabase))));
  expect(new Set(databases.map(({ url }) => url)).size).toBe(4);
  const [one, other] = databases as [TestDatabase, TestDatabase];
  await query(one.url, 'create table only_here (n int)');
  expect(await query(other.url, `select to_regclass('only_here') as only_here`)).toEqual([
    { only_here: null },
  ]);
  expect(await query(other.url, 'select count(*)::int > 0 as migrated from octopipe_migration')).toEqual([
    { migrated: true },
  ]);
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
