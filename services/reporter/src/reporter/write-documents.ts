import { Readable } from 'node:stream';
import type { Tx } from '@octopipe/shared/db/index';
import {
  crosswalkRows,
  differencesOf,
  failedRecords,
  matchesOf,
  type Run,
} from '@octopipe/shared/run/read-run';
import type { ReporterContext } from '../context.js';
import { writeInventories } from '../inventories/write-inventories.js';
import { crosswalkCsv } from './crosswalk-csv.js';
import { type DocumentName, mediaTypes } from './document-names.js';
import type { ReportDocument } from './documents.js';
import { gatherFacts } from './gather-facts.js';
import { mappedNdjson } from './mapped-ndjson.js';
import { plannedRecords, rejectedRows } from './read-sources.js';
import { reconciliationHtml } from './reconciliation-html.js';
import { reconciliationJson } from './reconciliation-json.js';
import { summaryOf } from './summary.js';

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
  const put = async (name: DocumentName, content: Readable) => {
    const file = await ctx.files.put(tenantId, dataKey, content);
    written.push({ name, mediaType: mediaTypes[name], ...file });
  };
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
  await put('summary.json', bytesOf(`${JSON.stringify(summaryOf(facts), null, 2)}\n`));
}

function bytesOf(text: string): Readable {
  return Readable.from([Buffer.from(text)]);
}
