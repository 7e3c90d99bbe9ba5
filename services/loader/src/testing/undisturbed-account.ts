import { createLoaderRig } from './loader-rig.js';
import { accountByKey, loadToEnd } from './loader-run.js';

let account: Promise<Record<string, unknown>> | undefined;

/** What the account says after a run that nothing disturbed; made once per test file. */
export function undisturbedAccount(): Promise<Record<string, unknown>> {
  account ??= (async () => {
    const rig = await createLoaderRig();
    try {
      await loadToEnd(rig, await rig.startLoader());
      return await accountByKey(rig);
    } finally {
      await rig.close();
    }
  })();
  return account;
}
