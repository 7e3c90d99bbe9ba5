import type { MappedRecord } from '@octopipe/shared/domain/mapping/record';
import { describe, expect, it } from 'vitest';
import type { WriteOutcome } from '../destination/account.js';
import { fateOf } from './fate-of.js';
import { afterLook, type IntentState, intentMoves, isUnknown, looksNeeded } from './intent-states.js';
import { type KnownIntent, planWrites } from './plan-writes.js';

/**
 * One record, two workers, and every order of what can happen to them: each step of the write path is a step here, with
 * the decisions taken by the code that takes them (planWrites, fateOf, afterLook, the table of moves). Between any two
 * steps a worker may die, freeze or lose its lease, an answer may get lost, the account may say no or yes late. Runs that
 * are ended, and rollbacks, are in cancel-model.test.ts.
 */
interface World {
  intent: Intent | undefined;
  /** Whoever holds the batch's lease. */
  lease: 0 | 1 | undefined;
  workers: [Worker, Worker];
  /** By attempt, what the account has of it: a request on its way in, a record, or nothing (any more). */
  account: Array<'on its way' | 'written' | 'gone'>;
  /** `left`: to a person, who may have it tried again. */
  outcome: 'created' | 'failed' | 'left' | undefined;
  deaths: number;
  /** Looks that were taken at each attempt after its answer was lost: for the invariant, unknown to the code. */
  looks: number[];
  /** Attempts of which the account, or the door to it, said no, or its worker that it never left. */
  refused: boolean[];
  /** What the backup knows of the record; `none`: there is no backup. */
  backup: Intent | undefined | 'none';
  /** The tables are of the backup, and the doubt of it has not been noted yet. */
  isInDoubt: boolean;
  hasGoneBack: boolean;
}

interface Intent {
  state: IntentState;
  generation: number;
  attempt: number;
  probes: number;
  /** The deadline of the latest attempt, and the time to settle after it, have passed. */
  isDue: boolean;
  targetId: number | undefined;
}

type Worker =
  | { at: 'idle' }
  | { at: 'planned' | 'renewed'; generation: number }
  | { at: 'noted' | 'waiting'; attempt: number }
  | { at: 'answered'; attempt: number; outcome: WriteOutcome };

interface Rules {
  /** The account may write a record after everybody has stopped waiting and looking. */
  lateCommits: boolean;
  mostAttempts: number;
  mostDeaths: number;
  /** A backup is made at some time, and later the tables go back to it. */
  restores?: true;
}

const record: MappedRecord = {
  targetKey: 'customer:1',
  entity: 'person',
  payload: { name: 'Ann' },
  payloadHash: 'h',
};
const write = { kind: 'create' as const, record, generation: 1, payload: record.payload, alone: false };

const start: World = {
  intent: undefined,
  lease: undefined,
  workers: [{ at: 'idle' }, { at: 'idle' }],
  account: [],
  outcome: undefined,
  deaths: 0,
  looks: [],
  refused: [],
  backup: 'none',
  isInDoubt: false,
  hasGoneBack: false,
};

/** All worlds that one step leads to, by the name of the step. */
function* stepsFrom(world: World, rules: Rules): Generator<[string, World]> {
  for (const who of [0, 1] as const) yield* stepsOf(world, who, rules);
  if (world.lease !== undefined) yield ['the lease runs out', { ...world, lease: undefined }];
  for (const [attempt, state] of world.account.entries()) {
    if (state !== 'on its way') continue;
    yield [
      `the account writes ${attempt}`,
      { ...world, account: replaced(world.account, attempt, 'written') },
    ];
    // It never will: the connection broke on the way in.
    yield [`${attempt} gets lost`, { ...world, account: replaced(world.account, attempt, 'gone') }];
  }
  yield* clockSteps(world, rules);
  yield* leaveSteps(world);
  if (rules.restores) yield* restoreSteps(world);
}

/**
 * Whoever has or had a turn may leave it to a person, if nobody has moved the intent since. After how many answers that were
 * lost makes no difference here: it may be after any.
 */
function* leaveSteps(world: World): Generator<[string, World]> {
  if (world.outcome === 'left') yield ['a person has it tried again', { ...world, outcome: undefined }];
  if (world.outcome !== undefined || world.isInDoubt || !world.intent) return;
  if (isIn(world.intent.state, intentMoves.leave.from))
    yield ['it is left to a person', { ...world, outcome: 'left' }];
}

/**
 * A backup, and once the way back to it. No loader runs then; what it had sent may still be on its way in. A record that
 * the backup knows as written is in no doubt. The next run begins without an outcome, and notes the doubt before it plans.
 */
