import type { SimRecord } from '../account/entities.js';
import { badRequest } from '../api/answers.js';
import type { JsonObject } from '../json.js';
import type { Query } from '../validate/query.js';

interface Marker {
  field: string;
  fieldValue: string | number | null;
  sortDirection: 'asc' | 'desc';
  id: number;
}

type SortKey = [value: string | number, id: number];

const DEFAULT_LIMIT = 100;

/**
 * Keyset pages: the cursor names the first record of the next page, so records inserted or deleted between two pages
 * neither repeat nor hide others. The cursor's own order wins over sort_by of the request that carries it.
 */
export function cursorPage(
  records: Iterable<SimRecord>,
  query: Query,
): { page: SimRecord[]; additional: JsonObject } {
  const limit = typeof query.limit === 'number' ? query.limit : DEFAULT_LIMIT;
  const marker = typeof query.cursor === 'string' ? decode(query.cursor) : undefined;
  const field = marker?.field ?? String(query.sort_by ?? 'id');
  const direction = marker?.sortDirection ?? (query.sort_direction === 'desc' ? 'desc' : 'asc');
  const sign = direction === 'asc' ? 1 : -1;
  const keyOf = (record: SimRecord): SortKey => [sortable(record[field]), record.id];
  const from = marker ? ([marker.fieldValue ?? '', marker.id] satisfies SortKey) : undefined;

  const eligible: SimRecord[] = [];
  for (const record of records) {
    if (!from || sign * compare(keyOf(record), from) >= 0) eligible.push(record);
  }
  eligible.sort((a, b) => sign * compare(keyOf(a), keyOf(b)));
  const next = eligible[limit];
  const next_cursor = next
    ? encode({ field, fieldValue: sortable(next[field]), sortDirection: direction, id: next.id })
    : null;
  return { page: eligible.slice(0, limit), additional: { next_cursor } };
}

/** v1: start and limit over the whole list; what is inserted in front shifts the pages. */
export function offsetPage<Row>(
  records: readonly Row[],
  query: Query,
  longest: number,
): { page: Row[]; additional: { readonly pagination: JsonObject } } {
  const start = typeof query.start === 'number' ? Math.max(0, query.start) : 0;
  const limit = Math.min(
    typeof query.limit === 'number' && query.limit > 0 ? query.limit : DEFAULT_LIMIT,
    longest,
  );
  const more = records.length > start + limit;
  return {
    page: records.slice(start, start + limit),
    additional: {
      pagination: {
        start,
        limit,
        more_items_in_collection: more,
        ...(more && { next_start: start + limit }),
      },
    },
  };
}

/** Leads put the page info directly under additional_data and name no next_start. */
export function leadPage<Row>(
  records: readonly Row[],
  query: Query,
  longest: number,
): { page: Row[]; additional: JsonObject } {
  const { page, additional } = offsetPage(records, query, longest);
  const { next_start, ...info } = additional.pagination;
  return { page, additional: info };
}

/** v1 `sort`: "id DESC, add_time ASC". Unknown names are ignored there. */
export function sortV1(records: SimRecord[], sort: unknown, known: readonly string[]): SimRecord[] {
  if (typeof sort !== 'string') return records;
  const terms = sort
    .split(',')
    .map((term) => term.trim().split(/\s+/))
    .filter(([name]) => known.includes(name ?? ''));
  return records.sort((a, b) => {
    for (const [name = 'id', direction] of terms) {
      const order = compare([sortable(a[name]), 0], [sortable(b[name]), 0]);
      if (order !== 0) return direction?.toUpperCase() === 'DESC' ? -order : order;
    }
    return a.id - b.id;
  });
}

function sortable(value: unknown): string | number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' || typeof value === 'string' ? value : '';
}

function compare([a, aId]: SortKey, [b, bId]: SortKey): number {
  if (a === b) return aId - bId;
  return a < b ? -1 : 1;
}

function encode(marker: Marker): string {
  return Buffer.from(JSON.stringify(marker)).toString('base64url');
}

function decode(cursor: string): Marker {
  try {
    const marker = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Partial<Marker>;
    if (typeof marker.id === 'number' && typeof marker.field === 'string') return marker as Marker;
  } catch {
    // Falls through: whatever is wrong with a cursor, the answer is the same.
  }
  throw badRequest('The cursor is not valid.');
}
