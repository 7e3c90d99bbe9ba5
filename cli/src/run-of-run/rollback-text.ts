import type { RollbackSummary, Run } from '../api/answers.js';
import { duration } from '../progress/times.js';
import type { SavedDocument } from '../result/save-documents.js';
import { totalOf } from '../result/verdict.js';
import { bytes, count, renderTable, wrap } from '../terminal/table.js';

/** What a rollback would do, from its look at the account. */
export function previewText({ rollback, tokens }: Run): string[] {
  const entities = Object.entries(rollback?.entities ?? {});
  const reasons = sumsOf(entities.map(([, counts]) => counts.keep));
  return [
    'It would:',
    ...countTable(
      ['delete', 'put back', 'keep', 'gone already'],
      entities.map(([name, of]) => [name, of.delete, of.restore, totalOf(of.keep), of.gone + of.restored]),
    ),
    ...reasonLines('keep', reasons),
    `and remove what nothing uses any more of ${count(rollback?.schema_items ?? 0)} fields, options, stages and types of ours.`,
    `Tokens: ${count(tokens.planned ?? 0)} planned${rollback?.days ? `, ${count(rollback.days)} ${rollback.days === 1 ? 'day' : 'days'}` : ''}.`,
  ];
}

export function rollbackText(
  summary: RollbackSummary,
  documents: readonly SavedDocument[],
  columns: number,
): string[] {
  const took = summary.duration_ms ? `, ${duration(summary.duration_ms)}` : '';
  return [
    `Rollback (${summary.status.replaceAll('_', ' ')}${took}): planned = deleted + put back + kept + gone already + failed`,
    ...countTable(
      ['planned', 'deleted', 'put back', 'kept', 'gone already', 'failed'],
      Object.entries(summary.records).map(([name, of]) => [
        name,
        of.planned,
        of.deleted,
        of.restored,
        of.kept,
        of.gone,
        of.failed,
      ]),
    ),
    ...reasonLines('kept', summary.kept),
    `Schema: ${count(summary.schema.removed)} items removed, ${count(summary.schema.kept.length)} kept.`,
    othersLine(summary),
    `Tokens: ${count(summary.tokens.spent)} spent${summary.tokens.planned == null ? '' : ` of ${count(summary.tokens.planned)} planned`}.`,
    '',
    'Documents:',
    ...documents.map((document) => `  ${document.path}  (${bytes(document.bytes)})`),
    '',
    ...wrap(
      summary.balanced
        ? 'Everything of ours is taken back, but for what is listed as kept; rollback.html names it.'
        : 'NOT everything could be taken back: rollback.html lists what Pipedrive refused.',
      columns,
      '',
    ),
  ];
}

function othersLine({ others }: RollbackSummary): string {
  if (others.unchanged === null) return "The company's own records were not compared.";
  return others.unchanged
    ? "The company's own records say the same as before."
    : "Some of the company's own records differ: people worked in the account meanwhile.";
}

function reasonLines(word: string, reasons: Record<string, number>): string[] {
  return Object.entries(reasons).map(
    ([reason, records]) => `  ${word}, ${reason.replaceAll('_', ' ')}: ${count(records)}`,
  );
}

function sumsOf(all: ReadonlyArray<Record<string, number>>): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of all) for (const [name, n] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + n;
  return sums;
}

function countTable(
  titles: readonly string[],
  rows: ReadonlyArray<readonly [string, ...number[]]>,
): string[] {
  return renderTable(
    [{ title: 'entity', align: 'left' }, ...titles.map((title) => ({ title, align: 'right' as const }))],
    rows.map((row) => [...row]),
  );
}
