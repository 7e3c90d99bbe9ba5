import { Readable } from 'node:stream';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import type { Tx } from '@octopipe/shared/db/index';
import { appendFindings } from '@octopipe/shared/findings/write-findings';
import { canonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import { readTable } from '@octopipe/shared/octopuspro/connector';
import type { Delimiter, Encoding } from '@octopipe/shared/octopuspro/formats/text';
import { matchHeaders } from '@octopipe/shared/octopuspro/headers';
import { type DamagedRow, encodeRows, planRows, type RowPlan } from '@octopipe/shared/staging/copy-text';
import { inCopyTransaction } from '@octopipe/shared/staging/copy-transaction';
import { copyTargetOf, deleteRowsOfFile } from '@octopipe/shared/staging/partition';
import { columnsOf, type StagedColumn } from '@octopipe/shared/staging/read-staged';
import { createFindingsList } from '../assess/findings-list.js';
import type { IngestContext } from '../context.js';

export interface StageOutcome {
  /** The file of the same object that may be staged now. */
  next: string | undefined;
  /** No table of the export is pending any more. */
  allStaged: boolean;
}

interface TableFile {
  id: string;
  migrationId: string;
  path: string;
  object: string;
  state: string;
  blob: string;
  encoding: Encoding;
  delimiter: Delimiter;
  columns: StagedColumn[];
  rowCount: number | null;
}

/**
 * Streams one table into the export's rows. Deleting what an earlier try left, the rows, and the file's new state
 * are one transaction: a death in the middle leaves nothing, a second run changes nothing. The parts of one object
 * are staged one after the other in path order, because a part's row numbers begin where the former's end.
 */
export async function stageTable(
  ctx: IngestContext,
  tenantId: string,
  exportId: string,
  fileId: string,
  log: Logger,
): Promise<StageOutcome> {
  const dataKey = await ctx.dataKey(tenantId);
  return inCopyTransaction(ctx.copyPool, { role: 'ingest', tenantId }, async (tx, copyIn) => {
    const tables = await lockFile(tx, tenantId, exportId, fileId, log);
    const file = tables?.find((table) => table.id === fileId);
    if (!tables || !file) return { next: undefined, allStaged: false };
    const parts = tables.filter((table) => table.object === file.object);
    const before = parts.slice(0, parts.indexOf(file));
    const ready = before.every((part) => part.state === 'staged');
    if (file.state === 'pending' && ready) {
      const startedAt = performance.now();
      const firstRow = 1 + before.reduce((rows, part) => rows + (part.rowCount ?? 0), 0);
      await deleteRowsOfFile(tx, exportId, file.id);
      const content = await ctx.files.open(tenantId, dataKey, file.blob);
      const counter = { rows: 0 };
      const findings = createFindingsList({ files: [{ id: file.id, path: file.path, firstRow }] });
      if (file.encoding === 'windows-1252')
        findings.add({ code: 'read_as_windows_1252', object: file.object, file: file.path });
      const rows = copyRows(content, file, firstRow, counter, ({ rowNumber, sourceId, cell }) => {
        const row = { object: file.object, rowNumber, sourceId, fileId: file.id };
        findings.addRow('unreadable_characters', row, { column: file.columns[cell]?.header ?? '' });
      });
      await copyIn(
        copyTargetOf(exportId),
        Readable.from(rows, { objectMode: false, highWaterMark: 2 ** 20 }),
      );
      await tx
        .updateTable('ingest.exportFile')
        .set({ state: 'staged', rowCount: counter.rows, firstRow })
        .where('tenantId', '=', tenantId)
        .where('id', '=', file.id)
        .execute();
      const scope = { migrationId: file.migrationId, exportId, origin: 'stage' } as const;
      await appendFindings(tx, tenantId, scope, findings.all());
      file.state = 'staged';
      log.info(
        {
          object: file.object,
          rows: counter.rows,
          tookMs: Math.round(performance.now() - startedAt),
        },
        'file staged',
      );
    }
    return {
      next: parts.find((part) => part.state === 'pending' && part.id !== file.id)?.id,
      allStaged: tables.every((table) => table.state === 'staged'),
    };
  });
}

/** The export's tables in path order with this one locked; undefined while another worker has it or staging is over. */
async function lockFile(
  tx: Tx,
  tenantId: string,
  exportId: string,
  fileId: string,
  log: Logger,
): Promise<TableFile[] | undefined> {
  const locked = await tx
    .selectFrom('ingest.exportFile as file')
    .innerJoin('ingest.export as export', 'export.id', 'file.exportId')
    .select(['file.id', 'export.migrationId'])
    .where('file.tenantId', '=', tenantId)
    .where('file.exportId', '=', exportId)
    .where('file.id', '=', fileId)
    .where('file.kind', '=', 'table')
    .where('export.state', '=', 'staging')
    .forUpdate('file')
    .skipLocked()
    .executeTakeFirst();
  if (!locked) return undefined;
  log.setBindings({ migrationId: locked.migrationId });
  const files = await tx
    .selectFrom('ingest.exportFile')
    .selectAll()
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('kind', '=', 'table')
    .execute();
  return files
    .map((file) => ({
      id: file.id,
      migrationId: locked.migrationId,
      path: file.path,
      object: file.object ?? '',
      state: file.state,
      blob: file.blob,
      encoding: file.encoding as Encoding,
      delimiter: file.delimiter as Delimiter,
      columns: columnsOf(file.columns),
      rowCount: file.rowCount,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function* copyRows(
  content: Readable,
  file: TableFile,
  firstRow: number,
  counter: { rows: number },
  seeDamage: (row: DamagedRow) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const definition = canonicalObject(file.object);
  let plan: RowPlan | undefined;
  for await (const records of readTable(content, file.encoding, file.delimiter)) {
    let rows = records;
    if (!plan) {
      const header = matchHeaders(definition, records[0] ?? []).columns.map((column) => column.header);
      plan = planRows(definition, file.id, header, file.columns);
      rows = records.slice(1);
    }
    if (rows.length === 0) continue;
    yield Buffer.from(encodeRows(plan, rows, firstRow + counter.rows, seeDamage), 'utf8');
    counter.rows += rows.length;
    // COPY has taken these rows and the transaction is open: the worst moment to die.
    failpoint('ingest.mid_file');
  }
}
