import type { Entity } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { RemoteRecord } from '../destination/entity-table.js';
import { type Canonical, sameValue } from '../verify/canonical.js';
import { changedInImage, followersOf, type Image, imageOf } from '../verify/image.js';
import { changedAtMs } from './late-commit.js';

/**
 * What updates of a record that the account has not confirmed were to write, one of which had its answer lost: it may stand
 * there. Only a look at the record tells.
 */
export interface OpenPatch {
  /** In canonical form, `null` where a field is emptied. */
  fields: Canonical;
  /** Until when the account can have written it, by its own clock. */
  until: Date;
}

/**
 * Of a row of `loader.target_record` (by its name in the query): until when the account can have written what is `patched`,
 * or null: no answer was lost since the last confirmed write, so nothing of it was written. A rollback's own updates have
 * no payload hash.
 */
export function lostUntil(row: string) {
  const of = (column: string) => sql.ref(`${row}.${column}`);
  return sql<Date | null>`case when ${of('patched')} is not null then (
    select max(lost.deadline) + max(b.clock_skew_ms) * interval '1 millisecond'
    from loader.intent lost
    join loader.connection c on c.id = lost.connection_id join loader.company_budget b on b.company_key = c.company_key
    where lost.connection_id = ${of('connection_id')} and lost.target_key = ${of('target_key')}
      and lost.operation = 'update' and lost.generation > ${of('generation')}
      and lost.releases > 0 and lost.payload_hash <> '') end`;
}

export function openPatchOf(row: { patched: unknown; lostUntil: Date | null }): OpenPatch | null {
  return row.patched === null || row.lostUntil === null
    ? null
    : { fields: row.patched as Canonical, until: row.lostUntil };
}

/**
 * The fields of an open patch that the record says: it arrived there, and they are ours. What the account sets when one of
 * them is written is ours as well, if nothing has changed the record since.
 */
export function arrivedOf(
  entity: Entity,
  open: OpenPatch | null,
  after: Image | null,
  listed: RemoteRecord,
): Canonical {
  if (open === null) return {};
  const now = imageOf(entity, listed);
  const names = Object.keys(open.fields).filter((name) => sameValue(open.fields[name], now[name]));
  const arrived = Object.fromEntries(names.map((name) => [name, open.fields[name]]));
  // Times are whole seconds.
  if (after === null || !(changedAtMs(listed) <= open.until.getTime() + 1_000)) return arrived;
  const changed = new Set(changedInImage(after, now));
  const followers = names
    .filter((name) => changed.has(name))
    .flatMap((name) => followersOf(entity, name))
    .filter((name) => !(name in open.fields));
  return { ...arrived, ...Object.fromEntries(followers.map((name) => [name, now[name] ?? null])) };
}

/** The image of a record with what arrived of an open patch. */
export function withArrived(image: Image, arrived: Canonical): Image {
  return Object.fromEntries(Object.entries({ ...image, ...arrived }).filter(([, value]) => value !== null));
}
