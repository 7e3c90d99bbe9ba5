import { randomBytes, randomUUID } from 'node:crypto';
import { Kysely, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SetupError } from '../core/errors.js';
import { findFreePort } from '../embedded/free-port.js';
import { startOwnPostgres } from '../testing/own-postgres.js';
import { createTestDatabase, type TestDatabase, urlOfDatabase } from '../testing/postgres.js';
import { assertSchemaIsCurrent, latestMigration, migrateToLatestOrThrow, migrations } from './migrate.js';

let server: TestDatabase;
const made: string[] = [];

beforeAll(async () => {
  server = await createTestDatabase();
});

afterEach(async () => {
  for (const name of made.splice(0)) await query(server.url, `drop database ${name} with (force)`);
});

afterAll(() => server.drop());

test('from empty, and again: the second time nothing happens', async () => {
  const url = await emptyDatabase();
  await migrateToLatestOrThrow(url);
  const once = await dump(url);
  expect(once.migrations.map((row) => (row as { name: string }).name)).toEqual(Object.keys(migrations));
  expect(once.objects.length).toBeGreaterThan(100);
  await migrateToLatestOrThrow(url);
  expect(await dump(url)).toEqual(once);
});

test('several migrators at the same moment, on one database and on others of the same server', async () => {
  const urls = await Promise.all([emptyDatabase(), emptyDatabase()]);
  await Promise.all([...urls, ...urls, ...urls].map((url) => migrateToLatestOrThrow(url)));
  const [one, other] = await Promise.all(urls.map(dump));
  expect(one?.objects).toEqual(other?.objects);
  expect(one?.migrations).toHaveLength(Object.keys(migrations).length);
});

