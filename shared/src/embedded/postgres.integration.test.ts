import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres.js';
import { isReachableBy } from './runtime-user.js';

// Real processes run the build, which `npm test` makes first.
const BUILD = fileURLToPath(new URL('../../dist/embedded/postgres.js', import.meta.url));
const NOBODY = { name: 'nobody', uid: 65534, gid: 65534 };
const isRoot = process.getuid?.() === 0;

let folder: string;
let started: EmbeddedPostgres[];

beforeEach(async () => {
  folder = mkdtempSync('/tmp/octopipe-embedded-');
  await chmod(folder, 0o755);
  started = [];
});

afterEach(async () => {
  for (const server of started) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test('keeps its data over a restart and lets in nobody without the password', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select lower($1::text) as name', ['ÄPFEL']);
  await first.stop();
  expect(await isRunning(first.pid)).toBe(false);

  const second = await start();
  expect(await query(second.url, 'select name from kept')).toEqual([{ name: 'äpfel' }]);
  expect(await query(second.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  await expect(query(second.url.replace(/:[^:@]+@/, ':guess@'), 'select 1')).rejects.toMatchObject({
    code: '28P01',
  });
});

test('leaves one secret, readable by us alone, and no other password file', async () => {
  const { url } = await start();
  const password = new URL(url).password;
  const secret = join(folder, 'postgres.secret');
  expect((await stat(secret)).mode & 0o777).toBe(0o600);
  expect(execFileSync('grep', ['-rlF', '-e', password, folder], { encoding: 'utf8' }).trim()).toBe(secret);
});

test('keeps what was committed when the server is killed', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 1 as n');
  first.kill('SIGKILL');
  await first.exited;
  const second = await start();
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }]);
});

test('refuses a state folder in use and names who uses it', async () => {
  const first = await start();
  await expect(start()).rejects.toThrow(
    `Another octopipe (pid ${process.pid}) is running with this state folder`,
  );
  expect(await query(first.url, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('lets one of two starts at the same moment run', async () => {
  const results = await Promise.allSettled([start(), start()]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const refusal = results.find((result) => result.status === 'rejected');
  expect(String(refusal?.reason)).toMatch(/Another octopipe .* with this state folder/);
});

test('starts over an interrupted initdb and a pid file whose number now belongs to somebody else', async () => {
  const half = join(folder, 'postgres.init-999999999-aa');
  await mkdir(half);
  await writeFile(join(half, 'PG_VERSION'), '18\n');
  const first = await start();
  await first.stop();
  await writeFile(join(first.dataDir, 'postmaster.pid'), `${process.pid}\n`);
  await start();
  expect((await readdir(folder)).filter((name) => name.includes('.init-'))).toEqual([]);
});

test('says so when the secret is missing or the port is taken', async () => {
  const first = await start();
  await expect(startEmbeddedPostgres({ dataDir: join(folder, 'other'), port: first.port })).rejects.toThrow(
    `Port ${first.port} for Postgres is taken`,
  );
  await first.stop();
  await rm(join(folder, 'postgres.secret'));
  await expect(start()).rejects.toThrow('postgres.secret is missing');
});

test('ends when its parent is killed, and the next start takes over the data at once', async () => {
  const parent = spawn(process.execPath, startScript(join(folder, 'postgres')), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const { pid, url } = JSON.parse(line.toString()) as EmbeddedPostgres;
  await query(url, 'create table kept as select 1 as n');

  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const next = await start();
  expect(await isRunning(pid)).toBe(false);
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 1 }]);
});

test.runIf(isRoot)(
  'puts the data into the cache when its account cannot reach the state folder',
  async () => {
    const home = join(folder, 'home');
    await mkdir(home, { mode: 0o700 });
    const env = { ...process.env, OCTOPIPE_CACHE_DIR: join(folder, 'cache') };
    const dataDir = join(home, 'checkout', '.octopipe', 'postgres');

    const first = await start({ dataDir, env });
    expect(first.dataDir).toMatch(new RegExp(`^${folder}/cache/data-[0-9a-f]{16}$`));
    expect((await readFile(`/proc/${first.pid}/status`, 'utf8')).match(/^Uid:\s+(\d+)/m)?.[1]).not.toBe('0');
    await query(first.url, 'create table kept as select 1 as n');
    await first.stop();

    const second = await start({ dataDir, env });
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }]);
    await second.stop();

    await rm(join(home, 'checkout'), { recursive: true });
    const anew = await start({ dataDir, env });
    expect(await query(anew.url, `select to_regclass('kept') as kept`)).toEqual([{ kept: null }]);
  },
);

test.runIf(isRoot && existsSync('/usr/bin/setpriv') && (await isReachableBy(NOBODY, BUILD)))(
  'runs for an ordinary user too',
  async () => {
    const home = join(folder, 'home');
    await mkdir(home, { mode: 0o700 });
    execFileSync('chown', ['65534:65534', home]);
    const user = spawn(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        ...startScript(join(home, '.octopipe', 'postgres')),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH, HOME: home } },
    );
    const [line] = (await once(user.stdout, 'data')) as [Buffer];
    const { url, dataDir, pid } = JSON.parse(line.toString()) as EmbeddedPostgres;
    expect(dataDir).toBe(join(home, '.octopipe', 'postgres'));
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
    expect(await readdir(join(home, '.cache', 'octopipe'))).toHaveLength(1);
    user.kill('SIGKILL');
    await once(user, 'exit');
    // It still writes while it ends, and its folder is removed next.
    expect(await isRunning(pid)).toBe(false);
  },
);

async function start(
  options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {},
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), ...options });
  started.push(server);
  return server;
}

/** Arguments for Node: start a server, say where it is, stay. */
function startScript(dataDir: string): string[] {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(pathToFileURL(BUILD).href)});
    console.log(JSON.stringify(await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} })));
    setInterval(() => {}, 1000);`;
  return ['--input-type=module', '--eval', script];
}

async function query(url: string, sql: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Orphans are reaped by init a moment later, hence the patience. */
async function isRunning(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (state === undefined || state.includes(') Z ')) return false;
    await sleep(50);
  }
  return true;
}
