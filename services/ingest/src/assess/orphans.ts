import { canonicalObject, type ParentRule } from '@octopipe/shared/octopuspro/canonical-fields';
import { sql } from 'kysely';
import type { FindingsList } from './findings-list.js';
import { giveVerdict } from './row-verdicts.js';
import {
  type FoundRow,
  foundRow,
  objectsOf,
  openRows,
  positionsOf,
  type StagedExport,
} from './staged-export.js';

/**
 * Rejects rows whose parent is not there to be mapped, until nothing changes: a rejected booking makes orphans of its
 * appointments. Children of soft-deleted records are excluded with them.
 * Which references matter is in the canonical table (`required`); a dangling one elsewhere only leaves a field empty.
 */
export async function rejectOrphans(staged: StagedExport, findings: FindingsList): Promise<void> {
  const objects = objectsOf(staged);
  const rules = objects.flatMap((object) =>
    canonicalObject(object)
      .parents.filter((rule) => rule.required && mayJudge(object, rule, objects))
      .map((rule) => ({ object, rule })),
  );
  for (const { object, rule } of rules) {
    if (isRequired(object, rule)) await rejectWithoutReference(staged, findings, object, rule);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const { object, rule } of rules) {
      if (await judgeReferences(staged, findings, object, rule)) changed = true;
    }
  }
}

/**
 * An optional reference to an object that the package does not have at all says nothing about the row: a package
 * without invoices.csv still has payments.
 */
function mayJudge(object: string, rule: ParentRule, objects: string[]): boolean {
  return isRequired(object, rule) || typeof rule.object !== 'string' || objects.includes(rule.object);
}

function isRequired(object: string, rule: ParentRule): boolean {
  return fieldOf(object, rule)?.required === 'R';
}

function fieldOf(object: string, rule: ParentRule) {
  return canonicalObject(object).fields.find((field) => field.field === rule.field);
}

async function rejectWithoutReference(
  staged: StagedExport,
  findings: FindingsList,
  object: string,
  rule: ParentRule,
): Promise<void> {
  const { rows } = await sql<FoundRow>`
    select ${foundRow} from ingest.staged_row r
    where ${openRows(staged, object)} and not exists (
      select from ingest.staged_ref f
      where f.export_id = r.export_id and f.object = r.object and f.row_number = r.row_number
        and f.relation = ${rule.field})
    order by r.row_number`.execute(staged.tx);
  report(staged, findings, rows, object, rule, 'empty');
  await giveVerdict(staged, object, rows, 'rejected', 'orphan_reference');
}

/** True when rows got a verdict. */
async function judgeReferences(
  staged: StagedExport,
  findings: FindingsList,
  object: string,
  rule: ParentRule,
): Promise<boolean> {
  const { rows } = await sql<FoundRow & { parent: string | null }>`
    select distinct on (r.row_number) ${foundRow}, (
      select case when v.verdict = 'excluded' then 'deleted' else 'rejected' end
      from ingest.staged_row p
      join ingest.row_verdict v
        on v.export_id = p.export_id and v.object = p.object and v.row_number = p.row_number
      where p.export_id = ${staged.exportId} and p.object = f.parent_object and p.source_id = f.parent_id
      order by v.verdict limit 1) as parent
    from ingest.staged_ref f
    join ingest.staged_row r
      on r.export_id = f.export_id and r.object = f.object and r.row_number = f.row_number
    where f.tenant_id = ${staged.tenantId} and f.export_id = ${staged.exportId}
      and f.object = ${object} and f.relation = ${rule.field}
      and ${openRows(staged, object)}
      and not exists (
        select from ingest.staged_row p
        where p.export_id = ${staged.exportId} and p.object = f.parent_object and p.source_id = f.parent_id
          and (
            select v.verdict from ingest.row_verdict v
            where v.export_id = p.export_id and v.object = p.object and v.row_number = p.row_number) is null)
    order by r.row_number`.execute(staged.tx);
  const deleted = rows.filter((row) => row.parent === 'deleted');
  const absent = rows.filter((row) => row.parent === null);
  const rejected = rows.filter((row) => row.parent === 'rejected');
  report(staged, findings, absent, object, rule, 'absent');
  report(staged, findings, rejected, object, rule, 'rejected');
  await giveVerdict(staged, object, deleted, 'excluded', 'parent_deleted');
  await giveVerdict(staged, object, [...absent, ...rejected], 'rejected', 'orphan_reference');
  return rows.length > 0;
}

function report(
  staged: StagedExport,
  findings: FindingsList,
  rows: ReadonlyArray<FoundRow>,
  object: string,
  rule: ParentRule,
  parent: 'empty' | 'absent' | 'rejected',
): void {
  // A file without the id's column names its parents by number.
  const hasIds = positionsOf(staged, object).some(({ field }) => field === rule.field);
  const named = hasIds || rule.number === undefined ? rule.field : rule.number;
  const column = canonicalObject(object).fields.find(({ field }) => field === named)?.header ?? named;
  for (const row of rows) findings.addRow('orphan_reference', row, { column, facts: { parent } });
}
