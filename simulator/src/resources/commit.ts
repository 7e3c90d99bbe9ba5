import { type Entity, type SimRecord, withApiId } from '../account/entities.js';
import type { Commit } from '../account/ledger.js';
import { type Call, jsonOf } from '../api/call.js';

/** Writes the ledger line of a change that has just been made in memory. */
export function commit(
  call: Call,
  op: Commit['op'],
  entity: Entity,
  record: SimRecord,
  id: number | string = record.uuid ?? record.id,
): void {
  const { account, operation, requestId: request_id } = call;
  const body = call.received.kind === 'multipart' ? call.received.fields : jsonOf(call);
  const at = account.now();
  account.ledger.append({ at, op, entity, id, operation, body, record: withApiId(record), request_id });
}

export function markDeleted(call: Call, record: SimRecord): void {
  const now = call.account.now();
  record.is_deleted = true;
  record.deleted_at = now;
  record.update_time = now;
}
