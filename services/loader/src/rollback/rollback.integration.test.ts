import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import {
  accountByKey,
  loadToEnd,
  runReaches,
  type ShownRun,
  simState,
  startWaived,
  writesByKey,
} from '../testing/loader-run.js';
import { matchingContent, matchingPayloads, seedTheirs } from '../testing/matching-fixture.js';
import {
  controlAnswer,
  edit,
  expectOnlyOurs,
  ledgerOf,
  rollbackReaches,
  seedCustomer,
  standing,
  startRollback,
  targetId,
  undoneByKey,
} from '../testing/rollback-run.js';

/** Nobody is killed here: a lease need not end soon. */
const patient = { LEASE_MS: '20000' };

describe('a load into an account with records of its own, taken back', () => {
  let rig: LoaderRig;
  let loader: LoaderProcess;
  beforeAll(async () => {
    rig = await createLoaderRig();
    loader = await rig.startLoader(patient);
  });
  afterAll(() => rig.close());

  it('is previewed without a write, then leaves the account as it was; a new load starts anew, and a part of it goes', async () => {
    await seedCustomer(rig, 2);
    const before = await standing(rig);
    const { run: load } = await loadToEnd(rig, loader);
    expect(load).toMatchObject({ status: 'done', verified: { differences: 0 } });
    const loaded = await standing(rig);
    expect(loaded.records.length).toBe(before.records.length + rig.records.length);
    const written = (await ledgerOf(rig)).length;

    const { id } = await startRollback(loader, load.id, {});
    const preview = await rollbackReaches(loader, id);
    expect(preview).toMatchObject({
      kind: 'rollback',
      of_run_id: load.id,
      status: 'waiting_person',
      reason_code: 'rollback_preview',
      rollback: { days: 1, confirmed_by: null },
    });
    expect(preview.reason).toContain(`delete ${rig.records.length} records, restore 0 and keep 0`);
    expect((await ledgerOf(rig)).length).toBe(written);
    expect(await standing(rig)).toEqual(loaded);

    await loader.api('POST', `/v1/runs/${id}/resume`, {});
    const done = await rollbackReaches(loader, id);
    expect(done).toMatchObject({ status: 'done', reason: null });
    expect(done.tokens.spent).toBeLessThanOrEqual(done.tokens.planned);
    const outcomes = await undoneByKey(rig, id);
    expect(Object.keys(outcomes)).toHaveLength(rig.records.length);
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['deleted']));
    expect(await standing(rig)).toEqual(before);
    await expectOnlyOurs(rig);
    expect((await loader.api('GET', `/v1/runs/${load.id}`)).body).toMatchObject({ status: 'rolled_back' });

    const { run: second } = await loadToEnd(rig, loader);
    expect(second).toMatchObject({
      status: 'done',
      verified: { records: rig.records.length, differences: 0 },
    });
    expect(Object.keys(await accountByKey(rig))).toHaveLength(rig.records.length);
    expect(new Set(Object.values(await writesByKey(rig)))).toEqual(new Set([2]));

    // A part of it: the rest stays as it is, the schema too, and the load is not taken back.
    const full = await standing(rig);
    const part = await startRollback(loader, second.id, { preview: false, entities: ['note', 'file'] });
    expect(await rollbackReaches(loader, part.id)).toMatchObject({ status: 'done', reason: null });
    const isPart = (key: string) => rig.records.some((one) => one.targetKey === key && isOneOf(one.entity));
    expect(await undoneByKey(rig, part.id)).toEqual(
      Object.fromEntries(
        rig.records.map(({ targetKey }) => [targetKey, isPart(targetKey) ? 'deleted' : 'kept not_selected']),
      ),
    );
    const ownNotes = new Set(before.records.map((one) => `${one.list} ${one.id}`));
    expect(await standing(rig)).toEqual({
      ...full,
      records: full.records.filter(
        (one) => !['notes', 'files'].includes(String(one.list)) || ownNotes.has(`${one.list} ${one.id}`),
      ),
    });
    expect((await loader.api('GET', `/v1/runs/${second.id}`)).body).toMatchObject({ status: 'done' });
  });
});

const isOneOf = (entity: string) => entity === 'note' || entity === 'file';

