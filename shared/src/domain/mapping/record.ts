import { hashOf } from '../../core/canonical-json.js';
import { cutText } from '../convert/text.js';
import type { Entity } from '../run/states.js';

/** `<object>:<source id>[#slot]`, e.g. `booking:10194`, `customer:12#2`: unique per connection, the same on every run, and the marker. */
export type TargetKey = string & { readonly brand?: 'TargetKey' };

/**
 * Ids stand in a key as the source has them, whatever they hold: keys are compared, never taken apart
 * (docs/decisions/0038). Only an id that reads like another one with a slot is written otherwise, or the two would share a key,
 * and one that no field could hold.
 */
export function targetKeyOf(object: string, sourceId: string, slot?: string): TargetKey {
  const id = shortened(readsLikeSlot(object, sourceId) ? escaped(sourceId, /[#^]/gu) : sourceId, mostOfId);
  return slot ? `${object}:${id}#${shortened(slot, mostOfSlot)}` : `${object}:${id}`;
}

/** Only customers and addresses have slots that are numbers; elsewhere `RCPT#1001` is an id like any other. */
function readsLikeSlot(object: string, id: string): boolean {
  if (!/[#^]/.test(id)) return false;
  // With `^`, too: an id may hold what another one is written as.
  if (id.includes('^') || endsInSlot.test(id)) return true;
  return (object === 'customer' || object === 'customer_address') && /.#\d+$/.test(id);
}

const endsInSlot =
  /.#(?:visit|occurrence|activity|pdf|org|note|faq|recording|deal|person|adjustment|line\d+|(?:field|signature)-[\w-]+)$/;

/** As a marker has them: with its object, one is then at most 220 characters long, and a field or a file name takes 255. */
const mostOfId = 140;
const mostOfSlot = 55;

/** The beginning for a person's eye, a hash so that no two are the same. */
function shortened(text: string, limit: number): string {
  if (text.length <= limit && (shortAndPlain.test(text) || escaped(text, strangeInName).length <= limit))
    return text;
  return `${text.slice(0, 20).replace(/[^\w.-]/g, '_')}-${hashOf(text).slice(0, 32)}`;
}

const shortAndPlain = /^[\w.-]{1,55}$/;

/** The custom text field that carries the target key on organizations, persons, products and deals. */
export const markerFieldName = 'OctopusPro ID';

/** What we write of a key into the account: plain keys are their own marker, of others every strange sign is `^` and its bytes. */
export function markerOf(key: TargetKey): string {
  return escaped(key, strangeInText);
}

/** The marker as the value of its field, in the form that drafts have custom values in. */
export function markerField(key: TargetKey): [name: string, marker: { value: string; text: string }] {
  const marker = markerOf(key);
  return [markerFieldName, { value: marker, text: marker }];
}

/** The key of a marker that an account lists; also of one that was written before strange signs were escaped. */
export function keyOfMarker(marker: string): TargetKey {
  return unescaped(marker);
}

/** All but these may be changed by HTML, an editor or an account. `%` stays: the keys of form responses hold it. */
const strangeInText = /[^\w.:/#%-]/gu;
/** In the name of a file folders and drives are cut off, and percent signs decoded. */
const strangeInName = /[^\w.-]/gu;

function escaped(text: string, strange: RegExp): string {
  return text.replace(strange, (sign) =>
    [...utf8.encode(sign)].map((byte) => `^${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

function unescaped(text: string): string {
  return text.replace(/(?:\^[\dA-F]{2})+/g, (signs) => {
    try {
      return strictUtf8.decode(
        Uint8Array.from(signs.slice(1).split('^'), (byte) => Number.parseInt(byte, 16)),
      );
    } catch {
      // Somebody's own text, not ours.
      return signs;
    }
  });
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The last line of activity notes and notes; `tail` is for a person's eye (a display number). */
export function markerLine(key: TargetKey, tail?: string): string {
  const marker = `OctopusPro ${markerOf(key)}`;
  return tail ? `${marker} · ${cutText(tail.replace(/\s*\n\s*/g, ' '), 255).text}` : marker;
}

/** Finds the target key in a text that ends with a marker line (HTML allowed around it). */
export function findMarker(text: string): TargetKey | undefined {
  const line = text.split(/\n|<[^<>\n]*>/).findLast((part) => marked.test(part));
  const marker = line === undefined ? undefined : marked.exec(line)?.[1];
  return marker === undefined ? undefined : keyOfMarker(marker);
}

/** The first of its line: what follows it is a number of the source, which may be any text. */
const marked = /OctopusPro(?: |\u00a0|&nbsp;)([a-z_]+:[^\s<·&]+)/;

/** The name of an uploaded file: the given name with the target key before its ending, in characters any store keeps. */
export function fileNameWithMarker(fileName: string, key: TargetKey): string {
  // A file that comes from an account we loaded has a marker already, which is not its own any more.
  const given = fileName.replaceAll('(OctopusPro ', '(Octopus Pro ');
  const dot = given.lastIndexOf('.');
  const stem = dot > 0 ? given.slice(0, dot) : given;
  const ending = dot > 0 ? given.slice(dot) : '';
  return `${stem}${markerInName(key)}${ending}`;
}

/** How long a name may be before it gets its marker: file systems take 255 characters. */
export function roomInName(key: TargetKey): number {
  return 255 - markerInName(key).length;
}

function markerInName(key: TargetKey): string {
  const colon = key.indexOf(':');
  const [id = '', ...slot] = key.slice(colon + 1).split(/#(.*)/su);
  const parts = [id, ...slot.slice(0, 1)].map((part) => escaped(part, strangeInName));
  return ` (OctopusPro ${key.slice(0, colon)}-${parts.join('~')})`;
}

/** The target key in a file name that `fileNameWithMarker` made. */
export function findMarkerInFileName(fileName: string): TargetKey | undefined {
  const found = [...fileName.matchAll(/\(OctopusPro ([a-z_]+)-([^)]+)\)/g)].at(-1);
  return found ? keyOfMarker(`${found[1]}:${(found[2] ?? '').replace('~', '#')}`) : undefined;
}

/**
 * A value of a mapped payload. Symbols stand for what only the account knows; the loader resolves them at the last
 * moment, so that the same package and settings give the same payload hash on every account.
 */
export type PayloadValue =
  | string
  | number
  | boolean
  | null
  | Reference
  | Owner
  | StageSymbol
  | ActivityTypeSymbol
  | OptionSymbol
  | OptionsSymbol
  | LabelsSymbol
  | FileSymbol
  | TextFileSymbol
  | PayloadValue[]
  | { [key: string]: PayloadValue };

/** The Pipedrive id of another target record. */
export interface Reference {
  $ref: TargetKey;
}
/** The Pipedrive user that a worker or office user (`fieldworker:3`, `user:2`) is bound to; the first that is matched, else the default owner. */
export interface Owner {
  $owner: string[];
}
/** A stage by pipeline and name. */
export interface StageSymbol {
  $stage: { pipeline: string; stage: string };
}
/** An activity type by name. */
export interface ActivityTypeSymbol {
  $activityType: string;
}
/** The option ids of a custom field (enum, set) by label. */
export interface OptionSymbol {
  $option: string;
}
export interface OptionsSymbol {
  $options: string[];
}
/** The ids of labels by name: options of the entity's own label field; of a lead, labels of leads. */
export interface LabelsSymbol {
  $labels: string[];
}
/** The bytes of a packaged file. */
export interface FileSymbol {
  $file: { path: string; sha256: string; bytes: number };
}

/** The bytes of a text file of our own making: the text in UTF-8, the same on every machine. */
export interface TextFileSymbol {
  $textFile: { text: string; sha256: string; bytes: number };
}

/**
 * The body of a create, by Pipedrive's field names, with `custom_fields` keyed by the field's *name*.
 * Decimals (value, price, monetary) are strings; times are RFC 3339 UTC; dates YYYY-MM-DD; clock times HH:MM UTC.
 */
export interface Payload {
  [field: string]: PayloadValue;
}

export interface MappedRecord {
  targetKey: TargetKey;
  entity: Entity;
  payload: Payload;
  /** hashOf(payload): canonical JSON, SHA-256. */
  payloadHash: string;
}

/** What became of one source row: the first equation, `rows = mapped + merged + excluded + rejected`. */
export interface SourceOutcome {
  object: string;
  rowNumber: number;
  sourceId: string | null;
  outcome: 'mapped' | 'merged' | 'excluded' | 'rejected';
  /** The rule of an exclusion or the finding code of a rejection; '' otherwise. */
  reason: string;
}

/** Which source record is in which target record: becomes the crosswalk. */
export interface SourceLink {
  object: string;
  sourceId: string;
  slot: string;
  targetKey: TargetKey;
  role: 'primary' | 'contributes' | 'merged';
}
