import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../embedded/free-port.js';
import { spawnWatched, type WatchedProcess } from '../embedded/spawn-watched.js';

export type TestRedis = { url: string; stop(): Promise<void> };

/** Why `startTestRedis` gave nothing; for the name of the skipped test. */
export const NO_REDIS = 'redis-server is not installed (apt-get install redis-server)';

/** An empty Redis of one's own without persistence, or undefined when the machine has none (see NO_REDIS). */
export async function startTestRedis(): Promise<TestRedis | undefined> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    const server = await spawnWatched('redis-server', redisArgs(port), { cwd: tmpdir() });
    const outcome = await becameReady(server, port);
    if (outcome === 'ready')
      return { url: `redis://127.0.0.1:${port}`, stop: () => server.stop().then(() => {}) };

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

function redisArgs(port: number): string[] {
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
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
