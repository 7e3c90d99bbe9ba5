import { isObject, type Json } from '../json.js';

const parts = [
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
] as const;

/** Stored addresses have every part; those that were not sent are null. Nothing is geocoded. */
export function completeAddress(given: Json): Json {
  if (!isObject(given)) return null;
  return Object.fromEntries(parts.map((part) => [part, given[part] ?? null]));
}
