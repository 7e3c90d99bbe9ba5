export interface Column {
  title: string;
  align: 'left' | 'right';
}

/** Aligned plain text, two blanks between columns, indented by two: reads the same on screen and in a log. */
export function renderTable(
  columns: readonly Column[],
  rows: ReadonlyArray<ReadonlyArray<string | number>>,
): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `  ${columns
      .map((column, at) => {
        const text = row[at] ?? '';
        const width = widths[at] ?? 0;
        return column.align === 'right' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')}`.trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)];
}

/** 1234567 → 1,234,567, whatever the machine's locale. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let rest = value;
  while (rest >= 1000 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return `${at === 0 ? rest : rest.toFixed(1)} ${units[at]}`;
}

/** Splits a long sentence at blanks, each further line indented. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > width && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}
