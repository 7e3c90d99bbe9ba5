import { hashOf } from '@octopipe/shared/core/canonical-json';
import { fileNameWithMarker, markerLine, type Payload } from '@octopipe/shared/domain/mapping/record';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import { accountByKey, loadToEnd, runReaches, startRun, writesByKey } from '../testing/loader-run.js';
import { edit, ledgerOf, targetId } from '../testing/rollback-run.js';

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

  it('renames a file by a form; of a change that Pipedrive does not take no call is made, and the difference is told', async () => {
    const { db } = rig.database;
    const remap = async (targetKey: string, change: (payload: Payload) => Payload) => {
      const payload = change(rig.records.find((record) => record.targetKey === targetKey)?.payload ?? {});
      await db
        .updateTable('transform.mappedRecord')
        .set({ payload: JSON.stringify(payload), payloadHash: hashOf(payload) })
        .where('targetKey', '=', targetKey)
        .execute();
    };
    const written = (await ledgerOf(rig)).length;
    const name = fileNameWithMarker('Invoice é+1.pdf', 'attachment:1');
    await remap('attachment:1', (payload) => ({
      ...payload,
      name,
      file: movedTo(payload, 'other/INV-1.pdf'),
    }));
    await remap('attachment:2', (payload) => ({ ...payload, deal_id: { $ref: 'booking:1' } }));
    await remap('attachment:3', (payload) => ({ ...payload, file: movedTo(payload, 'other/roof.pdf') }));
    await remap('customer:1', (payload) => ({ ...payload, add_time: '2001-02-03T04:05:06Z' }));
    const { run } = await loadToEnd(rig, await rig.startLoader());
    expect(run).toMatchObject({ status: 'done', verified: { differences: 2 } });
    expect(run.phases.find(({ phase }) => phase === 'files')).toMatchObject({ updated: 1, failed: 0 });
    expect(run.phases.find(({ phase }) => phase === 'persons')).toMatchObject({ updated: 0, failed: 0 });
    const updates = (await ledgerOf(rig)).slice(written).filter(({ op }) => op === 'update');
    expect(updates).toMatchObject([{ operation: 'updateFile', body: { name } }]);
    expect((await accountByKey(rig))['attachment:1']).toMatchObject({ name });
    const told = await db
      .selectFrom('loader.difference')
      .select(['targetKey', 'field', 'kind'])
      .where('runId', '=', run.id)
      .orderBy('targetKey')
      .execute();
    expect(told).toEqual([
      { targetKey: 'attachment:2', field: 'deal_id', kind: 'changed_by_us' },
      { targetKey: 'customer:1', field: 'add_time', kind: 'changed_by_us' },
    ]);
  });

  it('makes anew what is gone from the account when a person says so, and leaves what stands', async () => {
    const { db } = rig.database;
    const lines = rig.records.filter(
      ({ entity, payload }) =>
        entity === 'line' && (payload.deal_id as { $ref?: string }).$ref === 'booking:2',
    );
    expect(lines.length).toBeGreaterThan(0);
    await edit(
      rig,
      { entity: 'notes', id: await targetId(rig, 'customer:1#note'), delete: true },
      { entity: 'notes', id: await targetId(rig, 'customer:2#note'), delete: true },
      { entity: 'deals', id: await targetId(rig, 'booking:2'), delete: true },
      ...(await Promise.all(
        lines.map(async ({ targetKey }) => ({
          entity: 'dealProducts',
          id: await targetId(rig, targetKey),
          delete: true,
        })),
      )),
    );
    const content = `Rings once<br>${markerLine('customer:2#note')}`;
    await db
      .updateTable('transform.mappedRecord')
      .set({
        payload: sql`payload || ${JSON.stringify({ content })}::jsonb`,
        payloadHash: 'the next export',
      })
      .where('targetKey', '=', 'customer:2#note')
      .execute();
    const loader = await rig.startLoader();
    const { id } = await startRun(rig, loader);
    const ends = ['done', 'failed', 'waiting_person'];
    expect(await runReaches(loader, id, ends)).toMatchObject({ reason_code: 'records_failed' });
    const retry = async (body: object) =>
      (await loader.api<{ by: unknown; code?: string }>('POST', `/v1/runs/${id}/retry-failed`, body)).body;
    const note = { entity: 'note', records: 1, with_parent: false };
    expect(await retry({ make_anew: true })).toMatchObject({ by: [{ ...note, code: 'target_gone' }] });
    await retry({ preview: false, make_anew: true });
    const read = await runReaches(loader, id, ends);
    expect(read).toMatchObject({ status: 'done' });
    const missing = [
      { entity: 'deal', code: 'missing', records: 1, with_parent: false },
      { entity: 'line', code: 'missing', records: lines.length, with_parent: true },
      { ...note, code: 'missing' },
    ];
    expect(await retry({ make_anew: true })).toMatchObject({ by: missing });
    // One that somebody has put back meanwhile is looked at, and stays the one that it is.
    const back = await targetId(rig, 'customer:1#note');
    await edit(rig, { entity: 'notes', id: back, set: { is_deleted: false } });
    await retry({ preview: false, make_anew: true });
    const ended = await runReaches(loader, id, ends);
    expect(ended.status).toBe('done');
    expect(await retry({ make_anew: true })).toMatchObject({ by: [] });
    expect(await targetId(rig, 'customer:1#note')).toBe(back);
    const account = await accountByKey(rig);
    expect(Object.keys(account)).toHaveLength(rig.records.length);
    expect(account['customer:2#note']).toMatchObject({ content: expect.stringContaining('Rings once') });
    const left = await db
      .selectFrom('loader.difference')
      .select(['targetKey', 'kind'])
      .where('runId', '=', id)
      .where('kind', 'in', ['missing', 'extra'])
      .execute();
    expect(left).toEqual([]);
  });
});

function movedTo(payload: Payload, path: string): Payload {
  const { $file } = payload.file as { $file: Payload };
  return { $file: { ...$file, path } };
}
