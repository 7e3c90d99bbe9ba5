import { oneLine } from './text.js';

/** Pipedrive's address object (pipedrive-api.md 4.1): `value` is the text a person reads, the parts are what the source told apart. */
export interface Address {
  value: string;
  subpremise?: string;
  street_number?: string;
  route?: string;
  locality?: string;
  admin_area_level_1?: string;
  postal_code?: string;
  country?: string;
}

/** The documented address columns, in the order in which people write them. */
export const addressFields = [
  'unit',
  'street_number',
  'street_address',
  'suburb',
  'state',
  'postcode',
  'country',
] as const;

/** Reads the parts from a row's fields; `address` may hold the whole in one cell. Undefined when there is nothing. */
export function addressOf(fields: Readonly<Record<string, string>>): Address | undefined {
  const [unit, number, street, suburb, state, postcode, country] = addressFields.map((name) =>
    oneLine(fields[name] ?? ''),
  );
  const { streetNumber, route } = streetParts(number ?? '', street ?? '');
  const line = [
    [unit, [streetNumber, route].filter(Boolean).join(' ')].filter(Boolean).join(', '),
    [suburb, state, postcode].filter(Boolean).join(' '),
    country,
  ]
    .filter(Boolean)
    .join(', ');
  const whole = oneLine(fields.address ?? '');
  const value = line || whole;
  if (value === '') return undefined;
  return {
    value,
    ...(unit ? { subpremise: unit } : {}),
    ...(streetNumber ? { street_number: streetNumber } : {}),
    ...(route ? { route } : {}),
    ...(suburb ? { locality: suburb } : {}),
    ...(state ? { admin_area_level_1: state } : {}),
    ...(postcode ? { postal_code: postcode } : {}),
    ...(country ? { country } : {}),
  };
}

/** For comparing only: two spellings of one place. The country is left out, most rows have none. */
export function addressKey(address: Address): string {
  const { country: _, value, ...parts } = address;
  const text = Object.keys(parts).length > 0 ? Object.values(parts).join(' ') : value;
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Some tenants write the number in front of the street. */
function streetParts(number: string, street: string): { streetNumber: string; route: string } {
  if (number !== '') return { streetNumber: number, route: street };
  const match = /^(\d+[\w/-]*)\s+(\D.*)$/.exec(street);
  return match
    ? { streetNumber: match[1] ?? '', route: match[2] ?? '' }
    : { streetNumber: '', route: street };
}
