import { markerFieldName, type Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { expect, it } from 'vitest';
import { createLoaderRig } from '../testing/loader-rig.js';
import { control, loadToEnd } from '../testing/loader-run.js';
import { rollbackReaches, startRollback, undoneByKey } from '../testing/rollback-run.js';

const leads = 24;
/** Four at a time, reading them takes 3 s; the rig's lease is 1.5 s, its longest request 0.8 s. */
const readMs = 500;

it('a worker that reads longer than a lease is not counted dead, and looks once', async () => {
  const marked = (name: string): Payload => ({ custom_fields: { [markerFieldName]: name } });
  const payloads: Array<[Entity, string, Payload]> = [
    ['person', 'customer:1', { name: 'Ann', ...marked('customer:1') }],
    ...Array.from({ length: leads }, (_, n): [Entity, string, Payload] => [
      'lead',
      `inquiry:${n}`,
      { title: `Lead ${n}`, person_id: { $ref: 'customer:1' }, ...marked(`inquiry:${n}`) },
    ]),
  ];
  const rig = await createLoaderRig({ payloads, recordsPerBatch: leads });
  try {
    const loader = await rig.startLoader();
    const { run: load } = await loadToEnd(rig, loader);
    await control(rig, 'faults', { rules: [{ operation: 'getLead', kind: 'delay', delay_ms: readMs }] });
    const { id } = await startRollback(loader, load.id);
    // Deaths are forgotten once a turn has done something: seen while they stand.
    const deaths = new Set<number>();
    let isOver = false;
    const watched = (async () => {
      while (!isOver) {
        const rows = await rig.database.db
          .selectFrom('loader.batchProgress')
          .select('crashes')
          .where('runId', '=', id)
          .execute();
        for (const { crashes } of rows) deaths.add(crashes);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const done = await rollbackReaches(loader, id);
    isOver = true;
    await watched;
    expect(done).toMatchObject({ status: 'done', reason: null });
    expect([...deaths]).toEqual([0]);
    expect(new Set(Object.values(await undoneByKey(rig, id)))).toEqual(new Set(['deleted']));
    const { calls } = await rig.database.db
      .selectFrom('loader.tokenUse')
      .select('calls')
      .where('runId', '=', id)
      .where('operation', '=', 'getLead')
      .executeTakeFirstOrThrow();
    expect(calls).toBe(leads);
  } finally {
    await rig.close();
  }
});
