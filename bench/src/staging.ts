import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { finishStaging } from '@octopipe/ingest/staging/finish-staging';
import { stageTable } from '@octopipe/ingest/staging/stage-table';
import { inTransaction } from '@octopipe/shared/db/index';
import { createCsvReader } from '@octopipe/shared/octopuspro/formats/csv';
import { createDetachedTable, indexRows } from '@octopipe/shared/staging/partition';
import { median, rounded, timed } from './medians.js';
import { findCopyBaseline } from './psql-copy.js';
import type { Workbench } from './workbench.js';

/** Tables with fewer rows tell more about round trips than about rows. */
const fewestRows = 1_000;

export interface StagingFigures {
  baseline: string;
  rows: number;
  megabytes: number;
  ours_ms: number;
  baseline_ms: number;
  /** Baseline by ours: 1 is as fast as psql. */
  ratio: number;
  rows_per_s: number;
  /** What else staging does, once for the export: references, row-level security, statistics. */
  finish_ms: number;
  files: Array<{ path: string; rows: number; ratio: number }>;
}

interface TableFile {
  id: string;
  path: string;
  bytes: number;
  rows: number;
  columns: string[];
}

/**
 * (a) Every larger table of the package, staged by the service's own code (decrypt, parse, hash, references, COPY), and
 * copied by psql into a table of the same shape: our columns beside the cells, which stand in a column each instead of
 * in one array. Both get the same two indexes afterwards. One file after the other, so that neither side gains by
 * doing several at once.
 */
export async function measureStaging(
  bench: Workbench,
  listedExport: string,
  packageFolder: string,
  rounds: number,
): Promise<StagingFigures> {
  const baseline = await findCopyBaseline();
  const seen: Array<{
    ours: Map<string, number>;
    theirs: Map<string, number>;
    ratio: number;
    finish: number;
  }> = [];
  let files: TableFile[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { exportId, files: tables } = await copyOfExport(bench, listedExport);
    const ours = new Map<string, number>();
    const theirs = new Map<string, number>();
    const larger: TableFile[] = [];
    for (const file of tables) {
      const ms = await timed(() =>
        stageTable(bench.ingest, bench.tenantId, exportId, file.id, bench.ingest.logger),
      );
      const rows = await rowsOf(bench, file.id);
      if (rows < fewestRows) continue;
      larger.push({ ...file, rows });
      ours.set(file.path, ms);
      theirs.set(file.path, await copyPlainly(bench, baseline.copy, packageFolder, file));
    }
    files = larger;
    // Of all tables together, where psql has one pair of indexes for each: no more entries than ours.
    const indexing = await timeIndexing(bench, exportId);
    const finish = await timed(() => finishStaging(bench.ingest, bench.tenantId, exportId));
    seen.push({ ours, theirs, ratio: sum(theirs) / (sum(ours) + indexing), finish });
    ours.set('indexes', indexing);
    await forget(bench, exportId);
  }
  const rows = files.reduce((total, file) => total + file.rows, 0);
  const oursMs = median(seen.map((round) => sum(round.ours)));
  return {
    baseline: baseline.name,
    rows,
    megabytes: rounded(files.reduce((total, file) => total + file.bytes, 0) / 2 ** 20, 1),
    ours_ms: rounded(oursMs),
    baseline_ms: rounded(median(seen.map((round) => sum(round.theirs)))),
    ratio: rounded(median(seen.map((round) => round.ratio)), 2),
    rows_per_s: rounded((rows / oursMs) * 1_000),
    finish_ms: rounded(median(seen.map((round) => round.finish))),
    files: files.map((file) => ({
      path: file.path,
      rows: file.rows,
      ratio: rounded(
        median(seen.map(({ ours, theirs }) => (theirs.get(file.path) ?? 0) / (ours.get(file.path) ?? 1))),
        2,
      ),
    })),
  };
}

