/** The words for a run's status: the same in the API, the console, the CLI and the reports. */
export const runStatuses = [
  'queued',
  'running',
  'waiting_budget',
  'waiting_person',
  'paused',
  'failed',
  'done',
  'rolled_back',
  'cancelled',
] as const;
export type RunStatus = (typeof runStatuses)[number];

/** Allowed moves; `transition` updates repeat `where status = from`, so two writers cannot both win. */
export const runTransitions: Record<RunStatus, ReadonlyArray<RunStatus>> = {
  queued: ['running', 'waiting_person', 'failed', 'cancelled'],
  running: ['waiting_budget', 'waiting_person', 'paused', 'failed', 'done', 'cancelled'],
  waiting_budget: ['running', 'waiting_person', 'paused', 'failed', 'cancelled'],
  waiting_person: ['running', 'queued', 'paused', 'failed', 'cancelled'],
  paused: ['running', 'queued', 'cancelled'],
  // What a run wrote before it failed or was cancelled can be taken back, too.
  failed: ['rolled_back'],
  done: ['rolled_back'],
  rolled_back: [],
  cancelled: ['rolled_back'],
};

/**
 * What a run is for. `production` and `delta` write an export into the account; `rollback` takes that back; `verify`
 * only looks. The last two are about an earlier run.
 */
export const runKinds = ['dry_run', 'sandbox', 'production', 'delta', 'rollback', 'verify'] as const;
export type RunKind = (typeof runKinds)[number];

/** Kinds that leave records in the account: what a rollback takes back, and what a migration's stage follows from. */
export const loadKinds: ReadonlyArray<RunKind> = ['sandbox', 'production', 'delta'];

export const endedStatuses: ReadonlyArray<RunStatus> = ['failed', 'done', 'rolled_back', 'cancelled'];

export function mayMove(from: RunStatus, to: RunStatus): boolean {
  return runTransitions[from].includes(to);
}

/** What we write in Pipedrive, in the words of its API. Users are matched, never created. */
export const entities = [
  'organization',
  'person',
  'product',
  'lead',
  'deal',
  'line',
  'activity',
  'note',
  'file',
] as const;
export type Entity = (typeof entities)[number];

/**
 * The phases of a run in dependency order (blueprint 4.6). `mapping` waits for the mapped set; `matching` looks for
 * ours among what stands in the account (it needs the marker field, hence after `provision`); a phase with an entity loads that entity's batches; `verify` reads everything back. A new entity gets its phase here.
 */
export const phases = [
  { name: 'mapping', entity: null },
  { name: 'provision', entity: null },
  { name: 'matching', entity: null },
  { name: 'organizations', entity: 'organization' },
  { name: 'persons', entity: 'person' },
  { name: 'products', entity: 'product' },
  { name: 'leads', entity: 'lead' },
  { name: 'deals', entity: 'deal' },
  { name: 'lines', entity: 'line' },
  { name: 'activities', entity: 'activity' },
  { name: 'notes', entity: 'note' },
  { name: 'files', entity: 'file' },
  { name: 'verify', entity: null },
] as const satisfies ReadonlyArray<{ name: string; entity: Entity | null }>;
export type PhaseName = (typeof phases)[number]['name'] | 'look' | 'schema';

export interface Phase {
  name: PhaseName;
  entity: Entity | null;
}

/** Records that are part of another: deleted with it, and kept with it, for they are half of what it says. */
export const wholeOf: Readonly<Partial<Record<Entity, Entity>>> = { line: 'deal' };

/**
 * A rollback: `look` reads the account and decides record by record, then the load's phases backwards, so that nothing
 * is deleted before what hangs on it; parts come right after their whole, whose fate they share. `schema` removes
 * what we made and nobody uses.
 */
export const rollbackPhases: ReadonlyArray<Phase> = [
  { name: 'look', entity: null },
  ...backwards(),
  { name: 'schema', entity: null },
];

function backwards(): Phase[] {
  const loading: Phase[] = phases.filter(({ entity }) => entity !== null).reverse();
  const wholes = loading.filter(({ entity }) => entity !== null && wholeOf[entity] === undefined);
  return wholes.flatMap((phase) => [
    phase,
    ...loading.filter(({ entity }) => entity !== null && wholeOf[entity] === phase.entity),
  ]);
}

const verifyPhases: ReadonlyArray<Phase> = [{ name: 'verify', entity: null }];

export function phasesOfKind(kind: RunKind): ReadonlyArray<Phase> {
  if (kind === 'rollback') return rollbackPhases;
  return kind === 'verify' ? verifyPhases : phases;
}

/** The facts a migration's stage follows from. */
export interface StageFacts {
  cancelled: boolean;
  exportState: 'none' | 'received' | 'staging' | 'staged' | 'assessed' | 'failed';
  /** `rehearsed`: confirmed, and a dry run of it has ended. */
  mappingState: 'none' | 'proposed' | 'confirmed' | 'rehearsed';
  /** Those of its runs whose kind is one of loadKinds, as they were started. `wrote`: it sent a call that changes something. */
  loads: ReadonlyArray<{ status: RunStatus; wrote: boolean }>;
}

export type Stage =
  | 'draft'
  | 'waiting_for_export'
  | 'staged'
  | 'assessed'
  | 'mapped'
  | 'rehearsed'
  | 'signed_off'
  | 'loading'
  | 'verified'
  | 'delivered'
  | 'rolled_back'
  | 'cancelled';

const givenUp: ReadonlyArray<RunStatus> = ['failed', 'cancelled'];

/** A migration's stage, from facts alone: nothing is stored beside them that could disagree. */
export function stageOf(facts: StageFacts): Stage {
  if (facts.cancelled) return 'cancelled';
  // A run that was given up before its first write has changed nothing: what an earlier one did still stands.
  const last = facts.loads.findLast(({ status, wrote }) => wrote || !givenUp.includes(status));
  if (last?.status === 'rolled_back') return 'rolled_back';
  if (last?.status === 'done') return 'verified';
  if (last && !givenUp.includes(last.status)) return 'loading';
  if (facts.mappingState === 'rehearsed') return 'rehearsed';
  if (facts.mappingState === 'confirmed') return 'mapped';
  if (facts.exportState === 'assessed') return 'assessed';
  if (facts.exportState === 'staged') return 'staged';
  return 'waiting_for_export';
}
