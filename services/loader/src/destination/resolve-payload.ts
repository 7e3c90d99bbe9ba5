import { RecordRejected } from '@octopipe/shared/core/errors';
import type { FieldType } from '@octopipe/shared/domain/mapping/content';
import type {
  FileSymbol,
  Payload,
  PayloadValue,
  TextFileSymbol,
} from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { Decimal } from 'decimal.js';
import { entityTable } from './entity-table.js';
import { flatValue } from './flat-fields.js';
import { withKind } from './kind-in-subject.js';

/** What the account knows and the mapping does not: ids, keys and options, loaded once per batch. */
export interface AccountSymbols {
  /** Target key → Pipedrive id, for the references of these records. */
  targetIds: ReadonlyMap<string, string>;
  /** Worker key → user id, only for those matched. */
  users: ReadonlyMap<string, number>;
  defaultUserId: number;
  /** entity + field name → its key and type. */
  fields: ReadonlyMap<string, { code: string; type: FieldType; options: ReadonlyMap<string, number> }>;
  stages: ReadonlyMap<string, number>;
  activityTypes: ReadonlyMap<string, string>;
  /** The kinds of activity that have no type of their own: they stand in front of the subject. */
  sharedTypes: ReadonlySet<string>;
  /** entity + label → its id: an option of the label field, or the uuid of a label of leads. */
  labels: ReadonlyMap<string, number | string>;
  probe: { dealAddTime: 'honoured' | 'dropped' | 'rejected'; wonTime: 'rfc3339' | 'sql' };
}

export const fieldKey = (entity: string, name: string) => `${entity}|${name}`;
export const stageKey = (pipeline: string, stage: string) => `${pipeline}|${stage}`;

/** The body as Pipedrive takes it. `file` is what an upload carries: a packaged file, read by the sender, or a text of ours. */
export interface ResolvedBody {
  json: Record<string, unknown>;
  file: UploadedFile | undefined;
}

export type UploadedFile = FileSymbol['$file'] | TextFileSymbol['$textFile'];

/**
 * Turns a symbolic payload into the body of a create or an update. Throws RecordRejected when a reference leads to a
 * record that was not written: its children cannot be either. `whole` is the record of which an update carries a part.
 */
export function resolvePayload(
  entity: Entity,
  payload: Payload,
  symbols: AccountSymbols,
  whole: Payload = payload,
): ResolvedBody {
  const json: Record<string, unknown> = {};
  let file: ResolvedBody['file'];
  for (const [name, value] of Object.entries(payload)) {
    if (name === 'custom_fields') {
      const fields = customFields(entity, value as Payload, symbols);
      if (entityTable[entity].fieldsOnRoot) Object.assign(json, fields);
      // An empty object is reported to clear every value of the record.
      else if (Object.keys(fields).length > 0) json.custom_fields = fields;
    } else if (isSymbol(value, '$file')) {
      file = value.$file as FileSymbol['$file'];
    } else if (isSymbol(value, '$textFile')) {
      file = value.$textFile as TextFileSymbol['$textFile'];
    } else {
      const resolved = resolveRoot(entity, name, value, symbols);
      if (resolved !== undefined) json[name] = resolved;
    }
  }
  if (entity === 'activity' && ('subject' in payload || 'type' in payload))
    Object.assign(json, kindInSubject(whole, symbols));
  return { json, file };
}

/** Kind and subject go together where the kind has no type of its own; nothing elsewhere. */
function kindInSubject({ type = null, subject }: Payload, symbols: AccountSymbols): { subject?: string } {
  if (symbols.sharedTypes.size === 0 || typeof subject !== 'string') return {};
  const kind = isSymbol(type, '$activityType') ? String(type.$activityType) : '';
  return { subject: symbols.sharedTypes.has(kind) ? withKind(kind, subject) : subject };
}

/** Root fields that Pipedrive types as numbers; the payload carries decimals as strings. */
const numberFields: Partial<Record<Entity, ReadonlySet<string>>> = {
  deal: new Set(['value', 'probability']),
  product: new Set(['tax']),
  line: new Set(['item_price', 'quantity', 'tax', 'discount']),
};

function resolveRoot(entity: Entity, name: string, value: PayloadValue, symbols: AccountSymbols): unknown {
  if (entity === 'deal' && name === 'add_time' && symbols.probe.dealAddTime !== 'honoured') return undefined;
  // Labels are taken away by an empty list; null is not documented for them.
  if (name === 'label_ids') return value === null ? [] : labelIds(entity, value, symbols);
  if (value === null) return null;
  if (
    entity === 'deal' &&
    (name === 'won_time' || name === 'lost_time' || name === 'close_time') &&
    symbols.probe.wonTime === 'sql'
  )
    return sqlTime(String(value));
  if (entity === 'note' && name === 'add_time') return sqlTime(String(value));
  if (entity === 'product' && name === 'prices' && Array.isArray(value)) return value.map(toPrice);
  if (entity === 'lead' && name === 'value') return toAmount(value);
  if (numberFields[entity]?.has(name) && typeof value === 'string') return toNumber(value);
  return resolve(value, symbols);
}

