import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export type WatchedProcess = {
  pid: number;
  child: ChildProcess;
  exited: Promise<Exit>;
  /** Asks with the stop signal, insists with SIGKILL after the grace time, resolves when the process is gone. */
  stop(): Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
};

export type WatchedOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** stdin, stdout, stderr; nothing is read or written unless asked for. */
  stdio?: [StdioItem, StdioItem, StdioItem];
  stopSignal?: NodeJS.Signals;
  graceMs?: number;
};

type StdioItem = 'ignore' | 'pipe' | 'inherit' | number;

/**
 * Starts a program that does not outlive us, even when we are killed with SIGKILL and can no longer
 * stop anything ourselves. A small shell beside the program holds the read end of a pipe whose only
 * writer is this process: a line means "it ended, all is well", end of file means "the parent is gone".
 *
 * The program replaces the first shell (`exec`), so its pid, streams and exit code are the real ones.
 * It leads its own session: Ctrl-C in a terminal reaches only us, and we decide in which order to stop.
 * An unknown command ends with exit code 127, as in every shell.
 */
export async function spawnWatched(
  command: string,
  args: readonly string[],
  {
    stdio = ['ignore', 'ignore', 'ignore'],
    stopSignal = 'SIGTERM',
    graceMs = 10_000,
    ...options
  }: WatchedOptions = {},
): Promise<WatchedProcess> {
  const shellArgs = [
    '-c',
    WATCHDOG,
    'watchdog',
    stopSignal.slice('SIG'.length),
    String(Math.ceil(graceMs / 100)),
  ];
  const child = spawn('/bin/sh', [...shellArgs, command, ...args], {
    ...options,
    stdio: [...stdio, 'pipe'] satisfies StdioOptions,
    detached: true,
  });
  const lifeline = child.stdio[LIFELINE_FD] as Writable;
  // The watchdog may be gone first (killed with its group); what matters then is the exit we see anyway.
  lifeline.on('error', () => {});

  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      lifeline.end('ended\n');
      resolve({ code, signal });
    });
  });
  await once(child, 'spawn');

  const kill = (signal: NodeJS.Signals) => {
    child.kill(signal);
  };
  return {
    pid: getPid(child),
    child,
    exited,
    kill,
    stop: async () => {
      kill(stopSignal);
      const insist = setTimeout(kill, graceMs, 'SIGKILL');
      const exit = await exited;
      clearTimeout(insist);
      return exit;
    },
  };
}

const LIFELINE_FD = 3;

// Plain shell and not Node: 1 MB and 2 ms per watched program instead of 40 MB and 50 ms, and it runs the
// same from source (tests) and from the build. The double fork hands the watchdog to init, because
// Postgres treats the end of a child it does not know as a crash. `$$` stays the pid of the outer shell,
// which becomes the program.
const WATCHDOG = `
signal=$1 tenths=$2
shift 2
( (
  trap '' INT TERM HUP
  exec </dev/null >/dev/null 2>&1
  read -r line <&${LIFELINE_FD} && exit 0
  kill -s "$signal" $$
  while [ "$tenths" -gt 0 ] && kill -0 $$; do sleep 0.1; tenths=$((tenths - 1)); done
  kill -s KILL $$
) & )
exec ${LIFELINE_FD}<&-
exec "$@"
`;

function getPid(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('A process that was spawned has no pid.');
  return child.pid;
}
