import type { Entity } from '@octopipe/shared/domain/run/states';
import type { WriteOutcome } from '../destination/account.js';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import { refusedTogether, type SentWrite } from './plan-writes.js';

/** What became of one record, whatever else its request carried. */
export type Fate =
  | { kind: 'written'; targetId: string; answer: unknown }
  | { kind: 'refused'; status: number; code: string; message: string }
  | { kind: 'not_written' | 'unknown'; reason: string };

/**
 * An answer to several records at once names those it wrote, and each of them carries our marker; whether the others
 * were written is not documented. A no to several at once may be meant for one of them.
 */
export function fateOf(
  entity: Entity,
  request: { isBulk: boolean },
  { write }: { write: SentWrite },
  outcome: WriteOutcome,
): Fate {
  if (request.isBulk && outcome.kind === 'refused') return { kind: 'not_written', reason: refusedTogether };
  if (outcome.kind !== 'ok') return outcome;
  if (write.kind === 'update') return { kind: 'written', targetId: write.targetId, answer: outcome.data };
  const answer = request.isBulk ? findMarked(entity, outcome.data, write.record.targetKey) : outcome.data;
  const targetId = idOf(answer);
  return targetId === undefined
    ? { kind: 'unknown', reason: 'answer_without_id' }
    : { kind: 'written', targetId, answer };
}

function findMarked(entity: Entity, data: unknown, targetKey: string): RemoteRecord | undefined {
  const { markerOf } = entityTable[entity];
  const records = Array.isArray(data) ? (data as RemoteRecord[]) : [];
  return records.find((record) => markerOf(record, undefined) === targetKey);
}

function idOf(data: unknown): string | undefined {
  const id = typeof data === 'object' && data !== null && 'id' in data ? data.id : undefined;
  return typeof id === 'number' || typeof id === 'string' ? String(id) : undefined;
}
