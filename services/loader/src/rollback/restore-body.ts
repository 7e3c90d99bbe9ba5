import type { FieldType } from '@octopipe/shared/domain/mapping/content';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { factsOf, type PropertyFact } from '@octopipe/shared/pipedrive/facts/index';
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
 * what we wrote. An image holds the meaning of a value, not its JSON type: that is the one that the API names, of a custom
 * field the one of its kind. What stands there now does not tell it: our last write may have emptied the field.
 */
export function restoreBody(
  entity: Entity,
  before: Image,
  record: RemoteRecord,
  fields: ReadonlyArray<string>,
  /** The kind of a custom field, by its code. */
  kinds: ReadonlyMap<string, FieldType>,
): Restoring {
  const facts = new Map(factsOf(entityTable[entity].update).body.map((fact) => [fact.name, fact]));
  const custom: Record<string, unknown> = {};
  const body: Record<string, unknown> = {};
  const stuck: string[] = [];
  const standing = (record.custom_fields ?? {}) as Record<string, unknown>;
  for (const name of fields) {
    const code = name.startsWith('custom_fields.') ? name.slice('custom_fields.'.length) : undefined;
    if (code !== undefined) {
      const kind = kinds.get(code);
      const shape = kind && customShapes[kind];
      custom[code] = name in before ? typed(before[name], shape, standing[code]) : null;
      continue;
    }
    const fact = facts.get(name);
    if (!fact) stuck.push(name);
    else if (name in before) body[name] = typed(before[name], fact, record[name]);
    else body[name] = fact.type === 'array' ? [] : fact.type === 'boolean' ? false : null;
  }
  if (Object.keys(custom).length > 0) body.custom_fields = custom;
  return { body, stuck };
}

type Shape = Pick<PropertyFact, 'type' | 'items' | 'properties'>;

const text: Shape = { type: 'string' };

/** How v2 takes the values of custom fields (pipedrive-api.md 5.3). */
const customShapes: Record<FieldType, Shape> = {
  varchar: text,
  text,
  phone: text,
  date: text,
  double: { type: 'number' },
  monetary: { type: 'object', properties: [{ name: 'value', type: 'number', required: true }] },
  enum: { type: 'integer' },
  set: { type: 'array', items: { type: 'integer' } },
  address: { type: 'object', properties: [{ name: 'value', type: 'string', required: true }] },
  time: { type: 'object', properties: [{ name: 'value', type: 'string', required: true }] },
};

/** Gives a canonical value its JSON type; where none is named, that of an example. */
function typed(value: unknown, shape: Shape | undefined, example: unknown): unknown {
  if (Array.isArray(value)) {
    const [first] = Array.isArray(example) ? example : [];
    return value.map((item) => typed(item, shape?.items, first));
  }
  if (typeof value === 'object' && value !== null) {
    const like = typeof example === 'object' && example !== null ? (example as Record<string, unknown>) : {};
    const shapeOf = (part: string) => shape?.properties?.find(({ name }) => name === part);
    return Object.fromEntries(
      Object.entries(value).map(([part, member]) => [part, typed(member, shapeOf(part), like[part])]),
    );
  }
  const isNumber = shape ? shape.type === 'number' || shape.type === 'integer' : typeof example === 'number';
  return typeof value === 'string' && isNumber && value !== '' && !Number.isNaN(Number(value))
    ? Number(value)
    : value;
}
