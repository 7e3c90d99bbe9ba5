import { markerFieldName } from '@octopipe/shared/domain/mapping/record';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import { accountByKey, control, loadToEnd, simState, startRun, until } from '../testing/loader-run.js';
import { ledgerOf, rollbackReaches, startRollback, undoneByKey } from '../testing/rollback-run.js';
import { holdRun } from '../write/hold-run.js';

const persons = Array.from({ length: 60 }, (_, n) => `customer:${n + 1}`);
const notes = persons.slice(0, 4).map((key) => `${key}#note`);

/** All in one batch, and slow enough that most of it lies ahead when it is cancelled. */
let rig: LoaderRig;
let loader: LoaderProcess;
beforeAll(async () => {
  rig = await createLoaderRig({
    payloads: [
      ...persons.map(
        (key) => ['person', key, { name: key, custom_fields: { [markerFieldName]: key } }] as const,
      ),
      ...notes.map(
        (key) =>
          [
            'note',
            key,
            { content: `Rings twice<br>OctopusPro ${key}`, person_id: { $ref: key.replace('#note', '') } },
          ] as const,
      ),
    ],
    recordsPerBatch: 100,
    simulator: { requestsPer2s: 60 },
  });
  // Nobody dies here, but for the last: no lease runs out before a batch is through.
  loader = await rig.startLoader({ LEASE_MS: '20000' });
});
afterAll(() => rig.close());

const standing = async (list: 'persons' | 'notes') =>
  ((await simState(rig))[list] ?? []).filter((row) => row.is_deleted !== true && row.active_flag !== false);

async function cancel(run: { id: string }): Promise<void> {
  expect((await loader.api('POST', `/v1/runs/${run.id}/cancel`, {})).status).toBe(200);
}

async function loadAgain(): Promise<void> {
  const { run } = await loadToEnd(rig, loader);
  expect(run).toMatchObject({ status: 'done', verified: { records: rig.records.length, differences: 0 } });
  expect(await standing('persons')).toHaveLength(persons.length);
  expect(await standing('notes')).toHaveLength(notes.length);
  expect(Object.keys(await accountByKey(rig))).toHaveLength(rig.records.length);
}

async function lastLoad(): Promise<string> {
  const { id } = await rig.database.db
    .selectFrom('loader.run')
    .select('id')
    .where('kind', '=', 'production')
    .orderBy('createdAt', 'desc')
    .executeTakeFirstOrThrow();
  return id;
}

it('a load that is cancelled and taken back at once leaves nothing behind', async () => {
  const load = await startRun(rig, loader);
  await until(async () => (await standing('persons')).length >= 5);
  await cancel(load);
  const back = await startRollback(loader, load.id);
  expect(await rollbackReaches(loader, back.id)).toMatchObject({ status: 'done', reason: null });
  const outcomes = Object.values(await undoneByKey(rig, back.id));
  // What was in flight at the cancel was written, and is known; nothing was sent after it.
  expect(outcomes.length).toBeLessThan(persons.length / 2);
  expect(outcomes).toEqual(outcomes.map(() => 'deleted'));
  expect(await standing('persons')).toEqual([]);
  expect((await loader.api('GET', `/v1/runs/${load.id}`)).body).toMatchObject({ status: 'rolled_back' });
});

it('a rollback that is cancelled, and the load started again at once: each record stands once', async () => {
  await loadAgain();
  const back = await startRollback(loader, await lastLoad());
  await until(async () => (await standing('persons')).length < persons.length);
  await cancel(back);
  await loadAgain();
  const deleted = Object.values(await undoneByKey(rig, back.id)).filter((outcome) => outcome === 'deleted');
  expect(deleted.length).toBeGreaterThan(notes.length);
  expect(deleted.length).toBeLessThan(persons.length / 2);
});

it.each(['note', 'person'] as const)(
  'deletes of a cancelled rollback whose answers were lost: each %s is looked at, and only what is gone is made again',
  async (entity) => {
    const operation = entity === 'note' ? 'deleteNote' : 'deletePerson';
    await control(rig, 'faults', {
      rules: [
        { operation, kind: 'reset-after', times: 1 },
        { operation, kind: '5xx-before', times: 1 },
      ],
    });
    const back = await startRollback(loader, await lastLoad(), { preview: false, entities: [entity] });
    const left = () =>
      rig.database.db
        .selectFrom('loader.intent')
        .select(['state', 'code'])
        .where('runId', '=', back.id)
        .where('state', '<>', 'confirmed')
        .execute();
    await until(async () => (await left()).filter(({ state }) => state === 'ambiguous').length === 2);
    await cancel(back);
    await loadAgain();
    expect(await left()).toEqual([{ state: 'rejected', code: 'still_stands' }]);
  },
);

