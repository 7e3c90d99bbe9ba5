import {
  type FactType,
  factsOf,
  type OperationName,
  type PropertyFact,
} from '@octopipe/shared/pipedrive/facts/index';
import { v1Failed } from '../api/answers.js';
import { type Draft, isArray, isObject, type Json, type JsonObject } from '../json.js';
import { hasFormat } from './formats.js';

/** v1 is lenient: numbers may come as strings (forms have nothing else), unknown keys are ignored. */
export function checkV1Body(operation: OperationName, given: Json): JsonObject {
  if (!isObject(given)) throw v1Failed(400, 'Bad request: the body must be an object.');
  return readObject(factsOf(operation).body, given, '');
}

/** For the PATCH calls of v1: null clears what the description calls nullable, and nothing else. */
export function assertClearable(operation: OperationName, given: JsonObject): void {
  for (const { name, nullable } of factsOf(operation).body) {
    if (given[name] === null && !nullable) throw v1Failed(400, `${name} must not be null.`);
  }
}

function readObject(properties: readonly PropertyFact[], given: JsonObject, prefix: string): JsonObject {
  const kept: Draft = {};
  for (const fact of properties) {
    if (fact.type === 'binary') continue;
    const property = { ...fact, name: prefix + fact.name };
    const value = given[fact.name];
    if (value !== undefined && value !== null && value !== '') {
      kept[fact.name] = read(property, value);
    } else if (property.required || (property.minLength && value !== undefined)) {
      throw v1Failed(400, `${property.name} must be given.`);
    } else if (value !== undefined) {
      kept[fact.name] = null;
    }
  }
  return kept;
}

function read(property: PropertyFact, value: Json): Json {
  const wanted = converted(property.type, value);
  if (wanted === undefined) throw v1Failed(400, `${property.name} must be of type ${property.type}.`);
  if (property.enum && !property.enum.includes(wanted as string | number)) {
    throw v1Failed(400, `${property.name} must be one of ${property.enum.join(', ')}.`);
  }
  if (typeof wanted === 'string') checkText(property, wanted);
  if (isObject(wanted) && property.properties) {
    return readObject(property.properties, wanted, `${property.name}.`);
  }
  const { items } = property;
  if (isArray(wanted) && items && wanted.some((element) => converted(items.type, element) === undefined)) {
    throw v1Failed(400, `${property.name} must be an array of ${items.type}s.`);
  }
  return wanted;
}

/** The value as its type has it, or nothing when it is of another. */
function converted(type: FactType, value: Json): Json | undefined {
  const number = type === 'integer' || type === 'number' ? toNumber(value) : undefined;
  switch (type) {
    case 'number':
      return number;
    case 'integer':
      return Number.isSafeInteger(number) ? number : undefined;
    case 'boolean':
      return toBoolean(value);
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'array':
      return isArray(value) ? value : undefined;
    case 'object':
      return isObject(value) ? value : undefined;
    case 'any':
    case 'binary':
      return value;
  }
}

function checkText(property: PropertyFact, value: string): void {
  if (property.minLength && value.trim().length < property.minLength) {
    throw v1Failed(400, `${property.name} must be given.`);
  }
  if (property.maxLength && value.length > property.maxLength) {
    throw v1Failed(400, `${property.name} must not exceed ${property.maxLength} characters.`);
  }
  if (property.format && !hasFormat(value, property.format)) {
    throw v1Failed(400, `${property.name} is not in a valid format.`);
  }
}

/** Flags of v1 are 0 and 1 as well. */
function toBoolean(value: Json): boolean | undefined {
  if (value === true || value === 1) return true;
  return value === false || value === 0 ? false : undefined;
}

export function toNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}