test('the queue has its own schema, and none of its tables stands among ours', async () => {
  const url = await emptyDatabase();
  await migrateToLatestOrThrow(url);
  const rows = await query(
    url,
    `select distinct schemaname from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  expect(rows.map((row) => row.schemaname)).toEqual([
    'bullmq',
    'core',
    'ingest',
    'loader',
    'public',
    'reporter',
    'transform',
  ]);
  const ours = await query(url, `select tablename from pg_tables where schemaname = 'public' order by 1`);
  expect(ours.map((row) => row.tablename)).toEqual(['octopipe_migration', 'octopipe_migration_lock']);
});

test('a run that stood before it was noted since when: the log knows it, else its beginning does', async () => {
  const url = await emptyDatabase();
  const names = Object.keys(migrations);
  await migrateTo(url, names[names.indexOf('20261130-0110-status-since') - 1] ?? '');
  const [told, untold] = [randomUUID(), randomUUID()];
  await query(
    url,
    // The rows that these refer to say nothing here.
    `set session_replication_role = replica;
     insert into loader.run (id, tenant_id, migration_id, connection_id, export_id, mapping_version_id, kind, status, created_at)
       select id, id, id, id, id, id, 'production', 'waiting_person', '2026-01-01T00:00:00Z'
       from unnest('{${told},${untold}}'::uuid[]) id;
     insert into core.event (tenant_id, migration_id, run_id, kind, at) values
       ('${told}', '${told}', '${told}', 'run.waiting_person', '2026-01-02T00:00:00Z'),
       ('${told}', '${told}', '${told}', 'run.running', '2026-01-03T00:00:00Z'),
       ('${told}', '${told}', '${told}', 'run.waiting_person', '2026-01-04T00:00:00Z'),
       ('${told}', '${told}', '${told}', 'run.phase', '2026-01-05T00:00:00Z')`,
  );
  await migrateToLatestOrThrow(url);
  const rows = await query(url, 'select id, status_since from loader.run');
  expect(Object.fromEntries(rows.map((row) => [row.id, row.status_since]))).toEqual({
    [told]: new Date('2026-01-04T00:00:00Z'),
    [untold]: new Date('2026-01-01T00:00:00Z'),
  });
  expect(
    await query(
      url,
      `select relname from pg_class where relname in ('run', 'event') and relforcerowsecurity order by 1`,
    ),
  ).toEqual([{ relname: 'event' }, { relname: 'run' }]);
});

test('a migration that stood before orders were kept was ordered as it stands', async () => {
  const url = await emptyDatabase();
  const names = Object.keys(migrations);
  await migrateTo(url, names[names.indexOf('20261130-0120-ordered-settings') - 1] ?? '');
  await query(
    url,
    `set session_replication_role = replica;
     insert into ingest.migration (tenant_id, reference, name, settings)
       values ('${randomUUID()}', 'order-1', 'Moves', '{"country": "AU"}')`,
  );
  await migrateToLatestOrThrow(url);
  expect(await query(url, 'select ordered_settings from ingest.migration')).toEqual([
    { ordered_settings: { country: 'AU' } },
  ]);
  expect(
    await query(
      url,
      `select relforcerowsecurity as forced from pg_class where oid = 'ingest.migration'::regclass`,
    ),
  ).toEqual([{ forced: true }]);
});

// Roles are the server's, so this needs one of its own.
test('tables that were restored where the roles were missing: the roles are made, and the restore is refused', async () => {
  const own = await startOwnPostgres({ migrated: false });
  try {
    await query(own.url, 'create role ordinary login createrole');
    await query(own.url, 'create database restored owner ordinary');
    const url = Object.assign(new URL(urlOfDatabase(own.url, 'restored')), { username: 'ordinary' }).href;
    await query(own.url, `alter role ordinary password '${new URL(url).password}'`);
    await migrateToLatestOrThrow(url);
    expect(await mayActAs(url)).toEqual(services);

    await loseRoles(urlOfDatabase(own.url, 'restored'));
    expect(await mayActAs(url)).toEqual([]);
    await expect(migrateToLatestOrThrow(url)).rejects.toThrow(
      `The tables give no rights to ${services.join(', ')}: they were restored before these roles existed. They do now: restore the backup once more, into an empty database.`,
    );
    expect(await mayActAs(url)).toEqual(services);
  } finally {
    await own.drop();
  }
});

const services = ['ingest', 'loader', 'reporter', 'system', 'transform'].map((name) => `octopipe_${name}`);

/** What a restore leaves on a server without them: every grant and policy to a role is missing, the tables are the login's. */
async function loseRoles(url: string): Promise<void> {
  const login = new URL(url).username;
  for (const role of services)
    await query(url, `reassign owned by ${role} to ${login}; drop owned by ${role}; drop role ${role}`);
}

async function mayActAs(url: string): Promise<string[]> {
  const tried = await Promise.allSettled(services.map((role) => query(url, `set role ${role}`)));
  return services.filter((_role, at) => tried[at]?.status === 'fulfilled');
}

describe('a service meets a database', () => {
  test('of this build: it starts', async () => {
    expect(await answerOf(server.url)).toBe('current');
  });

  test('without a schema: it says which step to run', async () => {
    expect(await answerOf(await emptyDatabase())).toBe(
      'SetupError: The database has no octopipe schema yet; run the migrate step (npm start does it) before the services.',
    );
  });

  test('older than the build: it names what is missing', async () => {
    const url = await emptyDatabase();
    await migrateToLatestOrThrow(url);
    await query(url, `delete from octopipe_migration where name = '${latestMigration}'`);
    expect(await answerOf(url)).toBe(
      `SetupError: The database schema is older than this build (missing ${latestMigration}); run the migrate step first.`,
    );
  });

  test('newer than the build: it names what it does not know', async () => {
    const url = await emptyDatabase();
    await migrateToLatestOrThrow(url);
    await query(url, `insert into octopipe_migration (name, timestamp) values ('29990101-0001-later', 'x')`);
    expect(await answerOf(url)).toBe(
      'SetupError: The database schema is newer than this build (unknown 29990101-0001-later); deploy the newer build.',
    );
    await expect(migrateToLatestOrThrow(url)).rejects.toThrow();
  });

  test('that is away: it does not take it for an empty one', async () => {
    const url = new URL(server.url);
    url.port = String(await findFreePort());
    expect(await answerOf(url.href)).toMatch(/ECONNREFUSED/);
  });
});

async function emptyDatabase(): Promise<string> {
  const name = `octopipe_empty_${randomBytes(6).toString('hex')}`;
  await query(server.url, `create database ${name}`);
  made.push(name);
  return urlOfDatabase(server.url, name);
}

/** As a former release left it. */
async function migrateTo(url: string, name: string): Promise<void> {
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }),
  });
  try {
    const { error } = await new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
      migrationTableName: 'octopipe_migration',
      migrationLockTableName: 'octopipe_migration_lock',
    }).migrateTo(name);
    if (error) throw error;
  } finally {
    await db.destroy();
  }
}

/** What is in the database: every relation with its columns, constraint, index, policy and grant; and when migrated. */
async function dump(url: string): Promise<{ migrations: unknown[]; objects: unknown[] }> {
  const objects = await query(
    url,
    `
    select format('%s.%s %s %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) as what, c.relacl::text as grants
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
    union all
    select format('%s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid)), null from pg_constraint
    where connamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
    union all
    select format('%s on %s.%s: %s', policyname, schemaname, tablename, qual), roles::text from pg_policies
    order by 1, 2`,
  );
  return { migrations: await query(url, 'select * from octopipe_migration order by name'), objects };
}

async function answerOf(url: string): Promise<string> {
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }),
  });
  try {
    await assertSchemaIsCurrent(db);
    return 'current';
  } catch (error) {
    if (error instanceof SetupError) return `SetupError: ${error.message}`;
    return String((error as { code?: string }).code ?? error);
  } finally {
    await db.destroy();
  }
}

async function query(url: string, text: string): Promise<Array<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
