import { startTestRedis } from '@octopipe/shared/testing/redis';
import { afterAll, describe, expect, it } from 'vitest';
import { expectExactlyOnce } from '../testing/expect-exactly-once.js';
import { createLoaderRig } from '../testing/loader-rig.js';
import { control, faultsLeft, loadToEnd } from '../testing/loader-run.js';

/** Every operation of a run that writes; each loses the answer of its first call. */
const writes = [
  'createOrganizationField',
  'createPersonField',
  'createProductField',
  'createDealField',
  'createPipeline',
  'createStage',
  'createActivityType',
  'addOrganizationFieldOptions',
  'addPersonFieldOptions',
  'addDealFieldOptions',
  'createLeadLabel',
  'deleteDeal',
  'createOrganization',
  'createPerson',
  'createProduct',
  'createLead',
  'createDeal',
  'createDealProduct',
  'createDealProducts',
  'createActivity',
  'createNote',
  'uploadFile',
];
const reads = [
  'getOrganizationFields',
  'getPersonFields',
  'getProductFields',
  'getDealFields',
  'getPipelines',
  'getStages',
  'getActivityTypes',
  'getLeadLabels',
  'getUsers',
  'getOrganizations',
  'getPersons',
  'getProducts',
  'getLeads',
  'getDeals',
  'getProductsOfDeals',
  'getActivities',
  'getNotes',
  'getFiles',
];

const redis = await startTestRedis();
afterAll(() => redis?.stop());
const kinds = ['reset-after', 'timeout-after', '5xx-after', 'truncated-after'];
/** How an answer is lost matters to the write path, not to the queue: the second lane sees one way. */
const lanes = [
  { lane: 'Postgres', redisUrl: undefined, kinds },
  ...(redis ? [{ lane: 'Redis', redisUrl: redis.url, kinds: kinds.slice(0, 1) }] : []),
];

/** A run in which each of these operations loses its first answer in this way (the probe deal's passes). */
async function runLosing(
  operations: string[],
  kind: string,
  options: { redisUrl?: string | undefined; extra?: (index: number) => object } = {},
): Promise<void> {
  const rig = await createLoaderRig(options.redisUrl ? { redisUrl: options.redisUrl } : {});
  try {
    const rules = operations.map((operation, index) => ({
      operation,
      kind,
      times: 1,
      ...options.extra?.(index),
      ...(operation === 'createDeal' ? { skip: 2 } : {}),
    }));
    await control(rig, 'faults', { seed: 1, rules });
    const { run } = await loadToEnd(rig, await rig.startLoader(), 200_000);
    // Every planted fault was met: a rule that never fired would prove nothing.
    expect(await faultsLeft(rig)).toEqual([]);
    await expectExactlyOnce(rig, run);
  } finally {
    await rig.close();
  }
}

describe.each(lanes)('an answer that is lost after the account committed, queue on $lane', (lane) => {
  it.each(lane.kinds)(
    '%s, once at each operation: nothing lost, nothing doubled',
    (kind) => runLosing(writes, kind, { redisUrl: lane.redisUrl }),
    240_000,
  );
});

describe('an answer that is lost, further cases', () => {
  it('of the probe deal: it is found by its marker, removed and asked again', async () => {
    const rig = await createLoaderRig();
    try {
      await control(rig, 'faults', { rules: [{ operation: 'createDeal', kind: 'reset-after', times: 1 }] });
      await expectExactlyOnce(rig, (await loadToEnd(rig, await rig.startLoader())).run);
    } finally {
      await rig.close();
    }
  });
});

describe('an answer that does not come although nothing was written', () => {
  it('5xx-before and reset-before, in turns, once at each operation: sent again, once', () => {
    const inTurns = (index: number) => (index % 2 === 0 ? {} : { kind: 'reset-before' });
    return runLosing([...writes, ...reads], '5xx-before', { extra: inTurns });
  }, 240_000);

  // Each 429 pauses the company for 2 to 3 s, so this one goes without the reads, and every other one says for how long.
  it('429, once at each write: sent again, once', () => {
    const says = (index: number) => (index % 2 === 0 ? {} : { kind: '429-retry-after', retry_after_s: 1 });
    return runLosing(writes, '429', { extra: says });
  }, 240_000);
});