function* restoreSteps(world: World): Generator<[string, World]> {
  const { backup, intent } = world;
  if (backup === 'none' && !world.hasGoneBack && intent?.state !== 'confirmed')
    yield ['a backup is made', { ...world, backup: intent }];
  if (backup !== 'none')
    yield [
      'the tables go back to the backup',
      {
        ...world,
        intent: backup,
        backup: 'none',
        hasGoneBack: true,
        isInDoubt: true,
        lease: undefined,
        workers: [{ at: 'idle' }, { at: 'idle' }],
        outcome: undefined,
      },
    ];
  if (!world.isInDoubt) return;
  const { from, to } = intentMoves.doubt;
  const generation = !intent ? 1 : isIn(intent.state, from) ? intent.generation : intent.generation + 1;
  yield [
    'the doubt is noted',
    {
      ...world,
      isInDoubt: false,
      // In the model, attempts are numbered over all that were ever made.
      intent: {
        state: to,
        generation,
        attempt: world.looks.length - 1,
        probes: 0,
        isDue: false,
        targetId: undefined,
      },
    },
  ];
}

function* stepsOf(world: World, who: 0 | 1, rules: Rules): Generator<[string, World]> {
  const worker = world.workers[who];
  const become = (next: Worker, change: Partial<World> = {}): World => ({
    ...world,
    ...change,
    workers: who === 0 ? [next, world.workers[1]] : [world.workers[0], next],
  });
  if (worker.at !== 'idle' && world.deaths < rules.mostDeaths)
    yield [`worker ${who} dies`, become({ at: 'idle' }, { deaths: world.deaths + 1 })];
  switch (worker.at) {
    case 'idle': {
      if (world.lease !== undefined || world.outcome !== undefined || world.isInDoubt) return;
      const [plan] = planWrites([record], {
        targets: new Map(),
        intents: new Map(world.intent ? [[record.targetKey, knownIntent(world.intent)]] : []),
        deletes: new Map(),
        matches: new Map(),
        finished: new Set(),
      });
      if (plan?.kind === 'create')
        yield [`worker ${who} plans`, become({ at: 'planned', generation: plan.generation }, { lease: who })];
      return;
    }
    case 'planned':
      yield world.lease === who
        ? [`worker ${who} renews`, become({ at: 'renewed', generation: worker.generation })]
        : [`worker ${who} has lost its lease`, become({ at: 'idle' })];
      return;
    // Noting does not look at the lease again: it may have run out since.
    case 'renewed': {
      const noted = note(world, worker.generation);
      if (!noted) yield [`worker ${who} may not send`, become({ at: 'idle' })];
      else if (noted.attempt < rules.mostAttempts)
        yield [
          `worker ${who} notes ${noted.attempt}`,
          become(
            { at: 'noted', attempt: noted.attempt },
            { intent: noted, looks: [...world.looks, 0], refused: [...world.refused, false] },
          ),
        ];
      return;
    }
    case 'noted':
      if (world.intent?.attempt !== worker.attempt || world.intent.isDue) {
        const outcome: WriteOutcome = { kind: 'not_written', reason: 'too_late_to_send' };
        yield [
          `worker ${who} is too late to send`,
          become(
            { at: 'answered', attempt: worker.attempt, outcome },
            { refused: replaced(world.refused, worker.attempt, true) },
          ),
        ];
        return;
      }
      yield [
        `worker ${who} sends ${worker.attempt}`,
        become(
          { at: 'waiting', attempt: worker.attempt },
          { account: replaced(world.account, worker.attempt, 'on its way') },
        ),
      ];
      return;
    case 'waiting': {
      const { attempt } = worker;
      const answered = (outcome: WriteOutcome, change: Partial<World> = {}) =>
        become({ at: 'answered', attempt, outcome }, change);
      if (world.account[attempt] === 'written')
        yield [`yes to ${attempt}`, answered({ kind: 'ok', data: { id: attempt } } as WriteOutcome)];
      if (world.account[attempt] === 'written')
        yield [`unreadable yes to ${attempt}`, answered({ kind: 'ok', data: undefined } as WriteOutcome)];
      yield [
        `no answer to ${attempt}`,
        answered({ kind: 'unknown', reason: 'timeout', limits: {} } as WriteOutcome),
      ];
      if (world.account[attempt] !== 'on its way') return;
      const no = {
        account: replaced(world.account, attempt, 'gone' as const),
        refused: replaced(world.refused, attempt, true),
      };
      yield [`429 to ${attempt}`, answered({ kind: 'not_written', reason: 'slow_down' }, no)];
      yield [
        `no to ${attempt}`,
        answered({ kind: 'refused', status: 400, code: 'bad', message: '' } as WriteOutcome, no),
      ];
      return;
    }
    case 'answered':
      yield [
        `worker ${who} notes the outcome of ${worker.attempt}`,
        become({ at: 'idle' }, outcomeNoted(world, worker)),
      ];
  }
}

