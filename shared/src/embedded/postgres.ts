import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort, isPortFree } from './free-port.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { initialiseData, LOGIN, POSTGRES_ENV, readOrCreateState, stateFile } from './postgres-data.js';
import { assertUnclaimed, findPostmaster, noteOwner } from './postgres-owner.js';
import { findRuntimeUser, type RuntimeUser } from './runtime-user.js';
import { type Exit, spawnWatched, type WatchedProcess } from './spawn-watched.js';

export type EmbeddedPostgres = {
  url: string;
  port: number;
  pid: number;
  /** Where the data really is: not under the wished folder when Postgres' account cannot reach that. */
  dataDir: string;
  /** Settles whenever the server ends, asked or not. */
  exited: Promise<Exit>;
  /** Fast shutdown: open connections are cut, committed work is kept. */
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
};

export type EmbeddedPostgresOptions = {
  /** Made when missing. Beside it lie `<dataDir>.secret` (the login), `.owner` (who runs it) and `.log`. */
  dataDir: string;
  port?: number;
  database?: string;
  /** Postgres settings on top of ours. */
  settings?: Record<string, string>;
  logFile?: string;
  env?: NodeJS.ProcessEnv;
};

/** A Postgres of our own on 127.0.0.1, which ends with us, even if we are killed. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { database = 'octopipe', settings = {}, env = process.env } = options;
  const wished = resolve(options.dataDir);
  const binaries = await findPostgresBinaries(env);
  const user = await findRuntimeUser();
  const { password, relocatedTo } = await readOrCreateState(wished, user, env);
  const dataDir = relocatedTo ?? wished;

  await initialiseData({ dataDir, binaries, user, password, sync: settings.fsync !== 'off' });
  await assertUnclaimed(dataDir, stateFile(wished, 'owner'));
  const logFile = options.logFile ?? stateFile(wished, 'log');
  const { server, port } = await startOnPort({
    dataDir,
    binaries,
    user,
    settings,
    logFile,
    port: options.port,
  });
  await noteOwner(stateFile(wished, 'owner'));

  const urlOf = (name: string) =>
    `postgres://${LOGIN}:${password}@127.0.0.1:${port}/${encodeURIComponent(name)}`;
  try {
    await ensureDatabase(urlOf('postgres'), database);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: urlOf(database),
    port,
    pid: server.pid,
    dataDir,
    exited: server.exited,
    kill: server.kill,
    stop: async () => {
      await server.stop();
    },
  };
}

// Only what differs from Postgres' own defaults. fsync stays on: this may be somebody's only copy of a run.
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  // Four services with their pools and queues in one machine; the default of 100 is a tight fit.
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'octopipe',
  // What Postgres adds to an error (the row, the line of a COPY, the statement) holds values of customers.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

const STOP_MS = 10_000;
/** Recovery after a crash replays at most a checkpoint's worth of log; a minute is plenty on a slow disk. */
const READY_MS = 60_000;

type Launch = {
  dataDir: string;
  binaries: PostgresBinaries;
  user: RuntimeUser | undefined;
  settings: Record<string, string>;
  logFile: string;
};

async function startOnPort(
  launch: Launch & { port: number | undefined },
): Promise<{ server: WatchedProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = launch.port ?? (await findFreePort());
    const server = await spawnPostgres(launch, port);
    if (await becameReady(server, launch.dataDir)) return { server, port };
    await server.stop();

    if ((await findPostmaster(launch.dataDir)) !== undefined) {
      throw new Error(
        'Another octopipe has just started with this state folder; stop it or set OCTOPIPE_STATE_DIR to another folder.',
      );
    }
    const portWasTaken = !(await isPortFree(port));
    if (portWasTaken && launch.port === undefined && attempt < 5) continue;
    if (portWasTaken) throw new Error(`Port ${port} for Postgres is taken; free it or choose another one.`);
    throw new Error(
      `Postgres did not start on ${launch.dataDir}; its log ${launch.logFile} ends: ${await readEnd(launch.logFile)}`,
    );
  }
}

async function spawnPostgres(
  { dataDir, binaries, user, settings, logFile }: Launch,
  port: number,
): Promise<WatchedProcess> {
  const parameters = Object.entries({ ...SETTINGS, ...settings, port: String(port) });
  const args = ['-D', dataDir, ...parameters.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const log = await open(logFile, 'a', 0o600);
  try {
    return await spawnWatched(join(binaries.binDir, 'postgres'), args, {
      cwd: '/', // Ours may be closed to the account it runs as.
      env: POSTGRES_ENV,
      stdio: ['ignore', log.fd, log.fd],
      stopSignal: 'SIGINT',
      graceMs: STOP_MS,
      ...(user && { uid: user.uid, gid: user.gid }),
    });
  } finally {
    await log.close();
  }
}

/** As pg_ctl does: the server writes its state into line 8 of its pid file. False when it ended or took too long. */
async function becameReady(server: WatchedProcess, dataDir: string): Promise<boolean> {
  let ended = false;
  void server.exited.then(() => {
    ended = true;
  });
  for (const deadline = Date.now() + READY_MS; !ended && Date.now() < deadline; await sleep(10)) {
    const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lines[0] === String(server.pid) && lines[7]?.trim() === 'ready') return true;
  }
  return false;
}

async function ensureDatabase(maintenanceUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: maintenanceUrl });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function readEnd(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.slice(-5).join(' | ');
}
