import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { parseWhen } from '@octopipe/shared/domain/convert/date';
import { parseMoney } from '@octopipe/shared/domain/convert/money';
import type { ExclusionRule } from '@octopipe/shared/domain/exclusions';
import type { FindingCode } from '@octopipe/shared/domain/findings';
import { canonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import { sql } from 'kysely';
import type { FindingsList } from './findings-list.js';
import { followMergedCustomers, type MergedCustomer } from './merged-customers.js';
import {
  type FoundRow,
  foundRow,
  objectsOf,
  openRows,
  positionsOf,
  type StagedExport,
} from './staged-export.js';

/** The verdicts that a row gets for itself: broken, without key, doubled, deleted, without a readable amount. */
export async function judgeRows(staged: StagedExport, findings: FindingsList): Promise<void> {
  for (const object of objectsOf(staged)) {
    const definition = canonicalObject(object);
    await excludeHeaders(staged, findings, object);
    await rejectRagged(staged, findings, object);
    if (definition.key !== null) {
      await rejectWithoutKey(staged, findings, object);
      await judgeDuplicates(staged, findings, object);
    }
    const merged = object === 'customer' ? await followMergedCustomers(staged, findings) : [];
    if (!staged.settings.includeDeleted) await excludeDeleted(staged, object, merged);
    if (object === 'payment' || object === 'refund') await rejectUnreadableAmounts(staged, findings, object);
  }
}

/** A header that comes again has no cells, but a hash (staging/copy-text.ts). */
async function excludeHeaders(staged: StagedExport, findings: FindingsList, object: string): Promise<void> {
  const rows = await findRows(staged, object, sql`cardinality(r.cells) = 0 and length(r.row_hash) > 0`);
  for (const row of rows) findings.addRow('repeated_header', row);
  await giveVerdict(staged, object, rows, 'excluded', 'repeated_header');
}

/** Staging stores rows with a wrong number of cells or broken quotes without cells (staging/copy-text.ts). */
async function rejectRagged(staged: StagedExport, findings: FindingsList, object: string): Promise<void> {
  const rows = await findRows(staged, object, sql`cardinality(r.cells) = 0`);
  for (const row of rows) findings.addRow('ragged_row', row);
  await giveVerdict(staged, object, rows, 'rejected', 'ragged_row');
}

async function rejectWithoutKey(staged: StagedExport, findings: FindingsList, object: string): Promise<void> {
  const { key } = canonicalObject(object);
  const header = canonicalObject(object).fields.find((field) => field.field === key)?.header ?? '';
  // Objects whose id the contract does not require (labels, option lists) are told apart by their place.
  const required = canonicalObject(object).fields.some(
    (field) => field.field === key && field.required === 'R',
  );
  if (!required) return;
  const rows = await findRows(staged, object, sql`r.source_id is null`);
  for (const row of rows) findings.addRow('missing_key', row, { column: header });
  await giveVerdict(staged, object, rows, 'rejected', 'missing_key');
}

async function judgeDuplicates(staged: StagedExport, findings: FindingsList, object: string): Promise<void> {
  const { rows } = await sql<FoundRow & { equal: boolean; nth: number }>`
    with doubled as (
      select r.source_id from ingest.staged_row r
      where ${openRows(staged, object)} and r.source_id is not null
      group by r.source_id having count(*) > 1)
    select ${foundRow},
      min(encode(r.row_hash, 'hex')) over copies = max(encode(r.row_hash, 'hex')) over copies as equal,
      (row_number() over (partition by r.source_id order by r.row_number))::int as nth
    from ingest.staged_row r join doubled using (source_id)
    where ${openRows(staged, object)}
    window copies as (partition by r.source_id)
    order by r.row_number`.execute(staged.tx);
  const extra = rows.filter((row) => row.equal && row.nth > 1);
  const clashing = rows.filter((row) => !row.equal);
  const { key, fields } = canonicalObject(object);
  const column = fields.find((field) => field.field === key)?.header ?? '';
  for (const row of extra) findings.addRow('duplicate_id_equal', row, { column });
  for (const row of clashing) findings.addRow('duplicate_id_conflict', row, { column });
  await giveVerdict(staged, object, extra, 'excluded', 'duplicate_id_equal');
  await giveVerdict(staged, object, clashing, 'rejected', 'duplicate_id_conflict');
}

/**
 * Soft-deleted rows are a state the source is in, not a defect: counted by their verdict, no finding. Where no flag is
 * readable the day of the deletion says it; a flag that says no wins, for what was restored may keep its day.
 * Merging deletes a customer, too, but what it had belongs to another: a merged one is deleted only when that one is.
 */
async function excludeDeleted(
  staged: StagedExport,
  object: string,
  merged: ReadonlyArray<MergedCustomer>,
): Promise<void> {
  const flags = await filledCells(staged, object, 'is_deleted');
  const flagged = new Map(flags.map((row) => [row.rowNumber, parseBool(row.cell)]));
  const days = (await filledCells(staged, object, 'deleted_at')).filter(
    ({ rowNumber, cell }) => flagged.get(rowNumber) === undefined && parseWhen(cell, staged.settings),
  );
  const ofMerged = new Set(merged.map(({ rowNumber }) => rowNumber));
  const deleted = [...flags.filter((row) => flagged.get(row.rowNumber) === true), ...days].filter(
    ({ rowNumber }) => !ofMerged.has(rowNumber),
  );
  const deletedIds = new Set(deleted.map(({ sourceId }) => sourceId));
  const withThem = merged.filter(({ livesOnIn }) => deletedIds.has(livesOnIn));
  await giveVerdict(staged, object, [...deleted, ...withThem], 'excluded', 'deleted');
}

async function rejectUnreadableAmounts(
  staged: StagedExport,
  findings: FindingsList,
  object: string,
): Promise<void> {
  const odd = await filledCells(staged, object, 'amount', sql`btrim(cell) !~ '^-?[0-9]+([.][0-9]+)?$'`);
  const unreadable = odd.filter((row) => parseMoney(row.cell, staged.settings.currency) === undefined);
  for (const row of unreadable) findings.addRow('unparseable_amount', row, { column: row.header });
  await giveVerdict(staged, object, unreadable, 'rejected', 'unparseable_amount');
}

/** The filled cells of one field, in rows without a verdict, with the row they stand in. */
export async function filledCells(
  staged: StagedExport,
  object: string,
  field: string,
  condition = sql<boolean>`true`,
): Promise<Array<FoundRow & { cell: string; header: string }>> {
  const positions = positionsOf(staged, object).filter((position) => position.field === field);
  if (positions.length === 0) return [];
  const { rows } = await sql<FoundRow & { cell: string; header: string }>`
    select ${foundRow}, cell, p.header
    from ingest.staged_row r
    join jsonb_to_recordset(${JSON.stringify(positions)}::jsonb) as p(file_id uuid, position int, header text)
      on p.file_id = r.file_id
    cross join lateral (select r.cells[p.position] as cell) c
    where ${openRows(staged, object)} and btrim(cell) <> '' and ${condition}
    order by r.row_number`.execute(staged.tx);
  return rows;
}

async function findRows(
  staged: StagedExport,
  object: string,
  condition: ReturnType<typeof sql>,
): Promise<FoundRow[]> {
  const { rows } = await sql<FoundRow>`
    select ${foundRow} from ingest.staged_row r
    where ${openRows(staged, object)} and ${condition} order by r.row_number`.execute(staged.tx);
  return rows;
}

export async function giveVerdict(
  staged: StagedExport,
  object: string,
  rows: ReadonlyArray<{ rowNumber: number }>,
  ...[verdict, reason]: ['excluded', ExclusionRule] | ['rejected', FindingCode]
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into ingest.row_verdict (tenant_id, export_id, object, row_number, verdict, reason)
    select ${staged.tenantId}, ${staged.exportId}, ${object}, n, ${verdict}, ${reason}
    from unnest(${rows.map((row) => row.rowNumber)}::int[]) n
    on conflict do nothing`.execute(staged.tx);
}
