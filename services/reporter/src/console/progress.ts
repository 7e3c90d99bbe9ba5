import { type PhaseName, phases as phaseList } from '@octopipe/shared/domain/run/states';
import {
  type CompanyBudget,
  type EntityCounts,
  type Run,
  type RunPhase,
  spentToday,
  type Verification,
  type WorkingTime,
} from '@octopipe/shared/run/read-run';

export interface ProgressFacts {
  run: Run;
  phases: ReadonlyArray<RunPhase>;
  worked: ReadonlyArray<WorkingTime>;
  entities: ReadonlyArray<EntityCounts>;
  verification: ReadonlyArray<Verification>;
  tokensSpent: number;
  budget: CompanyBudget | undefined;
}

export interface PhaseProgress {
  phase: PhaseName;
  state: RunPhase['state'];
  planned: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  waiting: number;
  /** Records a minute of the time in which the phase was worked at; null when there is nothing to measure yet. */
  perMinute: number | null;
  tookMs: number | null;
}

/** When the run will end, or why that cannot be said. */
export type Estimate =
  | { kind: 'ended' }
  | { kind: 'unknown'; why: string }
  | { kind: 'minutes'; ms: number }
  | { kind: 'days'; days: number };

export interface Progress {
  phases: PhaseProgress[];
  perMinute: number | null;
  estimate: Estimate;
}

/** A rate from less than this is a guess, not a measurement. */
const enoughRecords = 20;
const enoughMs = 5_000;

/** What the page says about speed and end: computed from the log of the run, its phases' times and counts, nothing is stored beside them. */
export function progressOf(facts: ProgressFacts, now: Date): Progress {
  const phases = facts.phases.map((phase) => phaseProgress(phase, facts, now));
  const running = phases.find((phase) => phase.state === 'running');
  const perMinute = running?.perMinute ?? null;
  return { phases, perMinute, estimate: estimateOf(facts, running, now) };
}

function phaseProgress(phase: RunPhase, facts: ProgressFacts, now: Date): PhaseProgress {
  const counts = countsOf(phase, facts);
  const done = counts.created + counts.updated + counts.unchanged + counts.failed;
  // A run may end in the middle of a phase.
  const until = phase.finishedAt ?? facts.run.finishedAt ?? now;
  const tookMs = phase.startedAt ? until.getTime() - phase.startedAt.getTime() : null;
  const workedMs = phase.startedAt ? workedBetween(facts.worked, phase.startedAt, until) : 0;
  const measurable = workedMs >= enoughMs && done >= enoughRecords;
  return {
    phase: phase.phase,
    state: phase.state,
    ...counts,
    perMinute: measurable ? (done / workedMs) * 60_000 : null,
    tookMs,
  };
}

/** A night in which the run is parked says nothing about its speed. */
function workedBetween(worked: ReadonlyArray<WorkingTime>, from: Date, until: Date): number {
  return worked.reduce((sum, time) => {
    const begin = Math.max(time.from.getTime(), from.getTime());
    const end = Math.min((time.to ?? until).getTime(), until.getTime());
    return sum + Math.max(0, end - begin);
  }, 0);
}

function countsOf(phase: RunPhase, facts: ProgressFacts) {
  const entity = phaseList.find(({ name }) => name === phase.phase)?.entity ?? null;
  const found = facts.entities.find((counts) => counts.entity === entity);
  if (found) return withoutEntity(found);
  if (phase.phase !== 'verify') return { ...nothing, planned: phase.planned, waiting: phase.planned };
  // What is read back is neither created nor changed; all that should stand in the account is to be read.
  const planned = facts.entities.reduce((sum, row) => sum + row.created + row.updated + row.unchanged, 0);
  const read = Math.min(
    facts.verification.reduce((sum, row) => sum + row.records, 0),
    planned,
  );
  return { ...nothing, planned, unchanged: read, waiting: planned - read };
}

const nothing = { planned: 0, created: 0, updated: 0, unchanged: 0, failed: 0, waiting: 0 };

function withoutEntity({ planned, created, updated, unchanged, failed, waiting }: EntityCounts) {
  return { planned, created, updated, unchanged, failed, waiting };
}

function estimateOf(facts: ProgressFacts, running: PhaseProgress | undefined, now: Date): Estimate {
  const { run, budget } = facts;
  if (run.finishedAt !== null) return { kind: 'ended' };
  if (run.status === 'waiting_person' || run.status === 'paused')
    return { kind: 'unknown', why: 'It goes on when somebody acts.' };
  const planned = run.plan.tokens?.planned;
  if (planned === undefined) return { kind: 'unknown', why: 'The run has not been planned yet.' };
  const tokensLeft = Math.max(planned - facts.tokensSpent, 0);
  if (budget && budget.ceiling > 0) {
    const leftToday = isExhausted(budget, now) ? 0 : Math.max(budget.ceiling - spentToday(budget, now), 0);
    if (tokensLeft > leftToday)
      return { kind: 'days', days: Math.ceil((tokensLeft - leftToday) / budget.ceiling) };
  }
  if (run.kind === 'verify')
    return { kind: 'unknown', why: 'How much there is to read shows when it was read.' };
  if (!running || running.perMinute === null || running.perMinute === 0)
    return { kind: 'unknown', why: 'It is too early to measure the speed.' };
  const recordsLeft = facts.entities.reduce((sum, counts) => sum + counts.waiting, 0);
  return { kind: 'minutes', ms: (recordsLeft / running.perMinute) * 60_000 };
}

function isExhausted(budget: CompanyBudget, now: Date): boolean {
  return budget.exhaustedUntil !== null && budget.exhaustedUntil > now;
}
