import { join } from 'node:path';
import { readEnv } from '@octopipe/shared/core/env';
import { migrateToLatestOrThrow } from '@octopipe/shared/db/migrate';
import { isPortFree } from '@octopipe/shared/embedded/free-port';
import { startEmbeddedPostgres } from '@octopipe/shared/embedded/postgres';
import { type ServiceName, serviceNames } from '@octopipe/shared/queue/catalog';
import { z } from 'zod';
import { CliError } from '../exit-codes.js';
import type { Terminal } from '../terminal/terminal.js';
import { ensureOperatorKey } from './bootstrap-key.js';
import { portTaken, startGateway } from './gateway.js';
import { readOrCreateMasterKey } from './master-key.js';
import { type Program, startProgram } from './program.js';
import { projectRoot } from './project-root.js';
import { lockStack } from './stack-lock.js';
import { type Simulator, startSimulator } from './start-simulator.js';
import type { StateFolder } from './state-folder.js';
import { type Supervised, supervise } from './supervise.js';

export interface Stack {
  gatewayUrl: string;
  operatorKey: string;
  simulator: Simulator | undefined;
  /** Rejects when a part keeps dying; never resolves. */
  failed: Promise<never>;
  /** Backwards, each part with its own time limit. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StackOptions {
  state: StateFolder;
  env: NodeJS.ProcessEnv;
  /** 0: a free one. */
  port: number;
  withSimulator: boolean;
  terminal: Terminal;
  signal: AbortSignal;
}

/** Opens everything in order; what was opened is closed backwards, also when a later step fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { state, terminal, signal } = options;
  const closers: Array<() => Promise<unknown>> = [];
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= closeBackwards(closers);
    return stopped;
  };
  const failures: Array<Promise<never>> = [];
  const fail = (part: Promise<never>) => failures.push(part);
  try {
    const lock = lockStack(state.lockFile);
    closers.push(async () => lock.release());
    if (options.port !== 0 && !(await isPortFree(options.port)))
      throw new CliError('usage', portTaken(options.port));
    const env = withoutOurSecrets(options.env);
    const masterKey = readOrCreateMasterKey(state, options.env);
    terminal.say(terminal.paint.bold(`octopipe starts; its state is in ${state.root}`));

    const databaseUrl = await openDatabase(options, closers, fail);
    signal.throwIfAborted();
    await migrate(databaseUrl, terminal);
    signal.throwIfAborted();

    let simulator: Simulator | undefined;
    if (options.withSimulator) {
      simulator = await startSimulator(state, env);
      closers.push(simulator.program.stop);
      fail(simulatorEnd(simulator, state, () => stopped !== undefined));
      terminal.say(
        part('simulator', simulator.url, `a Pipedrive account, ${simulator.plan} × ${simulator.seats}`),
      );
      terminal.event('started', { part: 'simulator', url: simulator.url, company: simulator.company });
    }
    signal.throwIfAborted();

    const services = await startServices(
      {
        ...env,
        DATABASE_URL: databaseUrl,
        OCTOPIPE_MASTER_KEY: masterKey,
        OCTOPIPE_FILES_DIR: state.filesDir,
        HOST: '127.0.0.1',
        PORT: '0',
        PIPEDRIVE_TEST_HOSTS: testHosts(env.PIPEDRIVE_TEST_HOSTS),
      },
      options,
      closers,
      fail,
    );
    signal.throwIfAborted();

    const gateway = await startGateway({
      port: options.port,
      urlOf: (service) => services.get(service)?.current()?.url,
    });
    closers.push(gateway.close);
    terminal.say(part('gateway', gateway.url, 'API under /v1, progress page under /console'));
    terminal.event('started', { part: 'gateway', url: gateway.url });

    const operatorKey = await openOperatorKey(databaseUrl, gateway.url, state, terminal);
    const failed = Promise.race(failures);
    failed.catch(() => {});
    return { gatewayUrl: gateway.url, operatorKey, simulator, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function closeBackwards(closers: Array<() => Promise<unknown>>): Promise<void> {
  for (const close of closers.reverse()) {
    // One part that cannot be closed must not keep the others open.
    await close().catch(() => {});
  }
}

/** The destination's token is ours to send over HTTP once; no child needs to see it. HOST and PORT are set by us. */
function withoutOurSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PIPEDRIVE_API_TOKEN: _token, HOST: _host, PORT: _port, ...rest } = env;
  return rest;
}

/** A stack on a developer's machine may talk to simulators on the same machine, besides *.pipedrive.com. */
function testHosts(given: string | undefined): string {
  return ['127.0.0.1', 'localhost', ...(given ? [given] : [])].join(',');
}

