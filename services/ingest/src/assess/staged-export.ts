import type { Tx } from '@octopipe/shared/db/index';
import { luxonFormat } from '@octopipe/shared/domain/convert/date';
import { canonicalObject, type FieldType } from '@octopipe/shared/octopuspro/canonical-fields';
import type { Manifest } from '@octopipe/shared/octopuspro/manifest';
import { columnsOf, type StagedColumn, withoutVerdict } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';

/** A staged export as the checks see it: where to ask, and what the package says about itself. */
export interface StagedExport {
  tx: Tx;
  tenantId: string;
  exportId: string;
  migrationId: string;
  files: PackageFile[];
  manifest: Manifest | undefined;
  settings: AssessSettings;
}

export interface AssessSettings {
  currency: string;
  dateFormat: string;
  timeZone: string;
  includeDeleted: boolean;
}

export interface PackageFile {
  id: string;
  path: string;
  object: string | null;
  kind: string;
  bytes: number;
  sha256: string;
  columns: StagedColumn[];
  dropped: string[];
  rowCount: number | null;
  /** Row number of the file's first row among all rows of its object. */
  firstRow: number;
}

/** A row that something was found in; enough to tell a person where it stands. */
export interface FoundRow {
  object: string;
  rowNumber: number;
  sourceId: string | null;
  fileId: string;
}

export async function openStagedExport(
  tx: Tx,
  tenantId: string,
  found: { id: string; migrationId: string; manifest: unknown },
  settings: unknown,
): Promise<StagedExport> {
  const files = await tx
    .selectFrom('ingest.exportFile')
    .selectAll()
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', found.id)
    .orderBy(sql`path collate "C"`)
    .execute();
  const manifest = (found.manifest ?? undefined) as Manifest | undefined;
  return {
    tx,
    tenantId,
    exportId: found.id,
    migrationId: found.migrationId,
    manifest,
    settings: settingsOf(settings, manifest),
    files: files.map((file) => ({
      id: file.id,
      path: file.path,
      object: file.object,
      kind: file.kind,
      bytes: Number(file.bytes),
      sha256: file.sha256,
      columns: columnsOf(file.columns),
      dropped: file.droppedColumns as string[],
      rowCount: file.rowCount,
      firstRow: file.firstRow ?? 1,
    })),
  };
}

/** The migration's settings win over the manifest; without either, ISO dates and plain amounts are what can be read. */
function settingsOf(stored: unknown, manifest: Manifest | undefined): AssessSettings {
  const given = (stored ?? {}) as Record<string, unknown>;
  const text = (key: string) => (typeof given[key] === 'string' ? given[key] : undefined);
  return {
    currency: text('currency') ?? manifest?.tenant?.currency ?? '',
    dateFormat: luxonFormat(text('date_format') ?? manifest?.tenant?.date_format ?? 'iso'),
    timeZone: text('time_zone') ?? manifest?.tenant?.time_zone ?? 'UTC',
    includeDeleted: given.include_deleted === true || given.includeDeleted === true,
  };
}

/** The objects that have tables, each once. */
export function objectsOf(staged: StagedExport): string[] {
  return [...new Set(tablesOf(staged).map((file) => file.object))];
}

export function tablesOf(staged: StagedExport): Array<PackageFile & { object: string }> {
  return staged.files.flatMap((file) =>
    file.kind === 'table' && file.object !== null ? [{ ...file, object: file.object }] : [],
  );
}

export interface CellPosition {
  file_id: string;
  /** 1-based, as in an array of Postgres. */
  position: number;
  field: string;
  header: string;
  type: FieldType;
}

/** Where the canonical fields of an object stand in the cells of each of its files. */
export function positionsOf(staged: StagedExport, object: string): CellPosition[] {
  const types = new Map(canonicalObject(object).fields.map((field) => [field.field, field.type]));
  return tablesOf(staged)
    .filter((file) => file.object === object)
    .flatMap((file) =>
      file.columns.flatMap((column, index) => {
        const type = column.field === null ? undefined : types.get(column.field);
        return column.field !== null && type
          ? [{ file_id: file.id, position: index + 1, field: column.field, header: column.header, type }]
          : [];
      }),
    );
}

/** Rows of the export without a verdict so far, as `r`. */
export function openRows(staged: StagedExport, object: string) {
  return sql`r.tenant_id = ${staged.tenantId} and r.export_id = ${staged.exportId} and r.object = ${object}
    and ${withoutVerdict}`;
}

/** Columns of a FoundRow, from `r`. */
export const foundRow = sql`r.object, r.row_number, r.source_id, r.file_id`;
