import { startTestRedis } from '@octopipe/shared/testing/redis';
import { seededRandom } from '@octopipe/simulator/account/random';
import { afterAll, describe, expect, it } from 'vitest';
import { chaosPayloads } from '../testing/chaos-fixture.js';
import { emptyQueue } from '../testing/empty-queue.js';
import { expectNoneLostOrDoubled } from '../testing/expect-none-lost.js';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { control, runReaches, type ShownRun, startRun } from '../testing/loader-run.js';
import { testContent } from '../testing/mapped-fixture.js';

/**
 * R1 to R4 of the reliability plan on the loader alone: two loaders at once, an account that keeps a ledger of what was
 * really committed, and an oracle that reads the payloads and nothing else of ours. `npm test` runs a small tier,
 * `npm run chaos -- --seed N` the large one. Postgres itself is killed in e2e/storm.test.ts.
 */
const isLarge = process.env.CHAOS_TIER === 'large';
const seed = Number(process.env.CHAOS_SEED ?? 1);
const records = isLarge ? 2_000 : 240;
const size = isLarge ? { kills: 40, wipes: 10, pauses: 20 } : { kills: 6, wipes: 2, pauses: 4 };
/** So that the run lasts as long as what is done to it. */
const pace = { requestsPer2s: isLarge ? 120 : 60 };
const timeout = isLarge ? 3_600_000 : 240_000;

const redis = await startTestRedis();
afterAll(() => redis?.stop());
const lanes = [
  { lane: 'Postgres', redisUrl: undefined },
  ...(redis ? [{ lane: 'Redis', redisUrl: redis.url }] : []),
];
const random = seededRandom(seed);
const ends = ['done', 'failed', 'waiting_person'];

describe.each(lanes)('chaos, queue on $lane', ({ lane, redisUrl }) => {
  it('R1, R2: loaders killed and the queue emptied, again and again', { timeout }, async () => {
    const payloads = chaosPayloads(records);
    const rig = await createLoaderRig({
      payloads,
      content: testContent,
      simulator: pace,
      ...(redisUrl ? { redisUrl } : {}),
    });
    try {
      const loaders = [await rig.startLoader(), await rig.startLoader()];
      const run = await startRun(rig, loaders[0] as LoaderProcess);
      let kills = 0;
      let wipes = 0;
      const back: number[] = [];
      while (kills < size.kills || wipes < size.wipes) {
        await pause(300 + random() * 700);
        if (await isOver(loaders, run.id)) break;
        // Every so many strokes it is the queue's turn, from the second one on.
        if ((kills + wipes) % Math.ceil((size.kills + size.wipes) / size.wipes) === 1) {
          await emptyQueue(rig.databaseUrl, redisUrl);
          wipes += 1;
          continue;
        }
        const victim = Math.floor(random() * loaders.length);
        loaders[victim]?.kill();
        kills += 1;
        const before = await outcomes(rig);
        const since = Date.now();
        loaders[victim] = await rig.startLoader();
        back.push(await moreThan(rig, before, since, loaders, run.id));
      }
      const ended = await runReaches(loaders[0] as LoaderProcess, run.id, ends, timeout);
      await expectNoneLostOrDoubled(rig, payloads, ended);
      back.sort((a, b) => a - b);
      console.log(
        `R1 ${lane}: ${rig.records.length} records, ${kills} loaders killed: none lost, doubled or wrong; ` +
          `useful work again after ${seconds(back[Math.floor(back.length * 0.5)])} (median), ${seconds(back[Math.floor(back.length * 0.95)])} (p95)`,
      );
      console.log(`R2 ${lane}: queue emptied ${wipes} times in the same run`);
      expect(kills).toBeGreaterThan(size.kills / 3);
      expect(wipes).toBeGreaterThan(0);
    } finally {
      await rig.close();
    }
  });
});

