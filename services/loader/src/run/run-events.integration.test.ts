import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { connect, runReaches, startRun, until } from '../testing/loader-run.js';

let rig: LoaderRig;
let loader: LoaderProcess;
let key: string;

beforeAll(async () => {
  rig = await createLoaderRig();
  loader = await rig.startLoader();
  key = await createApiKey(rig.database.db, { role: 'viewer', label: 'eyes', tenantId: rig.tenant.id });
});
afterAll(() => rig.close());

interface Frame {
  id?: string;
  event: string;
  data: { type?: string; sequence?: number; data?: Record<string, unknown>; status?: string };
}

const open = (runId: string, lastEventId?: string, as = key) =>
  fetch(`${loader.url}/v1/runs/${runId}/events`, {
    headers: {
      authorization: `Bearer ${as}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });

/** Reads frames until `enough` says so or the stream ends; then hangs up. */
async function read(answer: Response, enough: (frames: Frame[]) => boolean = () => false): Promise<Frame[]> {
  const frames: Frame[] = [];
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks.filter((lines) => !lines.startsWith(':'))) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
      frames.push({ ...fields, data: JSON.parse(fields.data) });
    }
    if (enough(frames)) break;
  }
  return frames;
}

/** What the reporter writes when a run has ended: the loader runs alone here. */
async function reportReady(runId: string): Promise<void> {
  await inTransaction(rig.database.db, { role: 'reporter', tenantId: rig.tenant.id }, async (tx) => {
    await tx
      .insertInto('reporter.document')
      .values({
        tenantId: rig.tenant.id,
        runId,
        name: 'summary.json',
        mediaType: 'application/json',
        blob: 'none',
        bytes: '2',
        sha256: 'none',
      })
      .execute();
    const { migrationId } = rig.ids;
    await appendEvent(tx, rig.tenant.id, { migrationId, runId, kind: 'report.ready', facts: {} });
  });
}

test('a run is followed over many cut connections: each event once, in order, and its state as the API shows it', async () => {
  await connect(rig, loader);
  const { id: runId } = await startRun(rig, loader);
  const patient = open(runId).then((answer) => read(answer));
  const cut: Frame[] = [];
  const lastId = () => cut.findLast(({ id }) => id !== undefined)?.id;
  // A reader who loses the line after every other frame.
  const restless = (async () => {
    while (cut.at(-1)?.event !== 'end')
      cut.push(...(await read(await open(runId, lastId()), (frames) => frames.length >= 2)));
  })();
  await runReaches(loader, runId, ['done']);
  await reportReady(runId);
  const whole = await patient;
  await restless;

  const stored = await rig.database.db
    .selectFrom('core.event')
    .select(['id', 'kind'])
    .where('runId', '=', runId)
    .orderBy('id')
    .execute();
  const told = (frames: Frame[]) => frames.filter(({ id }) => id !== undefined).map(({ id }) => id);
  expect(told(whole)).toEqual(stored.map(({ id }) => id));
  expect(told(cut)).toEqual(stored.map(({ id }) => id));
  expect(whole.find(({ event }) => event === 'run.phase_changed')?.data).toMatchObject({
    type: 'run.phase_changed',
    sequence: expect.any(Number),
    data: { tenant: rig.tenant.slug, migration_id: rig.ids.migrationId, run_id: runId, phase: 'mapping' },
  });
  expect(whole.filter(({ event }) => event === 'run').length).toBeGreaterThan(1);
  expect(whole.slice(-3).map(({ event }) => event)).toEqual(['report.ready', 'run', 'end']);
  expect(whole.at(-2)?.data).toEqual((await loader.api('GET', `/v1/runs/${runId}`)).body);
  // Whoever has all of it is told how it stands, and that it is over.
  const again = await read(await open(runId, lastId()));
  expect(again.map(({ event }) => event)).toEqual(['run', 'end']);
  expect((await open(runId, 'yesterday')).status).toBe(422);

  // Cancelled and then rolled back it would have no documents, and no more to come: it is over all the same.
  const standing = (status: 'done' | 'rolled_back') =>
    rig.database.db.updateTable('loader.run').set({ status }).where('id', '=', runId).execute();
  const documents = await rig.database.db
    .deleteFrom('reporter.document')
    .where('runId', '=', runId)
    .returningAll()
    .execute();
  await standing('rolled_back');
  const undone = await read(await open(runId, lastId()), (frames) => frames.at(-1)?.event === 'end');
  expect(undone.map(({ event }) => event)).toEqual(['run', 'end']);
  await standing('done');
  await rig.database.db.insertInto('reporter.document').values(documents).execute();
});

test('events of a migration commit in the order of their ids; another migration does not wait', async () => {
  const { db } = rig.database;
  const scope = { role: 'loader', tenantId: rig.tenant.id } as const;
  const { id: other } = await db
    .insertInto('ingest.migration')
    .values({ tenantId: rig.tenant.id, reference: 'other', name: 'other' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const append = (migrationId: string, kind: string, meanwhile = async () => {}) =>
    inTransaction(db, scope, async (tx) => {
      await appendEvent(tx, rig.tenant.id, { migrationId, kind, facts: {} });
      await meanwhile();
    });
  const committed: string[] = [];
  const note = (name: string) => () => void committed.push(name);
  let second: Promise<void> | undefined;
  await append(rig.ids.migrationId, 'test.first', async () => {
    second = append(rig.ids.migrationId, 'test.second').then(note('second'));
    await append(other, 'test.elsewhere').then(note('elsewhere'));
    await until(async () => {
      const { rows } = await sql<{ waiting: boolean }>`
        select exists (select from pg_stat_activity where wait_event_type = 'Lock' and wait_event = 'advisory'
          and datname = current_database()) as waiting`.execute(db);
      return rows[0]?.waiting === true;
    });
    committed.push('first');
  });
  await second;
  expect(committed).toEqual(['elsewhere', 'first', 'second']);
  const { rows } = await sql<{ kind: string }>`
    select kind from core.event where kind in ('test.first', 'test.second') order by id`.execute(db);
  expect(rows.map(({ kind }) => kind)).toEqual(['test.first', 'test.second']);
});

test('who has left before its place was taken does not keep it', async () => {
  const { id: runId } = await rig.database.db
    .selectFrom('loader.run')
    .select('id')
    .limit(1)
    .executeTakeFirstOrThrow();
  const own = await createApiKey(rig.database.db, {
    role: 'viewer',
    label: 'leaving',
    tenantId: rig.tenant.id,
  });
  const leaving = new AbortController();
  const gone = await rig.database.db.transaction().execute(async (tx) => {
    // Those who come now wait for their run to be read.
    await sql`lock table loader.run in access exclusive mode`.execute(tx);
    const calls = Array.from({ length: 30 }, () =>
      fetch(`${loader.url}/v1/runs/${runId}/events`, {
        headers: { authorization: `Bearer ${own}` },
        signal: leaving.signal,
      }).catch(() => 'left'),
    );
    await sleep(1_000);
    leaving.abort();
    const left = await Promise.all(calls);
    await sleep(1_000);
    return left;
  });
  expect(new Set(gone)).toEqual(new Set(['left']));
  // Time for all of them to come to their place, and to be gone.
  await sleep(3_000);
  const readers = await Promise.all(Array.from({ length: 25 }, () => open(runId, undefined, own)));
  expect(readers.map(({ status }) => status)).toEqual(readers.map(() => 200));
  for (const reader of readers) await reader.body?.cancel();
}, 60_000);

test('a key has so many streams and no more; a service that stops ends them at once', async () => {
  const { id: runId } = await startRun(rig, loader);
  const streams = await Promise.all(Array.from({ length: 25 }, () => open(runId)));
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  const refused = await open(runId);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
    429,
    'too_many_streams',
  ]);
  await streams.pop()?.body?.cancel();
  await until(async () => {
    const next = await open(runId);
    if (next.status === 200) streams.push(next);
    else await next.body?.cancel();
    return next.status === 200;
  });
  const ends = Promise.all(streams.map((answer) => read(answer)));
  await loader.stop();
  expect((await ends).length).toBe(25);
});
