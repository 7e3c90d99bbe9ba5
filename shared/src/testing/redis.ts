import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../embedded/free-port.js';
import { spawnWatched, type WatchedProcess } from '../embedded/spawn-watched.js';

export type TestRedis = { url: string; port: number; stop(): Promise<void> };

export interface TestRedisOptions {
  /** Of one that was there before and comes back. */
  port?: number;
  /** A folder in which every command is kept (append-only file, written on each command). Without it nothing is kept. */
  dir?: string;
}

/** Why `startTestRedis` gave nothing; for the name of the skipped test. */
export const NO_REDIS = 'redis-server is not installed (apt-get install redis-server)';

/** A Redis of one's own, empty unless `dir` says otherwise, or undefined when the machine has none (see NO_REDIS). */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis | undefined> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await findFreePort());
    const server = await spawnWatched('redis-server', redisArgs(port, options.dir), { cwd: tmpdir() });
    const outcome = await becameReady(server, port);
    if (outcome === 'ready')
      return { url: `redis://127.0.0.1:${port}`, port, stop: () => server.stop().then(() => {}) };

    const { code } = await server.stop();
    if (code !== null && NOT_THERE.includes(code)) return undefined;
    // Another process may have taken the port between our look and its bind.
    if (attempt === 3)
      throw new Error(
        `redis-server did not start (exit code ${code}); run "redis-server --port ${port}" to see why.`,
      );
  }
}

/** What a shell answers for a program that is not on PATH: 126 where a folder of PATH is closed to this user (after `su`). */
const NOT_THERE = [126, 127];

function redisArgs(port: number, dir: string | undefined): string[] {
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', ''],
    ...(dir === undefined
      ? ['--appendonly', 'no']
      : ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', dir]),
    // BullMQ's warning on any other policy: an evicted key is a lost job.
    ...['--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
  ];
}

async function becameReady(server: WatchedProcess, port: number): Promise<'ready' | 'not ready'> {
  let ended = false;
  void server.exited.then(() => {
    ended = true;
  });
  for (const deadline = Date.now() + 10_000; !ended && Date.now() < deadline; await sleep(20)) {
    if (await answersPing(port)) return 'ready';
  }
  return 'not ready';
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (answer) => {
      resolve(answer.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => {}); // Not listening yet; 'close' follows.
    socket.once('close', () => resolve(false));
  });
}
