import { sql } from 'kysely';
import type { Tx } from '../db/index.js';
import { type Finding, findingRules } from '../domain/findings.js';

export interface FindingsScope {
  migrationId: string;
  exportId: string;
  setId?: string;
  origin: 'stage' | 'assess' | 'map';
  /** Only the findings of these objects are replaced; absent: of all. */
  objects?: ReadonlyArray<string>;
}

/** Takes the findings of this scope away and writes the given ones: running it again changes nothing. */
export async function replaceFindings(
  tx: Tx,
  tenantId: string,
  scope: FindingsScope,
  findings: ReadonlyArray<Finding>,
): Promise<void> {
  let removal = tx
    .deleteFrom('core.finding')
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', scope.exportId)
    .where('origin', '=', scope.origin);
  removal = scope.setId ? removal.where('setId', '=', scope.setId) : removal.where('setId', 'is', null);
  if (scope.objects && scope.objects.length > 0) removal = removal.where('object', 'in', [...scope.objects]);
  await removal.execute();
  for (let from = 0; from < findings.length; from += chunkSize) {
    await insert(tx, tenantId, scope, findings.slice(from, from + chunkSize));
  }
}

/** Adds findings without taking any away: for work in slices, whose transaction also saves how far it is. */
export async function appendFindings(
  tx: Tx,
  tenantId: string,
  scope: FindingsScope,
  findings: ReadonlyArray<Finding>,
): Promise<void> {
  for (let from = 0; from < findings.length; from += chunkSize) {
    await insert(tx, tenantId, scope, findings.slice(from, from + chunkSize));
  }
}

const chunkSize = 5_000;

async function insert(
  tx: Tx,
  tenantId: string,
  scope: FindingsScope,
  findings: ReadonlyArray<Finding>,
): Promise<void> {
  const rows = findings.map((finding) => ({
    code: finding.code,
    severity: findingRules[finding.code].severity,
    object: finding.object,
    source_id: finding.sourceId ?? null,
    file: finding.file ?? null,
    row_number: finding.rowNumber ?? null,
    column_name: finding.column ?? null,
    facts: finding.facts ?? {},
  }));
  // One parameter for the whole chunk: Postgres takes 65,535 of them at most.
  await sql`
    insert into core.finding
      (tenant_id, migration_id, export_id, set_id, origin, code, severity, object, source_id, file, row_number, column_name, facts)
    select ${tenantId}, ${scope.migrationId}, ${scope.exportId}, ${scope.setId ?? null}::uuid, ${scope.origin},
      f.code, f.severity, f.object, f.source_id, f.file, f.row_number, f.column_name, f.facts
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as f(
      code text, severity text, object text, source_id text, file text, row_number int, column_name text, facts jsonb)`.execute(
    tx,
  );
}
