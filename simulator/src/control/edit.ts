import { z } from 'zod';
import type { Account } from '../account/account.js';
import { entities, type SimRecord } from '../account/entities.js';
import { isObject, type JsonObject, objectOf } from '../json.js';

const Edit = z.strictObject({
  entity: z.enum(entities),
  /** A uuid for leads and their labels. */
  id: z.union([z.int(), z.uuid()]),
  set: z.record(z.string(), z.json()).optional(),
  delete: z.boolean().optional(),
});

export const Edits = z.strictObject({ changes: z.array(Edit) });

/** What a person does in the web interface: costs no tokens, is checked by nobody here and has no ledger line. */
export function editRecords(account: Account, changes: z.infer<typeof Edits>['changes']): number {
  for (const change of changes) {
    const record = account.find(change.entity, change.id);
    if (!record) throw new Error(`${change.entity} ${change.id} does not exist`);
    apply(account, record, (change.set ?? {}) as JsonObject, change.delete === true);
  }
  return changes.length;
}

function apply(account: Account, record: SimRecord, set: JsonObject, remove: boolean): void {
  const now = account.now();
  const custom = isObject(set.custom_fields)
    ? { custom_fields: { ...objectOf(record.custom_fields), ...set.custom_fields } }
    : {};
  Object.assign(record, set, custom, { update_time: now });
  if (remove) Object.assign(record, { is_deleted: true, deleted_at: now });
}
