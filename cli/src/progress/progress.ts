import type { Run, RunPhase } from '../api/answers.js';
import { count } from '../terminal/table.js';
import { estimateEnd } from './eta.js';
import { createRateMeter } from './rates.js';
import { clockTime, duration } from './times.js';

/** One look at a run, in numbers: what the bars, the plain lines and the JSON lines are made from. */
export interface ProgressView {
  status: Run['status'];
  reason: string | undefined;
  phases: Array<RunPhase & { done: number; perSecond: number | undefined }>;
  current: RunPhase['phase'] | undefined;
  tokens: {
    spent: number;
    planned: number | undefined;
    spentToday: number | undefined;
    dailyShare: number | undefined;
  };
  resumeAtMs: number | undefined;
  etaMs: number | undefined;
  nowMs: number;
}

const rateWindowMs = 10_000;
const tokenWindowMs = 30_000;

/** Turns a series of answers of GET /v1/runs/{id} into views with rates and an ETA. The time is an argument. */
export function createProgress(): (run: Run, nowMs: number) => ProgressView {
  const records = createRateMeter(rateWindowMs);
  const tokens = createRateMeter(tokenWindowMs);
  let tokensPerSecond: number | undefined;
  return (run, nowMs) => {
    const phases = run.phases.map((phase) => {
      const done =
        phase.created +
        phase.updated +
        phase.unchanged +
        phase.deleted +
        phase.restored +
        phase.gone +
        phase.kept +
        phase.failed;
      // A phase that waits its turn would water its own rate down.
      if (phase.state !== 'running') return { ...phase, done, perSecond: undefined };
      records.observe(phase.phase, done, nowMs);
      return { ...phase, done, perSecond: records.perSecond(phase.phase) };
    });
    tokens.observe('spent', run.tokens.spent, nowMs);
    // While it waits the speed is nought; what counts then is the speed it will go on with.
    const rate = tokens.perSecond('spent');
    if (run.status === 'running' && rate !== undefined && rate > 0) tokensPerSecond = rate;
    const planned = run.tokens.planned ?? undefined;
    const spentToday = run.tokens.spent_today ?? undefined;
    const dailyShare = run.tokens.daily_share ?? run.tokens.daily_limit ?? undefined;
    const resumeAtMs =
      run.status === 'waiting_budget' && run.resume_at ? Date.parse(run.resume_at) : undefined;
    const moves = ['running', 'waiting_budget'].includes(run.status);
    return {
      status: run.status,
      reason: run.reason ?? undefined,
      phases,
      current: phases.find((phase) => phase.state === 'running')?.phase ?? run.phase ?? undefined,
      tokens: {
        spent: run.tokens.spent,
        planned,
        spentToday,
        dailyShare,
      },
      resumeAtMs,
      etaMs:
        moves && planned
          ? estimateEnd({
              nowMs,
              tokensLeft: planned - run.tokens.spent,
              tokensPerSecond,
              spentToday,
              dailyShare,
              resumeAtMs,
            })
          : undefined,
      nowMs,
    };
  };
}

/** `tokens 1,234 of 40,000 planned · today 1,234 of 300,000 · ETA 14:10 (in 12 min)` */
export function tokenSentence({ tokens, etaMs, nowMs }: ProgressView): string {
  const parts = [
    `tokens ${count(tokens.spent)}${tokens.planned ? ` of ${count(tokens.planned)} planned` : ''}`,
  ];
  if (tokens.dailyShare) parts.push(`today ${count(tokens.spentToday ?? 0)} of ${count(tokens.dailyShare)}`);
  if (etaMs !== undefined && etaMs > nowMs)
    parts.push(`ETA ${clockTime(etaMs, nowMs)} (in ${duration(etaMs - nowMs)})`);
  return parts.join(' · ');
}

/** What a run that does not move waits for, in one sentence; undefined while it moves. */
export function waitSentence({ status, reason, resumeAtMs, nowMs }: ProgressView): string | undefined {
  switch (status) {
    case 'waiting_budget':
      return resumeAtMs === undefined
        ? "The day's tokens are spent; the run goes on when the account's day turns."
        : `The day's tokens are spent; resumes at ${clockTime(resumeAtMs, nowMs)} (in ${duration(resumeAtMs - nowMs)}).`;
    case 'waiting_person':
      return `The run waits for a person: ${reason ?? 'no reason was given; see the loader log'}`;
    case 'paused':
      return `The run is paused${reason ? `: ${reason}` : '.'}`;
    case 'queued':
      return 'The run is queued.';
    default:
      return undefined;
  }
}
