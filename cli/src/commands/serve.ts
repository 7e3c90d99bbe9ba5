import type { Ending } from '../exit-codes.js';
import { type CommonOptions, type Surroundings, withStack } from './session.js';

/** The stack alone: for the API and the console, and to confirm a mapping that `migrate` stopped at. */
export function runServe(options: CommonOptions, around: Surroundings): Promise<Ending> {
  return withStack({ ...options, withSimulator: false }, around, async () => 'ok');
}
