import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { entityTable } from '../destination/entity-table.js';

export interface TokenPlan {
  planned: number;
  floor: number;
  /** Tokens by operation. */
  by_operation: Record<string, number>;
}

/**
 * What a run will cost, from counts alone. Floor: the create price of every record that is not there yet (or the patch
 * price of what changed), the list pages that read each once, and provisioning. Planned adds the probe and the count of
 * standing deals, which are ours to save.
 */
export function planTokens(
  work: Record<Entity, { creates: number; updates: number; total: number }>,
  provisioning: Partial<Record<OperationName, number>>,
  overhead: Partial<Record<OperationName, number>>,
): TokenPlan {
  const floorCalls = new Map<OperationName, number>();
  const add = (calls: Map<OperationName, number>, operation: OperationName, count: number) => {
    if (count > 0) calls.set(operation, (calls.get(operation) ?? 0) + count);
  };
  for (const entity of entities) {
    const rules = entityTable[entity];
    add(floorCalls, rules.create, work[entity].creates);
    add(floorCalls, rules.update, work[entity].updates);
    add(floorCalls, rules.list, Math.ceil(work[entity].total / rules.pageSize));
  }
  for (const [operation, count] of Object.entries(provisioning))
    add(floorCalls, operation as OperationName, count);
  const allCalls = new Map(floorCalls);
  for (const [operation, count] of Object.entries(overhead)) add(allCalls, operation as OperationName, count);
  return {
    planned: priceOf(allCalls),
    floor: priceOf(floorCalls),
    by_operation: Object.fromEntries(
      [...allCalls]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([operation, calls]) => [operation, calls * tokenCost(operation)]),
    ),
  };
}

function priceOf(calls: ReadonlyMap<OperationName, number>): number {
  return [...calls].reduce((sum, [operation, count]) => sum + count * tokenCost(operation), 0);
}
