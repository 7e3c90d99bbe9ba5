import type { Entity } from '@octopipe/shared/domain/run/states';
import { factsOf } from '@octopipe/shared/pipedrive/facts/index';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import type { Image } from '../verify/image.js';

export interface Restoring {
  /** What to send; empty when nothing can be put back that differs. */
  body: Record<string, unknown>;
  /** Fields that differ and that an update does not take. */
  stuck: string[];
}

/**
 * The body that puts a record back to what it said before our first write: field by field, only those that still say
 * what we wrote. An image holds the meaning of a value, not its JSON type; the type is the one that
 * the account uses for what stands there now, or the one that the API names.
 */
export function restoreBody(
  entity: Entity,
  before: Image,
  record: RemoteRecord,
  fields: ReadonlyArray<string>,
): Restoring {
  const facts = new Map(factsOf(entityTable[entity].update).body.map((fact) => [fact.name, fact]));
  const custom: Record<string, unknown> = {};
  const body: Record<string, unknown> = {};
  const stuck: string[] = [];
  const standing = (record.custom_fields ?? {}) as Record<string, unknown>;
  for (const name of fields) {
    const code = name.startsWith('custom_fields.') ? name.slice('custom_fields.'.length) : undefined;
    if (code !== undefined) {
      custom[code] = name in before ? typedLike(before[name], standing[code]) : null;
      continue;
    }
    const fact = facts.get(name);
    if (!fact) stuck.push(name);
    else if (name in before) body[name] = typedLike(before[name], record[name], fact.type);
    else body[name] = fact.type === 'array' ? [] : fact.type === 'boolean' ? false : null;
  }
  if (Object.keys(custom).length > 0) body.custom_fields = custom;
  return { body, stuck };
}

/** Gives a canonical value the JSON type of an example; without one, the named type. */
function typedLike(value: unknown, example: unknown, type?: string): unknown {
  if (Array.isArray(value)) {
    const examples = Array.isArray(example) ? example : [];
    return value.map((item) => typedLike(item, examples[0] ?? (type === 'array' ? 0 : undefined)));
  }
  if (typeof value === 'object' && value !== null) {
    const shape = typeof example === 'object' && example !== null ? (example as Record<string, unknown>) : {};
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, typedLike(member, shape[key])]),
    );
  }
  const isNumber = typeof example === 'number' || type === 'number' || type === 'integer';
  return typeof value === 'string' && isNumber && value !== '' && !Number.isNaN(Number(value))
    ? Number(value)
    : value;
}
