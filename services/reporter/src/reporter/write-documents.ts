import { Readable } from 'node:stream';
import type { Tx } from '@octopipe/shared/db/index';
import {
  crosswalkRows,
  differencesOf,
  failedRecords,
  keptRecords,
  matchesOf,
  type Run,
} from '@octopipe/shared/run/read-run';
import type { ReporterContext } from '../context.js';
import { writeInventories } from '../inventories/write-inventories.js';
import { crosswalkCsv } from './crosswalk-csv.js';
import { type DocumentName, mediaTypes } from './document-names.js';
import type { ReportDocument } from './documents.js';
import { gatherFacts } from './gather-facts.js';
import { gatherRollback } from './gather-rollback.js';
import { gatherVerification } from './gather-verification.js';
import { mappedNdjson } from './mapped-ndjson.js';
import { plannedRecords, rejectedRows } from './read-sources.js';
import { reconciliationHtml } from './reconciliation-html.js';
import { reconciliationJson } from './reconciliation-json.js';
import { rollbackHtml } from './rollback-html.js';
import { rollbackJson, rollbackSummary } from './rollback-json.js';
import { summaryOf } from './summary.js';
import { verificationHtml } from './verification-html.js';
import { verificationJson, verificationSummary } from './verification-json.js';
import { certificateHtml, certificateJson, certificateOf, wroteNothing } from './zero-write-certificate.js';

type Put = (name: DocumentName, content: Readable) => Promise<void>;

/**
 * Writes all documents of a run into the file store, encrypted with the tenant's key; nobody refers to them yet.
 * The time in them is the run's own, never the clock's: printing again gives the same bytes. `written` grows as the
 * files do, so that the caller can remove them when a later one fails.
 */
export async function writeDocuments(
  ctx: ReporterContext,
  tx: Tx,
  tenantId: string,
  run: Run,
  dataKey: Buffer,
  written: ReportDocument[],
): Promise<void> {
  const put: Put = async (name, content) => {
    const file = await ctx.files.put(tenantId, dataKey, content);
    written.push({ name, mediaType: mediaTypes[name], ...file });
  };
  if (run.kind === 'rollback') return writeRollback(tx, tenantId, run, put);
  if (run.kind === 'verify') return writeVerification(tx, tenantId, run, put);
  const facts = await gatherFacts(tx, tenantId, run);
  await put('crosswalk.csv', crosswalkCsv(crosswalkRows(tx, tenantId, run.connectionId)));
  await put('mapped.ndjson', mappedNdjson(plannedRecords(tx, tenantId, run)));
  await writeInventories({ tx, files: ctx.files, dataKey, tenantId, exportId: run.exportId }, facts, put);
  const hashes = written.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
  const lists = {
    rejected: () => rejectedRows(tx, tenantId, run),
    failed: () => failedRecords(tx, tenantId, run.id),
    differences: () => differencesOf(tx, tenantId, run.id),
    matches: () => matchesOf(tx, tenantId, run),
  };
  await put('reconciliation.json', reconciliationJson(facts, lists, hashes));
  await put('reconciliation.html', bytesOf(await reconciliationHtml(facts, lists, hashes)));
  if (wroteNothing(facts)) {
    const certificate = await certificateOf(facts, plannedRecords(tx, tenantId, run));
    await put('zero-write-certificate.html', bytesOf(certificateHtml(certificate)));
    await put('zero-write-certificate.json', jsonOf(certificateJson(certificate)));
  }
  await put('summary.json', jsonOf(summaryOf(facts)));
}

async function writeRollback(tx: Tx, tenantId: string, run: Run, put: Put): Promise<void> {
  const facts = await gatherRollback(tx, tenantId, run);
  const lists = {
    kept: () => keptRecords(tx, tenantId, run.id),
    failed: () => failedRecords(tx, tenantId, run.id),
  };
  await put('rollback.json', rollbackJson(facts, lists));
  await put('rollback.html', bytesOf(await rollbackHtml(facts, lists)));
  await put('summary.json', jsonOf(rollbackSummary(facts)));
}

async function writeVerification(tx: Tx, tenantId: string, run: Run, put: Put): Promise<void> {
  const facts = await gatherVerification(tx, tenantId, run);
  const differences = () => differencesOf(tx, tenantId, run.id);
  await put('verification.json', verificationJson(facts, differences()));
  await put('verification.html', bytesOf(await verificationHtml(facts, differences())));
  await put('summary.json', jsonOf(verificationSummary(facts)));
}

function jsonOf(value: unknown): Readable {
  return bytesOf(`${JSON.stringify(value, null, 2)}\n`);
}

function bytesOf(text: string): Readable {
  return Readable.from([Buffer.from(text)]);
}
