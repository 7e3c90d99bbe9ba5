import { slicesOf } from '@octopipe/shared/core/slices';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { entityTable } from '../destination/entity-table.js';
import { createCalls } from '../write/plan-calls.js';

export interface TokenPlan {
  planned: number;
  floor: number;
  /** Tokens by operation. */
  by_operation: Record<string, number>;
}

/** What is to be written of an entity. `byParent`: of records under others, for each parent in the order of the lists. */
export interface EntityWork {
  creates: number;
  updates: number;
  total: number;
  byParent?: ReadonlyArray<{ creates: number; total: number }>;
}

/**
 * What a run will cost, from counts alone. Floor: the create price of every record that is not there yet (or the patch
 * price of what changed), the list pages that read each once, and provisioning. Planned adds the probe and the count of
 * standing deals, which are ours to save.
 */
export function planTokens(
  work: Record<Entity, EntityWork>,
  provisioning: Partial<Record<OperationName, number>>,
  overhead: Partial<Record<OperationName, number>>,
): TokenPlan {
  const floorCalls = new Map<OperationName, number>();
  const add = (calls: Map<OperationName, number>, operation: OperationName, count: number) => {
    if (count > 0) calls.set(operation, (calls.get(operation) ?? 0) + count);
  };
  for (const entity of entities) {
    const rules = entityTable[entity];
    const { byParent } = work[entity];
    for (const { creates } of byParent ?? [work[entity]]) {
      const calls = createCalls(rules, creates);
      if (rules.bulk) add(floorCalls, rules.bulk.create, calls.bulk);
      add(floorCalls, rules.create, calls.single);
    }
    add(floorCalls, rules.update, work[entity].updates);
    for (const listed of slicesOf(byParent ?? [work[entity]], rules.under?.parentsAtOnce ?? 1))
      add(floorCalls, rules.list, Math.ceil(sumOf(listed) / rules.pageSize));
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

function sumOf(listed: ReadonlyArray<{ total: number }>): number {
  return listed.reduce((sum, { total }) => sum + total, 0);
}

function priceOf(calls: ReadonlyMap<OperationName, number>): number {
  return [...calls].reduce((sum, [operation, count]) => sum + count * tokenCost(operation), 0);
}
