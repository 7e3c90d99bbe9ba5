import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { getCacheFolder } from './cache-folder.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { isAlive } from './postgres-owner.js';
import { isReachableBy, type RuntimeUser } from './runtime-user.js';

/** The superuser initdb makes; the only login there is. */
export const LOGIN = 'octopipe';

export type PostgresState = {
  password: string;
  /** Set when the data could not live at the wished place, so that every later start finds it again. */
  relocatedTo?: string;
};

/** Where the state folder keeps what belongs to `dataDir`; beside it, because initdb wants an empty folder. */
export function stateFile(dataDir: string, kind: 'secret' | 'owner' | 'log'): string {
  return `${resolve(dataDir)}.${kind}`;
}

/**
 * Reads or makes the state of one data folder: its password and its true place.
 *
 * The password is in `<dataDir>.secret`, mode 0600 and ours: a later start must log in to the same data.
 * It is the stack's state, not initdb's password file, which never exists (see `initialiseData`).
 */
export async function readOrCreateState(
  dataDir: string,
  user: RuntimeUser | undefined,
  env: NodeJS.ProcessEnv,
): Promise<PostgresState> {
  const file = stateFile(dataDir, 'secret');
  if (existsSync(file)) return readState(file);
  if (existsSync(dataDir)) {
    throw new Error(
      `Nobody can log in to the Postgres data in ${dataDir}, because ${file} is missing; put it back, or remove ${dataDir} to start anew.`,
    );
  }
  await mkdir(dirname(dataDir), { recursive: true });
  const place = await choosePlace(dataDir, user, env);
  const password = randomBytes(24).toString('base64url');
  const state: PostgresState = place === dataDir ? { password } : { password, relocatedTo: place };
  await createOnce(file, JSON.stringify(state));
  return readState(file);
}

/** Makes the data folder unless it is there, and makes sure it can be read by whom and what is about to run on it. */
export async function initialiseData(options: {
  dataDir: string;
  binaries: PostgresBinaries;
  user: RuntimeUser | undefined;
  password: string;
  sync: boolean;
}): Promise<void> {
  const { dataDir, binaries, user, password, sync } = options;
  if (!(await isReachableBy(user, dirname(dataDir)))) {
    throw new Error(
      `The user "${user?.name}" that Postgres runs as cannot reach ${dataDir}; start as the user who made it, or set OCTOPIPE_STATE_DIR to another folder.`,
    );
  }
  await removeHalfInitialised(dataDir);
  if (existsSync(join(dataDir, 'PG_VERSION'))) return takeOver(dataDir, binaries, user);

  // In a sibling folder that is renamed when complete: an interrupted initdb leaves nothing that looks like data.
  const temporary = `${dataDir}.init-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    if (user !== undefined) await chown(temporary, user.uid, user.gid);
    await runInitdb({ dataDir: temporary, binaries, user, password, sync });
    await rename(temporary, dataDir);
  } catch (error) {
    // Another process was quicker; it used the same secret, and who may run is settled by the owner file.
    if (!existsSync(join(dataDir, 'PG_VERSION'))) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Postgres gets an environment of its own, so that no PG* or LC_* variable of the caller changes what it does. */
export const POSTGRES_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

async function choosePlace(
  dataDir: string,
  user: RuntimeUser | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (await isReachableBy(user, dirname(dataDir))) return dataDir;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const place = join(await getCacheFolder(env), `data-${name}`);
  // Left by an earlier checkout at this path, or by a state folder somebody removed to start anew: without
  // its secret nobody can read it. Never under a live server: the owner check of that state came with it.
  if (existsSync(join(place, 'postmaster.pid'))) await assertNoServerIn(place);
  await rm(place, { recursive: true, force: true });
  return place;
}

async function assertNoServerIn(place: string): Promise<void> {
  const pid = Number.parseInt(await readFile(join(place, 'postmaster.pid'), 'utf8'), 10);
  if (!isAlive(pid)) return;
  throw new Error(
    `A Postgres (pid ${pid}) still runs on ${place}, whose state folder is gone; stop it with "kill -INT ${pid}" or set OCTOPIPE_STATE_DIR to another folder.`,
  );
}

async function readState(file: string): Promise<PostgresState> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PostgresState;
  } catch (error) {
    throw new Error(
      `Cannot read ${file}; start as the user who made it, or remove its folder to start anew.`,
      {
        cause: error,
      },
    );
  }
}

/** Whole or not at all, and the first of two writers wins. */
async function createOnce(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, content, { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary);
  }
}

async function removeHalfInitialised(dataDir: string): Promise<void> {
  await mkdir(dirname(dataDir), { recursive: true });
  const prefix = `${basename(dataDir)}.init-`;
  for (const name of await readdir(dirname(dataDir))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (!isAlive(pid)) await rm(join(dirname(dataDir), name), { recursive: true, force: true });
  }
}

async function takeOver(
  dataDir: string,
  binaries: PostgresBinaries,
  user: RuntimeUser | undefined,
): Promise<void> {
  const made = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (made !== String(Number.parseInt(binaries.version, 10))) {
    throw new Error(
      `The data in ${dataDir} was made by PostgreSQL ${made} and this is ${binaries.version}; start with that version, or remove the folder to start anew.`,
    );
  }
  const { uid } = await stat(dataDir);
  if (user !== undefined && uid !== user.uid) {
    for (const name of ['', ...(await readdir(dataDir, { recursive: true }))]) {
      await chown(join(dataDir, name), user.uid, user.gid);
    }
  }
  // Postgres insists; copies of a checkout often lose it.
  await chmod(dataDir, 0o700);
}

async function runInitdb(options: {
  dataDir: string;
  binaries: PostgresBinaries;
  user: RuntimeUser | undefined;
  password: string;
  sync: boolean;
}): Promise<void> {
  const { dataDir, binaries, user, password, sync } = options;
  const args = [
    ...['-D', dataDir, '-U', LOGIN, '--auth=scram-sha-256', '--pwfile=/dev/stdin', '--encoding=UTF8'],
    ...localeArgs(binaries),
    ...(sync ? [] : ['--no-sync']),
  ];
  // The password goes through a pipe and touches no disk. `cat` makes it one: Node's own are sockets,
  // which cannot be opened as /dev/stdin.
  const initdb = spawn('/bin/sh', ['-c', 'cat | "$@"', 'initdb', join(binaries.binDir, 'initdb'), ...args], {
    cwd: '/',
    env: POSTGRES_ENV,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  initdb.stdin.on('error', () => {}); // It may refuse before it reads; its exit code tells.
  initdb.stdin.end(`${password}\n`);
  let said = '';
  initdb.stdout.on('data', (chunk) => (said += chunk));
  initdb.stderr.on('data', (chunk) => (said += chunk));
  const code = await new Promise((settle, fail) => initdb.once('close', settle).once('error', fail));
  if (code !== 0)
    throw new Error(`initdb could not make ${dataDir} (exit code ${code}): ${said.trim().slice(-2000)}`);
}

/** Letters beyond ASCII must fold and match (`lower('Ä')`), the same on every machine, whatever locales it has. */
function localeArgs({ version }: PostgresBinaries): string[] {
  const hasBuiltin = Number.parseInt(version, 10) >= 17;
  return hasBuiltin
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C.UTF-8'];
}
