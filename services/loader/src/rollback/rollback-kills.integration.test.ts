import { rollbackPhases, wholeOf } from '@octopipe/shared/domain/run/states';
import { describe, expect, it } from 'vitest';
import { createLoaderRig } from '../testing/loader-rig.js';
import { loadToEnd } from '../testing/loader-run.js';
import {
  expectOnlyOurs,
  rollbackReaches,
  seedCustomer,
  standing,
  startRollback,
  undoneByKey,
} from '../testing/rollback-run.js';

/** In the order in which a rollback comes by: each worker dies at one step, the next at another. */
const steps = [
  'loader.look_before_save',
  'loader.advance_before_commit:2',
  ...rollbackPhases.flatMap(({ entity }) =>
    entity === null || wholeOf[entity] !== undefined
      ? []
      : [
          `loader.undo_before_intent@${entity}`,
          `loader.undo_after_intent@${entity}`,
          `loader.undo_after_answer@${entity}`,
          `loader.undo_before_batch_done@${entity}`,
        ],
  ),
  'loader.schema_before_call',
  'loader.schema_after_call:4',
];

/** `npm run chaos -- --only rollback`; the storm of every `npm test` dies at three of them. */
describe.skipIf(process.env.ROLLBACK_KILLS === undefined)('a kill of the loader during a rollback', () => {
  it(`at each of ${steps.length} steps ends in the account as it was`, { timeout: 1_800_000 }, async () => {
    const rig = await createLoaderRig();
    try {
      await seedCustomer(rig);
      const before = await standing(rig);
      const loading = await rig.startLoader();
      const { run: load } = await loadToEnd(rig, loading);
      // It would do the work of the doomed.
      await loading.stop();
      let id = '';
      for (const step of steps) {
        const doomed = await rig.startLoader({ OCTOPIPE_FAILPOINT: step });
        if (id === '') id = (await startRollback(doomed, load.id)).id;
        const { signal } = (await doomed.exited) as { signal: string | null };
        expect({ step, signal }).toEqual({ step, signal: 'SIGKILL' });
      }
      const done = await rollbackReaches(await rig.startLoader(), id);
      expect(done).toMatchObject({ status: 'done', reason: null });
      expect(await standing(rig)).toEqual(before);
      await expectOnlyOurs(rig);
      expect(new Set(Object.values(await undoneByKey(rig, id)))).toEqual(new Set(['deleted']));
    } finally {
      await rig.close();
    }
  });
});
