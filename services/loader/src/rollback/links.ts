import type { Entity } from '@octopipe/shared/domain/run/states';
import type { RemoteRecord } from '../destination/entity-table.js';
import { stateKey } from '../verify/state-hash.js';

/** Fields that say what a record hangs on. */
const linkFields: Readonly<Record<string, Entity>> = {
  org_id: 'organization',
  organization_id: 'organization',
  person_id: 'person',
  deal_id: 'deal',
  lead_id: 'lead',
  product_id: 'product',
  activity_id: 'activity',
};

/** What a record hangs on, as `entity:id`: of one that a list shows, or of an image. */
export function linksOf(record: Readonly<Record<string, unknown>>): string[] {
  const found = Object.entries(linkFields).flatMap(([field, entity]) => linkTo(entity, record[field]));
  const participants = Array.isArray(record.participants) ? record.participants : [];
  return [
    ...new Set([
      ...found,
      ...participants.flatMap((one: { person_id?: unknown }) => linkTo('person', one.person_id)),
    ]),
  ];
}

function linkTo(entity: Entity, id: unknown): string[] {
  return (typeof id === 'number' && id > 0) || (typeof id === 'string' && id !== '' && id !== '0')
    ? [stateKey(entity, id)]
    : [];
}

/**
 * What an account counts on a record when its list is asked to: nothing of it may be left when the record is deleted.
 * Pipedrive sends them with any page, so this look costs nothing extra.
 */
export const childCounters: Partial<Record<Entity, ReadonlyArray<string>>> = {
  organization: [
    'people_count',
    'open_deals_count',
    'closed_deals_count',
    'activities_count',
    'notes_count',
    'files_count',
    'email_messages_count',
  ],
  person: [
    'open_deals_count',
    'closed_deals_count',
    'participant_open_deals_count',
    'participant_closed_deals_count',
    'activities_count',
    'notes_count',
    'files_count',
    'email_messages_count',
  ],
  deal: ['activities_count', 'notes_count', 'files_count', 'email_messages_count'],
};

/** Entities without such counters, and the lists in which what hangs on them would be found. */
export const childLists: Partial<Record<Entity, ReadonlyArray<Entity>>> = {
  activity: ['file'],
  product: ['deal', 'file'],
  lead: ['activity', 'note', 'file'],
};

export function countsChildren(entity: Entity, record: RemoteRecord): boolean {
  return (childCounters[entity] ?? []).some((name) => Number(record[name] ?? 0) > 0);
}

/** What a person would call the record: for the list of what is kept. */
export function labelOf(record: RemoteRecord): string {
  const name = record.name ?? record.title ?? record.subject ?? record.content ?? record.comments;
  return String(name ?? '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 120);
}
