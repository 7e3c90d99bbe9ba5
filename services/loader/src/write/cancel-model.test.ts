import type { MappedRecord } from '@octopipe/shared/domain/mapping/record';
import { expect, it } from 'vitest';
import { afterLook, type IntentMove, type IntentState, intentMoves, isUnknown } from './intent-states.js';
import { planWrites } from './plan-writes.js';

/**
 * One record, and runs that follow each other: a load, then loads and rollbacks in any order, each of which may be ended
 * at any moment. A worker of an ended run goes on from wherever it is, beside one of the next run (that this waits for a
 * lease is left out: nothing may depend on it). Decisions are taken by the code that takes them; what the real code holds
 * under the lock on the run is one step here that asks whether the run is still on.
 */
interface World {
  run: { kind: 'load' | 'rollback'; number: number };
  /** Whether somebody has a turn on the batch of the current run. */
  isTaken: boolean;
  workers: [Worker, Worker];
  create: Intent | undefined;
  delete: Intent | undefined;
  /** The record as Postgres knows it: its id, which is the number of the attempt that made it. */
  target: number | undefined;
  /** By attempt, what became of each create that left. */
  creates: Array<'on its way' | 'stands' | 'lost' | 'deleted'>;
  /** The ids that deletes on their way name. */
  deletes: number[];
  /** Of the current run. */
  outcome: 'written' | 'taken back' | 'left to a person' | undefined;
}

interface Intent {
  state: IntentState;
  generation: number;
  attempt: number;
  probes: number;
  isDue: boolean;
  targetId: number | undefined;
}

type Operation = 'create' | 'delete';
type Worker =
  | { at: 'idle' }
  | { at: 'unchanged'; run: number }
  | { at: 'looks'; run: number; intent: Intent; isGone: boolean }
  | { at: 'finds it gone'; run: number }
  | { at: 'plans'; run: number; operation: Operation; generation: number; targetId: number | undefined }
  | { at: 'noted' | 'waits' | 'leaves'; run: number; operation: Operation; intent: Intent }
  | { at: 'answered'; run: number; operation: Operation; intent: Intent; answer: 'yes' | 'none' | 'no' };

const mostRuns = 3;
const mostAttempts = { create: 2, delete: 2 };

const record: MappedRecord = {
  targetKey: 'customer:1',
  entity: 'person',
  payload: { name: 'Ann' },
  payloadHash: 'h',
};

const start: World = {
  run: { kind: 'load', number: 1 },
  isTaken: false,
  workers: [{ at: 'idle' }, { at: 'idle' }],
  create: undefined,
  delete: undefined,
  target: undefined,
  creates: [],
  deletes: [],
  outcome: undefined,
};

function* stepsFrom(world: World): Generator<[string, World]> {
  for (const who of [0, 1] as const) yield* stepsOf(world, who);
  for (const [attempt, state] of world.creates.entries()) {
    if (state !== 'on its way') continue;
    yield [`create ${attempt} is carried out`, { ...world, creates: set(world.creates, attempt, 'stands') }];
    yield [`create ${attempt} gets lost`, { ...world, creates: set(world.creates, attempt, 'lost') }];
  }
  for (const [at, id] of world.deletes.entries()) {
    const deletes = world.deletes.filter((_, other) => other !== at);
    yield [
      `a delete of ${id} is carried out`,
      { ...world, deletes, creates: set(world.creates, id, 'deleted') },
    ];
    yield [`a delete of ${id} gets lost`, { ...world, deletes }];
  }
  yield* clockSteps(world);
  if (world.run.number < mostRuns)
    for (const kind of ['load', 'rollback'] as const)
      yield [
        `run ${world.run.number} ends, a ${kind} begins`,
        { ...world, run: { kind, number: world.run.number + 1 }, isTaken: false, outcome: undefined },
      ];
}

