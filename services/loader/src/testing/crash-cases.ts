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

/** Deaths that one run goes through, in the order in which it comes past them. */
export type Deaths = readonly [what: string, failpoints: readonly string[]];

export const deathsOfEveryEntity: Deaths[] = writeFailpoints.map((name) => [
  name,
  entities.map((entity) => `${name}@${entity}`),
]);

/** The steps around the write path. To settle, something must be open: answers are lost on purpose. */
export const deathsAround: Deaths[] = [
  [
    'provisioning',
    ['loader.provision_before_call', 'loader.provision_after_call', 'loader.provision_after_call:5'],
  ],
  ['advancing and verifying', ['loader.advance_before_commit:4', 'loader.verify_before_save@deal']],
  [
    'settling',
    [
      'loader.settle_before_confirm@person',
      'loader.settle_before_confirm@lead',
      // Several intents behind one lost answer: it dies between two of them.
      'loader.settle_before_confirm@line:3',
    ],
  ],
  // The second deal, whose lines leave one by one.
  ['a line that is sent alone', ['loader.after_answer@line:2']],
];

/** The calls whose first answer is lost, so that there is something to settle. */
const lost = ['createPerson', 'createLead', 'createDealProducts'];
const ends = ['done', 'failed', 'waiting_person'];

/**
 * One run whose loader is killed at each of these failpoints in turn (it must really die there), each time followed by
 * another loader; the end state is the undisturbed one.
 */
export async function killAndRecover([what, failpoints]: Deaths, redisUrl?: string): Promise<void> {
  const rig = await createLoaderRig(redisUrl ? { redisUrl } : {});
  try {
    if (what === 'settling') {
      const rules = lost.map((operation) => ({ operation, kind: 'reset-after', times: 1 }));
      await control(rig, 'faults', { rules });
    }
    for (const failpoint of failpoints) {
      const doomed = await rig.startLoader({ OCTOPIPE_FAILPOINT: failpoint });
      const run = await startRun(rig, doomed);
      const ended = runReaches(doomed, run.id, ends).then(({ status }) => status);
      // Its end cuts off the question how the run stands.
      ended.catch(() => {});
      const death = doomed.exited.then((exit) => (exit as { signal: string | null }).signal);
      const end = await Promise.race([death, ended.catch(() => death)]);
      if (end !== 'SIGKILL') throw new Error(`the loader was to die at ${failpoint}, but: ${end}`);
    }
    const loader = await rig.startLoader();
    const { id } = await startRun(rig, loader);
    await expectExactlyOnce(rig, await runReaches(loader, id, ends));
    const lane = redisUrl ? 'Redis' : 'Postgres';
    console.log(`R5 ${lane}: ${what}: killed at ${failpoints.length} places, the undisturbed end state`);
  } finally {
    await rig.close();
  }
}
