import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { findRun } from '@octopipe/shared/run/read-run';
import type { ReporterContext } from '../context.js';
import { findDocument, listDocuments, type ReportDocument } from './documents.js';

/** The run's documents, or the Problem that says why there are none. A foreign run and an absent one answer alike. */
export function listReadyDocuments(
  ctx: ReporterContext,
  tenantId: string,
  runId: string,
): Promise<ReportDocument[]> {
  return inTransaction(ctx.db, { role: 'reporter', tenantId }, (tx) => readyDocuments(tx, tenantId, runId));
}

export async function getReadyDocument(
  ctx: ReporterContext,
  tenantId: string,
  runId: string,
  name: string,
): Promise<ReportDocument> {
  return inTransaction(ctx.db, { role: 'reporter', tenantId }, async (tx) => {
    const found = await findDocument(tx, tenantId, runId, name);
    if (found) return found;
    const all = await readyDocuments(tx, tenantId, runId);
    throw new Problem(
      404,
      'document_not_found',
      `This run has no such document; it has: ${all.map((document) => document.name).join(', ')}.`,
    );
  });
}

async function readyDocuments(tx: Tx, tenantId: string, runId: string): Promise<ReportDocument[]> {
  const run = await findRun(tx, tenantId, runId);
  if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
  const documents = await listDocuments(tx, tenantId, runId);
  if (documents.length > 0) return documents;
  throw new Problem(
    409,
    'report_not_ready',
    run.status === 'cancelled'
      ? 'The run was cancelled, so it has no report.'
      : `The run is ${run.status}; its report is written a few seconds after it has ended.`,
  );
}