describe('what people did since', () => {
  it('stays exactly as they left it, with all it hangs on, and is listed by name', async () => {
    const rig = await createLoaderRig();
    try {
      const loader = await rig.startLoader(patient);
      const own = await seedCustomer(rig, 2);
      const { run: load } = await loadToEnd(rig, loader);
      const idOf = (key: string) => targetId(rig, key);
      const custom = (await simState(rig)).persons?.find((one) => one.name === 'Person 2 🐙')
        ?.phones as object[];
      await edit(
        rig,
        { entity: 'deals', id: await idOf('booking:1'), set: { value: 999 } },
        {
          entity: 'persons',
          id: await idOf('customer:2'),
          set: { phones: [...custom, { value: '+61000', primary: false, label: 'home' }] },
        },
        {
          entity: 'activities',
          id: await idOf('appointment:6'),
          set: { note: 'Moved. OctopusPro appointment:6 · BOK-6' },
        },
        { entity: 'notes', id: await idOf('customer:1#note'), delete: true },
        { entity: 'deals', id: await idOf('booking:7'), set: { is_archived: true } },
      );
      const { ids } = (await controlAnswer(rig, 'seed', {
        deals: [{ title: 'Came back', person_id: await idOf('customer:3') }],
        notes: [{ content: 'Wants a discount', deal_id: await idOf('booking:4') }],
        dealProducts: [
          { deal_id: own.deals?.[0], product_id: await idOf('service:1'), item_price: 5, quantity: 1 },
        ],
      })) as { ids: { deals: number[] } };
      await fetch(`${rig.sim.url}/v1/deals/${ids.deals[0]}/participants`, {
        method: 'POST',
        headers: { 'x-api-token': rig.sim.token, 'content-type': 'application/json' },
        body: JSON.stringify({ person_id: await idOf('customer:5') }),
      });
      const before = await standing(rig);
      const { id } = await startRollback(loader, load.id);
      const done = await rollbackReaches(loader, id);
      expect(done).toMatchObject({ status: 'done', reason: null });
      const kept = Object.fromEntries(
        Object.entries(await undoneByKey(rig, id)).filter(([, outcome]) => outcome !== 'deleted'),
      );
      expect(kept).toEqual({
        'booking:1': 'kept edited',
        'customer:1': 'kept kept_hangs_on_it',
        'customer:1#org': 'kept kept_hangs_on_it',
        'customer:1#note': 'gone',
        'customer:2': 'kept edited',
        'customer:2#org': 'kept kept_hangs_on_it',
        'customer:3': 'kept others_hang_on_it',
        'customer:3#org': 'kept kept_hangs_on_it',
        'booking:4': 'kept others_hang_on_it',
        'customer:4': 'kept kept_hangs_on_it',
        'customer:5': 'kept others_hang_on_it',
        'appointment:6': 'kept edited',
        'booking:6': 'kept kept_hangs_on_it',
        'customer:6': 'kept kept_hangs_on_it',
        'booking:7': 'kept edited',
        'customer:7': 'kept kept_hangs_on_it',
        'service:1': 'kept others_hang_on_it',
        'service:2': 'kept kept_hangs_on_it',
        ...Object.fromEntries(
          ['1', '2', '3', '4', '5', '6', '7'].map((n) => [`booking_service:10${n}`, 'kept part_of_kept']),
        ),
      });
      await expectOnlyOurs(rig);
      // What still stands, stands unchanged; and of what is gone all was ours.
      const after = await standing(rig);
      expect(before.records).toEqual(expect.arrayContaining(after.records));
      const deleted = Object.values(await undoneByKey(rig, id)).filter((outcome) => outcome === 'deleted');
      expect(before.records.length - after.records.length).toBe(deleted.length);
      const named = await rig.database.db
        .selectFrom('loader.rollbackItem')
        .select(['targetKey', 'label', 'fields'])
        .where('runId', '=', id)
        .where('targetKey', 'in', ['booking:1', 'customer:2', 'customer:3', 'booking:7'])
        .orderBy('targetKey')
        .execute();
      expect(named).toEqual([
        { targetKey: 'booking:1', label: 'Bond clean · BOK-1', fields: ['value'] },
        { targetKey: 'booking:7', label: 'Bond clean · BOK-7', fields: ['is_archived'] },
        { targetKey: 'customer:2', label: 'Person 2 🐙', fields: ['phones'] },
        { targetKey: 'customer:3', label: 'Person 3 🐙', fields: [] },
      ]);
      const { gate } = await rig.database.db
        .selectFrom('loader.runPhase')
        .select('gate')
        .where('runId', '=', id)
        .where('phase', '=', 'schema')
        .executeTakeFirstOrThrow();
      const { plan } = await rig.database.db
        .selectFrom('loader.run')
        .select('plan')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      expect((gate as { others: object }).others).toEqual(
        (plan as { rollback: { others: object } }).rollback.others,
      );
      expect(
        (gate as { kept: Array<{ kind: string; name: string }> }).kept.map(
          ({ kind, name }) => `${kind} ${name}`,
        ),
      ).toEqual([
        'field Amount paid',
        'field Booking status',
        'field OctopusPro ID',
        'field OctopusPro ID',
        'field OctopusPro ID',
        'field Pets',
        'field OctopusPro ID',
        'label Quote accepted',
        'label VIP',
        'label VIP',
        'label VIP',
        'activity_type Payment',
        'stage Done',
        'pipeline OctopusPro',
      ]);

      // The next load goes on with what was kept and makes the rest anew. What is archived takes no children.
      await edit(rig, { entity: 'deals', id: await idOf('booking:7'), set: { is_archived: false } });
      const { run: second } = await loadToEnd(rig, loader);
      const totals = second.phases.reduce(
        (sum, phase) => ({
          created: sum.created + phase.created,
          unchanged: sum.unchanged + phase.unchanged,
        }),
        { created: 0, unchanged: 0 },
      );
      expect(totals).toEqual({ created: rig.records.length - 24, unchanged: 24 });
      await accountByKey(rig);
    } finally {
      await rig.close();
    }
  });
});

