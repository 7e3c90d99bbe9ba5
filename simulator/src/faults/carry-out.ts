import type { IncomingMessage } from 'node:http';
import { type Answer, gatewayError, internalError, overLimit } from '../api/answers.js';
import type { Simulation } from '../simulation.js';
import type { FaultKind, FaultRule } from './rules.js';

export interface Steps {
  readonly sim: Simulation;
  readonly request: IncomingMessage;
  /** Does what was asked for: commits or refuses. */
  run(): Answer;
  /** Answers without having run. */
  refuse(answer: Answer): void;
  /** Counts and sends. */
  finish(answer: Answer): void;
  /** Counts a request whose answer never arrives whole. */
  lost(): void;
  /** Announces the whole answer, sends half of it and breaks the connection. */
  sendHalf(answer: Answer): void;
}

const LATE_COMMIT_MS = 500;

/**
 * before: nothing is stored. after: it is stored (if it was valid) and then the answer is lost in the named way.
 * late-commit: the answer is a 504 and the commit follows delay_ms later.
 */
export function carryOut(fault: FaultRule | undefined, steps: Steps): void {
  if (!fault) {
    steps.finish(steps.run());
    return;
  }
  perform[fault.kind](steps, fault);
}

const perform: Readonly<Record<FaultKind, (steps: Steps, fault: FaultRule) => void>> = {
  delay: ({ finish, run }) => finish(run()),
  '429': ({ refuse }) => refuse(overLimit),
  '429-retry-after': ({ refuse }, { retry_after_s }) =>
    refuse({ ...overLimit, headers: { 'retry-after': String(retry_after_s ?? 2) } }),
  '5xx-before': ({ refuse }) => refuse(internalError),
  'reset-before': ({ lost, request }) => {
    lost();
    request.socket.resetAndDestroy();
  },
  'reset-after': ({ run, lost, request }) => {
    run();
    lost();
    request.socket.resetAndDestroy();
  },
  // The connection stays open and silent until the client gives up or the simulator ends.
  'timeout-after': ({ run, lost }) => {
    run();
    lost();
  },
  '5xx-after': ({ run, finish }) => {
    run();
    finish(gatewayError(502));
  },
  'truncated-after': ({ run, lost, sendHalf }) => {
    const answer = run();
    lost();
    sendHalf(answer);
  },
  'late-commit': ({ sim, run, finish }, { delay_ms }) => {
    sim.later(delay_ms ?? LATE_COMMIT_MS, () => {
      run();
    });
    finish(gatewayError(504));
  },
};
