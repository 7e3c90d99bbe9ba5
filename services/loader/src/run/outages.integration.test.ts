import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startOwnPostgres } from '@octopipe/shared/testing/own-postgres';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { NO_REDIS, startTestRedis, type TestRedis } from '@octopipe/shared/testing/redis';
import { expect, it } from 'vitest';
import { chaosPayloads } from '../testing/chaos-fixture.js';
import { expectNoneLostOrDoubled } from '../testing/expect-none-lost.js';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { recordLists, runReaches, startRun } from '../testing/loader-run.js';
import { testContent } from '../testing/mapped-fixture.js';
import { ledgerOf } from '../testing/rollback-run.js';

/**
 * R18 of the reliability plan: Postgres or Redis away in the middle of a run, for 2 s in `npm test`, for 2, 8 and 20 s by
 * `npm run outages`. The loader's times are those it ships with, but for the lease: a short one would hide what an outage
 * costs, a long one shows whoever waits for it.
 */
const seconds = (process.env.OUTAGE_SECONDS ?? '2').split(',').map(Number);
const isFull = process.env.OUTAGE_SECONDS !== undefined;
const leaseMs = 120_000;
/** Enough to be in the middle of at each outage, at a pace that leaves something to do after it. */
const payloads = chaosPayloads(30 + 30 * seconds.length);
const pace = { requestsPer2s: 60 };
const ends = ['done', 'failed', 'waiting_person'];
const timeout = isFull ? 900_000 : 240_000;

