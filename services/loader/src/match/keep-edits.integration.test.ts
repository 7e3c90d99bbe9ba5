import { hashOf } from '@octopipe/shared/core/canonical-json';
import { markerLine, type Payload } from '@octopipe/shared/domain/mapping/record';
import { type EntityCalls, entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createLoaderRig, type LoaderRig } from '../testing/loader-rig.js';
import { loadToEnd, simState } from '../testing/loader-run.js';
import { edit, rollbackReaches, startRollback, targetId, undoneByKey } from '../testing/rollback-run.js';

/** A newer export says this of a record. */
async function remap(rig: LoaderRig, targetKey: string, changes: Payload): Promise<void> {
  const payload = { ...rig.records.find((one) => one.targetKey === targetKey)?.payload, ...changes };
  await rig.database.db
    .updateTable('transform.mappedRecord')
    .set({ payload: JSON.stringify(payload), payloadHash: hashOf(payload) })
    .where('targetKey', '=', targetKey)
    .execute();
}

/** Tokens of reading records, planned and spent. */
async function reads(rig: LoaderRig, runId: string) {
  const operations = new Set<string>(
    Object.values(entityCalls).flatMap(({ list, get }: EntityCalls) => [list, get ?? list]),
  );
  const { plan } = await rig.database.db
    .selectFrom('loader.run')
    .select('plan')
    .where('id', '=', runId)
    .executeTakeFirstOrThrow();
  const spent = await rig.database.db
    .selectFrom('loader.tokenUse')
    .select(['operation', sql<number>`sum(tokens)::int`.as('tokens')])
    .where('runId', '=', runId)
    .groupBy('operation')
    .execute();
  const planned = (plan as { tokens: { by_operation: Record<string, number> } }).tokens.by_operation;
  const only = (rows: Array<[string, number]>) =>
    Object.fromEntries(rows.filter(([name]) => operations.has(name)));
  return {
    planned: only(Object.entries(planned)),
    spent: only(spent.map(({ operation, tokens }) => [operation, tokens])),
  };
}

it('a newer export leaves what people changed in records of ours, names it and writes the rest, for what was planned', async () => {
  const rig = await createLoaderRig();
  try {
    const loader = await rig.startLoader({ LEASE_MS: '20000', REQUEST_TIMEOUT_MS: '8000' });
    const { run: first } = await loadToEnd(rig, loader);
    expect(first).toMatchObject({ status: 'done', verified: { differences: 0 } });
    const idOf = (key: string) => targetId(rig, key);
    const { targetId: leadId } = await rig.database.db
      .selectFrom('loader.targetRecord')
      .select('targetId')
      .where('targetKey', '=', 'inquiry:2')
      .executeTakeFirstOrThrow();
    const content = `Rings three times<br>${markerLine('customer:1#note')}`;
    await edit(
      rig,
      { entity: 'persons', id: await idOf('customer:1'), set: { name: 'Annie' } },
      { entity: 'deals', id: await idOf('booking:3'), set: { title: 'Negotiating' } },
      { entity: 'deals', id: await idOf('booking:4'), set: { status: 'lost', won_time: null } },
      { entity: 'leads', id: leadId, set: { title: 'Gutters and roof' } },
      { entity: 'notes', id: await idOf('customer:1#note'), set: { content } },
    );
    await remap(rig, 'customer:1', {
      name: 'Ann Lee',
      phones: [{ value: '+61491570156', primary: true, label: 'work' }],
    });
    await remap(rig, 'booking:3', { title: 'Bond clean, again', value: '150' });
    await remap(rig, 'booking:4', { won_time: '2024-05-02T10:00:00Z' });
    await remap(rig, 'inquiry:2', { title: 'Gutters', value: { amount: '250', currency: 'AUD' } });
    await remap(rig, 'customer:1#note', { content: `Rings once<br>${markerLine('customer:1#note')}` });
    await remap(rig, 'appointment:3', { subject: 'Appointment 3, moved' });
    const { run } = await loadToEnd(rig, loader);
    expect(run.status).toBe('done');
    const found = await rig.database.db
      .selectFrom('loader.difference')
      .select(['targetKey', 'field', 'kind'])
      .where('runId', '=', run.id)
      .orderBy('targetKey')
      .execute();
    expect(found).toEqual(
      [
        ['booking:3', 'title'],
        ['booking:4', 'status'],
        ['booking:4', 'won_time'],
        ['customer:1', 'name'],
        ['customer:1#note', 'content'],
        ['inquiry:2', 'title'],
      ].map(([targetKey, field]) => ({ targetKey, field, kind: 'changed_by_person' })),
    );
    const state = await simState(rig);
    const shown = (list: string, id: number | string) => state[list]?.find((row) => row.id === id);
    expect(shown('persons', await idOf('customer:1'))).toMatchObject({
      name: 'Annie',
      phones: [{ value: '+61491570156' }],
    });
    expect(shown('deals', await idOf('booking:3'))).toMatchObject({ title: 'Negotiating', value: 150 });
    expect(shown('deals', await idOf('booking:4'))).toMatchObject({ status: 'lost', won_time: null });
    expect(shown('leads', leadId)).toMatchObject({ title: 'Gutters and roof', value: { amount: 250 } });
    expect(shown('notes', await idOf('customer:1#note'))).toMatchObject({ content });
    expect(shown('activities', await idOf('appointment:3'))).toMatchObject({
      subject: 'Appointment 3, moved',
    });
    const { planned, spent } = await reads(rig, run.id);
    expect(spent).toEqual(planned);
    expect(spent).toMatchObject({ getNote: 2, getLead: 2 });

    const back = await startRollback(loader, run.id);
    expect(await rollbackReaches(loader, back.id)).toMatchObject({ status: 'done', reason: null });
    expect(await undoneByKey(rig, back.id)).toMatchObject({
      'booking:3': 'kept edited',
      'booking:4': 'kept edited',
      'customer:1': 'kept edited',
      'customer:1#note': 'kept edited',
      'inquiry:2': 'kept edited',
      'appointment:3': 'deleted',
      'booking:5': 'deleted',
    });
  } finally {
    await rig.close();
  }
});
