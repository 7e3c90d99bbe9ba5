import { NO_REDIS, startTestRedis } from '@octopipe/shared/testing/redis';
import { afterAll, describe, it } from 'vitest';
import { killAndRecover, otherFailpoints, writeFailpoints } from '../testing/crash-cases.js';

const redis = await startTestRedis();

describe.skipIf(redis === undefined)(
  `a kill of the loader, queue on Redis${redis ? '' : ` (${NO_REDIS})`}`,
  () => {
    afterAll(() => redis?.stop());
    it.each([...writeFailpoints.flatMap((name) => [`${name}@deal`, `${name}@file`]), ...otherFailpoints])(
      'at %s ends in the undisturbed state',
      (failpoint) => killAndRecover(failpoint, redis?.url),
    );
  },
);