/** Ours wins everywhere: the most that a load can do to a record of theirs. */
const takingContent: MappingContent = {
  ...matchingContent,
  settings: {
    ...matchingContent.settings,
    matching: {
      organization: { existing: 'match', policy: 'take_ours', fields: {} },
      person: { existing: 'match', policy: 'take_ours', fields: {} },
      product: { existing: 'match', policy: 'take_ours', fields: {} },
    },
  },
};

describe("records of the customer's own that a load had changed", () => {
  it('say again what they said before, field by field, but for the fields that somebody edited since', async () => {
    const rig = await createLoaderRig({ content: takingContent, payloads: matchingPayloads });
    try {
      const loader = await rig.startLoader(patient);
      const theirs = await seedTheirs(rig);
      const idOf = (list: string) => Number(theirs[list]?.[0]?.id);
      // What every record of a real account has, and a seeded one only from its first patch on.
      await edit(
        rig,
        { entity: 'persons', id: idOf('persons'), set: { first_name: 'Anna', last_name: 'Lee' } },
        {
          entity: 'products',
          id: idOf('products'),
          set: { prices: [{ currency: 'AUD', price: 80, cost: 30, direct_cost: null, notes: 'old' }] },
        },
      );
      const before = await standing(rig);
      const first = await loadWaived(rig, loader);
      expect(first).toMatchObject({ status: 'done', verified: { differences: 0 } });
      expect(first.phases.reduce((sum, phase) => sum + phase.updated, 0)).toBe(3);
      // They rename their company, and the next export writes over that, too.
      const renamed = { name: 'Tidewater Group' };
      await edit(rig, { entity: 'organizations', id: idOf('organizations'), set: renamed });
      await rig.database.db
        .updateTable('transform.mappedRecord')
        .set({
          payload: sql`payload || '{"name": "Tidewater Dental Limited"}'`,
          payloadHash: 'the next export',
        })
        .where('targetKey', '=', 'customer:1#org')
        .execute();
      const load = await loadWaived(rig, loader);
      expect(load).toMatchObject({ status: 'done', verified: { differences: 0 } });
      expect(load.phases.reduce((sum, phase) => sum + phase.updated, 0)).toBe(1);
      const phones = [{ value: '+61 2 5550 0000', primary: true, label: 'work' }];
      const website = 'https://tidewater.example';
      await edit(
        rig,
        { entity: 'persons', id: idOf('persons'), set: { phones } },
        { entity: 'organizations', id: idOf('organizations'), set: { website } },
      );

      const { id } = await startRollback(loader, load.id);
      expect(await rollbackReaches(loader, id)).toMatchObject({ status: 'done', reason: null });
      expect(await undoneByKey(rig, id)).toMatchObject({
        'customer:1': 'restored',
        'customer:1#org': 'restored',
        'service:1': 'restored',
        'customer:2': 'deleted',
        'booking:1': 'deleted',
      });
      const edited = (record: Record<string, unknown>) => {
        if (record.list === 'persons' && record.id === idOf('persons')) return { ...record, phones };
        if (record.list === 'organizations' && record.id === idOf('organizations'))
          return { ...record, ...renamed, website };
        return record;
      };
      const after = await standing(rig);
      expect(after).toEqual({ ...before, records: before.records.map(edited) });
      await expectOnlyOurs(
        rig,
        ['organizations', 'persons', 'products'].map((list) => `${list} ${idOf(list)}`),
      );
      const named = await rig.database.db
        .selectFrom('loader.rollbackItem')
        .select(['targetKey', 'label', 'fields'])
        .where('runId', '=', id)
        .where(sql<boolean>`fields <> '{}'`)
        .execute();
      expect(named).toEqual([{ targetKey: 'customer:1', label: 'Anna Lee', fields: ['phones'] }]);
      for (const table of ['loader.beforeImage', 'loader.targetRecord', 'loader.crosswalk'] as const)
        expect(await rig.database.db.selectFrom(table).selectAll().execute()).toEqual([]);
    } finally {
      await rig.close();
    }
  });
});

async function loadWaived(rig: LoaderRig, loader: LoaderProcess): Promise<ShownRun> {
  const { id } = await startWaived(rig, loader);
  return runReaches(loader, id, ['done', 'failed', 'waiting_person']);
}
