import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateToLatestOrThrow } from '../db/migrate.js';
import { startEmbeddedPostgres } from '../embedded/postgres.js';
import { isAlive } from '../embedded/postgres-owner.js';
import { SERVER_URL, TEMPLATE, urlOfDatabase } from './postgres.js';

/**
 * vitest's globalSetup: one server for the whole run, DATABASE_URL_TEST or one of our own, with a migrated
 * template database. Workers learn both through the environment they inherit.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Each project that names this file runs it; the first one serves all.
  if (process.env[SERVER_URL] !== undefined) return undefined;
  const server = process.env.DATABASE_URL_TEST
    ? { url: process.env.DATABASE_URL_TEST, stop: async () => {} }
    : await startOwnServer();
  const template = `octopipe_template_${randomBytes(4).toString('hex')}`;
  try {
    await createTemplate(server.url, template);
  } catch (error) {
    await server.stop();
    throw error;
  }
  process.env[SERVER_URL] = server.url;
  process.env[TEMPLATE] = template;

  return async () => {
    delete process.env[SERVER_URL];
    delete process.env[TEMPLATE];
    await run(server.url, `alter database ${template} with is_template false`);
    await run(server.url, `drop database ${template} with (force)`);
    await server.stop();
  };
}

const PREFIX = 'octopipe-test-';

async function startOwnServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // mkdtemp makes it 0700, which the account Postgres runs as could not pass when we are root.
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    // Nobody needs test data after a power cut; half the time of small transactions is the disk.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '400' },
  });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Folders of our runs that were killed; their servers ended with them. Those of other users are theirs. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const owner = (await stat(folder).catch(() => undefined))?.uid;
    const pid = Number.parseInt(name.slice(PREFIX.length), 10);
    if (owner === process.getuid?.() && !isAlive(pid)) await rm(folder, { recursive: true, force: true });
  }
}

async function createTemplate(serverUrl: string, template: string): Promise<void> {
  await run(serverUrl, `create database ${template}`);
  await migrateToLatestOrThrow(urlOfDatabase(serverUrl, template));
  // Nobody may connect from now on: Postgres copies only databases that nobody uses.
  await run(serverUrl, `alter database ${template} with is_template true allow_connections false`);
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