function* stepsOf(world: World, who: 0 | 1): Generator<[string, World]> {
  const worker = world.workers[who];
  const become = (next: Worker, change: Partial<World> = {}): World => ({
    ...world,
    // The turn of an ended run is not that of the current one.
    isTaken: 'run' in worker && worker.run === world.run.number && next.at === 'idle' ? false : world.isTaken,
    ...change,
    workers: who === 0 ? [next, world.workers[1]] : [world.workers[0], next],
  });
  const isOn = 'run' in worker && worker.run === world.run.number;
  switch (worker.at) {
    case 'idle': {
      if (world.isTaken || world.outcome !== undefined) return;
      const next = world.run.kind === 'load' ? planLoad(world) : planRollback(world);
      if (next === 'done') yield ['nothing to take back', { ...world, outcome: 'taken back' }];
      else if (next) yield [`${who} ${next.at}`, become(next, { isTaken: true })];
      // After how many answers that were lost makes no difference here: it may be after any.
      const tried = next !== 'done' && next?.at === 'plans' ? world[next.operation] : undefined;
      if (next !== 'done' && next?.at === 'plans' && tried && isIn(tried.state, intentMoves.leave.from))
        yield [
          `${who} is to leave the ${next.operation}`,
          become(
            { at: 'leaves', run: next.run, operation: next.operation, intent: tried },
            { isTaken: true },
          ),
        ];
      return;
    }
    case 'leaves': {
      const left = isOn && move(world, worker.operation, worker.intent, intentMoves.leave);
      yield [
        `${who} leaves the ${worker.operation} to a person`,
        become({ at: 'idle' }, left ? { ...left, outcome: 'left to a person' } : {}),
      ];
      return;
    }
    case 'unchanged':
      yield [`${who} notes unchanged`, become({ at: 'idle' }, isOn ? { outcome: 'written' } : {})];
      return;
    case 'finds it gone':
      yield [
        `${who} notes it gone`,
        become({ at: 'idle' }, isOn ? { target: undefined, outcome: 'taken back', ...closed(world) } : {}),
      ];
      return;
    case 'looks': {
      const { intent, isGone } = worker;
      const moved = isOn && move(world, 'delete', intent, intentMoves[isGone ? 'confirm' : 'drop']);
      yield [
        `${who} notes ${isGone ? 'that it is gone' : 'that it stands'}`,
        become({ at: 'idle' }, moved ? { ...moved, ...(isGone ? { target: undefined } : {}) } : {}),
      ];
      return;
    }
    case 'plans': {
      const { operation } = worker;
      const noted = isOn ? note(world, worker) : undefined;
      if (!noted) yield [`${who} may not send`, become({ at: 'idle' })];
      else if (noted.attempt < mostAttempts[operation])
        yield [
          `${who} notes a ${operation}`,
          become({ at: 'noted', run: worker.run, operation, intent: noted }, { [operation]: noted }),
        ];
      return;
    }
    case 'noted': {
      const { operation, intent, run } = worker;
      const latest = world[operation];
      if (latest?.attempt !== intent.attempt || latest.isDue) {
        yield [`${who} is too late`, become({ at: 'answered', run, operation, intent, answer: 'no' })];
        return;
      }
      const sent =
        operation === 'create'
          ? { creates: set(world.creates, intent.attempt, 'on its way' as const) }
          : { deletes: [...world.deletes, intent.targetId ?? -1] };
      yield [`${who} sends a ${operation}`, become({ at: 'waits', run, operation, intent }, sent)];
      return;
    }
    case 'waits': {
      const { operation, intent, run } = worker;
      const answered = (answer: 'yes' | 'none'): Worker => ({
        at: 'answered',
        run,
        operation,
        intent,
        answer,
      });
      const isDone =
        operation === 'create'
          ? ['stands', 'deleted'].includes(world.creates[intent.attempt] ?? '')
          : world.creates[intent.targetId ?? -1] === 'deleted';
      if (isDone) yield [`yes to the ${operation}`, become(answered('yes'))];
      yield [`no answer to the ${operation}`, become(answered('none'))];
      return;
    }
    case 'answered':
      yield [`${who} notes the outcome`, become({ at: 'idle' }, outcomeNoted(world, worker, isOn))];
  }
}

