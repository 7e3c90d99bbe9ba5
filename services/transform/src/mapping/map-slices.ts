import type { Tx } from '@octopipe/shared/db/index';
import type { ExclusionRule } from '@octopipe/shared/domain/exclusions';
import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import type { Catalogue, ObjectDefinition } from '@octopipe/shared/domain/mapping/define-object';
import { loadOrder } from '@octopipe/shared/domain/mapping/load-order';
import { type MappedRow, mapRow } from '@octopipe/shared/domain/mapping/map-record';
import { findDefinition, registry } from '@octopipe/shared/domain/objects/registry';
import { wantsSeries } from '@octopipe/shared/domain/objects/series';
import {
  listKeptObjects,
  listOutOfScope,
  pageRows,
  type SourceRow,
  verdictsOf,
} from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import { pageSize } from './all-rows.js';
import { groupCustomers } from './group-customers.js';
import { groupSeries } from './group-series.js';
import { loadRefs } from './load-refs.js';
import { mergeCustomers } from './merge-customers.js';
import type { SetScope } from './set-scope.js';
import { writeOutcomes, writeSlice } from './write-slice.js';

/** How far a set is: the step, and within an object the last row that is done. */
export interface Progress {
  step: string;
  afterRow: number;
}

/** What all slices of a job share. */
export interface MapJob extends SetScope {
  migrationId: string;
  content: MappingContent;
  exportedAt: string;
  catalogue: Catalogue;
  /** Objects of the export. */
  staged: ReadonlyArray<string>;
  /** `<object>\n<field>` → header. */
  headers: ReadonlyMap<string, string>;
}

/** A row our own code could not map: a bug. Says which row, not what is in it. */
export class MapperError extends Error {
  override readonly name = 'MapperError';
  constructor(
    readonly sourceKey: string,
    options: ErrorOptions,
  ) {
    super(`the mapper failed on ${sourceKey}`, options);
  }
}

/** Merges, companies and series first (every customer and booking is needed to tell them), then objects in load order, then what is not migrated. */
export function stepsOf(staged: ReadonlyArray<string>): string[] {
  const supported = loadOrder(registry).filter((object) => staged.includes(object));
  const unsupported = staged.filter((object) => !findDefinition(object));
  return ['companies', ...supported, ...unsupported, 'verdicts', 'finish'];
}

/** Does one slice and says where the next begins. Runs in the transaction that saves the answer. */
export async function mapSlice(tx: Tx, job: MapJob, progress: Progress): Promise<Progress> {
  const steps = stepsOf(job.staged);
  const next = { step: steps[steps.indexOf(progress.step) + 1] ?? 'finish', afterRow: 0 };
  if (progress.step === 'companies') {
    await mergeCustomers(tx, job, job.content);
    await groupCustomers(tx, job, job.content.settings.country);
    if (wantsSeries(job.content.settings)) await groupSeries(tx, job);
    return next;
  }
  if (progress.step === 'verdicts') {
    await writeVerdicts(tx, job);
    await excludeKept(tx, job);
    return next;
  }
  const page = await pageRows(tx, job.tenantId, job.exportId, progress.step, {
    afterRow: progress.afterRow,
    limit: pageSize,
  });
  const definition = findDefinition(progress.step);
  if (!definition) await excludePage(tx, job, page, 'not_supported_yet');
  else if (isLeftOut(job.content, definition)) await excludePage(tx, job, page, 'not_in_mapping');
  else await mapPage(tx, job, definition, page);
  const last = page.at(-1);
  return last && page.length === pageSize ? { step: progress.step, afterRow: last.rowNumber } : next;
}

async function mapPage(tx: Tx, job: MapJob, definition: ObjectDefinition, page: SourceRow[]): Promise<void> {
  const refs = await loadRefs(tx, job, definition, page, job);
  const mapped = page.map((row): MappedRow => {
    try {
      return mapRow(definition, row, refs, job);
    } catch (error) {
      throw new MapperError(`${row.object}:${row.sourceId || `row ${row.rowNumber}`}`, { cause: error });
    }
  });
  await writeSlice(tx, job, mapped, job.headers);
}

/** Nothing becomes a record that the confirmed mapping says does not: a person left it out, or we could not do it then. */
function isLeftOut(content: MappingContent, definition: ObjectDefinition): boolean {
  const agreed = content.objects.find(({ object }) => object === definition.name);
  return agreed?.supported === false && definition.inventory === null;
}

/** Counted by name and rule, nothing is lost silently. */
async function excludePage(
  tx: Tx,
  job: MapJob,
  page: ReadonlyArray<SourceRow>,
  reason: ExclusionRule,
): Promise<void> {
  await writeOutcomes(
    tx,
    job,
    page.map((row) => ({
      object: row.object,
      rowNumber: row.rowNumber,
      sourceId: row.sourceId || null,
      outcome: 'excluded',
      reason,
    })),
  );
}

/** What is kept as whole files is counted, too: each row of a JSON file, and of a table that is no object we know. */
async function excludeKept(tx: Tx, job: MapJob): Promise<void> {
  for (const { object, rows } of await listKeptObjects(tx, job.tenantId, job.exportId)) {
    const reason = findDefinition(object)?.inventory ? 'inventory_only' : 'json_not_read';
    await excludeRows(tx, job, object, rows, reason);
  }
  for (const { path, rows } of await listOutOfScope(tx, job.tenantId, job.exportId))
    await excludeRows(tx, job, path, rows, 'out_of_scope');
}

/** Behind the rows that the object has in tables. */
async function excludeRows(tx: Tx, job: MapJob, object: string, rows: number, reason: string): Promise<void> {
  await sql`
    insert into transform.source_outcome (tenant_id, set_id, object, row_number, outcome, reason)
    select ${job.tenantId}, ${job.setId}, ${object}, base + n, 'excluded', ${reason}
    from (select coalesce(max(row_number), 0) as base from transform.source_outcome where set_id = ${job.setId} and object = ${object}) as before,
      generate_series(1, ${rows}::int) as n`.execute(tx);
}

/** Rows that reading and assessing set aside keep their verdict as their outcome. */
async function writeVerdicts(tx: Tx, job: MapJob): Promise<void> {
  const verdicts = await verdictsOf(tx, job.tenantId, job.exportId);
  const outcomes = verdicts.map(({ verdict, ...row }) => ({ ...row, outcome: verdict }));
  for (let from = 0; from < outcomes.length; from += 5_000)
    await writeOutcomes(tx, job, outcomes.slice(from, from + 5_000));
}
