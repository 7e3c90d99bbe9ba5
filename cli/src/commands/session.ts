import { type Api, ApiProblem, openApi } from '../api/client.js';
import { CliError, type Ending } from '../exit-codes.js';
import { type Stack, startStack } from '../stack/start-stack.js';
import { openStateFolder, type StateFolder } from '../stack/state-folder.js';
import type { Terminal } from '../terminal/terminal.js';
import { forgetDemo, readDemo } from './demo-note.js';

/** What every command shares. */
export interface CommonOptions {
  exit: boolean;
  port: number;
  stateDir: string;
}

/** What the process gives a command: its voice, its environment, and when to stop. */
export interface Surroundings {
  terminal: Terminal;
  env: NodeJS.ProcessEnv;
  /** Fires on the first Ctrl-C or SIGTERM; its reason is the CliError to end with. */
  signal: AbortSignal;
}

export interface Session {
  stack: Stack;
  state: StateFolder;
  /** Fires on Ctrl-C, and when a part of the stack is gone for good. */
  signal: AbortSignal;
  api(tenant: string): Api;
}

/**
 * Starts the stack, does the work, stays up until Ctrl-C unless told to exit, and stops all it started in every case.
 * Ctrl-C after the work is the ordinary end and does not change its result.
 */
export async function withStack(
  options: CommonOptions & { withSimulator: boolean },
  around: Surroundings,
  work: (session: Session) => Promise<Ending>,
): Promise<Ending> {
  const { terminal } = around;
  const state = openStateFolder(options.stateDir);
  const stack = await startStack({ ...options, state, ...around });
  try {
    const ended = new AbortController();
    const signal = AbortSignal.any([around.signal, ended.signal]);
    const session: Session = {
      stack,
      state,
      signal,
      api: (tenant) => openApi({ baseUrl: stack.gatewayUrl, key: stack.operatorKey, tenant, signal }),
    };
    const working = cancelLeftoverDemo(session)
      .then(() => work(session))
      .catch((error: unknown) => {
        // A call cut off by Ctrl-C fails in many ways; the reason is the same.
        throw around.signal.aborted ? around.signal.reason : error;
      });
    const ending = await Promise.race([working, stack.failed]).finally(() => ended.abort());
    if (!options.exit) {
      terminal.say();
      terminal.say(
        `Everything stays up: progress page ${stack.gatewayUrl}/console, API ${stack.gatewayUrl}/v1. Press Ctrl-C to stop.`,
      );
      await Promise.race([aborted(around.signal), stack.failed]);
      terminal.say('Stopping …');
    }
    return ending;
  } catch (error) {
    if (around.signal.aborted) terminal.say('Stopping …');
    throw error;
  } finally {
    await stack.stop();
  }
}

/** A killed demo leaves a run whose account is gone with its simulator; it would knock at a closed door for ever. */
async function cancelLeftoverDemo({ state, api }: Session): Promise<void> {
  const demo = readDemo(state);
  if (demo === undefined) return;
  try {
    await api(demo.tenant).moveRun(demo.runId, 'cancel');
  } catch (error) {
    // It had ended after all, or its database is another one now: then there is nothing to cancel.
    if (!(error instanceof ApiProblem)) throw error;
  }
  forgetDemo(state);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What to say and how to end when the user stops the command before its end. */
export function interruption(): CliError {
  return new CliError(
    'interrupted',
    'Stopped. A rerun of the same command continues where this one stopped.',
  );
}
