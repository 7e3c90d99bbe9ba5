import type { FieldType } from '@octopipe/shared/domain/mapping/content';

/** The parts of an address that v1 writes behind a suffix. */
const addressParts = [
  'subpremise',
  'street_number',
  'route',
  'sublocality',
  'locality',
  'admin_area_level_1',
  'admin_area_level_2',
  'country',
  'postal_code',
];

/**
 * A custom value as v1 takes it: flat on the root of the record, its parts behind a suffix (pipedrive-api.md 5.3). Each
 * part is named, null where there is none: an update that leaves one out would keep the former.
 */
export function flatValue(field: { code: string; type: FieldType }, value: unknown): Record<string, unknown> {
  const { code, type } = field;
  const part = (name: string) => (value === null ? null : ((value as Record<string, unknown>)[name] ?? null));
  switch (type) {
    case 'set':
      return { [code]: Array.isArray(value) ? value.join(',') : null };
    case 'monetary':
      return { [code]: part('value'), [`${code}_currency`]: part('currency') };
    case 'address':
      return Object.fromEntries([
        [code, part('value')],
        ...addressParts.map((name) => [`${code}_${name}`, part(name)]),
      ]);
    // v1 knows zones by numbers that nothing lists: the clock time goes alone.
    case 'time':
      return { [code]: part('value') };
    default:
      return { [code]: value };
  }
}

/** `hash` or `hash_part`: no field of Pipedrive's own has such a name. */
export function isFlatName(name: string): boolean {
  return /^[0-9a-f]{40}(?:_|$)/.test(name);
}

/** `hash_part` only. */
export function isFlatPart(name: string): boolean {
  return /^[0-9a-f]{40}_/.test(name);
}
