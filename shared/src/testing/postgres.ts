import { randomBytes } from 'node:crypto';
import pg from 'pg';

export type TestDatabase = { url: string; drop(): Promise<void> };

/** Where global-setup.ts says which server and which migrated template a test run uses. */
export const SERVER_URL = 'OCTOPIPE_TEST_DATABASE_URL';
export const TEMPLATE = 'OCTOPIPE_TEST_TEMPLATE';

/** A migrated database of one's own, so that test files run side by side. Roles are shared by the whole server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env[SERVER_URL];
  const template = process.env[TEMPLATE];
  if (serverUrl === undefined || template === undefined) {
    throw new Error(
      'No test database server: run this test in a vitest project with globalSetup shared/src/testing/global-setup.ts.',
    );
  }
  const name = `octopipe_test_${randomBytes(6).toString('hex')}`;
  // Default strategy (WAL_LOG) on purpose: FILE_COPY forces a checkpoint, which every other test file would feel.
  await run(serverUrl, `create database ${name} template ${template}`);
  return {
    url: urlOfDatabase(serverUrl, name),
    drop: () => run(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** A copy of a test database as it is now. Whoever is connected to it is cut off: Postgres copies only what nobody uses. */
export async function copyTestDatabase(url: string): Promise<TestDatabase> {
  const serverUrl = process.env[SERVER_URL];
  if (serverUrl === undefined) throw new Error('No test database server.');
  const name = `octopipe_test_${randomBytes(6).toString('hex')}`;
  const source = new URL(url).pathname.slice(1);
  await run(
    serverUrl,
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${source}'`,
  );
  await run(serverUrl, `create database ${name} template ${source}`);
  return {
    url: urlOfDatabase(serverUrl, name),
    drop: () => run(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** The same server and login, another database. */
export function urlOfDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
