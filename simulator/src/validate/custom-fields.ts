import type { Account } from '../account/account.js';
import { currencyCodes } from '../account/currencies.js';
import type { Entity, FieldEntity, SimRecord } from '../account/entities.js';
import { invalid, notAllowed } from '../api/answers.js';
import { type Draft, isArray, isObject, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { isDate, isTimeOfDay, isTimeZone } from './formats.js';

/** Checks each value against its field's type and answers them as they are stored. */
export function checkCustomFields(account: Account, fieldEntity: FieldEntity, given: JsonObject): JsonObject {
  const byCode = new Map(
    customFieldsOf(account, fieldEntity).map((field) => [String(field.field_code), field]),
  );
  const checked: Draft = {};
  for (const [code, value] of Object.entries(given)) {
    const field = byCode.get(code);
    if (!field) throw notAllowed(code);
    checked[code] = value === null || value === undefined ? null : checkValue(account, field, value);
  }
  return checked;
}

export function customFieldsOf(account: Account, fieldEntity: FieldEntity): SimRecord[] {
  return [...account.all(fieldEntity)].filter((field) => field.is_custom_field === true);
}

type Check = (value: Json, field: SimRecord, account: Account) => Json;

const text =
  (longest: number): Check =>
  (value, field) => {
    if (typeof value !== 'string') throw wrong(field, 'Expected a string as value');
    if (value.length > longest) throw wrong(field, `Must be at most ${longest} characters long`);
    return value;
  };

const idOf =
  (entity: Entity): Check =>
  (value, field, account) => {
    if (!Number.isInteger(value))
      throw wrong(field, `Expected 'number' as value for ${field.field_type} custom field`);
    if (!account.live(entity, value)) throw wrong(field, `No such ${entity}`);
    return value;
  };

const date: Check = (value, field) => {
  if (typeof value !== 'string' || !isDate(value))
    throw wrong(field, "Expected a date in format 'YYYY-MM-DD'");
  return value;
};

const checks: Readonly<Record<string, Check>> = {
  varchar: text(255),
  varchar_auto: text(255),
  phone: text(255),
  text: text(65_000),
  double: (value, field) => {
    if (typeof value !== 'number')
      throw wrong(field, "Expected 'number' as value for numerical custom field");
    return value;
  },
  monetary: (value, field) => {
    const given = parts(value, field, ['value', 'currency']);
    if (typeof given.value !== 'number') throw wrong(field, "Expected 'number' in 'value'");
    if (typeof given.currency !== 'string' || !currencyCodes.has(given.currency)) {
      throw wrong(field, "Expected a known currency code in 'currency'");
    }
    return { value: given.value, currency: given.currency };
  },
  enum: (value, field) => {
    if (typeof value !== 'number')
      throw wrong(field, "Expected 'number' as value for single option custom field");
    return knownOption(value, field);
  },
  set: (value, field) => {
    if (!isArray(value) || value.length === 0) {
      throw wrong(field, 'Expected a non-empty array as value for multiple options custom field');
    }
    return [...new Set(value.map((id) => knownOption(id, field)))];
  },
  user: idOf('users'),
  org: idOf('organizations'),
  people: idOf('persons'),
  date,
  daterange: (value, field, account) => {
    const given = parts(value, field, ['value', 'until']);
    return {
      value: date(given.value ?? null, field, account),
      until: date(given.until ?? null, field, account),
    };
  },
  time: (value, field, account) => {
    const given = parts(value, field, ['value', 'timezone_name']);
    return { value: timeOfDay(given.value, field), timezone_name: zone(given.timezone_name, field, account) };
  },
  timerange: (value, field, account) => {
    const given = parts(value, field, ['value', 'until', 'timezone_name']);
    return {
      value: timeOfDay(given.value, field),
      until: timeOfDay(given.until, field),
      timezone_name: zone(given.timezone_name, field, account),
    };
  },
  address: (value, field) => {
    const given = parts(value, field, addressParts);
    if (typeof given.value !== 'string') throw wrong(field, "Expected a string in 'value'");
    return Object.fromEntries(addressParts.map((part) => [part, given[part] ?? null]));
  },
};

export const addressParts = [
  'value',
  'country',
  'admin_area_level_1',
  'admin_area_level_2',
  'locality',
  'sublocality',
  'route',
  'street_number',
  'subpremise',
  'postal_code',
  'formatted_address',
];

function checkValue(account: Account, field: SimRecord, value: Json): Json {
  const check = checks[String(field.field_type)];
  if (!check) throw new Error(`no check for custom field type ${field.field_type}`);
  return check(value, field, account);
}

/** Validation errors of custom values name the field's code. */
function wrong(field: SimRecord, problem: string) {
  return invalid(`custom_fields: ${field.field_code}`, problem);
}

function parts(value: Json, field: SimRecord, known: readonly string[]): JsonObject {
  if (!isObject(value))
    throw wrong(field, `Expected an object as value for ${field.field_type} custom field`);
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw wrong(field, `Parameter '${name}' is not allowed`);
  }
  return value;
}

function knownOption(id: Json, field: SimRecord): Json {
  if (!listOf(field.options).some((option) => objectOf(option).id === id)) {
    throw wrong(field, 'No such option');
  }
  return id;
}

function timeOfDay(value: Json | undefined, field: SimRecord): string {
  if (typeof value !== 'string' || !isTimeOfDay(value))
    throw wrong(field, "Expected a time in format 'HH:MM:SS'");
  return value;
}

function zone(value: Json | undefined, field: SimRecord, account: Account): Json {
  if (value === undefined || value === null) return account.caller().timezone_name ?? 'UTC';
  if (typeof value !== 'string' || !isTimeZone(value)) throw wrong(field, 'Unknown timezone_name');
  return value;
}
