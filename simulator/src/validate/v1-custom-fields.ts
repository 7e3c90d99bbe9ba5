import type { Account } from '../account/account.js';
import { DEFAULT_CURRENCY } from '../account/currencies.js';
import type { FieldEntity, SimRecord } from '../account/entities.js';
import { notAllowed } from '../api/answers.js';
import { type Draft, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { addressParts, checkCustomFields, customFieldsOf } from './custom-fields.js';
import { toNumber } from './v1-body.js';

const flatName = /^([0-9a-f]{40})(?:_(\w+))?$/;

/**
 * v1 writes custom values flat on the root, parts behind a suffix: `hash`, `hash_currency`. They are checked as the v2
 * value they stand for and kept flat; `before` holds what the record has. Throws the refusals of v2.
 */
export function checkV1CustomFields(
  account: Account,
  fieldEntity: FieldEntity,
  body: JsonObject,
  before: JsonObject,
): JsonObject {
  const byCode = new Map(
    customFieldsOf(account, fieldEntity).map((field) => [String(field.field_code), field]),
  );
  const stored: Draft = { ...before };
  const touched = new Map<string, SimRecord>();
  for (const [name, value] of Object.entries(body)) {
    const [, code, suffix] = flatName.exec(name) ?? [];
    if (code === undefined) continue;
    const field = byCode.get(code);
    if (!field || (suffix !== undefined && !suffixesOf(field).includes(suffix))) throw notAllowed(name);
    touched.set(code, field);
    stored[name] = value === '' ? null : value;
  }
  for (const [code, field] of touched) {
    const names = [code, ...suffixesOf(field).map((suffix) => `${code}_${suffix}`)];
    const given: Draft = Object.fromEntries(names.map((name) => [name, stored[name] ?? null]));
    for (const name of names) delete stored[name];
    if (given[code] === null) continue;
    const checked = checkCustomFields(account, fieldEntity, { [code]: toV2(field, code, given) });
    Object.assign(stored, toV1(field, code, checked[code] ?? null, given));
  }
  return stored;
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  monetary: ['currency'],
  daterange: ['until'],
  time: ['timezone_id'],
  timerange: ['until', 'timezone_id'],
  address: addressParts.filter((part) => part !== 'value'),
};

function suffixesOf(field: SimRecord): readonly string[] {
  return suffixes[String(field.field_type)] ?? [];
}

/** Types whose v1 value is a number that may come in quotes. */
const numeric = new Set(['double', 'enum', 'user', 'org', 'people']);

function toV2(field: SimRecord, code: string, given: Draft): Json {
  const type = String(field.field_type);
  const value = given[code] ?? null;
  const part = (suffix: string): Json => given[`${code}_${suffix}`] ?? null;
  if (numeric.has(type)) return toNumber(value) ?? value;
  switch (type) {
    case 'set':
      return typeof value === 'string' || typeof value === 'number'
        ? String(value).split(',').map(Number)
        : value;
    case 'monetary':
      return { value: toNumber(value) ?? value, currency: part('currency') ?? DEFAULT_CURRENCY };
    case 'daterange':
    case 'timerange':
      return { value, until: part('until') };
    case 'time':
      return { value };
    case 'address':
      return Object.fromEntries(addressParts.map((name) => [name, name === 'value' ? value : part(name)]));
    default:
      return value;
  }
}

function toV1(field: SimRecord, code: string, checked: Json, given: Draft): JsonObject {
  if (field.field_type === 'set') return { [code]: listOf(checked).join(',') };
  if (suffixesOf(field).length === 0) return { [code]: checked };
  const parts = objectOf(checked);
  return Object.fromEntries([
    [code, parts.value ?? null],
    ...suffixesOf(field).map((suffix) => {
      const name = `${code}_${suffix}`;
      // Zones have numbers in v1 that v2 does not know: kept as sent.
      return [name, (suffix === 'timezone_id' ? given[name] : parts[suffix]) ?? null];
    }),
  ]);
}
