import { expect } from 'vitest';
import { type ChaosRow, expectedOf } from './chaos-fixture.js';
import type { LoaderRig } from './loader-rig.js';
import { accountByKey, type ShownRun, writesByKey } from './loader-run.js';

/**
 * What the account says against what the payloads say: anything lost, doubled or wrong fails here, with its keys. Tells how
 * many keys were committed more than once on the way.
 */
export async function expectNoneLostOrDoubled(
  rig: LoaderRig,
  payloads: ReadonlyArray<ChaosRow>,
  run: ShownRun,
): Promise<number> {
  expect({ status: run.status, reason: run.reason, verified: run.verified }).toMatchObject({
    status: 'done',
    reason: null,
    verified: { records: payloads.length, differences: 0 },
  });
  // accountByKey itself throws when a key stands twice.
  const account = await accountByKey(rig);
  const writes = await writesByKey(rig);
  const lost = payloads.filter(([, key]) => account[key] === undefined).map(([, key]) => key);
  const strangers = Object.keys(account).filter((key) => !payloads.some(([, ours]) => ours === key));
  const wrong = payloads.flatMap((row) => {
    const [, key] = row;
    const shown = account[key] as Record<string, unknown> | undefined;
    const expected = expectedOf(row);
    return shown && Object.keys(expected).some((field) => shown[field] !== expected[field])
      ? [{ key, expected, shown }]
      : [];
  });
  expect({ lost, strangers, wrong: wrong.slice(0, 3) }).toEqual({ lost: [], strangers: [], wrong: [] });
  return Object.values(writes).filter((count) => count > 1).length;
}
