import { NO_REDIS, startTestRedis } from '@octopipe/shared/testing/redis';
import { afterAll, describe, it } from 'vitest';
import { type Deaths, deathsAround, killAndRecover, writeFailpoints } from '../testing/crash-cases.js';

const redis = await startTestRedis();
/** The write path is the same on both lanes; what differs is who hands the batch on. */
const ofTwoEntities: Deaths[] = writeFailpoints.map((name) => [name, [`${name}@deal`, `${name}@file`]]);
const handedOn = deathsAround.filter(([name]) => ['advancing and verifying', 'settling'].includes(name));

describe.skipIf(redis === undefined)(
  `kills of the loader, queue on Redis${redis ? '' : ` (${NO_REDIS})`}`,
  () => {
    afterAll(() => redis?.stop());
    it.each([...ofTwoEntities, ...handedOn])(
      '%s: at each of %j, and the end state is the undisturbed one',
      { timeout: 300_000 },
      (...deaths) => killAndRecover(deaths, redis?.url),
    );
  },
);
