import type { Tx } from '@octopipe/shared/db/index';
import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { mergesOf } from '@octopipe/shared/domain/mapping/duplicate-customers';
import { joinMerges } from '@octopipe/shared/domain/mapping/follow-merges';
import { rowsById } from '@octopipe/shared/staging/read-staged';
import { readStatedMerges } from '@octopipe/shared/staging/stated-merges';
import { sql } from 'kysely';
import type { SetScope } from './set-scope.js';

/**
 * Writes which customers go into which, before anything is mapped: those that OctopusPro has merged itself, and those that
 * the confirmed mapping merges. A merge of a row that has a verdict, or of one that is in another export, is none: the row
 * keeps its verdict, the others stand alone.
 */
export async function mergeCustomers(tx: Tx, scope: SetScope, content: MappingContent): Promise<void> {
  const merges = mergesOf(content);
  const ids = [...new Set(merges.flatMap(({ from, into }) => [from, into]))];
  const rows = await rowsById(tx, scope.tenantId, scope.exportId, 'customer', ids);
  const decided = merges.filter(({ from, into }) => rows.has(from) && rows.has(into));
  // As far as they lead to a customer that is mapped; the rest are findings of assessing.
  const stated = await readStatedMerges(tx, scope.tenantId, scope.exportId);
  const aliases = [...joinMerges(stated.survivors, decided)].map(([from, into]) => ({
    source_id: from,
    surviving_id: into,
  }));
  if (aliases.length === 0) return;
  await sql`
    insert into transform.source_alias (tenant_id, set_id, object, source_id, surviving_id)
    select ${scope.tenantId}, ${scope.setId}, 'customer', a.source_id, a.surviving_id
    from jsonb_to_recordset(${JSON.stringify(aliases)}::jsonb) as a(source_id text, surviving_id text)`.execute(
    tx,
  );
}

/** Of these customers the ones that were merged, and what into. */
export function aliasesOf(tx: Tx, scope: SetScope, ids: ReadonlyArray<string>): Promise<Map<string, string>> {
  const asked = [...new Set(ids)];
  return read(tx, scope, sql<boolean>`source_id = any(${asked})`, asked.length);
}

/** Of these customers, and of all that were merged into one of them or into the same as one of them. */
export async function aliasesAround(
  tx: Tx,
  scope: SetScope,
  ids: ReadonlyArray<string>,
): Promise<Map<string, string>> {
  const own = await aliasesOf(tx, scope, ids);
  const survivors = [...new Set([...ids, ...own.values()])];
  return read(tx, scope, sql<boolean>`surviving_id = any(${survivors})`, survivors.length);
}

/** All of a set. */
export function allAliases(tx: Tx, scope: SetScope): Promise<Map<string, string>> {
  return read(tx, scope, sql<boolean>`true`, 1);
}

async function read(
  tx: Tx,
  scope: SetScope,
  condition: ReturnType<typeof sql<boolean>>,
  asked: number,
): Promise<Map<string, string>> {
  if (asked === 0) return new Map();
  const { rows } = await sql<{ sourceId: string; survivingId: string }>`
    select source_id, surviving_id from transform.source_alias
    where tenant_id = ${scope.tenantId} and set_id = ${scope.setId} and object = 'customer' and ${condition}`.execute(
    tx,
  );
  return new Map(rows.map(({ sourceId, survivingId }) => [sourceId, survivingId]));
}
