import { slicesOf } from '@octopipe/shared/core/slices';
import { findMarker, findMarkerInFileName, keyOfMarker } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { type EntityCalls, entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import type { ApiRequest } from '@octopipe/shared/pipedrive/http';

/** A record as Pipedrive lists it; only the parts that every list shares. */
export type RemoteRecord = Record<string, unknown> & { id: number | string };

/**
 * What the write path needs to know of an entity besides its operations (see shared/pipedrive/entity-calls.ts): how its
 * lists are paged, and where our marker stands.
 */
export interface EntityRules extends EntityCalls {
  /** v2 lists answer a cursor, v1 lists a next start. */
  paging: 'cursor' | 'start';
  /** Extra query of a walk over what changed since a time, oldest change first; null: newest first, by id. */
  changedSince: ((since: Date) => Record<string, string>) | null;
  /** The query that makes a full walk. */
  everything: Record<string, string>;
  /** The target key a listed record carries. `markerCode` is the account's key of the marker field. */
  markerOf(record: RemoteRecord, markerCode: string | undefined): string | undefined;
  /** Set for records that stand under another and can only be reached through it: its id is in their paths. */
  under?: {
    /** Their field that refers to the parent. It names the path, it is no part of the body. */
    field: string;
    /** What their own id is called in a path. */
    ownId: string;
    /** The list is asked for these parents, so many at once. */
    listedBy: string;
    parentsAtOnce: number;
  };
  /** The entity whose custom fields it has. */
  fieldsOf: 'organization' | 'person' | 'product' | 'deal' | null;
  /** Its custom values stand flat on the root, as v1 has them (flat-fields.ts). */
  fieldsOnRoot?: true;
}

const inCustomField: EntityRules['markerOf'] = (record, markerCode) => {
  const fields = record.custom_fields;
  if (markerCode === undefined || typeof fields !== 'object' || fields === null) return undefined;
  return keyIn((fields as Record<string, unknown>)[markerCode]);
};

const keyIn = (value: unknown) =>
  typeof value === 'string' && value !== '' ? keyOfMarker(value) : undefined;

// RFC 3339 with whole seconds: fractions are refused.
const wholeSeconds = (time: Date) => `${time.toISOString().slice(0, 19)}Z`;
const changedSinceV2 = (since: Date) => ({
  updated_since: wholeSeconds(since),
  sort_by: 'update_time',
  sort_direction: 'asc',
});

const v2 = {
  paging: 'cursor',
  changedSince: changedSinceV2,
  everything: { sort_by: 'id', sort_direction: 'asc' },
} as const;
const v2WithFields = { ...v2, markerOf: inCustomField };

export const entityTable: Record<Entity, EntityRules> = {
  organization: { ...entityCalls.organization, ...v2WithFields, fieldsOf: 'organization' },
  person: { ...entityCalls.person, ...v2WithFields, fieldsOf: 'person' },
  product: { ...entityCalls.product, ...v2WithFields, fieldsOf: 'product' },
  deal: { ...entityCalls.deal, ...v2WithFields, fieldsOf: 'deal' },
  // Lists of leads leave the archived ones out; an id is a uuid, and sorting by it is the only total order there is.
  lead: {
    ...entityCalls.lead,
    paging: 'start',
    changedSince: (since) => ({ updated_since: wholeSeconds(since), sort: 'update_time ASC' }),
    everything: { sort: 'id ASC' },
    markerOf: (record, markerCode) =>
      keyIn(markerCode === undefined ? undefined : record[markerCode]) ?? keyIn(record.origin_id),
    fieldsOf: 'deal',
    fieldsOnRoot: true,
  },
  line: {
    ...entityCalls.line,
    paging: 'cursor',
    changedSince: null,
    everything: { sort_by: 'id', sort_direction: 'asc' },
    markerOf: (record) => (typeof record.comments === 'string' ? findMarker(record.comments) : undefined),
    under: {
      field: 'deal_id',
      ownId: 'product_attachment_id',
      listedBy: 'deal_ids',
      parentsAtOnce: entityCalls.line.parentsAtOnce,
    },
    fieldsOf: null,
  },
  activity: {
    ...entityCalls.activity,
    ...v2,
    markerOf: (record) => (typeof record.note === 'string' ? findMarker(record.note) : undefined),
    fieldsOf: null,
  },
  note: {
    ...entityCalls.note,
    paging: 'start',
    changedSince: (since) => ({ updated_since: wholeSeconds(since), sort: 'update_time ASC' }),
    everything: { sort: 'id ASC' },
    markerOf: (record) => (typeof record.content === 'string' ? findMarker(record.content) : undefined),
    fieldsOf: null,
  },
  file: {
    ...entityCalls.file,
    paging: 'start',
    changedSince: null,
    everything: { sort: 'id ASC' },
    markerOf: (record) => (typeof record.name === 'string' ? findMarkerInFileName(record.name) : undefined),
    fieldsOf: null,
  },
};

/** The placeholders of the path that leads to a record. */
export function pathOf(
  rules: EntityRules,
  record: { targetId: string; parentId: string | null },
): Record<string, string> {
  if (!rules.under) return { id: record.targetId };
  if (record.parentId === null) throw new Error('a record under another is known without its parent');
  return { id: record.parentId, [rules.under.ownId]: record.targetId };
}

/** The id of the record that a listed record stands under. */
export function parentOf(rules: EntityRules, record: RemoteRecord): string | null {
  return rules.under ? String(record[rules.under.field]) : null;
}

/** The queries that a walk takes: one; of records under others, one for every so many of their parents. */
export function walksOver(
  rules: EntityRules,
  query: Record<string, string>,
  parentIds: ReadonlyArray<string>,
): Array<Record<string, string>> {
  const { under } = rules;
  if (!under) return [query];
  return slicesOf(parentIds, under.parentsAtOnce).map((ids) => ({
    ...query,
    [under.listedBy]: ids.join(','),
  }));
}

/** The request of one page. `position` is the cursor or start the page before it named. */
export function pageRequest(
  rules: EntityRules,
  query: Record<string, string>,
  position: string | undefined,
): ApiRequest {
  const paging =
    rules.paging === 'cursor' ? (position ? { cursor: position } : {}) : { start: position ?? '0' };
  return { operation: rules.list, query: { ...query, limit: rules.pageSize, ...paging } };
}

/** Where the next page begins; undefined at the end. Tolerates the places that v1 lists use. */
export function nextPosition(rules: EntityRules, more: unknown): string | undefined {
  if (typeof more !== 'object' || more === null) return undefined;
  if (rules.paging === 'cursor') {
    const cursor = (more as { next_cursor?: unknown }).next_cursor;
    return typeof cursor === 'string' && cursor !== '' ? cursor : undefined;
  }
  const page = ((more as { pagination?: unknown }).pagination ?? more) as {
    more_items_in_collection?: unknown;
    next_start?: unknown;
    start?: unknown;
    limit?: unknown;
  };
  if (page.more_items_in_collection !== true) return undefined;
  if (typeof page.next_start === 'number') return String(page.next_start);
  // Leads say only where this page began and how long it may be.
  if (typeof page.start === 'number' && typeof page.limit === 'number')
    return String(page.start + page.limit);
  throw new Error(`${rules.list} has more pages and does not say where they begin`);
}
