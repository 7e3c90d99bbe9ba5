import type { Tx } from '@octopipe/shared/db/index';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { RemoteRecord } from '../destination/entity-table.js';
import { type Canonical, canonicalOfListed, differingFields } from '../verify/canonical.js';
import { changedInImage, type Image, imageOf } from '../verify/image.js';

/** When a record was first and last sent to be created, by the account's clock. */
export interface Sends {
  firstAtMs: number;
  lastAtMs: number;
}

/** So long after the last send an account may still write what it was sent; nobody waits for it any more. */
const latestCommitMs = 3_600_000;

/** Clocks differ, and change times are whole seconds. */
const marginMs = 120_000;

/**
 * Whether a record that carries the marker of one of ours is our own second copy: a send whose answer was lost was given up
 * and repeated, and the account wrote it late. It says what we sent and what ours said then, no more and no less, and
 * was last changed (by being made, or by something that came to hang on it) about when we sent. Everything else may be
 * somebody's: a duplicate that they made is theirs, and so is a copy that they have worked on.
 */
export function isLateCommit(
  entity: Entity,
  copy: RemoteRecord,
  ours: {
    /** In canonical form. */
    sent: Canonical;
    /** What our record said after our write; null: not known. */
    after: Image | null;
    /** Undefined: it was never sent again without our knowing what had become of it. */
    sends: Sends | undefined;
  },
): boolean {
  const { sent, after, sends } = ours;
  if (after === null || sends === undefined) return false;
  if (differingFields(sent, canonicalOfListed(entity, copy, Object.keys(sent))).length > 0) return false;
  if (changedInImage(withoutTime(after), withoutTime(imageOf(entity, copy))).length > 0) return false;
  const changedMs = changedAtMs(copy);
  return changedMs >= sends.firstAtMs - marginMs && changedMs <= sends.lastAtMs + latestCommitMs;
}

/** When a listed record was last changed, by the account's clock; NaN where it does not say. */
export function changedAtMs(record: RemoteRecord): number {
  return timeOf(record.update_time);
}

/** When it was made; the time that we sent, where an account takes one. */
export function madeAtMs(record: RemoteRecord): number {
  return timeOf(record.add_time);
}

function timeOf(value: unknown): number {
  const time = String(value ?? '');
  return Date.parse(time.includes('T') ? time : `${time.replace(' ', 'T')}Z`);
}

/** Where we do not send it, the account sets it: each copy has its own. */
function withoutTime({ add_time: _time, ...image }: Image): Image {
  return image;
}

/** The keys whose creates were released to be sent again since they were last rolled back: only they can stand twice by our doing. */
export async function readSends(
  tx: Tx,
  of: { connectionId: string; entity: Entity; targetKey?: string },
  clockSkewMs: number,
): Promise<Map<string, Sends>> {
  const rows = await tx
    .selectFrom('loader.intent')
    .select([
      'targetKey',
      sql<Date>`min(created_at)`.as('firstAt'),
      sql<Date>`max(coalesce(sent_at, created_at))`.as('lastAt'),
    ])
    .where('connectionId', '=', of.connectionId)
    .where('entity', '=', of.entity)
    .where('operation', '=', 'create')
    .$if(of.targetKey !== undefined, (query) => query.where('targetKey', '=', of.targetKey ?? ''))
    .where(
      sql<boolean>`not exists (select from loader.intent gone where gone.connection_id = loader.intent.connection_id
        and gone.target_key = loader.intent.target_key and gone.operation = 'delete' and gone.state = 'confirmed'
        and gone.id > loader.intent.id)`,
    )
    .groupBy('targetKey')
    .having(sql<boolean>`sum(releases) > 0`)
    .execute();
  return new Map(
    rows.map(({ targetKey, firstAt, lastAt }) => [
      targetKey,
      { firstAtMs: firstAt.getTime() + clockSkewMs, lastAtMs: lastAt.getTime() + clockSkewMs },
    ]),
  );
}
