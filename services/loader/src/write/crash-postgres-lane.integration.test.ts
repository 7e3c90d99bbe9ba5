import { describe, it } from 'vitest';
import { deathsAround, deathsOfEveryEntity, killAndRecover } from '../testing/crash-cases.js';

describe('kills of the loader, queue on Postgres', () => {
  it.each([...deathsOfEveryEntity, ...deathsAround])(
    '%s: at each of %j, and the end state is the undisturbed one',
    { timeout: 300_000 },
    (...deaths) => killAndRecover(deaths),
  );
});
