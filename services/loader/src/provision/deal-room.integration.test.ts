import { markerFieldName, type Payload } from '@octopipe/shared/domain/mapping/record';
import { expect, it } from 'vitest';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import {
  control,
  loadToEnd,
  runReaches,
  type ShownRun,
  simState,
  startRun,
  writesByKey,
} from '../testing/loader-run.js';
import { ledgerOf } from '../testing/rollback-run.js';

type Shown = ShownRun & { deal_room: Record<string, unknown> | null };

const stops = ['done', 'failed', 'waiting_person'];
const patient = { LEASE_MS: '20000' };
/** Lite with one seat, which is what the smallest account has. */
const cap = 2_500;
const lite = { plan: 'lite', seats: 1, requestsPer2s: 20 } as const;

const person = (n: string) =>
  [
    'person',
    `customer:${n}`,
    { name: `Person ${n}`, custom_fields: { [markerFieldName]: `customer:${n}` } },
  ] as const;
const deal = (n: string, state: Payload) =>
  [
    'deal',
    `booking:${n}`,
    {
      title: `Deal ${n}`,
      person_id: { $ref: 'customer:1' },
      ...state,
      custom_fields: { [markerFieldName]: `booking:${n}` },
    },
  ] as const;
const payloads = [
  person('1'),
  deal('1', { status: 'won', won_time: '2021-03-01T10:00:00Z' }),
  deal('2', { status: 'lost', lost_time: '2020-06-30T23:00:00Z' }),
  deal('3', { status: 'open' }),
  deal('4', {}),
];

async function accountWith(deals: number): Promise<LoaderRig> {
  const rig = await createLoaderRig({ simulator: lite, payloads });
  const rows = Array.from({ length: deals }, (_, i) => ({
    title: `Theirs ${i}`,
    status: i % 100 === 0 ? 'won' : 'open',
  }));
  await control(rig, 'seed', { deals: rows });
  return rig;
}

it('an account in which exactly those find room is filled; a second run of the same writes nothing', async () => {
  const rig = await accountWith(cap - 4);
  try {
    const loader = await rig.startLoader(patient);
    const run = (await loadToEnd(rig, loader)).run as Shown;
    expect(run).toMatchObject({
      status: 'done',
      verified: { records: payloads.length, differences: 0 },
      deal_room: {
        plan: 'lite',
        seats: 1,
        cap,
        standing: { deals: cap - 4, closed_deals: 25, leads: 0 },
        coming: { open_deals: 2, closed_deals: 2, leads: 0 },
        over: 0,
        left_out: null,
      },
    });
    const written = (await ledgerOf(rig)).length;
    // Full, but it adds nothing.
    expect((await loadToEnd(rig, loader)).run).toMatchObject({ status: 'done', deal_room: null });
    expect((await ledgerOf(rig)).length).toBe(written);
  } finally {
    await rig.close();
  }
});

it('with one too many nothing is written, by a dry run as by a run; it goes on when one is archived', async () => {
  const rig = await accountWith(cap - 3);
  try {
    const loader = await rig.startLoader(patient);
    const expected = {
      status: 'waiting_person',
      reason_code: 'deal_cap',
      reason: expect.stringContaining(
        "That is 1 too many. What helps, each by itself: plan growth (5,000) or 2 seats (5,000), then connect the account again and resume the run; archiving 1 of the account's 25 closed deals, then resume the run; a new export without the 1 deal that had closed by 2020-06-30. Nothing was written.",
      ),
      deal_room: { over: 1, left_out: { closed_by: '2020-06-30', deals: 1 } },
      plan: null,
    };
    const dry = await startRun(rig, loader, { kind: 'dry_run' });
    expect(await runReaches(loader, dry.id, stops)).toMatchObject(expected);
    await loader.api('POST', `/v1/runs/${dry.id}/cancel`, {});

    const { id } = await startRun(rig, loader);
    expect(await runReaches(loader, id, stops)).toMatchObject(expected);
    expect(await ledgerOf(rig)).toEqual([]);
    expect(await writesByKey(rig)).toEqual({});

    const theirs = (await simState(rig)).deals?.[0];
    await control(rig, 'edit', {
      changes: [{ entity: 'deals', id: theirs?.id, set: { is_archived: true } }],
    });
    await loader.api('POST', `/v1/runs/${id}/resume`, {});
    expect(await runReaches(loader, id, stops)).toMatchObject({
      status: 'done',
      verified: { differences: 0 },
      deal_room: { over: 0, standing: { deals: cap - 4 } },
    });
  } finally {
    await rig.close();
  }
});

it('a full account takes customers: a run without deals asks for no place for one', async () => {
  const rig = await createLoaderRig({ simulator: lite, payloads: [person('1'), person('2')] });
  try {
    await control(rig, 'seed', { deals: Array.from({ length: cap }, (_, i) => ({ title: `Theirs ${i}` })) });
    const loader = await rig.startLoader(patient);
    expect((await loadToEnd(rig, loader)).run).toMatchObject({
      status: 'done',
      verified: { differences: 0 },
    });
    expect(await writesByKey(rig)).toEqual({ 'customer:1': 1, 'customer:2': 1 });
  } finally {
    await rig.close();
  }
});
