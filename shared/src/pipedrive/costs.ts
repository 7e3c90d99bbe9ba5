import { type OperationName, operations } from './facts/operations.js';

/**
 * Tokens that one request takes from the company's daily budget, whatever its page size or body.
 * Source: the published API description, documented x-token-cost, 2026-08-18; the wording of the rate limiting page is
 * "get one 2 / 1, list 20 / 10, create or update one 10 / 5, delete one 6 / 3" for v1 / v2.
 * Doubt: whether failed requests are charged is unknown; we assume they are.
 * Kinds are our reading of that table; costs.test.ts holds every operation against the price published for it.
 */
const kinds = {
  v1: { get: 2, list: 20, write: 10, delete: 6 },
  v2: { get: 1, list: 10, write: 5, delete: 3 },
} as const;

/** Operations whose price their kind does not tell. */
const exceptions: Partial<Record<OperationName, number>> = {
  getPipelines: 5,
  getStages: 5,
  getArchivedDeals: 20,
  getArchivedLeads: 40,
  getLeadLabels: 10,
  getLeadSources: 2,
  getDealParticipants: 10,
  // Up to 100 lines each, so that bulk pays from 6 lines on.
  createDealProducts: 25,
  deleteDealProducts: 15,
  // A download moves a whole file and is charged like a list.
  downloadFile: 20,
};

export function tokenCost(operation: OperationName): number {
  return exceptions[operation] ?? kinds[operations[operation][0]][kindOf(operation)];
}

function kindOf(operation: OperationName): 'get' | 'list' | 'write' | 'delete' {
  const [, method, path] = operations[operation];
  if (method === 'DELETE') return 'delete';
  if (method !== 'GET') return 'write';
  return path.endsWith('}') || path.endsWith('/me') ? 'get' : 'list';
}

/** True of a call that changes something in the account. */
export function isWrite(operation: OperationName): boolean {
  return operations[operation][1] !== 'GET';
}