/** noteIntents: insert, or take over what is planned. */
function note(world: World, generation: number): Intent | undefined {
  const known = world.intent;
  const fresh = { state: intentMoves.send.to, generation, probes: 0, isDue: false, targetId: undefined };
  // In the model, attempts are numbered over all generations.
  if (!known) return { ...fresh, attempt: 0 };
  if (known.generation === generation && !isIn(known.state, intentMoves.send.from)) return undefined;
  if (known.generation > generation) return undefined;
  return { ...fresh, attempt: known.attempt + 1 };
}

/** notePart: what the answer means, if this is still the latest attempt and the intent is where that move starts. */
function outcomeNoted(
  world: World,
  { attempt, outcome }: Extract<Worker, { at: 'answered' }>,
): Partial<World> {
  const { intent } = world;
  const fate = fateOf('person', { isBulk: false }, { write }, outcome);
  const move = { written: 'confirm', refused: 'refuse', not_written: 'handBack', unknown: 'lose' } as const;
  const { from, to } = intentMoves[move[fate.kind]];
  if (!intent || intent.attempt !== attempt || !isIn(intent.state, from)) return {};
  const targetId = fate.kind === 'written' ? Number(fate.targetId) : undefined;
  const decided = { confirmed: 'created', rejected: 'failed' } as const;
  return {
    intent: { ...intent, state: to, targetId },
    outcome: to === 'confirmed' || to === 'rejected' ? decided[to] : world.outcome,
  };
}

/** The deadline passes; nobody said anything until then; a walk is taken over what the account lists. */
function* clockSteps(world: World, rules: Rules): Generator<[string, World]> {
  const { intent } = world;
  if (!intent || world.isInDoubt) return;
  const isOnItsWay = world.account.includes('on its way');
  if (!intent.isDue && (rules.lateCommits || !isOnItsWay))
    yield ['the deadline passes', { ...world, intent: { ...intent, isDue: true } }];
  if (!intent.isDue) return;
  if (isIn(intent.state, intentMoves.giveUp.from))
    yield ['it is given up', { ...world, intent: { ...intent, state: intentMoves.giveUp.to } }];
  if (!isIn(intent.state, intentMoves.find.from)) return;
  const found = world.account.indexOf('written');
  if (found >= 0) {
    yield [
      'a walk finds it',
      { ...world, intent: { ...intent, state: intentMoves.find.to, targetId: found }, outcome: 'created' },
    ];
    return;
  }
  const next = afterLook({ operation: 'create', probes: intent.probes });
  yield [
    'a walk finds nothing',
    {
      ...world,
      intent: {
        ...intent,
        state: intentMoves[next].to,
        probes: next === 'release' ? 0 : intent.probes + 1,
      },
      looks: world.looks.map((looks, attempt) => (attempt <= intent.attempt ? looks + 1 : looks)),
    },
  ];
}

/** What must hold in every world; answers what does not. */
function broken(before: World, step: string, after: World, rules: Rules): string | undefined {
  if (/ notes \d/.test(step)) {
    // A new attempt: of each one before it, somebody said no, or two walks found nothing.
    const open = before.looks.findIndex((looks, attempt) => !before.refused[attempt] && looks < looksNeeded);
    if (open >= 0) return `sent again while attempt ${open} may have been written`;
  }
  const written = after.account.filter((state) => state === 'written').length;
  if (!rules.lateCommits && written > 1) return 'two records';
  if (after.outcome === 'created' && after.account[after.intent?.targetId ?? -1] !== 'written')
    return 'confirmed, but there is no such record';
  if (after.outcome === 'failed' && written > 0 && !rules.lateCommits) return 'failed, but it stands there';
  // One that was about to send when another left it may send all the same: then it is waited for, and its yes counts.
  const isKnown = !after.isInDoubt && !isUnknown(after.intent?.state ?? 'planned');
  if (after.outcome === 'left' && written > 0 && !rules.lateCommits && isKnown)
    return 'left to a person, but it stands there';
  if (after.isInDoubt || before.outcome === 'left') return undefined;
  if (before.outcome !== undefined && before.outcome !== after.outcome) return 'an outcome was changed';
  return undefined;
}

