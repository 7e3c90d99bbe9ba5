import type { FailpointName } from '@octopipe/shared/core/failpoints';
import { entities } from '@octopipe/shared/domain/run/states';
import { expectExactlyOnce } from './expect-exactly-once.js';
import { createLoaderRig } from './loader-rig.js';
import { control, runReaches, startRun } from './loader-run.js';

/** The steps of the write path: each is killed for each entity. */
export const writeFailpoints: FailpointName[] = [
  'loader.before_intent',
  'loader.after_intent',
  'loader.after_answer',
  'loader.after_outcome',
  'loader.before_batch_done',
];
/** The steps around it. `settle` needs something to settle: a lost answer is planted. */
export const otherFailpoints: string[] = [
  'loader.provision_before_call',
  'loader.provision_after_call',
  'loader.provision_after_call:5',
  'loader.advance_before_commit:4',
  'loader.verify_before_save@deal',
  'loader.settle_before_confirm@person',
  'loader.settle_before_confirm@lead',
  // Several intents behind one lost answer: it dies between two of them.
  'loader.settle_before_confirm@line:3',
  // The second deal, whose lines leave one by one.
  'loader.after_answer@line:2',
];
export const everyWriteFailpoint = writeFailpoints.flatMap((name) =>
  entities.map((entity) => `${name}@${entity}`),
);

/** Whose answer is lost, so that there is something to settle of this entity. */
const lostBy = { lead: 'createLead', line: 'createDealProducts', person: 'createPerson' };

/** Kills a loader at the failpoint (it must really die there), starts another, and expects the undisturbed end state. */
export async function killAndRecover(failpoint: string, redisUrl?: string): Promise<void> {
  const rig = await createLoaderRig(redisUrl ? { redisUrl } : {});
  try {
    if (failpoint.includes('settle')) {
      const lost = Object.entries(lostBy).find(([entity]) => failpoint.includes(`@${entity}`))?.[1];
      await control(rig, 'faults', {
        rules: [{ operation: lost ?? 'createPerson', kind: 'reset-after', times: 1 }],
      });
    }
    const doomed = await rig.startLoader({ OCTOPIPE_FAILPOINT: failpoint });
    const run = await startRun(rig, doomed);
    const exit = (await doomed.exited) as { signal: string | null };
    if (exit.signal !== 'SIGKILL')
      throw new Error(`the loader was to die at ${failpoint}, but ended otherwise`);
    const loader = await rig.startLoader();
    await expectExactlyOnce(rig, await runReaches(loader, run.id, ['done', 'failed', 'waiting_person']));
  } finally {
    await rig.close();
  }
}
