import type { Tx } from '@octopipe/shared/db/index';
import { holdWhileNaming } from '@octopipe/shared/files/remove-unnamed';

/** A printed document of a run: its bytes lie in the file store under `blob`. */
export interface ReportDocument {
  name: string;
  mediaType: string;
  blob: string;
  bytes: number;
  sha256: string;
}

/** Held while the documents of a run are replaced. */
export const lockOfDocuments = (runId: string) => `report|${runId}`;

/** Puts the documents in the place of all former ones of the run; answers those, whose blobs nobody refers to any more. */
export async function replaceDocuments(
  tx: Tx,
  tenantId: string,
  runId: string,
  documents: ReadonlyArray<ReportDocument>,
): Promise<Array<{ blob: string; createdAt: Date }>> {
  // Two jobs for one run at the same moment: the second waits here and then sees, and removes, the first one's.
  await holdWhileNaming(tx, lockOfDocuments(runId));
  const former = await tx
    .deleteFrom('reporter.document')
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId)
    .returning(['blob', 'createdAt'])
    .execute();
  await tx
    .insertInto('reporter.document')
    .values(documents.map((document) => ({ tenantId, runId, ...document })))
    .execute();
  return former;
}

export async function listDocuments(tx: Tx, tenantId: string, runId: string): Promise<ReportDocument[]> {
  const rows = await documents(tx, tenantId, runId).orderBy('name').execute();
  return rows.map(documentOf);
}

export async function findDocument(
  tx: Tx,
  tenantId: string,
  runId: string,
  name: string,
): Promise<ReportDocument | undefined> {
  const row = await documents(tx, tenantId, runId).where('name', '=', name).executeTakeFirst();
  return row && documentOf(row);
}

/** Those of the blobs that a document of the run lies in. */
export function namedBlobs(
  tx: Tx,
  tenantId: string,
  runId: string,
  blobs: ReadonlyArray<string>,
): Promise<Array<{ blob: string }>> {
  return documents(tx, tenantId, runId).where('blob', 'in', blobs).execute();
}

function documents(tx: Tx, tenantId: string, runId: string) {
  return tx
    .selectFrom('reporter.document')
    .select(['name', 'mediaType', 'blob', 'bytes', 'sha256'])
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId);
}

function documentOf(row: Omit<ReportDocument, 'bytes'> & { bytes: string }): ReportDocument {
  return { ...row, bytes: Number(row.bytes) };
}
