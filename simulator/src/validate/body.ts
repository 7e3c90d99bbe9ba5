import {
  correctionsOf,
  type FactType,
  factsOf,
  type ItemFact,
  type OperationName,
  type PropertyFact,
} from '@octopipe/shared/pipedrive/facts/index';
import { forbidden, invalid, notAllowed, Refusal } from '../api/answers.js';
import { type Draft, isArray, isObject, type Json, type JsonObject } from '../json.js';
import { hasFormat } from './formats.js';

const customFieldCode = /^[0-9a-f]{40}$/;

/**
 * v2 bodies are checked to the letter: no number in quotes, no null for a required property.
 * Unknown keys: a POST drops them silently, except a custom field code outside custom_fields; a PATCH refuses them.
 */
export function checkV2Body(operation: OperationName, given: Json): JsonObject {
  const facts = factsOf(operation);
  if (!isObject(given)) throw invalid('body', 'Expected an object');
  refuseCorrected(operation, given);
  const strict = facts.method !== 'POST';
  if (strict && Object.keys(given).length === 0) throw invalid('body', 'At least one property must be sent');
  return checkObject(facts.body, given, '', strict);
}

/** The option calls send an array of objects. */
export function checkV2List(operation: OperationName, given: Json): readonly JsonObject[] {
  if (!isArray(given) || given.length === 0) throw invalid('body', 'Expected a non-empty array');
  return given.map((element, index) => {
    if (!isObject(element)) throw invalid(`${index}`, 'Expected an object');
    return checkObject(factsOf(operation).body, element, `${index}.`, true);
  });
}

function refuseCorrected(operation: OperationName, given: JsonObject): void {
  for (const row of correctionsOf(operation)) {
    if (row.kind !== 'refused' || !(row.property in given)) continue;
    if (row.status === 403) throw forbidden(row.message, row.code);
    throw new Refusal({
      status: row.status,
      json: { success: false, error: row.message, ...(row.code && { code: row.code }) },
    });
  }
}

function checkObject(
  properties: readonly PropertyFact[],
  given: JsonObject,
  prefix: string,
  strict: boolean,
): JsonObject {
  const kept: Draft = {};
  for (const property of properties) {
    const value = given[property.name];
    const path = prefix + property.name;
    if (value === undefined) {
      if (property.required) throw invalid(path, `Parameter '${path}' is required`);
      continue;
    }
    kept[property.name] = checkProperty(property, value, path, strict);
  }
  for (const name of Object.keys(given)) {
    if (name in kept) continue;
    if (strict || customFieldCode.test(name)) throw notAllowed(prefix + name);
  }
  return kept;
}

function checkProperty(property: PropertyFact, value: Json, path: string, strict: boolean): Json {
  if (value === null) {
    // Optional properties are cleared by null; the description marks only a few of them as nullable.
    if (property.required || property.minLength) throw invalid(path, 'Must not be null');
    return null;
  }
  checkType(property.type, value, path);
  if (property.enum && !property.enum.includes(value as string | number)) {
    throw invalid(path, `Must be one of ${property.enum.join(', ')}`);
  }
  if (typeof value === 'string') checkString(property, value, path);
  if (typeof value === 'number') checkRange(property, value, path);
  if (isArray(value)) checkLength(property, value, path);
  if (isArray(value) && property.items) return checkItems(property.items, value, path, strict);
  if (isObject(value) && property.properties && !property.open) {
    return checkObject(property.properties, value, `${path}.`, strict);
  }
  return value;
}

function checkString(property: PropertyFact, value: string, path: string): void {
  if (property.minLength && value.trim().length < property.minLength)
    throw invalid(path, 'Must not be empty');
  if (property.maxLength && value.length > property.maxLength) {
    throw invalid(path, `Must be at most ${property.maxLength} characters long`);
  }
  if (property.format && !hasFormat(value, property.format)) {
    throw invalid(path, `Expected the format '${property.format}'`);
  }
}

function checkRange(property: PropertyFact, value: number, path: string): void {
  if (property.minimum !== undefined && value < property.minimum) {
    throw invalid(path, `Must be at least ${property.minimum}`);
  }
  if (property.maximum !== undefined && value > property.maximum) {
    throw invalid(path, `Must be at most ${property.maximum}`);
  }
}

function checkLength(property: PropertyFact, values: readonly Json[], path: string): void {
  if (property.minItems !== undefined && values.length < property.minItems) {
    throw invalid(path, `Must have at least ${property.minItems} elements`);
  }
  if (property.maxItems !== undefined && values.length > property.maxItems) {
    throw invalid(path, `Must have at most ${property.maxItems} elements`);
  }
}

function checkItems(items: ItemFact, values: readonly Json[], path: string, strict: boolean): Json {
  return values.map((value, index) => {
    const at = `${path}.${index}`;
    checkType(items.type, value, at);
    return items.properties && isObject(value)
      ? checkObject(items.properties, value, `${at}.`, strict)
      : value;
  });
}

const typeChecks: Readonly<Record<FactType, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: isArray,
  object: isObject,
  binary: () => false,
  any: () => true,
};

function checkType(type: FactType, value: Json, path: string): void {
  if (!typeChecks[type](value)) throw invalid(path, `Expected '${type}'`);
}
