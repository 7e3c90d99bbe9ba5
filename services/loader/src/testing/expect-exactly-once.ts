import { expect } from 'vitest';
import type { LoaderRig } from './loader-rig.js';
import { accountByKey, type ShownRun, writesByKey } from './loader-run.js';
import { undisturbedAccount } from './undisturbed-account.js';

/**
 * The end state of any disturbed run: done, every record verified without a difference, the account exactly as after an
 * undisturbed run, and each target key created once, by the account's own ledger. `copies` allows keys that were
 * created twice by a late commit, of which one must be gone again.
 */
export async function expectExactlyOnce(rig: LoaderRig, run: ShownRun): Promise<void> {
  expect({ status: run.status, reason: run.reason, verified: run.verified }).toMatchObject({
    status: 'done',
    reason: null,
    verified: { records: rig.records.length, differences: 0 },
  });
  const writes = await writesByKey(rig);
  expect(Object.fromEntries(Object.entries(writes).filter(([, count]) => count !== 1))).toEqual({});
  expect(Object.keys(writes).sort()).toEqual(rig.records.map((record) => record.targetKey).sort());
  expect(await accountByKey(rig)).toEqual(await undisturbedAccount());
}
