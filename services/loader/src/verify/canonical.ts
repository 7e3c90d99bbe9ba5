import type { Entity } from '@octopipe/shared/domain/run/states';
import { Decimal } from 'decimal.js';
import { compile } from 'html-to-text';
import type { RemoteRecord } from '../destination/entity-table.js';
import { isFlatName, isFlatPart } from '../destination/flat-fields.js';

/**
 * The canonical form: what a field says, without how the account chose to write it. Two forms are equal exactly when a
 * person would call them the same. Used on what we sent and on what a list page shows.
 */
export type Canonical = Record<string, unknown>;

/** Only the fields that we set: the rest of a record is the account's own. */
export function canonicalOfSent(
  entity: Entity,
  json: Record<string, unknown>,
  file?: { bytes: number },
): Canonical {
  const form: Canonical = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === 'custom_fields') {
      for (const [code, member] of Object.entries(value as Record<string, unknown>))
        form[`custom_fields.${code}`] = canonicalValue(member);
    } else if (!ignoredWhenSent(entity, name, value)) {
      form[renamed(entity, name)] = canonicalField(entity, name, value);
    }
  }
  if (file) form.file_size = canonicalValue(file.bytes);
  return form;
}

/** The same fields as a list page shows them. `wanted` are the keys of the sent form. */
export function canonicalOfListed(entity: Entity, record: RemoteRecord, wanted: Iterable<string>): Canonical {
  const custom = (record.custom_fields ?? {}) as Record<string, unknown>;
  const form: Canonical = {};
  for (const key of wanted) {
    const code = key.startsWith('custom_fields.') ? key.slice('custom_fields.'.length) : undefined;
    form[key] = code === undefined ? canonicalField(entity, key, record[key]) : canonicalValue(custom[code]);
  }
  return form;
}

/** Names of fields whose canonical forms differ. */
export function differingFields(sent: Canonical, listed: Canonical): string[] {
  return Object.keys(sent).filter((key) => !sameValue(sent[key], listed[key]));
}

/** True when the listed value says all that the sent one says; it may say more inside objects. */
export function sameValue(sent: unknown, listed: unknown): boolean {
  if (Array.isArray(sent) && Array.isArray(listed))
    return sent.length === listed.length && sent.every((item, i) => sameValue(item, listed[i]));
  if (isObject(sent) && isObject(listed)) {
    // An account may add parts (a geocoded address, a zone id); ours have to be there.
    return Object.keys(sent).every((key) => sameValue(sent[key], listed[key]));
  }
  return sent === listed || (sent ?? null) === (listed ?? null);
}

/** Fields an answer shows under another name. */
function renamed(_entity: Entity, name: string): string {
  return name;
}

/** A field that Pipedrive sets from another one, or does not show; a part that we have nothing to say about. */
function ignoredWhenSent(entity: Entity, name: string, value: unknown): boolean {
  return (entity === 'activity' && name === 'attendees') || (value === null && isFlatPart(name));
}

const htmlFields = new Set(['note', 'content', 'public_description']);
const timeFields = new Set(['add_time', 'won_time', 'lost_time', 'close_time']);
const clockFields = new Set(['due_time', 'duration']);

export function canonicalField(entity: Entity, name: string, value: unknown): unknown {
  if (value === null || value === undefined || value === '') return null;
  // No labels: an empty list, or none at all.
  if (name === 'label_ids' && Array.isArray(value) && value.length === 0) return null;
  if (htmlFields.has(name)) return textOf(String(value));
  if (timeFields.has(name)) return instantOf(String(value));
  if (clockFields.has(name)) return String(value).slice(0, 5);
  if (name === 'emails' || name === 'phones') return (value as Array<Record<string, unknown>>).map(contactOf);
  if (name === 'participants') return participantsOf(value as Array<Record<string, unknown>>);
  if (name === 'prices') return (value as Array<Record<string, unknown>>).map(priceOf);
  if (name.endsWith('_flag')) return value === true || value === 1;
  if (entity === 'file' && /_id$/.test(name)) return String(value);
  // v1 writes the options of a set as `2,1`: their order is the account's.
  if (isFlatName(name) && /^\d+(?:,\d+)+$/.test(String(value)))
    return canonicalValue(String(value).split(','));
  return canonicalValue(value);
}

export function canonicalValue(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'number') return new Decimal(value).toString();
  if (typeof value === 'string') return value.normalize('NFC').replaceAll('\r\n', '\n').trim();
  if (Array.isArray(value)) return value.map(canonicalValue).sort((a, b) => (String(a) < String(b) ? -1 : 1));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== null && member !== '')
        .map(([key, member]) => [key, canonicalValue(member)]),
    );
  return value;
}

function contactOf(contact: Record<string, unknown>): unknown {
  return {
    value: String(contact.value ?? '').trim(),
    label: contact.label ?? 'work',
    primary: contact.primary === true,
  };
}

/** Without the ids of its own that an account gives to a price. */
function priceOf({ id, product_id, ...price }: Record<string, unknown>): unknown {
  return canonicalValue(price);
}

function participantsOf(list: Array<Record<string, unknown>>): unknown {
  return list
    .map((one) => ({ person_id: Number(one.person_id), primary: one.primary === true }))
    .sort((a, b) => a.person_id - b.person_id);
}

function instantOf(text: string): string {
  const time = new Date(text.includes('T') ? text : `${text.replace(' ', 'T')}Z`);
  // Old accounts hold times like 0000-00-00 00:00:00.
  return Number.isNaN(time.getTime()) ? text : time.toISOString().slice(0, 19);
}

/** The words of an HTML text: markup and white space are the account's to rewrite, the words are not. */
function textOf(html: string): string {
  return toText(html).replace(/\s+/g, ' ').trim();
}

/** Compiled once: doing so for each text takes 800 µs, converting one 60. */
const toText = compile({
  wordwrap: false,
  selectors: [{ selector: 'a', options: { ignoreHref: true } }],
});

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
