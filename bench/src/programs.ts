import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { spawnWatched, type WatchedProcess } from '@octopipe/shared/embedded/spawn-watched';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Program {
  pid: number;
  /** The address it printed when it was ready. */
  url: string;
  exited: WatchedProcess['exited'];
  stop(): Promise<void>;
}

/** Starts a built program of ours, as production does; its errors go to our stderr. */
export async function startProgram(
  script: string,
  args: ReadonlyArray<string> = [],
  env: Record<string, string> = {},
): Promise<Program> {
  const watched = await spawnWatched(process.execPath, [...nodeFlags, path.join(root, script), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    graceMs: 10_000,
  });
  const { stdout } = watched.child;
  if (stdout === null) throw new Error(`${script} was started without a pipe`);
  const url = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const ready = /ready at (http:\S+)/.exec(line)?.[1];
      if (ready !== undefined) resolve(ready);
    });
  });
  const ended = watched.exited.then(() => {
    throw new Error(`${script} ended before it was ready`);
  });
  ended.catch(() => {});
  return {
    pid: watched.pid,
    url: await Promise.race([url, ended]),
    exited: watched.exited,
    stop: async () => {
      await watched.stop();
    },
  };
}

export interface Simulator extends Program {
  token: string;
}

/**
 * A Pipedrive account of its own, empty, whose limits are opened so wide that no budget holds anybody up. The same seed
 * each time: its ids and field codes are the same when the same calls come in the same order.
 */
export async function startSimulator(): Promise<Simulator> {
  const token = 'bench-token-0123456789';
  const program = await startProgram('simulator/dist/bundle/main.js', [
    ...['--port', '0', '--token', token, '--seed', '1'],
    ...['--plan', 'ultimate', '--seats', '100', '--requests-per-2s', '1000000'],
  ]);
  return { ...program, token };
}