interface Store {
  redisUrl?: string;
  database: TestDatabase;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

interface Outage {
  away: 'Postgres' | 'Redis';
  what: string;
  open(): Promise<Store>;
  /** What /readyz names meanwhile. */
  failed: string[];
  /** What a question about the run is answered meanwhile. Redis holds hints only: nobody who asks us needs it. */
  answer: string;
  onlyInFull?: boolean;
}

const databaseGone = {
  away: 'Postgres' as const,
  answer: '503 application/problem+json database_unavailable',
};
const redisGone = { away: 'Redis' as const, answer: '200 application/json', failed: ['queue'] };

const hasRedis = await startTestRedis().then(async (redis) => {
  await redis?.stop();
  return redis !== undefined;
});

const outages: Outage[] = [
  { ...databaseGone, what: 'and with it the queue', failed: ['postgres', 'queue', 'schema'], open: postgres },
  {
    ...databaseGone,
    what: 'the queue on Redis',
    failed: ['postgres', 'schema'],
    open: postgresBesideRedis,
    onlyInFull: true,
  },
  { ...redisGone, what: 'back empty', open: () => redis({ keeps: false }) },
  { ...redisGone, what: 'back with its data', open: () => redis({ keeps: true }), onlyInFull: true },
];

for (const outage of outages.filter(({ onlyInFull }) => isFull || !onlyInFull)) {
  const { away, what } = outage;
  const isPossible = hasRedis || !(away === 'Redis' || what.includes('Redis'));
  it.skipIf(!isPossible)(
    `${away} away for ${seconds.join(', ')} s, ${what}${isPossible ? '' : ` (${NO_REDIS})`}: says so, stands it, goes on by itself`,
    // In `npm test` they wait beside each other; for the figures one after the other.
    { timeout, concurrent: !isFull },
    () => standOutages(outage),
  );
}

it.runIf(isFull)(
  'told to end while Postgres is away: gone within 25 s, and the next one does the rest',
  { timeout },
  async () => {
    const own = await startOwnPostgres();
    const rig = await createLoaderRig({
      payloads,
      content: testContent,
      simulator: pace,
      asShipped: true,
      database: own,
    });
    try {
      const loader = await rig.startLoader();
      const { id } = await startRun(rig, loader);
      await moreRecordsThan(rig, 9);
      await own.goAway();
      const since = performance.now();
      loader.signal('SIGTERM');
      const exit = await loader.exited;
      const ms = performance.now() - since;
      await own.comeBack();
      const ended = await runReaches(await rig.startLoader(), id, ends, timeout);
      expect(await expectNoneLostOrDoubled(rig, payloads, ended)).toBe(0);
      console.log(
        `R20 SIGTERM while Postgres is away: gone after ${inSeconds(ms)} with code ${exit.code}; ` +
          `${await neverTold(rig)} writes found by the walk, none lost, none doubled`,
      );
      expect(exit).toEqual({ code: 0, signal: null });
      expect(ms).toBeLessThan(25_000);
    } finally {
      await rig.close();
    }
  },
);

async function standOutages({ away, what, open, failed, answer }: Outage): Promise<void> {
  const store = await open();
  const rig = await createLoaderRig({
    payloads,
    content: testContent,
    simulator: pace,
    asShipped: true,
    database: store.database,
    ...(store.redisUrl ? { redisUrl: store.redisUrl } : {}),
  });
  try {
    const loader = await rig.startLoader({ LEASE_MS: String(leaseMs) });
    let hasEnded = false;
    void loader.exited.then(() => {
      hasEnded = true;
    });
    const run = await startRun(rig, loader);
    for (const length of seconds) {
      await moreRecordsThan(rig, (await recordsIn(rig)) + 9);
      await store.goAway();
      const said = await listen(loader, run.id, length * 1_000);
      const before = await recordsIn(rig);
      await store.comeBack();
      const since = performance.now();
      const [work, ready] = await Promise.all([
        moreRecordsThan(rig, before).then(() => performance.now() - since),
        isReady(loader).then(() => performance.now() - since),
      ]);
      console.log(
        `R18 outage ${away} ${length} s (${what}): ${answer} while away, ready after ${inSeconds(ready)}, work resumed after ${inSeconds(work)}`,
      );
      expect(said).toEqual({
        livez: ['200'],
        readyz: [`503 application/problem+json not_ready ${failed.join(' ')}`],
        api: [answer],
      });
      expect(hasEnded, 'the same process all the time').toBe(false);
      // The promise, where it is measured alone; beside other tests only that nobody waits for a lease.
      expect(work).toBeLessThan(isFull ? 15_000 : 60_000);
    }
    const ended = await runReaches(loader, run.id, ends, timeout);
    expect(await expectNoneLostOrDoubled(rig, payloads, ended)).toBe(0);
    expect(hasEnded).toBe(false);
    expect(await neverTold(rig), 'answers that came and were not noted').toBe(0);
    console.log(`R18 outage ${away} (${what}): ${payloads.length} records, none lost, none doubled`);
  } finally {
    await rig.close();
    await store.close();
  }
}

async function postgres(): Promise<Store> {
  const own = await startOwnPostgres();
  return { database: own, goAway: own.goAway, comeBack: own.comeBack, close: async () => {} };
}

async function postgresBesideRedis(): Promise<Store> {
  const queue = await needed(startTestRedis());
  return { ...(await postgres()), redisUrl: queue.url, close: queue.stop };
}

async function redis({ keeps }: { keeps: boolean }): Promise<Store> {
  const folder = await mkdtemp(path.join(tmpdir(), 'octopipe-redis-'));
  const kept = keeps ? { dir: folder } : {};
  let server = await needed(startTestRedis(kept));
  const { url, port } = server;
  return {
    database: await createTestDatabase(),
    redisUrl: url,
    goAway: () => server.stop(),
    async comeBack() {
      server = await needed(startTestRedis({ port, ...kept }));
    },
    async close() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function needed(started: Promise<TestRedis | undefined>): Promise<TestRedis> {
  const server = await started;
  if (!server) throw new Error(NO_REDIS);
  return server;
}

/** Everything that the loader says for so long, each answer once. */
async function listen(loader: LoaderProcess, runId: string, forMs: number) {
  const said = { livez: new Set<string>(), readyz: new Set<string>(), api: new Set<string>() };
  for (const end = performance.now() + forMs; performance.now() < end; await pause(200)) {
    said.livez.add(String((await fetch(`${loader.url}/livez`)).status));
    said.readyz.add(await inWords(await fetch(`${loader.url}/readyz`)));
    said.api.add(await inWords(await loader.ask(`/v1/runs/${runId}`)));
  }
  return { livez: [...said.livez], readyz: [...said.readyz], api: [...said.api] };
}

async function inWords(answer: Response): Promise<string> {
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  const { code, failed } = (await answer.json()) as { code?: string; failed?: string[] };
  return [String(answer.status), type, ...(code ? [code] : []), ...(failed ?? [])].join(' ');
}

async function isReady(loader: LoaderProcess): Promise<void> {
  while (!(await fetch(`${loader.url}/readyz`)).ok) await pause(50);
}

/** By the account's own ledger, without the parts of its schema. */
async function recordsIn(rig: LoaderRig): Promise<number> {
  const lines = await ledgerOf(rig);
  return lines.filter(({ op, entity }) => op === 'create' && isRecord.has(entity)).length;
}

const isRecord = new Set(recordLists.filter((list) => list !== 'files'));

async function moreRecordsThan(rig: LoaderRig, count: number): Promise<void> {
  while ((await recordsIn(rig)) <= count) await pause(50);
}

/** Writes whose outcome the walk had to find out. */
async function neverTold(rig: LoaderRig): Promise<number> {
  const { n } = await rig.database.db
    .selectFrom('loader.intent')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('code', '=', 'no_answer_noted')
    .executeTakeFirstOrThrow();
  return Number(n);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
