import { assess } from '@octopipe/ingest/assess/assess';
import { finishStaging } from '@octopipe/ingest/staging/finish-staging';
import { stageTable } from '@octopipe/ingest/staging/stage-table';
import { inTransaction } from '@octopipe/shared/db/index';
import { contentHash } from '@octopipe/shared/domain/mapping/content';
import { proposeMapping } from '@octopipe/shared/domain/mapping/propose';
import { createDetachedTable } from '@octopipe/shared/staging/partition';
import { mapExport } from '@octopipe/transform/jobs/map-export';
import { scanExport } from '@octopipe/transform/propose/scan-export';
import type { Workbench } from './workbench.js';

export interface TableFile {
  id: string;
  path: string;
  bytes: number;
}

/** Another export with the same tables, or some of them, ready to be staged: each round begins with an empty table. */
export async function copyOfExport(
  bench: Workbench,
  listedExport: string,
  objects: ReadonlyArray<string> | undefined = undefined,
): Promise<string> {
  const [made] = await bench.query<{ id: string }>(
    `insert into ingest.export (tenant_id, migration_id, state, sha256, bytes, blob, manifest)
      select tenant_id, migration_id, 'staging', gen_random_uuid()::text, bytes, blob, manifest from ingest.export where id = $1
      returning id`,
    [listedExport],
  );
  const exportId = made?.id ?? '';
  await bench.query(
    `insert into ingest.export_file (tenant_id, export_id, path, object, kind, state, blob, bytes, sha256, encoding, delimiter, columns, dropped_columns)
      select tenant_id, $2, path, object, kind, 'pending', blob, bytes, sha256, encoding, delimiter, columns, dropped_columns
      from ingest.export_file where export_id = $1 and kind = 'table' and ($3::text[] is null or object = any($3))`,
    [listedExport, exportId, objects ?? null],
  );
  await inTransaction(bench.ingest.db, { role: 'ingest', tenantId: bench.tenantId }, (tx) =>
    createDetachedTable(tx, bench.tenantId, exportId),
  );
  return exportId;
}

export async function tablesOf(bench: Workbench, exportId: string): Promise<TableFile[]> {
  const files = await bench.query<{ id: string; path: string; bytes: string }>(
    `select id, path, bytes from ingest.export_file where export_id = $1 and kind = 'table' order by path`,
    [exportId],
  );
  return files.map((file) => ({ ...file, bytes: Number(file.bytes) }));
}

/** From listed to assessed, by the service's own code. */
export async function stageAndAssess(bench: Workbench, exportId: string): Promise<void> {
  const { ingest, tenantId } = bench;
  for (const file of await tablesOf(bench, exportId))
    await stageTable(ingest, tenantId, exportId, file.id, ingest.logger.child({}));
  await finishStaging(ingest, tenantId, exportId);
  await assess(ingest, tenantId, exportId, ingest.logger.child({}));
}

/** The mapping that is proposed for this export, confirmed as it is. Each call makes a version of its own. */
export async function confirmProposal(bench: Workbench, exportId: string): Promise<string> {
  const { transform, tenantId, migrationId } = bench;
  const facts = await inTransaction(transform.db, { role: 'transform', tenantId }, (tx) =>
    scanExport(tx, tenantId, migrationId, exportId),
  );
  const proposal = proposeMapping(facts);
  if (!('content' in proposal)) throw new Error('the generated package lacks settings that a mapping needs');
  const [version] = await bench.query<{ id: string }>(
    `insert into transform.mapping_version (tenant_id, migration_id, export_id, number, state, content, content_hash, confirmed_by, confirmed_at)
      select $1, $2, $3, coalesce(max(number), 0) + 1, 'confirmed', $4, $5, 'bench', now()
      from transform.mapping_version where migration_id = $2 returning id`,
    [tenantId, migrationId, exportId, JSON.stringify(proposal.content), contentHash(proposal.content)],
  );
  return version?.id ?? '';
}

/** Maps by the service's own job; the set it made. */
export async function mapWhole(
  bench: Workbench,
  exportId: string,
  mappingVersionId: string,
): Promise<string> {
  const { transform, tenantId } = bench;
  const { signal } = new AbortController();
  await mapExport.handle(
    transform,
    { version: 1, tenantId, exportId, mappingVersionId },
    signal,
    transform.logger.child({}),
  );
  const [set] = await bench.query<{ id: string; state: string }>(
    'select id, state from transform.mapped_set where export_id = $1 and mapping_version_id = $2',
    [exportId, mappingVersionId],
  );
  if (set?.state !== 'mapped') throw new Error(`the set is ${set?.state ?? 'missing'} after mapping`);
  return set.id;
}
