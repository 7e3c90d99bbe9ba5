import { parseEmails } from '@octopipe/shared/domain/convert/email';
import { parsePhones } from '@octopipe/shared/domain/convert/phone';
import type { ConflictPolicy } from '@octopipe/shared/domain/mapping/content';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { type Canonical, canonicalOfSent, differingFields } from '../verify/canonical.js';

/** What a matched record is patched with. */
export interface FieldMerge {
  json: Record<string, unknown>;
  /** The fields of `json`, custom fields as `custom_fields.<code>`: what is ours of the record from now on. */
  fields: string[];
}

export interface MergeRules {
  /** By the field as in `FieldMerge.fields`. */
  policyOf(field: string): ConflictPolicy;
  /** Whether what stands in the field is what we wrote there earlier: ours to change, and to clear. */
  isOurs(field: string): boolean;
  /** The field of our marker: always ours, or the record could not be found again. */
  markerField: string;
  /** For phone numbers without a country code. */
  country: string;
}

/**
 * Decides field by field what of ours is written into a record that stood there before us. `theirs` is the record in
 * canonical form as it stood before our patch, so that a repeat of one whose answer was lost decides the same.
 * A field that says the same already is not ours. E-mails and phones: ours are added, none that
 * stands there is taken away. A switch is never empty: off is an answer.
 */
export function mergeFields(
  entity: Entity,
  ours: Record<string, unknown>,
  theirs: Canonical,
  rules: MergeRules,
): FieldMerge {
  const sent = canonicalOfSent(entity, ours);
  const differing = new Set(differingFields(sent, theirs));
  const json: Record<string, unknown> = {};
  const custom: Record<string, unknown> = {};
  const fields: string[] = [];
  for (const field of Object.keys(sent)) {
    const before = theirs[field];
    const policy = field === rules.markerField ? 'take_ours' : rules.policyOf(field);
    const isOurs = rules.isOurs(field);
    if ((!differing.has(field) && !isOurs) || policy === 'keep_theirs') continue;
    const code = customCode(field);
    if (isContacts(field)) {
      const list = addContacts(
        field,
        (ours[field] ?? []) as Contact[],
        (before ?? []) as Contact[],
        policy,
        rules,
      );
      if (!list) continue;
      json[field] = list;
    } else if (policy === 'take_ours' || isOurs || (isEmpty(before) && typeof sent[field] !== 'boolean')) {
      if (code === undefined) json[field] = ours[field];
      else custom[code] = (ours.custom_fields as Record<string, unknown>)[code];
    } else {
      continue;
    }
    fields.push(field);
  }
  if (Object.keys(custom).length > 0) json.custom_fields = custom;
  return { json, fields: fields.sort() };
}

/** Whether a field of a matched record says what we wrote: of e-mails and phones, whether ours are among them. */
export function saysOurs(field: string, ours: unknown, listed: unknown, country: string): boolean {
  if (!isContacts(field)) return differingFields({ [field]: ours }, { [field]: listed }).length === 0;
  const keyOf = (contact: Contact) => contactKey(field, contact.value, country);
  const there = new Set(((listed ?? []) as Contact[]).map(keyOf));
  return ((ours ?? []) as Contact[]).every((contact) => there.has(keyOf(contact)));
}

/**
 * What a record of theirs says before a later patch of ours, so that a rollback puts back what people had made of it since
 * the first: a field that we are about to write over says what stands there now, unless that is ours; of e-mails and phones
 * it is what stands there without those that we added.
 */
export function beforeLaterPatch(
  before: Canonical,
  now: Canonical,
  patch: {
    fields: ReadonlyArray<string>;
    isOurs(field: string): boolean;
    /** What we wrote earlier, in canonical form. */
    wrote: Canonical;
    country: string;
  },
): Canonical {
  const image = { ...before };
  for (const field of patch.fields) {
    const value = isContacts(field)
      ? withoutOurs(field, now[field], before[field], patch)
      : patch.isOurs(field)
        ? before[field]
        : now[field];
    if (value === undefined) delete image[field];
    else image[field] = value;
  }
  return image;
}

/**
 * What a record of theirs said before our first patch, when that is tried again: it may have been refused or have arrived,
 * and days may lie between. A field that says neither what it said then nor ours is what somebody made of it since: theirs,
 * to be kept now and to be put back by a rollback.
 */
export function beforeRepeatedPatch(
  before: Canonical,
  image: Canonical,
  patch: {
    /** What we would write, in canonical form. */
    sent: Canonical;
    /** What earlier tries were to write. */
    earlier: Canonical;
    /** What stands in its fields. */
    now: Canonical;
    country: string;
  },
): Canonical {
  const { sent, earlier, now, country } = patch;
  const isOurs = (field: string) =>
    [sent, earlier].some((ours) => field in ours && saysOurs(field, ours[field], now[field], country));
  const contacts = (field: 'emails' | 'phones') =>
    [sent, earlier].flatMap((ours) => (ours[field] ?? []) as Contact[]);
  const wrote = { emails: contacts('emails'), phones: contacts('phones') };
  return beforeLaterPatch(before, image, { fields: Object.keys(sent), isOurs, wrote, country });
}

function withoutOurs(
  field: 'emails' | 'phones',
  now: unknown,
  before: unknown,
  { wrote, country }: { wrote: Canonical; country: string },
): Contact[] | undefined {
  const keysOf = (list: unknown) =>
    new Set(((list ?? []) as Contact[]).map(({ value }) => contactKey(field, value, country)));
  const [theirs, ours] = [keysOf(before), keysOf(wrote[field])];
  const left = ((now ?? []) as Contact[]).filter(({ value }) => {
    const key = contactKey(field, value, country);
    return theirs.has(key) || !ours.has(key);
  });
  // Nobody added or took away one: theirs in their order, with the primary that they had.
  const isSame = left.length === theirs.size && [...keysOf(left)].every((key) => theirs.has(key));
  if (isSame) return before as Contact[] | undefined;
  return left.length > 0 ? left : undefined;
}

interface Contact {
  value: string;
  label?: unknown;
  primary?: boolean;
}

/** Theirs with those of ours that are not among them; undefined when none is missing. Theirs stay in their order and words. */
function addContacts(
  field: 'emails' | 'phones',
  ours: ReadonlyArray<Contact>,
  theirs: ReadonlyArray<Contact>,
  policy: ConflictPolicy,
  rules: MergeRules,
): Contact[] | undefined {
  const keyOf = (contact: Contact) => contactKey(field, contact.value, rules.country);
  const known = new Set(theirs.map(keyOf));
  const missing = ours.filter((contact) => !known.has(keyOf(contact)));
  if (missing.length === 0) return undefined;
  const oursLead = theirs.length === 0 || (policy === 'take_ours' && missing.some(({ primary }) => primary));
  return [
    ...theirs.map((contact) => ({ ...contact, primary: contact.primary === true && !oursLead })),
    ...missing.map((contact) => ({ ...contact, primary: contact.primary === true && oursLead })),
  ];
}

function isContacts(field: string): field is 'emails' | 'phones' {
  return field === 'emails' || field === 'phones';
}

function contactKey(field: 'emails' | 'phones', value: string, country: string): string {
  const [first, ...others] =
    field === 'emails'
      ? parseEmails(value).valid
      : parsePhones(value, country).flatMap((phone) => (phone.readable ? phone.value : []));
  return first === undefined || others.length > 0 ? value.trim() : first;
}

function customCode(field: string): string | undefined {
  return field.startsWith('custom_fields.') ? field.slice('custom_fields.'.length) : undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
