import { parseEmails } from '@octopipe/shared/domain/convert/email';
import { companyKey, nameKey } from '@octopipe/shared/domain/convert/name';
import { parsePhones } from '@octopipe/shared/domain/convert/phone';
import type { MatchedEntity } from '@octopipe/shared/domain/mapping/content';

/** In what two records may agree, the stronger first: what agrees in the first is not asked about the second. */
export const signalKinds = ['email', 'phone_and_name', 'name', 'code'] as const;
export type SignalKind = (typeof signalKinds)[number];

/** What a record can be known by. */
export interface Signals {
  /** `<kind>:<value>`, normalised: equal texts are agreement. */
  keys: string[];
  /** The words of its name: two records that share none of them are hardly the same. */
  nameWords: string[];
}

/**
 * Of ours and of theirs by the same reading: our payload and Pipedrive's list page have the same fields. Persons by
 * e-mail, then by phone together with name; organizations by name without its legal form; products by code.
 */
export function signalsOf(
  entity: MatchedEntity,
  record: Readonly<Record<string, unknown>>,
  country: string,
): Signals {
  const name = typeof record.name === 'string' ? record.name : '';
  const nameWords = nameKey(name)
    .split(' ')
    .filter((word) => word !== '');
  switch (entity) {
    case 'person':
      return { keys: personKeys(record, nameWords, country), nameWords };
    case 'organization':
      return { keys: key('name', companyKey(name)), nameWords };
    case 'product':
      return { keys: key('code', typeof record.code === 'string' ? record.code : ''), nameWords };
  }
}

export function kindOf(key: string): SignalKind {
  const kind = key.slice(0, key.indexOf(':'));
  const known = signalKinds.find((candidate) => candidate === kind);
  if (!known) throw new Error(`${kind} is no kind of signal`);
  return known;
}

function personKeys(
  record: Readonly<Record<string, unknown>>,
  nameWords: string[],
  country: string,
): string[] {
  const emails = contactValues(record.emails).flatMap((value) => parseEmails(value).valid);
  const phones = contactValues(record.phones)
    .flatMap((value) => parsePhones(value, country))
    .filter((phone) => phone.readable);
  // Sorted: "Smith, Jane" is Jane Smith.
  const name = [...nameWords].sort().join(' ');
  return [
    ...emails.map((email) => `email:${email}`),
    ...(name === '' ? [] : phones.map((phone) => `phone_and_name:${phone.value} ${name}`)),
  ];
}

function key(kind: SignalKind, value: string): string[] {
  const normalised = value.trim().toLowerCase();
  return normalised === '' ? [] : [`${kind}:${normalised}`];
}

function contactValues(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: { value?: unknown }) => (typeof entry.value === 'string' ? entry.value : []));
}