function planLoad(world: World): Worker | undefined {
  const run = world.run.number;
  const known = world.target === undefined ? [] : [targetOf(world.target)];
  const [plan] = planWrites([record], {
    targets: new Map(known.map((target) => [record.targetKey, target])),
    intents: new Map(world.create ? [[record.targetKey, knownOf(world.create, 'create')]] : []),
    deletes: new Map(
      world.delete
        ? [
            [
              record.targetKey,
              { ...knownOf(world.delete, 'delete'), targetId: String(world.delete.targetId) },
            ],
          ]
        : [],
    ),
    matches: new Map(),
    finished: new Set(),
  });
  switch (plan?.kind) {
    case 'unchanged':
      return { at: 'unchanged', run };
    case 'create':
      return { at: 'plans', run, operation: 'create', generation: plan.generation, targetId: undefined };
    case 'look':
      return {
        at: 'looks',
        run,
        intent: world.delete ?? never(),
        isGone: world.creates[Number(plan.deleting.targetId)] !== 'stands',
      };
    default:
      return undefined;
  }
}

/** The look waits until nothing is unknown, then each record is looked at again right before its call. */
function planRollback(world: World): Worker | 'done' | undefined {
  const run = world.run.number;
  if ([world.create, world.delete].some((intent) => intent && isUnknown(intent.state))) return undefined;
  if (world.target === undefined) return 'done';
  if (world.creates[world.target] !== 'stands') return { at: 'finds it gone', run };
  const latest = world.delete;
  const generation = !latest ? 1 : latest.state === 'planned' ? latest.generation : latest.generation + 1;
  return { at: 'plans', run, operation: 'delete', generation, targetId: world.target };
}

/** insertIntents: a new one, or one of this generation that is planned. */
function note(world: World, { operation, generation, targetId }: Extract<Worker, { at: 'plans' }>) {
  const known = world[operation];
  const fresh = { state: intentMoves.send.to, generation, probes: 0, isDue: false, targetId };
  // In the model, attempts are numbered over all generations.
  if (!known) return { ...fresh, attempt: 0 };
  if (known.generation > generation) return undefined;
  if (known.generation === generation && !isIn(known.state, intentMoves.send.from)) return undefined;
  return { ...fresh, attempt: known.attempt + 1 };
}

/** moveIntent: if this is still the latest attempt, and the intent is where the move starts. */
function move(world: World, operation: Operation, { attempt }: Intent, { from, to }: IntentMove) {
  const intent = world[operation];
  if (!intent || intent.attempt !== attempt || !isIn(intent.state, from)) return undefined;
  return { [operation]: { ...intent, state: to } };
}

function outcomeNoted(
  world: World,
  { operation, intent, answer }: Extract<Worker, { at: 'answered' }>,
  isOn: boolean,
): Partial<World> {
  const by = { yes: 'confirm', none: 'lose', no: 'handBack' } as const;
  const moved = move(world, operation, intent, intentMoves[by[answer]]);
  if (!moved) return {};
  if (answer !== 'yes') return moved;
  const known = operation === 'create' ? { target: intent.attempt } : { target: undefined };
  const outcome = operation === 'create' ? ('written' as const) : ('taken back' as const);
  return { ...moved, ...known, ...(isOn ? { outcome } : {}) };
}

/** A delete of ours without an answer must have done it. */
function closed(world: World): Partial<World> {
  const latest = world.delete;
  return latest?.state === 'planned' ? { delete: { ...latest, state: 'confirmed' } } : {};
}