describe('chaos on the wire', () => {
  it('R3: answers lost in every way, refusals before, commits after the answer', { timeout }, async () => {
    const payloads = chaosPayloads(records);
    const rig = await createLoaderRig({ payloads, content: testContent });
    try {
      const loader = await rig.startLoader();
      const kinds = ['reset-after', 'timeout-after', '5xx-after', 'truncated-after', '5xx-before'];
      const creates = [
        'Organization',
        'Person',
        'Product',
        'Lead',
        'Deal',
        'DealProduct',
        'Activity',
        'Note',
      ];
      await control(rig, 'faults', {
        seed,
        rules: [
          // A 429 rests the whole company for seconds, so there are few of them.
          {
            operation: '*',
            kind: '429-retry-after',
            retry_after_s: 1,
            probability: 0.05,
            times: isLarge ? 50 : 3,
          },
          ...creates.flatMap((what) => [
            ...kinds.map((kind) => ({ operation: `create${what}`, kind, probability: 0.05, skip: 2 })),
            { operation: `create${what}`, kind: 'late-commit', delay_ms: 700, probability: 0.02, skip: 2 },
          ]),
        ],
      });
      const run = await startRun(rig, loader);
      const ended = await runReaches(loader, run.id, ends, timeout);
      const twice = await expectNoneLostOrDoubled(rig, payloads, ended);
      const unsure = await rig.database.db
        .selectFrom('loader.intent')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where('attempt', '>', 1)
        .executeTakeFirstOrThrow();
      console.log(
        `R3: ${rig.records.length} records, ${unsure.n} sent more than once: none lost, doubled or wrong; ` +
          `${twice} committed twice by late commits, all but one of each removed; tokens ${ended.tokens.spent}, ` +
          `${(ended.tokens.spent / ended.tokens.floor).toFixed(3)} of the floor`,
      );
    } finally {
      await rig.close();
    }
  });

  it('R4: loaders stopped beyond their lease and woken again', { timeout }, async () => {
    const payloads = chaosPayloads(records);
    const rig = await createLoaderRig({ payloads, content: testContent, simulator: pace });
    try {
      const loaders = [await rig.startLoader(), await rig.startLoader()];
      const run = await startRun(rig, loaders[0] as LoaderProcess);
      let pauses = 0;
      while (pauses < size.pauses && !(await isOver(loaders, run.id))) {
        const sleeper = loaders[pauses % 2] as LoaderProcess;
        sleeper.signal('SIGSTOP');
        // The rig's lease is 1.5 s, its queue's lock 0.9 s.
        await pause(1_800 + random() * 1_200);
        sleeper.signal('SIGCONT');
        pauses += 1;
        await pause(200 + random() * 300);
      }
      const ended = await runReaches(loaders[0] as LoaderProcess, run.id, ends, timeout);
      await expectNoneLostOrDoubled(rig, payloads, ended);
      console.log(
        `R4: ${rig.records.length} records, ${pauses} pauses beyond the lease: none lost, doubled or wrong`,
      );
      expect(pauses).toBeGreaterThan(size.pauses / 3);
    } finally {
      await rig.close();
    }
  });
});

const outcomes = async (rig: LoaderRig) =>
  Number(
    (
      await rig.database.db
        .selectFrom('loader.recordOutcome')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
    ).n,
  );

/** Milliseconds from the death until another record is finished. */
async function moreThan(
  rig: LoaderRig,
  before: number,
  since: number,
  loaders: LoaderProcess[],
  runId: string,
): Promise<number> {
  while ((await outcomes(rig)) <= before && !(await isOver(loaders, runId))) await pause(20);
  return Date.now() - since;
}

async function isOver(loaders: LoaderProcess[], runId: string): Promise<boolean> {
  for (const loader of loaders) {
    try {
      const { body } = await loader.api<ShownRun>('GET', `/v1/runs/${runId}`);
      return (
        ends.includes(body.status) ||
        body.phases.some(({ phase, created }) => phase === 'notes' && created > 0)
      );
    } catch {
      // Just killed, or asleep: the other one knows.
    }
  }
  return false;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number | undefined) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);
