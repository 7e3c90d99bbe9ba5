import { hash } from 'node:crypto';

/**
 * JSON with object keys in the order of their UTF-16 code units and no white space: two equal values always give the
 * same bytes, on every machine. `undefined` members are left out and toJSON is asked, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (hasJson(value)) return canonicalJson(value.toJSON());
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  const members = value as Record<string, unknown>;
  let text = '';
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** SHA-256 (hex) of the canonical JSON. */
export function hashOf(value: unknown): string {
  return hash('sha256', canonicalJson(value));
}

/** Dates, decimals: without this, every Date would be `{}` and have the same hash. */
function hasJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