/** Nothing is carried out after the deadline and the time to settle. What nobody knows is found out by walks. */
function* clockSteps(world: World): Generator<[string, World]> {
  const isOnItsWay = world.creates.includes('on its way') || world.deletes.length > 0;
  for (const operation of ['create', 'delete'] as const) {
    const intent = world[operation];
    if (!intent || !isUnknown(intent.state)) continue;
    const become = (next: Intent, change: Partial<World> = {}) => ({
      ...world,
      ...change,
      [operation]: next,
    });
    if (!intent.isDue) {
      if (!isOnItsWay) yield [`the deadline of a ${operation} passes`, become({ ...intent, isDue: true })];
      continue;
    }
    if (isIn(intent.state, intentMoves.giveUp.from)) {
      yield [`a ${operation} is given up`, become({ ...intent, state: intentMoves.giveUp.to })];
      continue;
    }
    const found = operation === 'create' ? world.creates.indexOf('stands') : -1;
    if (found >= 0) {
      const isOfThis = world.run.kind === 'load' ? { outcome: 'written' as const } : {};
      yield [
        'a walk finds it',
        become({ ...intent, state: intentMoves.find.to }, { target: found, ...isOfThis }),
      ];
      continue;
    }
    const next = afterLook({ operation, probes: intent.probes });
    const probes = next === 'release' ? 0 : intent.probes + 1;
    yield [`${next} a ${operation}`, become({ ...intent, state: intentMoves[next].to, probes })];
  }
}

/** What must hold in every world; answers what does not. */
function broken({ creates, target, outcome, deletes }: World): string | undefined {
  const standing = creates.flatMap((state, id) => (state === 'stands' ? [id] : []));
  if (standing.length > 1) return 'it stands twice';
  if (outcome === 'taken back' && (standing.length > 0 || creates.includes('on its way')))
    return 'taken back, but it stands or will';
  if (outcome === 'written' && (standing[0] !== target || target === undefined || deletes.includes(target)))
    return 'written, but it does not stand, or not for long';
  return undefined;
}

function targetOf(id: number) {
  return {
    targetId: String(id),
    parentId: null,
    payload: record.payload,
    payloadHash: record.payloadHash,
    generation: 1,
    writtenFields: null,
    ownerId: null,
    afterImage: null,
    open: null,
  };
}

function knownOf({ state, generation, attempt }: Intent, operation: Operation) {
  const { payloadHash } = record;
  return { id: '1', operation, generation, state, attempt, runId: 'r', payloadHash, code: null };
}

function isIn(state: IntentState, states: ReadonlyArray<IntentState>): boolean {
  return states.includes(state);
}

function set<T>(list: ReadonlyArray<T>, at: number, value: T): T[] {
  const copy = [...list];
  copy[at] = value;
  return copy;
}

function never(): never {
  throw new Error('a look is taken at a delete');
}

it('runs that are ended at any moment, one after the other: the record stands once after a load, and not after a rollback', () => {
  const seen = new Map<string, { step: string; from: string | undefined }>();
  seen.set(JSON.stringify(start), { step: 'start', from: undefined });
  const pathTo = (name: string | undefined): string[] => {
    const known = name === undefined ? undefined : seen.get(name);
    return known ? [...pathTo(known.from), known.step] : [];
  };
  const violations = new Map<string, string[]>();
  const stuck: string[][] = [];
  const ends = { written: 0, 'taken back': 0, 'left to a person': 0 };
  for (let frontier = [start]; frontier.length > 0; ) {
    const next: World[] = [];
    for (const world of frontier) {
      const from = JSON.stringify(world);
      const problem = broken(world);
      if (problem) {
        if (!violations.has(problem)) violations.set(problem, pathTo(from));
        continue;
      }
      if (world.outcome) ends[world.outcome] += 1;
      let steps = 0;
      for (const [step, reached] of stepsFrom(world)) {
        steps += 1;
        const name = JSON.stringify(reached);
        if (seen.has(name)) continue;
        seen.set(name, { step, from });
        next.push(reached);
      }
      const mayGoOn = (['create', 'delete'] as const).every(
        (operation) => (world[operation]?.attempt ?? -1) < mostAttempts[operation] - 1,
      );
      if (steps === 0 && world.outcome === undefined && mayGoOn) stuck.push(pathTo(from));
    }
    frontier = next;
  }
  console.log(`runs that are ended: ${seen.size} states explored`);
  expect({ violations: Object.fromEntries(violations), stuck: stuck.slice(0, 1) }).toEqual({
    violations: {},
    stuck: [],
  });
  expect(ends.written).toBeGreaterThan(100);
  expect(ends['taken back']).toBeGreaterThan(100);
  expect(ends['left to a person']).toBeGreaterThan(100);
}, 120_000);
