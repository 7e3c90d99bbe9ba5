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
});
