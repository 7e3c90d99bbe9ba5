import type { LoadFigures } from './load.js';
import { rounded } from './medians.js';
import type { MemoryFigures } from './memory.js';
import type { StagingFigures } from './staging.js';
import type { TransformFigures } from './transform.js';

export interface Report {
  size: string;
  runs: number;
  rows: number;
  cores: number;
  memory_gb: number;
  node: string;
  staging?: StagingFigures & { baseline: string };
  transform?: TransformFigures;
  load?: LoadFigures;
  memory?: { [size: string]: MemoryFigures };
}

/** What we are after, from the issue; a figure that falls short is printed as it is. */
const aims = { staging: 0.85, transform: 1, load: 0.5, peakMb: 300, growth: 1.15 };

function costOf({ per_record: each }: LoadFigures): string {
  if (!each) return '';
  return `; a record costs ${each.loader_ms} ms of the loader, ${each.postgres_ms} ms of Postgres, ${each.wal_kb} kB of WAL`;
}

/** The figures that have an aim, for a person: `name  figure  aim  ok or short`. */
export function tableOf(report: Report): string {
  const rows: string[][] = [];
  const atLeast = (name: string, figure: number | undefined, aim: number, note: string) => {
    if (figure !== undefined)
      rows.push([name, figure.toFixed(2), `≥ ${aim.toFixed(2)}`, figure >= aim ? 'ok' : 'short', note]);
  };
  const { staging, transform, load, memory } = report;
  if (staging)
    atLeast('staging', staging.ratio, aims.staging, `${staging.rows_per_s} rows/s, ${staging.baseline}`);
  if (transform)
    atLeast(
      'transform',
      transform.ratio,
      aims.transform,
      `${transform.rows_per_s} rows/s; ${rounded(transform.same_payloads * 100, 1)} % of the payloads are the same`,
    );
  if (load)
    atLeast(
      'load',
      load.ratio,
      aims.load,
      `${load.records_per_s} records/s, bare loop ${load.baseline_per_s}${costOf(load)}`,
    );
  for (const [size, { peak_mb, finished, minutes }] of Object.entries(memory ?? {}))
    for (const [service, mb] of Object.entries(peak_mb))
      rows.push([
        `memory ${size} ${service}`,
        `${mb} MB`,
        `≤ ${aims.peakMb} MB`,
        mb <= aims.peakMb ? 'ok' : 'short',
        finished ? '' : `stopped after ${minutes} min`,
      ]);
  const [small, large] = Object.values(memory ?? {});
  if (small && large)
    for (const [service, mb] of Object.entries(large.peak_mb)) {
      const growth = mb / small.peak_mb[service as keyof typeof small.peak_mb];
      rows.push([
        `growth ${service}`,
        growth.toFixed(2),
        `≤ ${aims.growth.toFixed(2)}`,
        growth <= aims.growth ? 'ok' : 'short',
        `${large.rows} rows against ${small.rows}`,
      ]);
    }
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