function explore(rules: Rules) {
  const seen = new Map<string, { step: string; from: string | undefined }>();
  // Which of the two workers it was makes no difference.
  const key = (world: World) => {
    const [one, other] = world.workers;
    const mirrored = {
      ...world,
      workers: [other, one],
      lease: world.lease === undefined ? undefined : 1 - world.lease,
    };
    const [text, mirror] = [JSON.stringify(world), JSON.stringify(mirrored)];
    return text < mirror ? text : mirror;
  };
  seen.set(key(start), { step: 'start', from: undefined });
  const ends = { created: 0, failed: 0, left: 0 };
  const violations = new Map<string, string[]>();
  const stuck: string[][] = [];
  let copies = 0;
  let frontier = [start];
  while (frontier.length > 0) {
    const next: World[] = [];
    for (const world of frontier) {
      let steps = 0;
      for (const [step, reached] of stepsFrom(world, rules)) {
        steps += 1;
        const name = key(reached);
        const problem = broken(world, step, reached, rules);
        if (!seen.has(name)) {
          seen.set(name, { step, from: key(world) });
          next.push(reached);
        }
        if (problem && !violations.has(problem)) violations.set(problem, [...pathTo(seen, key(world)), step]);
      }
      if (world.outcome) ends[world.outcome] += 1;
      if (steps === 0 && world.outcome === undefined && (world.intent?.attempt ?? 0) < rules.mostAttempts - 1)
        stuck.push(pathTo(seen, key(world)));
      if (world.account.filter((state) => state === 'written').length > 1) copies += 1;
    }
    frontier = next;
  }
  return {
    states: seen.size,
    ends,
    violations: Object.fromEntries(violations),
    stuck: stuck.slice(0, 1),
    copies,
  };
}

function pathTo(
  seen: ReadonlyMap<string, { step: string; from: string | undefined }>,
  name: string,
): string[] {
  const path: string[] = [];
  for (let at: string | undefined = name; at !== undefined; at = seen.get(at)?.from)
    path.unshift(seen.get(at)?.step ?? '?');
  return path;
}

function knownIntent({ state, generation, attempt }: Intent): KnownIntent {
  return {
    id: '1',
    operation: 'create',
    generation,
    state,
    attempt,
    runId: 'r',
    payloadHash: record.payloadHash,
    code: null,
  };
}

function isIn(state: IntentState, states: ReadonlyArray<IntentState>): boolean {
  return states.includes(state);
}

function replaced<T>(list: ReadonlyArray<T>, at: number, value: T): T[] {
  const copy = [...list];
  copy[at] = value;
  return copy;
}

/** How far the search goes: attempts at the record, and deaths. `npm run prove:model` goes deeper. */
const [attempts = 2, deaths = 1] = (process.env.OCTOPIPE_PROVE ?? '2/1').split('/').map(Number);

describe('R6: every order of two workers, deaths, lost answers and walks', { timeout: 1_800_000 }, () => {
  it('an account that writes before the settling time: one record, never two, and it is known which', () => {
    const { states, ends, violations, stuck, copies } = explore({
      lateCommits: false,
      mostAttempts: attempts + 1,
      mostDeaths: deaths,
    });
    expect({ violations, stuck, copies }).toEqual({ violations: {}, stuck: [], copies: 0 });
    console.log(`R6 without late commits: ${states} states explored, no invariant violated`);
    expect(ends.created).toBeGreaterThan(0);
    expect(ends.failed).toBeGreaterThan(0);
    expect(ends.left).toBeGreaterThan(0);
    expect(states).toBeGreaterThan(1_000);
  });

  it('tables that go back to a backup made at any time before: one record, never two, and it is known which', () => {
    const { states, ends, violations, stuck, copies } = explore({
      lateCommits: false,
      mostAttempts: attempts,
      mostDeaths: 0,
      restores: true,
    });
    expect({ violations, stuck, copies }).toEqual({ violations: {}, stuck: [], copies: 0 });
    console.log(`R6 with a restore: ${states} states explored, no invariant violated`);
    expect(ends.created).toBeGreaterThan(0);
    expect(states).toBeGreaterThan(1_000);
  });

  it('one that may write at any time later: all the same never sent again without two walks or a no', () => {
    const { states, violations, stuck, copies } = explore({
      lateCommits: true,
      mostAttempts: attempts,
      mostDeaths: deaths,
    });
    expect({ violations, stuck }).toEqual({ violations: {}, stuck: [] });
    console.log(
      `R6 with late commits: ${states} states explored, no invariant violated, in ${copies} of them a copy stands to be removed`,
    );
    expect(copies).toBeGreaterThan(0);
  });
});
