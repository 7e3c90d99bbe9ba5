import type { Entity } from '../run/states.js';

/** `<object>:<source id>[#slot]`, e.g. `booking:10194`, `customer:12#2`: unique per connection, the same on every run, and the marker. */
export type TargetKey = string & { readonly brand?: 'TargetKey' };

export function targetKeyOf(object: string, sourceId: string, slot?: string): TargetKey {
  return slot ? `${object}:${sourceId}#${slot}` : `${object}:${sourceId}`;
}

/** The custom text field that carries the target key on organizations, persons, products and deals. */
export const markerFieldName = 'OctopusPro ID';

/** The last line of activity notes and notes; `tail` is for a person's eye (a display number). */
export function markerLine(key: TargetKey, tail?: string): string {
  return tail ? `OctopusPro ${key} · ${tail}` : `OctopusPro ${key}`;
}

/** Finds the target key in a text that ends with a marker line (HTML allowed around it). */
export function findMarker(text: string): TargetKey | undefined {
  const matches = [...text.matchAll(/OctopusPro ([a-z_]+:[^\s<·]+)/g)];
  return matches.at(-1)?.[1];
}

/** The name of an uploaded file: the given name with the target key before its ending, in characters any store keeps. */
export function fileNameWithMarker(fileName: string, key: TargetKey): string {
  const dot = fileName.lastIndexOf('.');
  const stem = dot > 0 ? fileName.slice(0, dot) : fileName;
  const ending = dot > 0 ? fileName.slice(dot) : '';
  return `${stem} (OctopusPro ${key.replace(':', '-').replace('#', '~')})${ending}`;
}

/** The target key in a file name that `fileNameWithMarker` made. */
export function findMarkerInFileName(fileName: string): TargetKey | undefined {
  const found = /\(OctopusPro ([a-z_]+)-([^)]+)\)/.exec(fileName);
  return found ? `${found[1]}:${(found[2] ?? '').replace('~', '#')}` : undefined;
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
