import { markerFieldName, markerLine, type Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig, type LoaderProcess, type LoaderRig } from '../testing/loader-rig.js';
import {
  accountByKey,
  control,
  loadToEnd,
  runReaches,
  type ShownRun,
  simState,
  startRun,
  writesByKey,
} from '../testing/loader-run.js';
import { testContent } from '../testing/mapped-fixture.js';
import { ledgerOf, rollbackReaches, startRollback } from '../testing/rollback-run.js';

/** Nobody is killed while it holds a lease: it need not end soon. */
const patient = { LEASE_MS: '20000' };

type Shown = ShownRun & { shared_activity_types: Array<{ kind: string; type: string }> };

/** The six types of every new account, and so many more. */
const rigWithRoomFor = (more: number) =>
  createLoaderRig({ simulator: { switches: { activity_types: 6 + more } }, payloads: fewPayloads });

type Payloads = ReadonlyArray<readonly [Entity, string, Payload]>;

const activity = (n: string, kind: string) =>
  [
    'activity',
    `appointment:${n}`,
    {
      subject: `Appointment ${n}`,
      type: { $activityType: kind },
      deal_id: { $ref: 'booking:1' },
      note: markerLine(`appointment:${n}`, `BOK-${n}`),
    },
  ] as const;
/** These runs are many; what else stands in an account is the matter of the others. */
const fewPayloads: Payloads = [
  ['person', 'customer:1', { name: 'Ann', custom_fields: { [markerFieldName]: 'customer:1' } }],
  [
    'deal',
    'booking:1',
    {
      title: 'Deal',
      person_id: { $ref: 'customer:1' },
      custom_fields: { [markerFieldName]: 'booking:1' },
    },
  ],
  activity('1', 'Appointment'),
  activity('2', 'Payment'),
];

/** Type, as the account calls it, and subject of each activity of ours. */
async function activitiesOf(rig: LoaderRig): Promise<Record<string, string>> {
  const names = new Map((await simState(rig)).activityTypes?.map((type) => [type.key_string, type.name]));
  const account = (await accountByKey(rig)) as Record<string, { type?: string; subject?: string }>;
  return Object.fromEntries(
    rig.records
      .filter(({ entity }) => entity === 'activity')
      .map(({ targetKey }) => {
        const { type, subject } = account[targetKey] ?? {};
        return [targetKey, `${names.get(type)} / ${subject}`];
      }),
  );
}

/** What the mapping says of each, with the kinds that share a type in front of the subject. */
function expected(rig: LoaderRig, typeOf: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    rig.records
      .filter(({ entity }) => entity === 'activity')
      .map(({ targetKey, payload }) => {
        const { $activityType: kind } = payload.type as { $activityType: string };
        const begins = typeOf[kind] === kind || String(payload.subject).startsWith(kind) ? '' : `${kind}: `;
        return [targetKey, `${typeOf[kind]} / ${begins}${payload.subject}`];
      }),
  );
}

async function ownTypes(rig: LoaderRig): Promise<unknown[]> {
  const types = (await simState(rig)).activityTypes ?? [];
  return types
    .filter(({ is_deleted }) => is_deleted !== true)
    .map(({ name }) => name)
    .slice(6);
}

async function expectNoWrites(rig: LoaderRig, loader: LoaderProcess): Promise<Shown> {
  const written = (await ledgerOf(rig)).length;
  const { run } = await loadToEnd(rig, loader);
  expect(run).toMatchObject({ status: 'done', verified: { records: rig.records.length, differences: 0 } });
  expect((await ledgerOf(rig)).length).toBe(written);
  return run as Shown;
}

async function expectRolledBack(rig: LoaderRig, loader: LoaderProcess, load: ShownRun): Promise<void> {
  const { id } = await startRollback(loader, load.id);
  expect(await rollbackReaches(loader, id)).toMatchObject({ status: 'done' });
  const types = (await simState(rig)).activityTypes ?? [];
  expect(types.slice(0, 6).filter(({ is_deleted }) => is_deleted === true)).toEqual([]);
  expect(await ownTypes(rig)).toEqual([]);
}

