import { sleep } from '@octopipe/shared/core/clock';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import type { Run } from '../api/answers.js';
import { type Api, ApiProblem } from '../api/client.js';
import { CliError, endingOf } from '../exit-codes.js';
import { createPlainLines } from '../progress/plain-lines.js';
import { createProgress, type ProgressView, waitSentence } from '../progress/progress.js';
import { renderBars } from '../progress/render-bars.js';
import type { Terminal } from '../terminal/terminal.js';

const pollMs = 250;
/** A run that ended has its documents within seconds; this long means that the reporter is in trouble. */
const documentsWithinMs = 180_000;
const failedDocumentsWithinMs = 20_000;

export interface FollowOptions {
  api: Api;
  terminal: Terminal;
  signal: AbortSignal;
  /** Nobody is there to act: a run that waits for a person ends the command. */
  unattended: boolean;
  /** Whether going on past failed records is consented to (--yes): resuming then names a person in every report. */
  acceptsFailures: boolean;
  logsDir: string;
  /** The code of a wait at which the command itself goes on: following ends there. */
  stopsAt?: string;
}

/** Shows a run until it has ended and its documents are there. */
export async function followRun(run: Run, options: FollowOptions): Promise<Run> {
  const { api, terminal, signal } = options;
  const observe = createProgress();
  const show = createView(terminal);
  let seen = await resumeIfHeld(run, options);
  let endedAt: number | undefined;
  let saidHow = '';
  for (;;) {
    const view = observe(seen, Date.now());
    show(view);
    if (endedStatuses.includes(seen.status)) {
      endedAt ??= Date.now();
      if (seen.documents_ready || seen.status === 'cancelled' || seen.kind === 'dry_run') break;
      const waited = Date.now() - endedAt;
      // A failed run is reported too, but its reason is worth more than the wait.
      if (seen.status !== 'done' && waited > failedDocumentsWithinMs) break;
      if (waited > documentsWithinMs) {
        terminal.keep();
        throw new CliError(
          'notBalanced',
          `The run ended but its documents are not written; see ${options.logsDir}/reporter.log, then run the same command again.`,
        );
      }
    } else if (seen.status === 'waiting_person' && seen.reason_code === options.stopsAt) {
      break;
    } else if (seen.status === 'waiting_person' || seen.status === 'paused') {
      const how = howToGoOn(seen);
      if (options.unattended) {
        terminal.keep();
        throw new CliError(endingOf(seen.reason_code, 'notBalanced'), `${waitSentence(view)} ${how}`);
      }
      if (saidHow !== `${seen.status} ${seen.reason}`) terminal.say(`  ${how}`);
      saidHow = `${seen.status} ${seen.reason}`;
    }
    await sleep(pollMs, signal);
    signal.throwIfAborted();
    seen = await api.getRun(run.id);
  }
  terminal.keep();
  return seen;
}

/** Going on from these is a decision about records, which a mere rerun does not make. */
const decisions = new Set(['records_failed', 'matches_open', 'rollback_preview']);

/** A rerun is the person's word to go on with what was held, but not to accept what has to be decided. */
async function resumeIfHeld(run: Run, { api, acceptsFailures }: FollowOptions): Promise<Run> {
  if (run.status !== 'paused' && run.status !== 'waiting_person') return run;
  if (decisions.has(run.reason_code ?? '') && !acceptsFailures) return run;
  try {
    return await api.moveRun(run.id, 'resume');
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 409) return api.getRun(run.id);
    throw error;
  }
}

function howToGoOn(run: Run): string {
  if (run.reason_code === 'records_failed') {
    return `To go on without these records run the same command with --yes, or POST /v1/runs/${run.id}/resume; either is recorded with the run.`;
  }
  if (run.reason_code === 'matches_open') {
    return `"npm start -- serve" keeps the API up for the answers; the same command with --yes, or POST /v1/runs/${run.id}/resume, creates all of them anew, which is recorded.`;
  }
  return `Then run the same command again, or POST /v1/runs/${run.id}/resume.`;
}

function createView(terminal: Terminal): (view: ProgressView) => void {
  const plainLines = createPlainLines();
  return (view) => {
    if (terminal.isLive) {
      terminal.live(
        renderBars(view, { columns: terminal.columns(), rows: terminal.rows(), paint: terminal.paint }),
      );
      return;
    }
    const lines = plainLines(view);
    if (lines.length === 0) return;
    if (terminal.isJson) terminal.event('progress', jsonOf(view));
    else for (const line of lines) terminal.say(line);
  };
}

function jsonOf(view: ProgressView): Record<string, unknown> {
  return {
    status: view.status,
    phase: view.current ?? null,
    reason: view.reason ?? null,
    phases: view.phases.map(({ done, perSecond, ...phase }) => ({
      ...phase,
      done,
      per_second: perSecond ?? null,
    })),
    tokens: {
      spent: view.tokens.spent,
      planned: view.tokens.planned ?? null,
      spent_today: view.tokens.spentToday ?? null,
      daily_share: view.tokens.dailyShare ?? null,
    },
    eta: view.etaMs === undefined ? null : new Date(view.etaMs).toISOString(),
    resume_at: view.resumeAtMs === undefined ? null : new Date(view.resumeAtMs).toISOString(),
  };
}
