import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { seededRandom } from '@octopipe/simulator/account/random';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAccount, readCreates, readLedger } from './account.js';
import {
  builtProgram,
  migrateArgs,
  nodeFlags,
  octopipe,
  startSimulator,
  temporaryFolder,
} from './programs.js';

/**
 * A generated package, migrated undisturbed and with random SIGKILLs of the four services and of Postgres.
 * `npm test` runs the small tier; `npm run storm` the whole one (S, 20 kills). STORM_SEED repeats a storm's order.
 * `npm run outages` also lets a deploy roll over all four services, again and again.
 */
const size = process.env.STORM_SIZE ?? 'XS';
const kills = Number(process.env.STORM_KILLS ?? 4);
const seed = Number(process.env.STORM_SEED ?? Math.floor(Math.random() * 1e6));
const restartSeconds = Number(process.env.STORM_RESTART_SECONDS ?? 0);

const victims = {
  ingest: /services\/ingest\/dist\/bundle\/main\.js/,
  transform: /services\/transform\/dist\/bundle\/main\.js/,
  loader: /services\/loader\/dist\/bundle\/main\.js/,
  reporter: /services\/reporter\/dist\/bundle\/main\.js/,
  Postgres: /\/postgres -D /,
};
type Victim = keyof typeof victims;
/** The order of a deploy. */
const services: Victim[] = ['ingest', 'transform', 'loader', 'reporter'];

/** What a generated package does not say about its company. */
const locale = ['--country', 'AU', '--currency', 'AUD', '--timezone', 'Australia/Sydney'];

/** Half of all deaths hit the loader, which has the most to lose. */
const wheel: Victim[] = [
  'loader',
  'loader',
  'loader',
  'Postgres',
  'Postgres',
  'transform',
  'reporter',
  'ingest',
];
/** The supervisor gives a part up after six deaths in a minute; a storm stays below that. */
const maxDeathsPerMinute = 4;

interface Outcome {
  summary: Summary;
  /** Target key → its record in words; the same for every account. */
  account: Map<string, string>;
  mapped: string;
  /** Target key → times it was created, by the ledger. */
  creates: Map<string, number>;
}
interface Summary {
  status: string;
  balanced: boolean;
  verified: { records: number; fields: number; differences: number };
  source: Record<string, { excluded: Record<string, number> }>;
  target: Record<
    string,
    Record<'planned' | 'created' | 'updated' | 'unchanged' | 'failed' | 'waiting', number>
  >;
  tokens: { planned: number; spent: number; floor: number };
  duration_ms: number;
}

describe(`a generated ${size} package`, () => {
  const folder = temporaryFolder();
  const generated = path.join(folder.path, 'generated');
  const packageFolder = path.join(generated, 'package');
  let calm: Outcome;

  beforeAll(() => {
    const made = spawnSync(process.execPath, [
      ...nodeFlags,
      builtProgram('generator'),
      ...['--size', size, '--seed', '1', '--defects', 'typical', '--out', generated],
    ]);
    if (made.status !== 0) throw new Error(`the generator failed: ${made.stderr}`);
  });
  afterAll(() => folder.remove());

  it('undisturbed: everything is carried or set aside by name, balanced, read back, within the forecast; then nothing to do', async () => {
    const sim = await startSimulator({ seed: 1 });
    const args = migrateArgs(sim, path.join(folder.path, 'calm'), locale, packageFolder);
    try {
      const { code, output } = await octopipe(args).exit;
      expect(code, output.slice(-2000)).toBe(0);
      calm = await outcome(sim.url, path.join(folder.path, 'calm'));
      print('undisturbed', calm.summary);
      expectWhole(calm);
      expect(calm.summary.target.file?.created).toBeGreaterThan(0);
      const { planned, spent, floor } = calm.summary.tokens;
      expect(spent / floor).toBeLessThanOrEqual(1.05);
      expect(Math.abs(spent / planned - 1)).toBeLessThanOrEqual(0.02);

      const before = (await readLedger(sim.url)).length;
      const again = await octopipe(args).exit;
      expect(again.code, again.output.slice(-2000)).toBe(0);
      expect((await readLedger(sim.url)).length, 'a second run writes nothing').toBe(before);
    } finally {
      await sim.stop();
    }
  });

  it(`under ${kills} SIGKILLs (seed ${seed}): the same account, each key created once`, async () => {
    const sim = await startSimulator({ seed: 2 });
    const args = migrateArgs(sim, path.join(folder.path, 'storm'), locale, packageFolder);
    try {
      const run = octopipe(args, {
        LEASE_MS: '5000',
        QUEUE_LOCK_MS: '2000',
        SETTLE_MS: '1000',
        PROBE_GAP_MS: '1000',
      });
      // Spread over most of what the calm run took, so that the last one still meets somebody at work.
      const dead = await killAtRandom(run, (calm.summary.duration_ms / (kills + 1)) * 0.9);
      const { code, output } = await run.exit;
      expect(code, output.slice(-2000)).toBe(0);
      console.log(`R1 ${size}, seed ${seed}: ${dead.length} SIGKILLs: ${countBy(dead)}`);
      expect(dead.length).toBe(kills);
      const stormy = await outcome(sim.url, path.join(folder.path, 'storm'));
      print('storm', stormy.summary);
      expectWhole(stormy);
      expect(stormy.mapped).toBe(calm.mapped);
      expect(differences(calm.account, stormy.account)).toEqual([]);
    } finally {
      await sim.stop();
    }
  });

  it.runIf(restartSeconds)(
    `one service after the other replaced, one every ${restartSeconds} s: the same account for the same tokens`,
    async () => {
      const sim = await startSimulator({ seed: 3 });
      const args = migrateArgs(sim, path.join(folder.path, 'rolling'), locale, packageFolder);
      try {
        // With the times that the services ship with: whoever waits for a lease or a lock shows in the time.
        const run = octopipe(args);
        const stops = await replaceInTurns(run);
        const { code, output } = await run.exit;
        expect(code, output.slice(-2000)).toBe(0);
        const rolled = await outcome(sim.url, path.join(folder.path, 'rolling'));
        print('rolling', rolled.summary);
        const longest = Math.max(...stops.map(({ ms }) => ms));
        console.log(
          `R20 ${size}, all services: ${stops.length} SIGTERMs: ${countBy(stops.map(({ victim }) => victim))}; each gone within ${(longest / 1000).toFixed(1)} s; ` +
            `${(rolled.summary.duration_ms / calm.summary.duration_ms).toFixed(2)} of the undisturbed time`,
        );
        expect(stops.length).toBeGreaterThanOrEqual(services.length);
        expect(longest).toBeLessThan(25_000);
        expectWhole(rolled);
        expect(rolled.mapped).toBe(calm.mapped);
        expect(differences(calm.account, rolled.account)).toEqual([]);
        expect(rolled.summary.tokens.spent / calm.summary.tokens.spent).toBeLessThan(1.02);
      } finally {
        await sim.stop();
      }
    },
  );
});

