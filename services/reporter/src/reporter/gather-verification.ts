import type { Tx } from '@octopipe/shared/db/index';
import {
  type DifferenceCount,
  differenceCounts,
  loadTokens,
  type Run,
  type Verification,
  verificationOf,
} from '@octopipe/shared/run/read-run';
import { gatherRunFacts, type RunFacts } from './gather-run-facts.js';

/** Everything the documents of a verify run say, except the list of differences. */
export interface VerificationFacts extends RunFacts {
  verification: Verification[];
  differences: DifferenceCount[];
  totals: { records: number; fields: number; differences: number };
  /** Tokens spent on this look, as a share of what the loads have spent; null when they have spent none. */
  costShare: number | null;
}

export async function gatherVerification(tx: Tx, tenantId: string, run: Run): Promise<VerificationFacts> {
  const facts = await gatherRunFacts(tx, tenantId, run);
  const verification = await verificationOf(tx, tenantId, run.id);
  const loaded = await loadTokens(tx, tenantId, run);
  const sum = (term: 'records' | 'fields' | 'differences') =>
    verification.reduce((total, row) => total + row[term], 0);
  return {
    ...facts,
    verification,
    differences: await differenceCounts(tx, tenantId, run.id),
    totals: { records: sum('records'), fields: sum('fields'), differences: sum('differences') },
    costShare: loaded === 0 ? null : facts.tokens.spent / loaded,
  };
}
