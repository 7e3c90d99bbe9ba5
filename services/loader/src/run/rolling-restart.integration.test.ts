import { expect, it } from 'vitest';
import { chaosPayloads } from '../testing/chaos-fixture.js';
import { expectNoneLostOrDoubled } from '../testing/expect-none-lost.js';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { runReaches, type ShownRun, startRun } from '../testing/loader-run.js';
import { testContent } from '../testing/mapped-fixture.js';
import { ledgerOf } from '../testing/rollback-run.js';

/**
 * R20 of the reliability plan: two loaders, one of which is told to end every few seconds while a fresh one starts, through
 * a whole run. They have the times they ship with: a batch that is left leased, a job that is left locked or a write that
 * nobody noted would stop the run for most of a minute. Too dear for `npm test`: `npm run outages` runs it, beside an undisturbed
 * run of the same records.
 */
const records = process.env.ROLLING_RECORDS;
const payloads = chaosPayloads(Number(records ?? 0));
const everyMs = 5_000;
const timeout = 1_800_000;
const ends = ['done', 'failed', 'waiting_person'];

interface Stop {
  code: number | null;
  signal: string | null;
  ms: number;
  /** What it said about itself until it was gone. */
  said: string[];
}

it.runIf(records)(
  'two loaders that are replaced in turns: no record and no time lost',
  { timeout },
  async () => {
    const rolled = await load(Number.POSITIVE_INFINITY);
    const { stops, run, seconds } = rolled;
    console.log(
      `R20 rolling restart: ${payloads.length} records, ${stops.length} loaders replaced, each gone within ` +
        `${(Math.max(...stops.map(({ ms }) => ms)) / 1000).toFixed(1)} s, exit codes ${[...new Set(stops.map(({ code }) => code))].join(', ')}; ` +
        `none lost, doubled or sent twice; the account never waited longer than ${rolled.longestPauseS} s for the next; ` +
        `${seconds.toFixed(1)} s, ${run.tokens.spent} tokens`,
    );
    // Whoever waits for a lease, a lock or a settling waits longer.
    expect(rolled.longestPauseS).toBeLessThan(25);
    expect(stops.length).toBeGreaterThanOrEqual(3);
    for (const { code, signal, ms, said } of stops) {
      expect({ code, signal }).toEqual({ code: 0, signal: null });
      expect(ms).toBeLessThan(25_000);
      // Never "ready" after the signal was heard, however short that time is.
      expect(said.filter((word) => !word.startsWith('draining'))).toEqual([]);
    }
    const calm = await load(0);
    console.log(
      `R20 undisturbed: never longer than ${calm.longestPauseS} s, ${calm.seconds.toFixed(1)} s, ${calm.run.tokens.spent} tokens; rolled over ${(seconds / calm.seconds).toFixed(2)} of its time, ` +
        `${(run.tokens.spent / calm.run.tokens.spent).toFixed(4)} of its tokens`,
    );
    // Loosely: each start takes from a busy machine what the run would have had.
    expect(seconds / calm.seconds).toBeLessThan(3);
    expect(run.tokens.spent / calm.run.tokens.spent).toBeLessThan(1.02);
  },
);

interface Loaded {
  run: ShownRun;
  seconds: number;
  longestPauseS: number;
  stops: Stop[];
}

/** One run from its first record to its end, with a judgement of what the account says. */
async function load(mostRestarts: number): Promise<Loaded> {
  const rig = await createLoaderRig({
    payloads,
    content: testContent,
    simulator: { requestsPer2s: 120 },
    recordsPerBatch: 25,
    asShipped: true,
  });
  try {
    const loaders = [await rig.startLoader(), await rig.startLoader()];
    const { id } = await startRun(rig, loaders[0] as LoaderProcess);
    const startedAt = performance.now();
    const stops: Stop[] = [];
    while (stops.length < mostRestarts) {
      if (await endsWithin(everyMs, loaders[stops.length % 2] as LoaderProcess, id)) break;
      const at = stops.length % 2;
      const [stop, fresh] = await Promise.all([endInOrder(loaders[at] as LoaderProcess), rig.startLoader()]);
      expect((await fetch(`${fresh.url}/readyz`)).status).toBe(200);
      stops.push(stop);
      loaders[at] = fresh;
    }
    const run = await runReaches(loaders[0] as LoaderProcess, id, ends, timeout);
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(await expectNoneLostOrDoubled(rig, payloads, run)).toBe(0);
    const unsure = await rig.database.db
      .selectFrom('loader.intent')
      .select(['targetKey', 'attempt', 'code'])
      .where(({ eb, or }) => or([eb('attempt', '>', 1), eb('code', 'is not', null)]))
      .execute();
    expect(unsure, 'sent twice, or its answer was not noted').toEqual([]);
    return { run, seconds, longestPauseS: await longestPause(rig), stops };
  } finally {
    await rig.close();
  }
}

/** Between two writes, by the account's own clock, which counts whole seconds. A busy machine slows a run, but does not stop it. */
async function longestPause(rig: LoaderRig): Promise<number> {
  const times = (await ledgerOf(rig)).map(({ at }) => Date.parse(at) / 1_000);
  return Math.max(...times.slice(1).map((time, n) => time - (times[n] ?? time)));
}

async function endsWithin(ms: number, loader: LoaderProcess, runId: string): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await pause(200)) {
    const { body } = await loader.api<ShownRun>('GET', `/v1/runs/${runId}`);
    if (ends.includes(body.status)) return true;
  }
  return false;
}

/** SIGTERM, and what it says until it is gone. */
async function endInOrder(loader: LoaderProcess): Promise<Stop> {
  const startedAt = performance.now();
  let hasEnded = false;
  const gone = loader.exited.then((exit) => {
    hasEnded = true;
    return { ...exit, ms: performance.now() - startedAt };
  });
  loader.signal('SIGTERM');
  const said = new Set<string>();
  // The first words may still be from before it heard.
  for (let heard = false; !hasEnded; await pause(20)) {
    const word = await readiness(loader).catch(() => undefined);
    heard ||= word === 'draining';
    if (heard && word !== undefined) said.add(word);
  }
  return { ...(await gone), said: [...said] };
}

async function readiness(loader: LoaderProcess): Promise<string> {
  const answer = await fetch(`${loader.url}/readyz`, { headers: { connection: 'close' } });
  const { failed } = (await answer.json()) as { failed: string[] };
  return answer.ok ? 'ready' : failed.join(' ');
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
