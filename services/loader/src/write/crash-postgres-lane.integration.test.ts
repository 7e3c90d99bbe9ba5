import { describe, it } from 'vitest';
import { everyWriteFailpoint, killAndRecover, otherFailpoints } from '../testing/crash-cases.js';

describe('a kill of the loader, queue on Postgres', () => {
  it.each([...everyWriteFailpoint, ...otherFailpoints])('at %s ends in the undisturbed state', (failpoint) =>
    killAndRecover(failpoint),
  );
});