function expectWhole({ summary, creates, account }: Outcome): void {
  expect(summary).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
  for (const entity of Object.values(summary.target)) expect(entity).toMatchObject({ failed: 0, waiting: 0 });
  const excluded = Object.values(summary.source).flatMap((object) => Object.keys(object.excluded));
  expect(excluded.filter((rule) => rule.includes('not_supported'))).toEqual([]);
  expect([...creates].filter(([, times]) => times !== 1)).toEqual([]);
  expect(creates.size).toBe(account.size);
}

/** SIGKILLs one part of the stack after the other, at seeded random moments about `meanMs` apart, while the run lasts. */
async function killAtRandom(run: ReturnType<typeof octopipe>, meanMs: number): Promise<Victim[]> {
  const random = seededRandom(seed);
  const dead: Array<{ victim: Victim; at: number }> = [];
  const ended = run.exit.then(() => true as const);
  // Before the services stand there is nothing to kill.
  await run.saw(/gateway/);
  while (dead.length < kills) {
    const isOver = await Promise.race([ended, pause(meanMs * (0.5 + random()))]);
    if (isOver) break;
    const victim = wheel[Math.floor(random() * wheel.length)] as Victim;
    const lately = dead.filter((one) => one.victim === victim && one.at > Date.now() - 60_000);
    const pid = lately.length < maxDeathsPerMinute ? childOf(run.pid, victims[victim]) : undefined;
    if (pid === undefined) continue;
    process.kill(pid, 'SIGKILL');
    dead.push({ victim, at: Date.now() });
  }
  return dead.map(({ victim }) => victim);
}

/** SIGTERMs one service after the other until the run is over, and waits for each until it is gone. */
async function replaceInTurns(
  run: ReturnType<typeof octopipe>,
): Promise<Array<{ victim: Victim; ms: number }>> {
  const stops: Array<{ victim: Victim; ms: number }> = [];
  let isOver = false;
  void run.exit.then(() => {
    isOver = true;
  });
  await run.saw(/gateway/);
  for (let turn = 0; !isOver; turn++) {
    await Promise.race([run.exit, pause(restartSeconds * 1000)]);
    const victim = services[turn % services.length] as Victim;
    const pid = isOver ? undefined : childOf(run.pid, victims[victim]);
    if (pid === undefined) continue;
    const since = performance.now();
    process.kill(pid, 'SIGTERM');
    while (!isOver && childOf(run.pid, victims[victim]) === pid) await pause(50);
    // One that is ended with the whole stack says nothing about a deploy.
    if (!isOver) stops.push({ victim, ms: performance.now() - since });
  }
  return stops;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The program that this process started and whose command line looks so; only ever a child of our own. */
function childOf(parent: number, commandLine: RegExp): number | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (ppid === parent && commandLine.test(command)) return Number(entry);
    } catch {
      // It ended while we looked.
    }
  }
  return undefined;
}

async function outcome(simUrl: string, folder: string): Promise<Outcome> {
  const account = await readAccount(simUrl);
  return {
    summary: JSON.parse(readFileSync(path.join(folder, 'out/summary.json'), 'utf8')) as Summary,
    account: new Map(Object.entries(account.canonical()).map(([key, words]) => [key, JSON.stringify(words)])),
    mapped: createHash('sha256')
      .update(readFileSync(path.join(folder, 'out/mapped.ndjson')))
      .digest('hex'),
    creates: (await readCreates(simUrl)).byKey,
  };
}

/** The first few keys that differ, with both sides. */
function differences(a: Map<string, string>, b: Map<string, string>): unknown[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
  return keys.slice(0, 5).map((key) => ({ key, of: keys.length, calm: a.get(key), storm: b.get(key) }));
}

function print(name: string, { duration_ms, tokens, verified }: Summary): void {
  const ratio = (a: number, b: number) => (a / b).toFixed(4);
  console.log(
    `R1 ${size} ${name}: ${verified.records} records and ${verified.fields} fields read back, ${verified.differences} differences; ` +
      `tokens spent ${tokens.spent}, ${ratio(tokens.spent, tokens.floor)} of the floor, ${ratio(tokens.spent, tokens.planned)} of the plan; ` +
      `${Math.round(duration_ms / 1000)} s`,
  );
}

function countBy(words: string[]): string {
  return [...new Set(words)]
    .map((word) => `${word} ${words.filter((one) => one === word).length}`)
    .join(', ');
}
