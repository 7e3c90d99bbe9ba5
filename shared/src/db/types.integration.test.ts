import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';

const generator = fileURLToPath(new URL('../../../scripts/generate-db-types.mjs', import.meta.url));
let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.drop());

test('types.ts is what the migrated database gives; run "npm run db:types" when it is not', async () => {
  expect(await verify()).toMatchObject({ code: 0 });
  // And it would be noticed if it were not:
  const client = new pg.Client({ connectionString: testDatabase.url });
  await client.connect();
  await client.query('alter table loader.run add column forgotten text');
  await client.end();
  expect(await verify()).toMatchObject({ code: 1 });
});

async function verify(): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [generator, '--verify'], {
    env: { PATH: process.env.PATH, DATABASE_URL: testDatabase.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([child.stdout, child.stderr].map((out) => out.setEncoding('utf8').toArray()));
  const [code] = (await once(child, 'exit')) as [number];
  return { code, said: (await said).flat().join('') };
}
