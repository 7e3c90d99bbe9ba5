import type { Tx } from '@octopipe/shared/db/index';
import type { Finding } from '@octopipe/shared/domain/findings';
import type { MappedRow } from '@octopipe/shared/domain/mapping/map-record';
import type { SourceLink, SourceOutcome } from '@octopipe/shared/domain/mapping/record';
import { appendFindings } from '@octopipe/shared/findings/write-findings';
import { sql } from 'kysely';
import type { SetScope } from './set-scope.js';

/** Stores what the rows of a slice became. No `on conflict` on records and outcomes: a second one would be a bug. */
export async function writeSlice(
  tx: Tx,
  scope: SetScope & { migrationId: string },
  rows: ReadonlyArray<MappedRow>,
  headers: ReadonlyMap<string, string>,
): Promise<void> {
  await writeRecords(
    tx,
    scope,
    rows.flatMap((row) => row.records),
  );
  await writeOutcomes(
    tx,
    scope,
    rows.map((row) => row.outcome),
  );
  await writeLinks(
    tx,
    scope,
    rows.flatMap((row) => row.links),
  );
  const findings = rows.flatMap((row) => row.findings.map((finding) => withHeader(finding, headers)));
  await writeFindings(tx, scope, findings);
}

// One JSON parameter per table: 500 rows as single parameters would pass the 65,535 that Postgres takes.
async function writeRecords(tx: Tx, scope: SetScope, records: MappedRow['records']): Promise<void> {
  if (records.length === 0) return;
  const rows = records.map((record) => ({
    target_key: record.targetKey,
    entity: record.entity,
    source_object: record.sourceObject,
    sort_key: record.sortKey,
    payload: record.payload,
    payload_hash: record.payloadHash,
  }));
  await sql`
    insert into transform.mapped_record
      (tenant_id, set_id, target_key, entity, source_object, sort_key, payload, payload_hash)
    select ${scope.tenantId}, ${scope.setId}, r.target_key, r.entity, r.source_object, r.sort_key, r.payload, r.payload_hash
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
      target_key text, entity text, source_object text, sort_key text, payload jsonb, payload_hash text)`.execute(
    tx,
  );
}

export async function writeOutcomes(
  tx: Tx,
  scope: SetScope,
  outcomes: ReadonlyArray<SourceOutcome>,
): Promise<void> {
  if (outcomes.length === 0) return;
  const rows = outcomes.map((outcome) => ({
    object: outcome.object,
    row_number: outcome.rowNumber,
    source_id: outcome.sourceId,
    outcome: outcome.outcome,
    reason: outcome.reason,
  }));
  await sql`
    insert into transform.source_outcome (tenant_id, set_id, object, row_number, source_id, outcome, reason)
    select ${scope.tenantId}, ${scope.setId}, o.object, o.row_number, o.source_id, o.outcome, o.reason
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as o(
      object text, row_number int, source_id text, outcome text, reason text)`.execute(tx);
}

/** A row may name the same record twice (an invoice by booking and by number): once is enough. */
export async function writeLinks(tx: Tx, scope: SetScope, links: ReadonlyArray<SourceLink>): Promise<void> {
  if (links.length === 0) return;
  const rows = links.map((link) => ({
    object: link.object,
    source_id: link.sourceId,
    slot: link.slot,
    target_key: link.targetKey,
    role: link.role,
  }));
  await sql`
    insert into transform.source_link (tenant_id, set_id, object, source_id, slot, target_key, role)
    select ${scope.tenantId}, ${scope.setId}, l.object, l.source_id, l.slot, l.target_key, l.role
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as l(
      object text, source_id text, slot text, target_key text, role text)
    on conflict do nothing`.execute(tx);
}

/** What assessing already said of the same cell is not said twice. */
async function writeFindings(
  tx: Tx,
  scope: SetScope & { migrationId: string },
  findings: ReadonlyArray<Finding>,
): Promise<void> {
  if (findings.length === 0) return;
  const objects = [...new Set(findings.map((finding) => finding.object))];
  const rowNumbers = [...new Set(findings.flatMap((finding) => finding.rowNumber ?? []))];
  const known = await tx
    .selectFrom('core.finding')
    .select(['code', 'object', 'rowNumber', 'columnName'])
    .where('tenantId', '=', scope.tenantId)
    .where('exportId', '=', scope.exportId)
    .where('origin', 'in', ['stage', 'assess'])
    .where('object', 'in', objects)
    .where('rowNumber', 'in', rowNumbers)
    .execute();
  const keyOf = (code: string, object: string, row: number | null, column: string | null) =>
    `${code}|${object}|${row}|${column}`;
  const seen = new Set(known.map((row) => keyOf(row.code, row.object, row.rowNumber, row.columnName)));
  const fresh = findings.filter((finding) => {
    const key = keyOf(finding.code, finding.object, finding.rowNumber ?? null, finding.column ?? null);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  await appendFindings(
    tx,
    scope.tenantId,
    { migrationId: scope.migrationId, exportId: scope.exportId, setId: scope.setId, origin: 'map' },
    fresh,
  );
}

/** People know the column by its header. */
function withHeader(finding: Finding, headers: ReadonlyMap<string, string>): Finding {
  const header =
    finding.column === undefined ? undefined : headers.get(`${finding.object}\n${finding.column}`);
  return header === undefined ? finding : { ...finding, column: header };
}