async function openDatabase(
  { state, env, terminal }: StackOptions,
  closers: Array<() => Promise<unknown>>,
  fail: (part: Promise<never>) => void,
): Promise<string> {
  const given = readEnv({ DATABASE_URL: z.string().startsWith('postgres').optional() }, env).DATABASE_URL;
  if (given !== undefined) {
    const { host, pathname } = new URL(given);
    terminal.say(part('Postgres', `${host}${pathname}`, 'yours, from DATABASE_URL'));
    return given;
  }
  const logFile = join(state.logsDir, 'postgres.log');
  let port: number | undefined;
  const postgres = await supervise({
    // Started again on the same port, so that the services' address stays true.
    start: () =>
      startEmbeddedPostgres({
        dataDir: state.postgresDir,
        logFile,
        env,
        ...(port === undefined ? {} : { port }),
      }),
    onDeath: () => terminal.warn('Postgres stopped unexpectedly and is started again; nothing is lost.'),
    tooOften: (cause) =>
      new CliError('unexpected', `Postgres keeps stopping; see ${logFile}.`, { cause: cause ?? undefined }),
  });
  closers.push(postgres.stop);
  fail(postgres.failed);
  const first = postgres.current();
  if (first === undefined) throw new CliError('unexpected', `Postgres stopped at once; see ${logFile}.`);
  port = first.port;
  terminal.say(part('Postgres', `127.0.0.1:${first.port}`, `embedded, data in ${first.dataDir}`));
  terminal.event('started', { part: 'postgres', port: first.port });
  return first.url;
}

async function migrate(url: string, terminal: Terminal): Promise<void> {
  try {
    await migrateToLatestOrThrow(url);
  } catch (error) {
    const code = codeOf(error);
    if (['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH'].includes(code)) {
      throw new CliError(
        'usage',
        `The database of DATABASE_URL (${new URL(url).host}) cannot be reached (${code}); start it, or unset DATABASE_URL to use the embedded one.`,
        { cause: error },
      );
    }
    if (code.startsWith('28') || code === '3D000') {
      throw new CliError(
        'usage',
        `The database of DATABASE_URL (${new URL(url).host}) refused the login or has no such database; correct DATABASE_URL.`,
        { cause: error },
      );
    }
    throw error;
  }
  terminal.event('migrated', {});
}

async function startServices(
  env: NodeJS.ProcessEnv,
  { state, terminal }: StackOptions,
  closers: Array<() => Promise<unknown>>,
  fail: (part: Promise<never>) => void,
): Promise<Map<ServiceName, Supervised<Program>>> {
  const services = new Map<ServiceName, Supervised<Program>>();
  closers.push(() => Promise.all([...services.values()].map((service) => service.stop())));
  const outcomes = await Promise.allSettled(
    serviceNames.map(async (name) => {
      const logFile = join(state.logsDir, `${name}.log`);
      const service = await supervise({
        start: () => startService(name, env, logFile),
        onDeath: () =>
          terminal.warn(`The ${name} service stopped unexpectedly and is started again; see ${logFile}.`),
        tooOften: (cause) =>
          new CliError('unexpected', `The ${name} service keeps stopping; see ${logFile}.`, {
            cause: cause ?? undefined,
          }),
      });
      services.set(name, service);
      fail(service.failed);
    }),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  for (const name of serviceNames) {
    const url = services.get(name)?.current()?.url ?? '';
    terminal.say(part(name, url, ''));
    terminal.event('started', { part: name, url });
  }
  return services;
}

function startService(name: ServiceName, env: NodeJS.ProcessEnv, logFile: string): Promise<Program> {
  return startProgram({
    name,
    script: join(projectRoot, 'services', name, 'dist', 'bundle', 'main.js'),
    env,
    ready: new RegExp(`^octopipe ${name} ready at (http://\\S+)`),
    logFile,
    // With its database there it is done in a blink. Without (we were killed, and Postgres with us) it would wait
    // for it; every job may be cut off anywhere, so ten seconds are enough.
    graceMs: 10_000,
  });
}

/** The account is in its memory: started again it would be an empty one, so its end is the demo's end. */
async function simulatorEnd(
  simulator: Simulator,
  state: StateFolder,
  isStopping: () => boolean,
): Promise<never> {
  await simulator.program.exited;
  if (isStopping()) return new Promise<never>(() => {});
  throw new CliError(
    'unexpected',
    `The simulator stopped and its account is gone; see ${join(state.logsDir, 'simulator.log')} and run the demo again.`,
  );
}

async function openOperatorKey(
  databaseUrl: string,
  gatewayUrl: string,
  state: StateFolder,
  terminal: Terminal,
): Promise<string> {
  const { key, isNew } = await ensureOperatorKey({
    databaseUrl,
    keyFile: state.operatorKeyFile,
    // Any answer but 401 means that the key is known; the route itself would still ask for a tenant.
    isAccepted: async (kept) =>
      (await fetch(`${gatewayUrl}/v1/migrations`, { headers: { authorization: `Bearer ${kept}` } }))
        .status !== 401,
  });
  if (isNew) {
    terminal.say();
    terminal.say(`  Your operator API key, shown this once and kept in ${state.operatorKeyFile}:`);
    terminal.say(`  ${key}`);
  } else {
    terminal.say(part('API key', state.operatorKeyFile, ''));
  }
  terminal.event('operator_key', { file: state.operatorKeyFile, is_new: isNew });
  return key;
}

function part(name: string, where: string, what: string): string {
  return `  ${name.padEnd(10)} ${where}${what === '' ? '' : `  (${what})`}`;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  // Node reports a refused connection to a name with several addresses as one error per address.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first === undefined ? '' : codeOf(first);
}
