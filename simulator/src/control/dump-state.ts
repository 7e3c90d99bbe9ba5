import type { Account } from '../account/account.js';
import { type Entity, entities, type SimRecord, withApiId } from '../account/entities.js';
import type { JsonObject } from '../json.js';

/** Everything in the account, deleted records too. Times are RFC 3339 here, also those of v1 resources. */
export function dumpState(
  account: Account,
  wanted?: readonly string[],
): Partial<Record<Entity, JsonObject[]>> {
  const shown = entities.filter((entity) => !wanted || wanted.includes(entity));
  return Object.fromEntries(
    shown.map((entity) => [entity, [...account.table(entity).values()].map(withoutPath)]),
  );
}

/** Where the bytes of a file lie is nobody's business; their hash is. */
function withoutPath(record: SimRecord): JsonObject {
  const { stored_at, ...shown } = withApiId(record);
  return shown;
}
