import type { Summary, Waiver } from '../api/answers.js';
import { findingsTable } from '../migrate/wait-assessed.js';
import { duration } from '../progress/times.js';
import { bytes, count, renderTable, wrap } from '../terminal/table.js';
import type { SavedDocument } from './save-documents.js';
import { totalOf, type Verdict } from './verdict.js';

/** The reconciliation as plain text: the two equations, the read-back, the tokens, what was waived, the documents. */
export function resultText(
  result: { runId: string; summary: Summary; verdict: Verdict; documents: readonly SavedDocument[] },
  columns: number,
): string[] {
  const { summary, verdict } = result;
  const took = summary.duration_ms ? `, ${duration(summary.duration_ms)}` : '';
  return [
    `Reconciliation of run ${result.runId} (${summary.status.replaceAll('_', ' ')}${took})`,
    '',
    'Source: rows = mapped + merged + excluded + rejected',
    ...sourceTable(summary.source),
    ...reasonLines(summary.source, columns),
    '',
    'Pipedrive: planned = created + updated + unchanged + failed + waiting',
    ...targetTable(summary.target),
    ...(wroteNothing(summary) ? ['  Nothing had to be written: everything was there already.'] : []),
    '',
    readBack(summary),
    tokenLine(summary),
    ...(summary.waivers.length === 0 ? [] : waiverLines(summary.waivers)),
    ...findingLines(summary, columns),
    '',
    'Documents:',
    ...result.documents.map((document) => `  ${document.path}  (${bytes(document.bytes)})`),
    '',
    ...verdictLines(verdict, columns),
  ];
}

export function waiverLines(waivers: readonly Waiver[]): string[] {
  const byActor = new Map<string, string[]>();
  for (const { gate, actor } of waivers) byActor.set(actor, [...(byActor.get(actor) ?? []), gate]);
  return [...byActor].map(
    ([actor, gates]) =>
      `Waived by ${actor}: ${gates.map((gate) => gate.replaceAll('_', ' ')).join(', ')} (recorded with the run).`,
  );
}

function sourceTable(source: Summary['source']): string[] {
  const rows = Object.entries(source).map(([object, counts]) => {
    const excluded = totalOf(counts.excluded);
    const rejected = totalOf(counts.rejected);
    const holds = counts.rows === counts.mapped + counts.merged + excluded + rejected;
    return { object, counts: [counts.rows, counts.mapped, counts.merged, excluded, rejected], holds };
  });
  return equationTable(
    'object',
    ['rows', 'mapped', 'merged', 'excluded', 'rejected'],
    rows.map(({ object, counts, holds }) => ({ name: object, counts, holds })),
  );
}

function targetTable(target: Summary['target']): string[] {
  return equationTable(
    'entity',
    ['planned', 'created', 'updated', 'unchanged', 'failed', 'waiting'],
    Object.entries(target).map(([name, c]) => ({
      name,
      counts: [c.planned, c.created, c.updated, c.unchanged, c.failed, c.waiting],
      holds: c.planned === c.created + c.updated + c.unchanged + c.failed + c.waiting && c.waiting === 0,
    })),
  );
}

function equationTable(
  first: string,
  titles: readonly string[],
  rows: ReadonlyArray<{ name: string; counts: readonly number[]; holds: boolean }>,
): string[] {
  const sums = titles.map((_, at) => rows.reduce((sum, row) => sum + (row.counts[at] ?? 0), 0));
  return renderTable(
    [
      { title: first, align: 'left' },
      ...titles.map((title) => ({ title, align: 'right' as const })),
      { title: '', align: 'left' },
    ],
    [
      ...rows.map(({ name, counts, holds }) => [name, ...counts, holds ? 'ok' : 'NOT BALANCED']),
      ...(rows.length > 1
        ? [['total', ...sums, rows.every(({ holds }) => holds) ? 'ok' : 'NOT BALANCED']]
        : []),
    ],
  );
}

/** Why rows were left out, the largest reason first; below the table, since most objects have none. */
function reasonLines(source: Summary['source'], columns: number): string[] {
  return (['excluded', 'rejected'] as const).flatMap((kind) => {
    const byReason = new Map<string, Array<{ object: string; n: number }>>();
    for (const [object, counts] of Object.entries(source)) {
      for (const [reason, n] of Object.entries(counts[kind]))
        byReason.set(reason, [...(byReason.get(reason) ?? []), { object, n }]);
    }
    const sum = (rows: ReadonlyArray<{ n: number }>) => rows.reduce((all, { n }) => all + n, 0);
    return [...byReason]
      .sort(([, one], [, other]) => sum(other) - sum(one))
      .flatMap(([reason, rows]) => {
        const objects = rows.map(({ object, n }) => `${object} ${count(n)}`).join(', ');
        return wrap(`${kind}, ${reason.replaceAll('_', ' ')}: ${objects}`, columns, '  ');
      });
  });
}

function wroteNothing({ target }: Summary): boolean {
  const all = Object.values(target);
  return all.length > 0 && all.every((counts) => counts.created + counts.updated + counts.failed === 0);
}

function readBack({ verified }: Summary): string {
  return `Read back: ${count(verified.records)} records, ${count(verified.fields)} fields, ${count(verified.differences)} differences.`;
}

function tokenLine({ tokens }: Summary): string {
  const planned = tokens.planned == null ? '' : ` of ${count(tokens.planned)} planned`;
  const floor = tokens.floor == null ? '' : `; the floor is ${count(tokens.floor)}`;
  return `Tokens: ${count(tokens.spent)} spent${planned}${floor}.`;
}

function findingLines(summary: Summary, columns: number): string[] {
  const codes = Object.entries(summary.findings).filter(([, n]) => n > 0);
  return codes.length === 0 ? ['Findings: none.'] : ['', 'Findings:', ...findingsTable(codes, columns)];
}

function verdictLines({ ending, reasons }: Verdict, columns: number): string[] {
  if (ending === 'ok') return ['Everything is balanced and verified.'];
  return [
    'NOT everything is balanced and verified:',
    ...reasons.flatMap((reason) => wrap(`- ${reason}`, columns, '  ')),
    ...wrap(
      'reconciliation.html lists each record. Correct the cause and run the same command again; what is written is known and is not written twice.',
      columns,
      '',
    ),
  ];
}
