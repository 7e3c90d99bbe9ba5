import { hashOf } from '@octopipe/shared/core/canonical-json';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import { accountByKey, loadToEnd, writesByKey } from '../testing/loader-run.js';

describe('an undisturbed run', () => {
  let rig: LoaderRig;
  beforeAll(async () => {
    rig = await createLoaderRig();
  });
  afterAll(() => rig.close());

  it('writes each record once, reads everything back, and plans zero writes the second time', async () => {
    const loader = await rig.startLoader();
    const first = await loadToEnd(rig, loader);
    expect(first.run).toMatchObject({
      status: 'done',
      reason: null,
      verified: { records: rig.records.length, differences: 0 },
    });
    const writes = await writesByKey(rig);
    expect(Object.keys(writes).sort()).toEqual(rig.records.map((record) => record.targetKey).sort());
    expect(Object.values(writes).every((count) => count === 1)).toBe(true);
    expect(first.run.tokens.spent).toBeLessThanOrEqual(first.run.tokens.planned);

    const second = await loadToEnd(rig, loader);
    expect(second.run.id).not.toBe(first.run.id);
    expect(second.run.status).toBe('done');
    expect(second.run.phases.reduce((sum, phase) => sum + phase.unchanged, 0)).toBe(rig.records.length);
    expect(await writesByKey(rig)).toEqual(writes);
    expect(await accountByKey(rig)).toMatchSnapshot();
  });

  it('patches of a lead what has changed, and clears what is gone', async () => {
    const { db } = rig.database;
    const payload = rig.records.find((record) => record.targetKey === 'inquiry:1')?.payload ?? {};
    const { Extras: _, 'Amount paid': __, ...fields } = payload.custom_fields as Payload;
    const changed: Payload = {
      ...payload,
      title: 'Gutters',
      value: null,
      label_ids: { $labels: ['Website lead'] },
      custom_fields: { ...fields, 'Job address': { value: '4 Wharf Steps', street_number: '4' } },
    };
    await db
      .updateTable('transform.mappedRecord')
      .set({ payload: JSON.stringify(changed), payloadHash: hashOf(changed) })
      .where('targetKey', '=', 'inquiry:1')
      .execute();
    const { run } = await loadToEnd(rig, await rig.startLoader());
    expect(run).toMatchObject({ status: 'done', verified: { differences: 0 } });
    expect(run.phases.find(({ phase }) => phase === 'leads')).toMatchObject({ updated: 1, unchanged: 2 });
    expect((await accountByKey(rig))['inquiry:1']).toEqual({
      title: 'Gutters',
      person_id: 'customer:1',
      was_seen: true,
      origin_id: 'inquiry:1',
      is_archived: false,
      labels: ['Website lead'],
      'custom OctopusPro ID': 'inquiry:1',
      'custom Booking status': 'To Do',
      'custom Job address': '4 Wharf Steps',
      'custom Job address street number': '4',
    });
    const ledger = await (await fetch(`${rig.sim.url}/__sim/ledger`)).text();
    const patch = ledger
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { operation: string; body: Record<string, unknown> })
      .find((line) => line.operation === 'updateLead');
    // Neither what stayed, nor what only a create takes.
    expect(Object.keys(patch?.body ?? {}).filter((name) => !/^[0-9a-f]{40}/.test(name))).toEqual([
      'title',
      'value',
      'label_ids',
    ]);
  });
});
