import type { Tx } from '../db/index.js';

/** A JSON file of the package that is kept as it came: its bytes lie in the file store under `blob`. */
export interface KeptFile {
  path: string;
  blob: string;
  bytes: number;
}

/** The kept JSON files of an object (automations.json, portal_settings.json, service_areas.json), by path. */
export async function listKeptFiles(
  tx: Tx,
  tenantId: string,
  exportId: string,
  object: string,
): Promise<KeptFile[]> {
  const files = await tx
    .selectFrom('ingest.exportFile')
    .select(['path', 'blob', 'bytes'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('kind', '=', 'json')
    .where('state', '=', 'kept')
    .where('object', '=', object)
    .orderBy('path')
    .execute();
  return files.map((file) => ({ ...file, bytes: Number(file.bytes) }));
}