describe('an account that takes no more activity types', () => {
  it('with room for exactly those of the mapping, each kind has its own', async () => {
    const rig = await createLoaderRig({ simulator: { switches: { activity_types: 8 } } });
    try {
      const loader = await rig.startLoader(patient);
      const { run } = await loadToEnd(rig, loader);
      await expectExactlyOnce(rig, run);
      expect((run as Shown).shared_activity_types).toEqual([]);
      expect(await ownTypes(rig)).toEqual(['Appointment', 'Payment']);
    } finally {
      await rig.close();
    }
  });

  it.each([
    ['with room for one less, the last', 1, ['Appointment'], { Appointment: 'Appointment', Payment: 'Task' }],
    ['with room for none, each', 0, [], { Appointment: 'Task', Payment: 'Task' }],
  ])(
    '%s shares a type before the first record is written, whoever dies there; a second run writes nothing',
    async (_what, room, made, typeOf) => {
      const rig = await rigWithRoomFor(room);
      try {
        // Before a make, after one (or after the refusal), and after the refusal of the next try.
        for (const failpoint of ['loader.provision_before_call', 'loader.provision_after_call']) {
          const doomed = await rig.startLoader({ OCTOPIPE_FAILPOINT: `${failpoint}@createActivityType` });
          await startRun(rig, doomed);
          expect(await doomed.exited).toMatchObject({ signal: 'SIGKILL' });
        }
        const loader = await rig.startLoader(patient);
        const { id } = await startRun(rig, loader);
        const run = (await runReaches(loader, id, ['done', 'failed', 'waiting_person'])) as Shown;
        expect(run).toMatchObject({
          status: 'done',
          verified: { records: rig.records.length, differences: 0 },
        });
        const shared = Object.entries(typeOf).filter(([kind, type]) => kind !== type);
        expect(run.shared_activity_types).toEqual(shared.map(([kind, type]) => ({ kind, type })));
        expect(await ownTypes(rig)).toEqual(made);
        expect(await activitiesOf(rig)).toEqual(expected(rig, typeOf));
        expect(Object.values(await writesByKey(rig))).toEqual(rig.records.map(() => 1));
        const ledger = await ledgerOf(rig);
        const firstRecord = ledger.findIndex(({ entity }) => entity === 'persons');
        expect(firstRecord).toBeGreaterThan(0);
        expect(ledger.slice(firstRecord).filter(({ entity }) => entity === 'activityTypes')).toEqual([]);

        await expectNoWrites(rig, loader);
        // There is room by now, but what stands has a shared type: what comes is written like it.
        await control(rig, 'switches', { activity_types: 20 });
        expect((await expectNoWrites(rig, loader)).shared_activity_types).toEqual(run.shared_activity_types);
      } finally {
        await rig.close();
      }
    },
  );

  it('a rollback leaves the shared type, the load after it tries anew, and the next takes away what that made', async () => {
    const rig = await rigWithRoomFor(0);
    try {
      const loader = await rig.startLoader(patient);
      const { run } = await loadToEnd(rig, loader);
      expect(run.status).toBe('done');
      await expectRolledBack(rig, loader, run);

      // It dies when it has made the first: that one is known as ours all the same.
      await loader.stop();
      await control(rig, 'switches', { activity_types: 20 });
      const doomed = await rig.startLoader({
        OCTOPIPE_FAILPOINT: 'loader.provision_after_call@createActivityType',
      });
      await startRun(rig, doomed);
      expect(await doomed.exited).toMatchObject({ signal: 'SIGKILL' });
      const other = await rig.startLoader(patient);
      const again = (await loadToEnd(rig, other)).run as Shown;
      expect(again).toMatchObject({
        status: 'done',
        verified: { differences: 0 },
        shared_activity_types: [],
      });
      expect(await ownTypes(rig)).toEqual(['Appointment', 'Payment']);
      expect(await activitiesOf(rig)).toEqual(
        expected(rig, { Appointment: 'Appointment', Payment: 'Payment' }),
      );
      await expectRolledBack(rig, other, again);
    } finally {
      await rig.close();
    }
  });

  it('a refusal for another reason is no lack of room: the run stops and says so', async () => {
    const activityTypes = [{ name: 'Appointment', iconKey: 'unicorn' }];
    const content = { ...testContent, schema: { ...testContent.schema, activityTypes } };
    const rig = await createLoaderRig({ content });
    try {
      const loader = await rig.startLoader(patient);
      const { run } = await loadToEnd(rig, loader);
      expect(run).toMatchObject({ status: 'waiting_person', reason_code: 'provision_refused' });
      expect(await writesByKey(rig)).toEqual({});
    } finally {
      await rig.close();
    }
  });
});
