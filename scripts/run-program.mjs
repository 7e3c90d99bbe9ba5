import { constants } from 'node:os';
import { repoRoot } from './bootstrap.mjs';

/**
 * Runs a program of ours in the foreground and exits with its code. It ends when we end, however we end.
 *
 * Ctrl-C arrives here up to three times: from the terminal, and again from npm, which passes on what it got.
 * The program stands apart from the terminal's process group, so it gets exactly what is sent below: one
 * signal to stop in order, and another one only when a person presses again because it takes too long.
 */
export async function runProgram(args, node = process.execPath) {
  const { spawnWatched } = await import('../shared/dist/embedded/spawn-watched.js');
  const program = await spawnWatched(node, args, {
    cwd: process.cwd(),
    stdio: ['inherit', 'inherit', 'inherit'],
    graceMs: 30_000,
  });

  let lastMs = Number.NEGATIVE_INFINITY;
  const passOn = (signal) => {
    const now = performance.now();
    if (now - lastMs < sameKeyPressMs) return;
    lastMs = now;
    program.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
  watchParent(() => passOn('SIGTERM'));

  const { code, signal } = await program.exited;
  process.exit(code ?? 128 + constants.signals[signal]);
}

/** What Node is given to run a workspace's program: packed (bundle.mjs), with the flags of the image. Built before. */
export async function builtProgram(workspace) {
  const { nodeFlags } = await import('../shared/dist/embedded/node-flags.js');
  return [...nodeFlags, `${repoRoot}${workspace}/dist/bundle/main.js`];
}

const sameKeyPressMs = 1500;

/** A killed npm passes nothing on; then our parent changes. Outside npm we may well be meant to stay (nohup). */
function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 500);
}
