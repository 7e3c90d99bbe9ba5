import { slicesOf } from '@octopipe/shared/core/slices';
import type { Entity } from '@octopipe/shared/domain/run/states';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { type EntityRules, entityTable } from '../destination/entity-table.js';
import type { SentWrite } from './plan-writes.js';

/**
 * Which writes leave as one call, and which calls may be in flight together. One write is one call; several new records
 * of one parent are one call where that is cheaper. Two calls under one parent never run side by side: its records keep
 * their order, and what one of them changes for all (the tax method of a deal) is changed by one at a time.
 */
export function planCalls(
  entity: Entity,
  writes: ReadonlyArray<SentWrite>,
  inFlight: number,
): SentWrite[][][] {
  const rules = entityTable[entity];
  const families = familiesOf(rules, writes).map((family) => callsOf(rules, family));
  const turns = Math.max(0, ...families.map((calls) => calls.length));
  return Array.from({ length: turns }, (_, turn) =>
    families.flatMap((calls) => calls.slice(turn, turn + 1)),
  ).flatMap((calls) => slicesOf(calls, inFlight));
}

/** The operation of one call of these writes. */
export function operationOf(entity: Entity, call: ReadonlyArray<SentWrite>): OperationName {
  const rules = entityTable[entity];
  if (call[0]?.kind === 'update') return rules.update;
  return call.length > 1 && rules.bulk ? rules.bulk.create : rules.create;
}

/** The writes of each parent; a record that stands by itself is a family of one. */
function familiesOf(rules: EntityRules, writes: ReadonlyArray<SentWrite>): SentWrite[][] {
  const families = new Map<string, SentWrite[]>();
  for (const write of writes) {
    const key = rules.under
      ? JSON.stringify(write.record.payload[rules.under.field])
      : write.record.targetKey;
    families.set(key, [...(families.get(key) ?? []), write]);
  }
  return [...families.values()];
}

function callsOf(rules: EntityRules, family: ReadonlyArray<SentWrite>): SentWrite[][] {
  const { bulk } = rules;
  const together = family.filter((write) => write.kind === 'create' && !write.alone);
  const alone = family.filter((write) => !together.includes(write));
  const inBulk = bulk ? slicesOf(together, bulk.most).filter((call) => call.length >= bulk.from) : [];
  return [...inBulk, ...[...together.slice(inBulk.flat().length), ...alone].map((write) => [write])];
}
