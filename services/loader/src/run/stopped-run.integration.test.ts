import { markerFieldName } from '@octopipe/shared/domain/mapping/record';
import { describe, expect, it } from 'vitest';
import { startDoorkeeper } from '../testing/doorkeeper.js';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import {
  connect,
  control,
  runReaches,
  simState,
  startRun,
  unrehearsed,
  writesByKey,
} from '../testing/loader-run.js';
import { testContent } from '../testing/mapped-fixture.js';
import { startRollback } from '../testing/rollback-run.js';

const stops = ['waiting_person', 'done', 'failed'];
const person = (n: string, custom: Record<string, string> = {}) =>
  [
    'person',
    `customer:${n}`,
    { name: `Person ${n}`, custom_fields: { [markerFieldName]: `customer:${n}`, ...custom } },
  ] as const;
const deal = (n: string) =>
  [
    'deal',
    `booking:${n}`,
    {
      title: `Deal ${n}`,
      person_id: { $ref: `customer:${n}` },
      custom_fields: { [markerFieldName]: `booking:${n}` },
    },
  ] as const;

const ledger = async (rig: LoaderRig) => (await fetch(`${rig.sim.url}/__sim/ledger`)).text();

describe('a run that needs a person', () => {
  it('token revoked in the middle: says so, notes the refusals as not written, and finishes once with that of another admin', async () => {
    const rig = await createLoaderRig({ simulator: { requestsPer2s: 200 } });
    const door = await startDoorkeeper(rig.sim.url, 5);
    const through = { ...rig, sim: { ...rig.sim, url: door.url } };
    try {
      const loader = await rig.startLoader();
      const run = await startRun(through, loader);
      const stopped = await runReaches(loader, run.id, stops);
      expect(stopped).toMatchObject({ status: 'waiting_person', reason_code: 'token_refused' });
      expect(stopped.reason).toContain('connect the account again');
      // The run stops at the first refusal; what another batch had in flight then is noted a moment later.
      const openIntents = () =>
        rig.database.db
          .selectFrom('loader.intent')
          .select(['state', 'code'])
          .where('state', '<>', 'confirmed')
          .execute();
      await expect
        .poll(async () => (await openIntents()).filter(({ state }) => state === 'sent'), {
          timeout: 10_000,
        })
        .toEqual([]);
      const open = await openIntents();
      expect(open.length).toBeGreaterThan(0);
      expect(open).toEqual(open.map(() => ({ state: 'planned', code: 'token_refused' })));

      door.open();
      const [first, second] = ((await simState(rig)).users ?? []).map(({ id }) => Number(id));
      await control(rig, 'caller', { user: second, admin: true });
      const connectionId = await connect(through, loader);
      expect((await loader.api('POST', `/v1/runs/${run.id}/resume`, {})).status).toBe(200);
      await expectExactlyOnce(rig, await runReaches(loader, run.id, stops));
      // What belongs to a worker who is no user goes to one and the same, whosever token is in use.
      const { persons = [], leads = [] } = await simState(rig);
      expect(new Set([...persons, ...leads].map(({ owner_id }) => owner_id))).toEqual(new Set([first]));

      // The worker becomes a user: what was sent before that is as it was sent, which is no difference.
      await rig.database.db
        .insertInto('loader.owner')
        .values({
          tenantId: rig.tenant.id,
          connectionId,
          sourceKey: 'fieldworker:1',
          state: 'matched',
          targetUserId: String(second),
          decidedBy: 'a person',
        })
        .execute();
      const { id } = await startRun(through, loader);
      expect(await runReaches(loader, id, stops)).toMatchObject({
        status: 'done',
        verified: { records: rig.records.length, differences: 0 },
      });
    } finally {
      await door.close();
      await rig.close();
    }
  });

  it.each([
    [
      'custom fields',
      'custom_field_cap',
      {
        personFields: Array.from({ length: 30 }, (_, i) => ({ field_name: `F${i}`, field_type: 'varchar' })),
      },
    ],
    ['deals', 'deal_cap', { deals: Array.from({ length: 2_495 }, (_, i) => ({ title: `D${i}` })) }],
  ])('plan too small for the %s: refused before the first write', async (_what, code, standing) => {
    const rig = await createLoaderRig({ simulator: { plan: 'lite', seats: 1, requestsPer2s: 20 } });
    try {
      await control(rig, 'seed', standing);
      const loader = await rig.startLoader();
      const run = await startRun(rig, loader);
      const stopped = await runReaches(loader, run.id, stops);
      expect(stopped).toMatchObject({ status: 'waiting_person', reason_code: code });
      expect(await ledger(rig)).toBe('');
    } finally {
      await rig.close();
    }
  });

  it('a record that Pipedrive refuses fails with its reason; on resume the rest goes on and the equation holds', async () => {
    const rig = await createLoaderRig({
      content: {
        ...testContent,
        schema: {
          ...testContent.schema,
          fields: [
            ...testContent.schema.fields,
            { entity: 'person', name: 'Nick', type: 'varchar', options: [], rank: 'may' },
          ],
        },
      },
      payloads: [person('1'), person('2', { Nick: 'x'.repeat(300) }), deal('1'), deal('2')],
    });
    try {
      const loader = await rig.startLoader();
      const run = await startRun(rig, loader);
      expect(await runReaches(loader, run.id, stops)).toMatchObject({
        status: 'waiting_person',
        reason_code: 'records_failed',
      });
      // Counted first; tried again it is refused again, and the run asks again.
      const retry = (body: object) =>
        loader.api<{ records: number; by: unknown }>('POST', `/v1/runs/${run.id}/retry-failed`, body);
      const refused = { entity: 'person', code: 'refused_by_pipedrive', records: 1, with_parent: false };
      const counted = await retry({});
      expect(counted.body).toMatchObject({ records: 1, tokens_at_most: 5, by: [refused] });
      expect((await retry({ preview: false, entity: 'note' })).body).toMatchObject({
        code: 'nothing_failed',
      });
      expect((await retry({ preview: false })).body).toMatchObject({
        run: { status: 'running', phase: 'persons' },
      });
      expect(await runReaches(loader, run.id, stops)).toMatchObject({ reason_code: 'records_failed' });
      await loader.api('POST', `/v1/runs/${run.id}/resume`, {});
      // The deal of the refused person follows from what was acknowledged: no second question.
      const ended = await runReaches(loader, run.id, stops);
      expect(ended.status).toBe('done');
      const equation = ended.phases
        .filter((phase) => phase.planned > 0)
        .map(({ phase, planned, created, failed, waiting }) => ({
          phase,
          planned,
          created,
          failed,
          waiting,
        }));
      expect(equation).toEqual([
        { phase: 'persons', planned: 2, created: 1, failed: 1, waiting: 0 },
        { phase: 'deals', planned: 2, created: 1, failed: 1, waiting: 0 },
      ]);
      const failed = await rig.database.db
        .selectFrom('loader.recordOutcome')
        .select(['targetKey', 'code'])
        .where('outcome', '=', 'failed')
        .orderBy('targetKey')
        .execute();
      expect(failed).toEqual([
        { targetKey: 'booking:2', code: 'parent_not_written' },
        { targetKey: 'customer:2', code: 'refused_by_pipedrive' },
      ]);
      expect(await writesByKey(rig)).toEqual({ 'customer:1': 1, 'booking:1': 1 });

      // What Pipedrive refused is gone from the record; a done run takes both back and ends balanced, with nothing twice.
      await rig.database.db
        .updateTable('transform.mappedRecord')
        .set({ payload: JSON.stringify(person('2', { Nick: 'x' })[2]), payloadHash: 'shorter' })
        .where('targetKey', '=', 'customer:2')
        .execute();
      const orphan = { entity: 'deal', code: 'parent_not_written', records: 1, with_parent: true };
      expect((await retry({ entity: 'person' })).body).toMatchObject({ records: 2, by: [orphan, refused] });
      expect((await retry({ preview: false, entity: 'person' })).body).toMatchObject({
        run: { status: 'running', phase: 'persons', finished_at: null, documents_ready: false },
      });
      const again = await runReaches(loader, run.id, stops);
      expect(again).toMatchObject({ status: 'done', verified: { records: 4, differences: 0 } });
      expect(again.phases.filter(({ planned }) => planned > 0)).toMatchObject([
        { phase: 'persons', planned: 2, created: 2, failed: 0, waiting: 0 },
        { phase: 'deals', planned: 2, created: 2, failed: 0, waiting: 0 },
      ]);
      expect(await writesByKey(rig)).toEqual({
        'customer:1': 1,
        'booking:1': 1,
        'customer:2': 1,
        'booking:2': 1,
      });
      expect((await retry({ preview: false })).body).toMatchObject({ code: 'nothing_failed' });
      const next = await startRun(rig, loader);
      expect((await runReaches(loader, next.id, stops)).status).toBe('done');
      expect((await retry({ preview: false })).body).toMatchObject({ code: 'not_possible_now' });
    } finally {
      await rig.close();
    }
  });

  it('a limit of the plan reached on the way stops the run and fails no record', async () => {
    const rig = await createLoaderRig({ payloads: [person('1'), deal('1')] });
    try {
      const loader = await rig.startLoader();
      const connection_id = await connect(rig, loader);
      await control(rig, 'plan', { plan: 'lite', seats: 1, requests_per_2s: 1_000 });
      await control(rig, 'seed', { deals: Array.from({ length: 2_500 }, (_, i) => ({ title: `D${i}` })) });
      // Not startRun: it would connect again and see the smaller plan.
      const { body } = await loader.api<{ id: string }>('POST', '/v1/runs', {
        migration_id: rig.ids.migrationId,
        mapping_version_id: rig.ids.mappingVersionId,
        connection_id,
        waivers: [unrehearsed],
      });
      expect(await runReaches(loader, body.id, stops)).toMatchObject({
        status: 'waiting_person',
        reason_code: 'plan_limit_reached',
      });
      expect((await simState(rig)).persons ?? []).toEqual([]);
    } finally {
      await rig.close();
    }
  });

  it('a record whose calls are never answered is left to a person, the others go on; so is one that is to be deleted', async () => {
    const ones = ['1', '2', '3', '4'];
    const rig = await createLoaderRig({ payloads: ones.map((n) => person(n)) });
    const codes = (runId: string) =>
      rig.database.db
        .selectFrom('loader.recordOutcome')
        .select(['outcome', 'code'])
        .where('runId', '=', runId)
        .where('outcome', '=', 'failed')
        .execute();
    const left = [{ outcome: 'failed', code: 'never_answered' }];
    const asked = { status: 'waiting_person', reason_code: 'records_failed' };
    const withoutAnswer = (operation: string) =>
      control(rig, 'faults', { rules: [{ operation, kind: '5xx-before', skip: ones.length - 1 }] });
    try {
      await withoutAnswer('createPerson');
      const loader = await rig.startLoader();
      const { id } = await startRun(rig, loader);
      expect(await runReaches(loader, id, stops)).toMatchObject(asked);
      expect(await codes(id)).toEqual(left);
      const tried = await rig.database.db
        .selectFrom('loader.intent')
        .select(['state', 'code', 'attempt', 'releases', 'unanswered'])
        .where('state', '<>', 'confirmed')
        .execute();
      const five = { attempt: 5, releases: 5, unanswered: 0 };
      expect(tried).toEqual([{ state: 'planned', code: 'never_answered', ...five }]);

      await control(rig, 'faults', { rules: [] });
      const again = { preview: false, code: 'never_answered' };
      expect((await loader.api('POST', `/v1/runs/${id}/retry-failed`, again)).status).toBe(200);
      const verified = { records: ones.length, differences: 0 };
      expect(await runReaches(loader, id, stops)).toMatchObject({ status: 'done', verified });
      expect(Object.values(await writesByKey(rig))).toEqual(ones.map(() => 1));

      await withoutAnswer('deletePerson');
      const back = await startRollback(loader, id);
      expect(await runReaches(loader, back.id, stops)).toMatchObject(asked);
      expect(await codes(back.id)).toEqual(left);
      const { persons = [] } = await simState(rig);
      expect(persons.filter((row) => row.is_deleted !== true)).toHaveLength(1);
    } finally {
      await rig.close();
    }
  });

  it('a record that kills its worker again and again is parked, the others go on; tried again, it is written once', async () => {
    // Two batches: the bad record has one neighbour in its own, and five beside it that die with it at first.
    const ones = ['1', '2', '3', '4', '5', '6', '7'];
    const rig = await createLoaderRig({
      payloads: [...ones.map((n) => person(n)), deal('1')],
    });
    try {
      let id = '';
      let deaths = 0;
      for (let stopped: unknown; stopped === undefined; ) {
        // After the intent is noted: the worst place, each death leaves a doubt that two walks have to end.
        const loader = await rig.startLoader({
          LEASE_MS: '900',
          OCTOPIPE_FAILPOINT: 'loader.before_send@customer:7:1',
        });
        id ||= (await startRun(rig, loader)).id;
        stopped = await Promise.race([
          loader.exited.then(() => undefined),
          runReaches(loader, id, ['waiting_person', 'done', 'failed']).catch(() => undefined),
        ]);
        deaths += stopped === undefined ? 1 : 0;
        expect(deaths).toBeLessThanOrEqual(9);
      }
      const loader = await rig.startLoader();
      const stopped = await runReaches(loader, id, stops);
      expect(stopped).toMatchObject({ status: 'waiting_person', reason_code: 'records_failed' });
      const failed = await rig.database.db
        .selectFrom('loader.recordOutcome')
        .select(['targetKey', 'code'])
        .where('outcome', '=', 'failed')
        .execute();
      expect(failed).toEqual([{ targetKey: 'customer:7', code: 'parked' }]);
      expect(stopped.phases.find(({ phase }) => phase === 'persons')).toMatchObject({
        planned: 7,
        created: 6,
        failed: 1,
        waiting: 0,
      });

      const retry = () =>
        loader.api('POST', `/v1/runs/${id}/retry-failed`, { preview: false, code: 'parked' });
      expect((await retry()).body).toMatchObject({ records: 1, run: { status: 'running' } });
      const ended = await runReaches(loader, id, stops);
      expect(ended).toMatchObject({ status: 'done', verified: { records: 8, differences: 0 } });
      expect(new Set(Object.values(await writesByKey(rig)))).toEqual(new Set([1]));
      expect(Object.keys(await writesByKey(rig))).toHaveLength(8);
      expect(await retry()).toMatchObject({ status: 409, body: { code: 'nothing_failed' } });
    } finally {
      await rig.close();
    }
    // Five or six processes are started, one after the other.
  }, 300_000);
});
