import type { Entity } from '@octopipe/shared/domain/run/states';
import {
  type Calls,
  type EntityWork,
  priceOf,
  recordCalls,
  sumOfCalls,
  type TokenPhase,
  tokensOf,
} from '@octopipe/shared/pipedrive/planned-calls';

export interface TokenPlan {
  planned: number;
  floor: number;
  /** Tokens by operation, in all and for each part of the run. */
  by_operation: Record<string, number>;
  by_phase: Record<TokenPhase, Record<string, number>>;
}

/**
 * What a run will cost, from counts alone. Floor: the create price of every record that is not there yet (or the patch
 * price of what changed), the list pages that read each once (past the deals and leads that stand there besides), and
 * provisioning. Planned adds the probe, the count of standing deals and the first page of each
 * list that is looked through for matches, which are ours to save.
 */
export function planTokens(
  work: Record<Entity, EntityWork>,
  provisioning: Calls,
  overhead: Calls,
): TokenPlan {
  const { load, verify } = recordCalls(work);
  const provision = sumOfCalls(provisioning, overhead);
  const all = sumOfCalls(provision, load, verify);
  return {
    planned: priceOf(all),
    floor: priceOf(sumOfCalls(provisioning, load, verify)),
    by_operation: tokensOf(all),
    by_phase: { provision: tokensOf(provision), load: tokensOf(load), verify: tokensOf(verify) },
  };
}
