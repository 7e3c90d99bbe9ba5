import type { Tx } from '../db/index.js';
import { type FollowedMerges, followMerges } from '../domain/mapping/follow-merges.js';
import { listMergedRows, type MergedRow, rowsById } from './read-staged.js';

/** The merges of customers that an export states, followed over the rows that may be mapped now. */
export async function readStatedMerges(
  tx: Tx,
  tenantId: string,
  exportId: string,
): Promise<FollowedMerges & { rows: MergedRow[] }> {
  const rows = await listMergedRows(tx, tenantId, exportId);
  const named = [...new Set(rows.map(({ into }) => into))];
  const there = await rowsById(tx, tenantId, exportId, 'customer', named);
  const stated = rows.map(({ sourceId, into }) => ({ from: sourceId, into }));
  return { rows, ...followMerges(stated, (id) => there.has(id)) };
}
