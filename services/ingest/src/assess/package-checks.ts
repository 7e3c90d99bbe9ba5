import type { Finding } from '@octopipe/shared/domain/findings';
import { findDefinition } from '@octopipe/shared/domain/objects/registry';
import { canonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import { holdsUnreadData } from '@octopipe/shared/octopuspro/connector';
import { sql } from 'kysely';
import type { FindingsList } from './findings-list.js';
import { filledCells, giveVerdict } from './row-verdicts.js';
import { type PackageFile, type StagedExport, tablesOf } from './staged-export.js';

/** What the files themselves tell: dropped and missing and unknown columns, rows against the manifest. */
export function checkPackage(staged: StagedExport, findings: FindingsList): void {
  for (const file of tablesOf(staged)) checkColumns(file, file.object, findings);
  for (const file of staged.files.filter(isUnreadJson)) findings.add(unread(file, staged));
  const announced = new Map(staged.manifest?.files.map((entry) => [entry.name, entry]));
  for (const file of staged.files) {
    const rows = announced.get(file.path)?.rows;
    if (rows === undefined || file.rowCount === null || rows === file.rowCount) continue;
    findings.add({
      code: 'row_count_mismatch',
      object: file.object ?? '',
      file: file.path,
      facts: { manifest: rows, found: file.rowCount },
    });
  }
  for (const name of announced.keys()) {
    if (!staged.files.some((file) => file.path === name))
      findings.add({
        code: 'row_count_mismatch',
        object: '',
        file: name,
        facts: { manifest: announced.get(name)?.rows ?? 0, found: 0 },
      });
  }
}

/**
 * JSON is kept whole: enough for an inventory, as long as its entries can be counted. Of what becomes records nothing is
 * read from it.
 */
function isUnreadJson({ kind, object, rowCount }: PackageFile): boolean {
  if (kind !== 'json' || object === null) return false;
  return rowCount === null || !findDefinition(object)?.inventory;
}

/** How many rows are missing only the manifest can say. */
function unread(file: PackageFile, { manifest }: StagedExport): Finding {
  const rows = file.rowCount ?? manifest?.files.find(({ name }) => name === file.path)?.rows;
  return {
    code: 'unread_file',
    object: file.object ?? '',
    file: file.path,
    facts: { bytes: file.bytes, ...(rows === undefined ? {} : { rows }) },
  };
}

function checkColumns(file: PackageFile, object: string, findings: FindingsList): void {
  const definition = canonicalObject(object);
  const present = new Set(file.columns.map((column) => column.field));
  for (const header of file.dropped)
    findings.add({ code: 'secret_dropped', object, file: file.path, column: header });
  for (const field of definition.fields) {
    if (field.required !== 'R' || present.has(field.field)) continue;
    if (field.field === definition.key && definition.display && present.has(definition.display)) continue;
    findings.add({ code: 'missing_column', object, file: file.path, column: field.header });
  }
  for (const column of file.columns) {
    if (column.field === null && !/^\s*cf:/i.test(column.header))
      findings.add({ code: 'unknown_column', object, file: file.path, column: column.header });
  }
}

/** Files against attachments.csv, both ways. A listed file that is not there rejects its row; a wrong size does not. */
export async function checkAttachments(staged: StagedExport, findings: FindingsList): Promise<void> {
  const files = new Map(staged.files.map((file) => [file.path, file]));
  const sizes = new Map(
    (await filledCells(staged, 'attachment', 'size_bytes')).map((row) => [row.rowNumber, row.cell.trim()]),
  );
  const hashes = new Map(
    (await filledCells(staged, 'attachment', 'sha_256')).map((row) => [row.rowNumber, row.cell.trim()]),
  );
  const listed = new Set<string>();
  const missing = [];
  for (const row of await filledCells(staged, 'attachment', 'path')) {
    const path = row.cell.trim().replaceAll('\\', '/').replace(/^\.\//, '');
    const file = files.get(path);
    listed.add(path);
    if (!file) {
      missing.push(row);
      findings.addRow('missing_file', row, { column: row.header });
      continue;
    }
    const size = sizes.get(row.rowNumber);
    const hash = hashes.get(row.rowNumber)?.toLowerCase();
    const differs = [
      ...(size !== undefined && size !== String(file.bytes) ? ['size'] : []),
      ...(hash !== undefined && hash !== file.sha256 ? ['hash'] : []),
    ];
    if (differs.length > 0) findings.addRow('file_mismatch', row, { facts: { differs: differs.join(', ') } });
  }
  await giveVerdict(staged, 'attachment', missing, 'rejected', 'missing_file');
  const unlisted = staged.files.filter((file) => mayBeAttachment(file) && !listed.has(file.path));
  const named = await pathsInCells(staged, unlisted);
  for (const file of unlisted) {
    if (named.has(file.path)) continue;
    if (file.kind === 'unknown' && holdsUnreadData(file.path, file.object))
      findings.add(unread(file, staged));
    else findings.add({ code: 'unlisted_file', object: 'attachment', file: file.path });
  }
}

/** A table that is no object of the export is out of scope and counted by its rows: not an attachment without an owner. */
function mayBeAttachment(file: PackageFile): boolean {
  if (file.kind === 'attachment') return true;
  return file.kind === 'unknown' && file.rowCount === null && !isSystemFile(file.path);
}

/** Files that a record names itself: the PDF of an invoice, a recording, a signature in a field of the tenant's own. */
async function pathsInCells(staged: StagedExport, files: ReadonlyArray<PackageFile>): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  const { rows } = await sql<{ path: string }>`
    select distinct cell as path from ingest.staged_row r cross join lateral unnest(r.cells) as cell
    where r.tenant_id = ${staged.tenantId} and r.export_id = ${staged.exportId}
      and r.object in ('booking', 'customer', 'quote', 'service', 'invoice', 'communication', 'custom_field_value')
      and cell = any(${files.map((file) => file.path)})`.execute(staged.tx);
  return new Set(rows.map((row) => row.path));
}

/** What file managers leave in archives: counted among the files, worth nobody's attention. */
function isSystemFile(path: string): boolean {
  return path.startsWith('__MACOSX/') || /(^|\/)(\.[^/]+|Thumbs\.db|desktop\.ini)$/i.test(path);
}
