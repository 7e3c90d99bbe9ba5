import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { hashOf } from '../core/canonical-json.js';
import type { Tx } from '../db/index.js';
import type { DB } from '../db/types.js';
import { purgeSteps } from './tables.js';

export type PurgeRow = Selectable<DB['core.purge']>;

/** Rows by table; a table that held none is not named. */
export const Rows = z.record(z.string(), z.int().nonnegative());

/** A purge as the API shows it: the receipt, once it is done. */
export const Purge = z
  .object({
    id: z.uuid(),
    state: z.enum(['removing', 'done']),
    step: z
      .enum(purgeSteps)
      .nullable()
      .meta({ description: 'Whose tables are being emptied; null when done.' }),
    tenant_id: z
      .uuid()
      .meta({ description: 'The id the tenant had: what it is called in logs and backups.' }),
    tenant_sha256: z.string().meta({
      description: 'SHA-256 of the slug: who knows the name can tell whose receipt it is.',
    }),
    requested_by: z.uuid().meta({ description: 'The id of the API key.' }),
    requested_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
    rows: Rows,
    files: z.int().nullable().meta({ description: 'Null until they are counted, right before they go.' }),
    bytes: z.int().nullable().meta({ description: 'As they lay on disk, encrypted.' }),
    receipt_sha256: z.string().nullable().meta({
      description: 'SHA-256 of this receipt as canonical JSON (sorted keys, no spaces), without this member.',
    }),
  })
  .meta({ id: 'Purge' });

/** No name is kept, only what tells whether a name is this one. */
export function hashOfSlug(slug: string): string {
  return createHash('sha256').update(slug).digest('hex');
}

export function viewPurge(row: PurgeRow): z.infer<typeof Purge> {
  return { ...contentOf(row), receipt_sha256: row.receiptHash };
}

/** Over everything that the receipt says. */
export function receiptHashOf(row: PurgeRow): string {
  return hashOf(contentOf(row));
}

function contentOf(row: PurgeRow): Omit<z.infer<typeof Purge>, 'receipt_sha256'> {
  const step = purgeSteps.find((name) => name === row.step) ?? null;
  return {
    id: row.id,
    state: step === null ? 'done' : 'removing',
    step,
    tenant_id: row.subjectId,
    tenant_sha256: row.slugHash,
    requested_by: row.requestedBy,
    requested_at: row.requestedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    rows: Rows.parse(row.rowsRemoved),
    files: row.files === null ? null : Number(row.files),
    bytes: row.bytes === null ? null : Number(row.bytes),
  };
}

export interface PurgeFilter {
  slug?: string;
  after?: string;
  limit: number;
}

/** In a system transaction, as all of these: a purge belongs to the installation. */
export function listPurges(tx: Tx, { slug, after, limit }: PurgeFilter): Promise<PurgeRow[]> {
  return tx
    .selectFrom('core.purge')
    .selectAll()
    .$if(slug !== undefined, (all) => all.where('slugHash', '=', hashOfSlug(slug ?? '')))
    .$if(after !== undefined, (all) => all.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export function findPurge(tx: Tx, id: string): Promise<PurgeRow | undefined> {
  return tx.selectFrom('core.purge').selectAll().where('id', '=', id).executeTakeFirst();
}
