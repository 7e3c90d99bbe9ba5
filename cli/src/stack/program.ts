import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { sleep } from '@octopipe/shared/core/clock';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { spawnWatched } from '@octopipe/shared/embedded/spawn-watched';
import type { Running } from './supervise.js';

export interface Program extends Running {
  pid: number;
  /** The address it printed when it was ready. */
  url: string;
}

const readyWithinMs = 60_000;
const keepLogBytes = 20_000_000;

/**
 * Starts one of our programs and waits for its ready line. All it prints goes to its log file. It ends with us, even
 * when we are killed (see spawn-watched.ts).
 */
export async function startProgram(options: {
  name: string;
  script: string;
  args?: readonly string[];
  env: NodeJS.ProcessEnv;
  ready: RegExp;
  logFile: string;
  graceMs: number;
}): Promise<Program> {
  const log = openLog(options.logFile);
  const watched = await spawnWatched(
    process.execPath,
    [...nodeFlags, options.script, ...(options.args ?? [])],
    {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      graceMs: options.graceMs,
    },
  );
  const { stdout, stderr } = watched.child;
  if (stdout === null || stderr === null) throw new Error(`${options.name} was started without pipes`);
  let lastWords = '';
  const url = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      log.write(line);
      const found = options.ready.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  createInterface({ input: stderr }).on('line', (line) => {
    log.write(line);
    if (line.trim() !== '' && !line.startsWith('    at ')) lastWords = line.trim();
  });
  const exited = watched.exited;
  const closed = new Promise((resolve) => watched.child.once('close', resolve));
  void closed.then(() => log.close());

  let timer: NodeJS.Timeout | undefined;
  const outcome = await Promise.race([
    url.then((value) => ({ url: value })),
    closed.then(() => ({ why: `ended before it was ready${lastWords ? ` (${lastWords})` : ''}` })),
    new Promise<{ why: string }>((resolve) => {
      timer = setTimeout(
        () => resolve({ why: `was not ready within ${readyWithinMs / 1000} s` }),
        readyWithinMs,
      );
    }),
  ]);
  clearTimeout(timer);
  if ('why' in outcome) {
    await watched.stop();
    throw new Error(`${options.name} ${outcome.why}; see ${options.logFile}.`);
  }
  return {
    pid: watched.pid,
    url: outcome.url,
    exited,
    async stop() {
      await watched.stop();
      // Its last lines may still be in the pipe; a grandchild that holds the pipe open must not hold us up.
      await Promise.race([closed, sleep(1_000)]);
    },
  };
}

/** One file per program, appended to; the one before it is kept once it has grown large. */
function openLog(file: string): { write(line: string): void; close(): void } {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > keepLogBytes) renameSync(file, `${file}.1`);
  const fd = openSync(file, 'a', 0o600);
  writeSync(fd, `--- ${basename(file, '.log')} started ${new Date().toISOString()}\n`);
  return {
    write: (line) => {
      writeSync(fd, `${line}\n`);
    },
    close: () => closeSync(fd),
  };
}