function resolve(value: PayloadValue, symbols: AccountSymbols): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, symbols));
  if (value === null || typeof value !== 'object') return value;
  if (isSymbol(value, '$ref')) return toId(targetIdOf(String(value.$ref), symbols));
  if (isSymbol(value, '$owner')) return ownerOf(value.$owner as string[], symbols);
  if (isSymbol(value, '$stage')) {
    const { pipeline, stage } = value.$stage as { pipeline: string; stage: string };
    return known(symbols.stages.get(stageKey(pipeline, stage)), `stage ${stage}`);
  }
  if (isSymbol(value, '$activityType'))
    return known(
      symbols.activityTypes.get(String(value.$activityType)),
      `activity type ${String(value.$activityType)}`,
    );
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolve(member, symbols)]));
}

function labelIds(entity: Entity, value: PayloadValue, symbols: AccountSymbols): Array<number | string> {
  const names = isSymbol(value, '$labels') ? (value.$labels as string[]) : [];
  return names.map((name) => known(symbols.labels.get(fieldKey(entity, name)), `a label of ${entity}`));
}

function customFields(entity: Entity, values: Payload, symbols: AccountSymbols): Record<string, unknown> {
  const { fieldsOf, fieldsOnRoot } = entityTable[entity];
  const home = fieldsOf ?? entity;
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = known(symbols.fields.get(fieldKey(home, name)), `field ${name} of ${home}`);
    const member = customValue(field, name, value);
    if (fieldsOnRoot) Object.assign(body, flatValue(field, member));
    else body[field.code] = member;
  }
  return body;
}

function customValue(
  field: { type: FieldType; options: ReadonlyMap<string, number> },
  name: string,
  value: PayloadValue,
): unknown {
  if (value === null) return null;
  switch (field.type) {
    case 'double':
      return toNumber(String(value));
    case 'monetary': {
      const money = value as { value: string; currency: string };
      return { value: toNumber(String(money.value)), currency: money.currency };
    }
    case 'enum':
      return optionId(field, name, isSymbol(value, '$option') ? String(value.$option) : String(value));
    case 'set': {
      const labels = isSymbol(value, '$options') ? (value.$options as string[]) : [];
      // An empty list is refused; null is how a set is emptied.
      return labels.length > 0 ? labels.map((label) => optionId(field, name, label)) : null;
    }
    default:
      return value;
  }
}

function optionId(field: { options: ReadonlyMap<string, number> }, name: string, label: string): number {
  return known(field.options.get(label), `an option of field ${name}`);
}

/** A symbol that provisioning should have made: its absence is a bug of ours, not of the data. */
function known<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`the account has no ${what}; provisioning must run first`);
  return found;
}

function targetIdOf(key: string, symbols: AccountSymbols): string {
  const id = symbols.targetIds.get(key);
  if (id === undefined)
    throw new RecordRejected('parent_not_written', `it belongs to ${key}, which was not written`);
  return id;
}

/**
 * The same account, where an owner is whom a record was sent with. Only this says whether what stands there is what we
 * wrote: workers are bound to users, and the default owner changes, after records were written.
 */
export function ownedAsSent(symbols: AccountSymbols, ownerId: string | null): AccountSymbols {
  return ownerId === null ? symbols : { ...symbols, users: new Map(), defaultUserId: Number(ownerId) };
}

/** The user that a body names as the owner. */
export function ownerIn(json: unknown): string | null {
  const { owner_id } = (json ?? {}) as { owner_id?: unknown };
  return typeof owner_id === 'number' ? String(owner_id) : null;
}

function ownerOf(candidates: string[], symbols: AccountSymbols): number {
  for (const key of candidates) {
    const user = symbols.users.get(key);
    if (user !== undefined) return user;
  }
  return symbols.defaultUserId;
}

export const toId = (id: string): number | string => (/^\d+$/.test(id) ? Number(id) : id);

/** The one place where a decimal becomes a JSON number; refuses what a double cannot carry to the cent. */
function toNumber(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || !new Decimal(number).equals(new Decimal(text))) {
    throw new RecordRejected('number_out_of_range', 'an amount has more digits than Pipedrive can hold');
  }
  return number;
}

function toPrice(price: PayloadValue): unknown {
  const { currency, price: amount, cost } = price as { currency: string; price: string; cost?: string };
  return {
    currency,
    price: toNumber(String(amount)),
    ...(cost === undefined ? {} : { cost: toNumber(String(cost)) }),
  };
}

function toAmount(value: PayloadValue): unknown {
  const { amount, currency } = value as { amount: string; currency: string };
  return { amount: toNumber(amount), currency };
}

/** `2024-05-01T10:00:00Z` → `2024-05-01 10:00:00`, as v1 writes its UTC times. */
function sqlTime(rfc3339: string): string {
  return new Date(rfc3339).toISOString().slice(0, 19).replace('T', ' ');
}

function isSymbol<K extends string>(value: PayloadValue, key: K): value is { [P in K]: PayloadValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && key in value;
}
