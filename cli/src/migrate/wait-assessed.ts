import { sleep } from '@octopipe/shared/core/clock';
import { type FindingCode, findingRules } from '@octopipe/shared/domain/findings';
import type { ExportStatus } from '../api/answers.js';
import type { Api } from '../api/client.js';
import { CliError } from '../exit-codes.js';
import { count, renderTable, wrap } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';

const pollMs = 250;

/** Waits until the export's rows are staged and assessed, and says how far it is. */
export async function waitAssessed(
  api: Api,
  ids: { migrationId: string; exportId: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExportStatus> {
  let lastState = '';
  for (;;) {
    const askedAt = performance.now();
    const status = await api.getExport(ids.migrationId, ids.exportId);
    if (status.state !== lastState) {
      terminal.event('export', { export_id: status.id, state: status.state });
      lastState = status.state;
    }
    if (status.state === 'failed') {
      throw new CliError(
        'usage',
        `The package cannot be read: ${status.error_detail ?? status.error_code ?? 'no reason was given'} Correct it and run again.`,
      );
    }
    if (status.state === 'assessed') {
      terminal.live([]);
      return status;
    }
    terminal.live([`  ${progressOf(status)}`]);
    // A package of ten thousand files has a long answer; it is asked for less often.
    await sleep(Math.max(pollMs, 4 * (performance.now() - askedAt)), signal);
    signal.throwIfAborted();
  }
}

/** What was found, by object, and by code with the sentence a customer can act on. */
export function findingsText(status: ExportStatus, columns: number): string[] {
  const rows = status.objects.reduce((sum, { rows }) => sum + rows, 0);
  const lines = [
    `Read ${count(rows)} rows in ${status.objects.length} objects: ${status.objects.map(({ object, rows: n }) => `${object} ${count(n)}`).join(', ')}.`,
  ].flatMap((line) => wrap(line, columns, ''));
  const codes = Object.entries(status.findings).filter(([, n]) => n > 0);
  if (codes.length === 0) return [...lines, 'No findings: every row can be used as it is.'];
  return [...lines, 'Findings:', ...findingsTable(codes, columns)];
}

export function findingsTable(codes: ReadonlyArray<readonly [string, number]>, columns: number): string[] {
  const order = ['block', 'warn', 'info', ''];
  const rows = codes
    .map(([code, n]) => ({
      code,
      n,
      rule: code in findingRules ? findingRules[code as FindingCode] : undefined,
    }))
    .sort(
      (a, b) =>
        order.indexOf(a.rule?.severity ?? '') - order.indexOf(b.rule?.severity ?? '') ||
        b.n - a.n ||
        (a.code < b.code ? -1 : 1),
    );
  const table = renderTable(
    [
      { title: 'rows', align: 'right' },
      { title: 'severity', align: 'left' },
      { title: 'finding', align: 'left' },
    ],
    rows.map(({ code, n, rule }) => [n, rule?.severity ?? '', code]),
  );
  // The sentence stands below its row: beside it, it would not fit into a hundred columns.
  return table.flatMap((line, at) => {
    const says = at === 0 ? undefined : rows[at - 1]?.rule?.says;
    return says === undefined ? [line] : [line, ...wrap(says, columns, ' '.repeat(12))];
  });
}

function progressOf(status: ExportStatus): string {
  if (status.state === 'received') return 'Waiting for the package to be unpacked …';
  if (status.state === 'staged') return 'Assessing the quality of the data …';
  const staged = status.files.filter(({ state }) => state !== 'pending').length;
  const rows = status.files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
  return `Staging: ${staged} of ${status.files.length} files, ${count(rows)} rows …`;
}