/** Another export with the same files, ready to be staged: each round begins with an empty table. */
async function copyOfExport(
  bench: Workbench,
  listedExport: string,
): Promise<{ exportId: string; files: TableFile[] }> {
  const [made] = await bench.query<{ id: string }>(
    `insert into ingest.export (tenant_id, migration_id, state, sha256, bytes, blob, manifest)
      select tenant_id, migration_id, 'staging', gen_random_uuid()::text, bytes, blob, manifest from ingest.export where id = $1
      returning id`,
    [listedExport],
  );
  const exportId = made?.id ?? '';
  await bench.query(
    `insert into ingest.export_file (tenant_id, export_id, path, object, kind, state, blob, bytes, sha256, encoding, delimiter, columns, dropped_columns)
      select tenant_id, $2, path, object, kind, 'pending', blob, bytes, sha256, encoding, delimiter, columns, dropped_columns
      from ingest.export_file where export_id = $1 and kind = 'table'`,
    [listedExport, exportId],
  );
  await inTransaction(bench.ingest.db, { role: 'ingest', tenantId: bench.tenantId }, (tx) =>
    createDetachedTable(tx, bench.tenantId, exportId),
  );
  const files = await bench.query<{ id: string; path: string; bytes: string }>(
    `select id, path, bytes from ingest.export_file where export_id = $1 order by path`,
    [exportId],
  );
  return {
    exportId,
    files: files.map((file) => ({ ...file, bytes: Number(file.bytes), rows: 0, columns: [] })),
  };
}

async function rowsOf(bench: Workbench, fileId: string): Promise<number> {
  const [file] = await bench.query<{ rows: number }>(
    'select row_count as rows from ingest.export_file where id = $1',
    [fileId],
  );
  return file?.rows ?? 0;
}

/** In a transaction that is taken back: attaching makes the same indexes again, as it does in the service. */
async function timeIndexing(bench: Workbench, exportId: string): Promise<number> {
  let ms = 0;
  await inTransaction(bench.ingest.db, { role: 'ingest', tenantId: bench.tenantId }, async (tx) => {
    ms = await timed(() => indexRows(tx, exportId));
    throw new TakenBack();
  }).catch((error: unknown) => {
    if (!(error instanceof TakenBack)) throw error;
  });
  return ms;
}

class TakenBack extends Error {}

async function copyPlainly(
  bench: Workbench,
  copy: Awaited<ReturnType<typeof findCopyBaseline>>['copy'],
  packageFolder: string,
  file: TableFile,
): Promise<number> {
  const csv = path.join(packageFolder, file.path);
  const names = (await headerOf(csv)).map((_, index) => `cell_${index + 1}`);
  await bench.query('create schema if not exists plain');
  await bench.query(`drop table if exists plain.staged`);
  await bench.query(
    `create table plain.staged (
      tenant_id uuid not null default '${bench.tenantId}', export_id uuid not null default gen_random_uuid(),
      object text not null default '${path.basename(file.path, '.csv')}', row_number int generated always as identity,
      file_id uuid not null default '${file.id}', ${names.map((name) => `${name} text`).join(', ')})`,
  );
  const ms = await copy(bench.url, `plain.staged (${names.join(', ')})`, csv, [
    'create unique index on plain.staged (object, row_number)',
    'create index on plain.staged (object, cell_1)',
  ]);
  await bench.query('drop table plain.staged');
  return ms;
}

async function headerOf(csv: string): Promise<string[]> {
  const text = await readFile(csv, 'utf8');
  const reader = createCsvReader(',');
  return reader.push(text.slice(0, 65_536))[0] ?? [];
}

async function forget(bench: Workbench, exportId: string): Promise<void> {
  const suffix = exportId.replaceAll('-', '');
  await bench.query(`drop table ingest.staged_row_${suffix}, ingest.staged_ref_${suffix}`);
}

function sum(times: ReadonlyMap<string, number>): number {
  return [...times.values()].reduce((total, ms) => total + ms, 0);
}
