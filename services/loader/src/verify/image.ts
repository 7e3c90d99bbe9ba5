import type { Entity } from '@octopipe/shared/domain/run/states';
import { factsOf } from '@octopipe/shared/pipedrive/facts/index';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import { isFlatName, isFlatPart } from '../destination/flat-fields.js';
import { type Canonical, canonicalField, canonicalValue, sameValue } from './canonical.js';

/**
 * The image of a record: everything that a person can change in it and a list page shows, in canonical form, without
 * what is empty. Not only what we sent: a phone number that somebody added is an edit as much as one that somebody
 * changed. Two images of a record are equal exactly when nobody changed it in between; its `update_time` says nothing,
 * it moves when a child is added.
 */
export type Image = Canonical;

export function imageOf(entity: Entity, record: RemoteRecord): Image {
  const image: Image = {};
  const flat = entityTable[entity].fieldsOnRoot ? Object.keys(record).filter(isFlatName) : [];
  for (const name of [...comparedFields(entity), ...flat]) {
    const value = canonicalField(entity, name, record[name]);
    if (!isEmpty(value)) image[name] = value;
  }
  for (const [code, member] of Object.entries((record.custom_fields ?? {}) as Record<string, unknown>)) {
    const value = canonicalValue(member);
    if (!isEmpty(value)) image[`custom_fields.${code}`] = value;
  }
  return image;
}

/** The fields in which a record was changed between two looks at it, by name. */
export function changedInImage(before: Image, now: Image): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isSame(name, before[name], now[name]))
    .sort();
}

/** An address is completed by the account in its own time; nothing else grows by itself. */
function isSame(name: string, before: unknown, now: unknown): boolean {
  if (isFlatPart(name) && before === undefined) return true;
  const mayGrow = name === 'address' || name === 'location' || name.startsWith('custom_fields.');
  return sameValue(before, now) && (mayGrow || sameValue(now, before));
}

/**
 * The image after an update of ours: of the fields that we sent, and those that follow them, what the answer shows; of
 * the rest what we knew. What a person changed meanwhile in the rest is in the answer too, and must not pass for ours.
 */
export function imageAfterUpdate(
  entity: Entity,
  known: Image,
  sent: Readonly<Record<string, unknown>>,
  answer: RemoteRecord,
): Image {
  const written = new Set(writtenNames(sent).flatMap((name) => [name, ...followersOf(entity, name)]));
  const shown = imageOf(entity, answer);
  const of = (image: Image, isOurs: boolean) =>
    Object.entries(image).filter(([name]) => written.has(name) === isOurs);
  return Object.fromEntries([...of(known, false), ...of(shown, true)]);
}

/** The fields of a body, named as an image names them. */
export function writtenNames(sent: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(sent).flatMap(([name, value]) =>
    name === 'custom_fields'
      ? Object.keys((value ?? {}) as Record<string, unknown>).map((code) => `custom_fields.${code}`)
      : [name],
  );
}

/** Fields that the account sets when this one is written. */
export function followersOf(entity: Entity, name: string): ReadonlyArray<string> {
  return followers[entity]?.[name] ?? [];
}

const followers: Partial<Record<Entity, Readonly<Record<string, ReadonlyArray<string>>>>> = {
  deal: {
    status: ['close_time', 'won_time', 'lost_time', 'lost_reason', 'probability'],
    won_time: ['close_time'],
    lost_time: ['close_time'],
    stage_id: ['pipeline_id'],
    pipeline_id: ['stage_id'],
  },
  activity: { deal_id: ['lead_id'], lead_id: ['deal_id'] },
};

/** What an image holds besides custom fields: what create and update take, as far as the lists show it. */
export function comparedFields(entity: Entity): ReadonlyArray<string> {
  const known = fieldsByEntity.get(entity) ?? readComparedFields(entity);
  fieldsByEntity.set(entity, known);
  return known;
}

/** Fields that tell nothing about a person's doing. */
const notCompared: Record<string, string> = {
  custom_fields: 'compared one by one',
  is_deleted: 'what is deleted is not listed',
  was_seen: 'looking at a lead sets it',
  attendees: 'lists show it only when asked',
};

const fieldsByEntity = new Map<Entity, ReadonlyArray<string>>();

function readComparedFields(entity: Entity): string[] {
  const { create, update, list } = entityTable[entity];
  const shown = new Set(factsOf(list).answer);
  const taken = [...factsOf(create).body, ...factsOf(update).body].map((property) => property.name);
  return [...new Set(taken)].filter((name) => shown.has(name) && !Object.hasOwn(notCompared, name)).sort();
}

/** The same fields, `null` where nothing is said: to be laid over an image. */
export function withoutEmpty(form: Canonical): Canonical {
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => [name, isEmpty(value) ? null : value]),
  );
}

/** An empty list and a flag that is off say as much as nothing: accounts show either. */
function isEmpty(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}