it('what a cancelled load reads back changes nothing any more', async () => {
  // Longer than a request may take: read three times, which is time enough to cancel.
  await control(rig, 'faults', {
    rules: [{ operation: 'getPersons', kind: 'delay', times: 2, delay_ms: 5_000 }],
  });
  const hits = async () => {
    const answer = await fetch(`${rig.sim.url}/__sim/requests`);
    return ((await answer.json()) as { faults: Array<{ hits: number }> }).faults[0]?.hits ?? 0;
  };
  const load = await startRun(rig, loader);
  await until(async () => (await hits()) > 0);
  await cancel(load);
  await until(async () => (await hits()) > 1);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const read = await rig.database.db
    .selectFrom('loader.verification')
    .select('entity')
    .where('runId', '=', load.id)
    .execute();
  expect(read.map(({ entity }) => entity)).not.toContain('person');
});

it('a rollback and a load that are cancelled while the schema goes or comes make one call of it more at most', async () => {
  const entities = ['Organization', 'Person', 'Product', 'Deal'];
  const slow = (verb: string) =>
    entities.map((entity) => ({ operation: `${verb}${entity}Field`, kind: 'delay', delay_ms: 500 }));
  await control(rig, 'faults', { rules: [...slow('create'), ...slow('delete')] });
  const schemaLines = async () =>
    (await ledgerOf(rig)).filter(({ entity }) => /Fields$|^pipelines$|^stages$|^activityTypes$/.test(entity))
      .length;
  const cancelWithin = async (run: { id: string }) => {
    const before = await schemaLines();
    await until(async () => (await schemaLines()) > before);
    await cancel(run);
    const atCancel = await schemaLines();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await schemaLines()) - atCancel).toBeLessThanOrEqual(1);
  };
  const fields = () => rig.database.db.selectFrom('loader.destinationItem').select('name').execute();
  const known = (await fields()).length;
  await cancelWithin(await startRollback(loader, await lastLoad()));
  const left = (await fields()).length;
  expect(left).toBeLessThan(known);
  expect(left).toBeGreaterThan(known / 2);
  await cancelWithin(await startRun(rig, loader));
  await control(rig, 'faults', { rules: [] });
  await loadAgain();
});

it('who joins a run while its intents are noted waits for these, and both come through', async () => {
  const run = await startRun(rig, loader);
  await until(async () => (await loader.api('POST', `/v1/runs/${run.id}/pause`, {})).status === 200);
  const { db } = rig.database;
  const { tenantId, connectionId } = await db
    .selectFrom('loader.run')
    .select(['tenantId', 'connectionId'])
    .where('id', '=', run.id)
    .executeTakeFirstOrThrow();
  const { joining } = await db.transaction().execute(async (tx) => {
    expect(await holdRun(tx, run.id)).toBe(true);
    const waivers = [{ gate: 'duplicate_customers', actor: 'a second operator' }];
    const joins = startRun(rig, loader, { waivers });
    await until(async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
        db,
      );
      return rows.length > 0;
    });
    const batch = { tenantId, connectionId, runId: run.id, batchId: null, entity: 'person' };
    const intent = { ...batch, targetKey: 'customer:0', operation: 'create', generation: 1, payloadHash: '' };
    await tx
      .insertInto('loader.intent')
      .values({ ...intent, state: 'rejected' })
      .execute();
    return { joining: joins };
  });
  expect((await joining).id).toBe(run.id);
  await cancel(run);
});

it('a worker that died at its batch holds up the next run no longer than its lease', async () => {
  await loader.stop();
  const dies = await rig.startLoader({ LEASE_MS: '60000', OCTOPIPE_FAILPOINT: 'loader.undo_before_intent' });
  const back = await startRollback(dies, await lastLoad());
  await dies.exited;
  loader = await rig.startLoader();
  await cancel(back);
  const left = await rig.database.db
    .updateTable('loader.batchProgress')
    .set({ leaseUntil: sql`now() + interval '3 seconds'` })
    .where('runId', '=', back.id)
    .where('state', '=', 'leased')
    .returning('leaseUntil')
    .executeTakeFirstOrThrow();
  await loadAgain();
  const { startedAt } = await rig.database.db
    .selectFrom('loader.run')
    .select('startedAt')
    .where('id', '=', await lastLoad())
    .executeTakeFirstOrThrow();
  expect(startedAt?.getTime()).toBeGreaterThan(left.leaseUntil?.getTime() ?? Number.POSITIVE_INFINITY);
});
