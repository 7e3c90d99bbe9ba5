import { z } from 'zod';
import { Problem } from '../core/errors.js';

/** `limit` and `cursor` of every list. */
export const PageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'At most so many items.' }),
  cursor: z.string().max(400).optional().meta({ description: '`next_cursor` of the page before; opaque.' }),
};

/** The answer of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  });
}

/** The page's items and the cursor after the last one; `found` was asked for with one more than `limit`. */
export function toPage<T, V>(
  found: T[],
  limit: number,
  positionOf: (item: T) => string,
  view: (item: T) => V,
): { items: V[]; next_cursor: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next =
    found.length > limit && last ? Buffer.from(positionOf(last), 'utf8').toString('base64url') : null;
  return { items: items.map(view), next_cursor: next };
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/**
 * The forms that positions have. As strict as the types that they become in a query: what Postgres would refuse is the
 * caller's mistake and not ours.
 */
export const positionForms = {
  uuid: new RegExp(`^${uuid}$`),
  /** Of a list by time: microseconds since 1970, which is what the column has, and the id. */
  timeAndId: new RegExp(`^\\d{1,16}\\|${uuid}$`),
} as const;

/** The position a cursor stands for; a cursor that is not ours is the caller's mistake. */
export function positionOfCursor(cursor: string | undefined, form: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const position = Buffer.from(cursor, 'base64url').toString('utf8');
  if (form.test(position)) return position;
  throw new Problem(422, 'invalid_request', 'The cursor is not one that this list has given.', [
    { pointer: '/query/cursor', message: 'unknown cursor' },
  ]);
}
