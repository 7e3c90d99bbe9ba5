import { createReadStream } from 'node:fs';
import path from 'node:path';
import { finishStaging } from '@octopipe/ingest/staging/finish-staging';
import { stageTable } from '@octopipe/ingest/staging/stage-table';
import { inTransaction } from '@octopipe/shared/db/index';
import { createCsvReader } from '@octopipe/shared/octopuspro/formats/csv';
import { indexRows } from '@octopipe/shared/staging/partition';
import { copyOfExport, type TableFile, tablesOf } from './exports.js';
import { median, rounded, timed } from './medians.js';
import { timeInPsql } from './psql.js';
import type { Workbench } from './workbench.js';

export interface StagingFigures {
  rows: number;
  megabytes: number;
  ours_ms: number;
  baseline_ms: number;
  /** Baseline by ours: 1 is as fast as psql. */
  ratio: number;
  rows_per_s: number;
  /** What else staging does, once for the export: references, row-level security, statistics. Not in `ours_ms`. */
  finish_ms: number;
  /** The largest tables by themselves, without indexes. */
  files: Array<{ path: string; rows: number; ratio: number }>;
}

interface Round {
  ours: Map<string, number>;
  theirs: Map<string, number>;
  oursMs: number;
  theirsMs: number;
  finishMs: number;
}

/**
 * (a) Every table of the package, staged by the service's own code (decrypt, parse, hash, find references, COPY), and copied
 * by psql from the plain file into a table of the same shape: our columns beside the cells, which stand in a column each
 * instead of in one array. Both get the same two indexes once all files are in. One file after the other, the two sides
 * in turn, so that neither gains by doing several at once.
 */
export async function measureStaging(
  bench: Workbench,
  listedExport: string,
  rounds: number,
): Promise<StagingFigures> {
  const seen: Round[] = [];
  const rowsOf = new Map<string, number>();
  let files: TableFile[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const exportId = await copyOfExport(bench, listedExport);
    files = await tablesOf(bench, exportId);
    const ours = new Map<string, number>();
    const theirs = new Map<string, number>();
    const log = bench.ingest.logger.child({});
    for (const file of files) {
      const stage = () => timed(() => stageTable(bench.ingest, bench.tenantId, exportId, file.id, log));
      const copy = () => copyPlainly(bench, file);
      // Who is second finds the machine warm: by turns.
      if (round % 2 === 0) ours.set(file.path, await stage());
      theirs.set(file.path, await copy());
      if (round % 2 === 1) ours.set(file.path, await stage());
      rowsOf.set(file.path, await rowsStaged(bench, file.id));
    }
    const oursMs = sum(ours) + (await timeIndexing(bench, exportId));
    const theirsMs = sum(theirs) + (await indexPlainly(bench, files));
    const finishMs = await timed(() => finishStaging(bench.ingest, bench.tenantId, exportId));
    seen.push({ ours, theirs, oursMs, theirsMs, finishMs });
    await forget(bench, exportId, files);
  }
  const rows = [...rowsOf.values()].reduce((all, count) => all + count, 0);
  const oursMs = median(seen.map((round) => round.oursMs));
  const largest = files.sort((a, b) => b.bytes - a.bytes).slice(0, 5);
  return {
    rows,
    megabytes: rounded(files.reduce((all, file) => all + file.bytes, 0) / 2 ** 20, 1),
    ours_ms: rounded(oursMs),
    baseline_ms: rounded(median(seen.map((round) => round.theirsMs))),
    ratio: rounded(median(seen.map((round) => round.theirsMs / round.oursMs)), 2),
    rows_per_s: rounded((rows / oursMs) * 1_000),
    finish_ms: rounded(median(seen.map((round) => round.finishMs))),
    files: largest.map(({ path: name }) => ({
      path: name,
      rows: rowsOf.get(name) ?? 0,
      ratio: rounded(
        median(seen.map(({ ours, theirs }) => (theirs.get(name) ?? 0) / (ours.get(name) ?? Number.NaN))),
        2,
      ),
    })),
  };
}

async function rowsStaged(bench: Workbench, fileId: string): Promise<number> {
  const [file] = await bench.query<{ rows: number; state: string }>(
    'select row_count as rows, state from ingest.export_file where id = $1',
    [fileId],
  );
  if (file?.state !== 'staged') throw new Error('a table of the package was not staged');
  return file.rows;
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

/** A table for each file, because their columns differ. */
async function copyPlainly(bench: Workbench, file: TableFile): Promise<number> {
  const csv = path.join(bench.package.folder, file.path);
  const cells = (await headerOf(csv)).map((_, index) => `cell_${index + 1}`);
  await bench.query('create schema if not exists plain');
  await bench.query(
    `create table ${plainTable(file)} (
      tenant_id uuid not null default '${bench.tenantId}', export_id uuid not null default '${file.id}',
      object text not null default '${path.basename(file.path, '.csv')}', row_number int generated always as identity,
      file_id uuid not null default '${file.id}', ${cells.map((cell) => `${cell} text`).join(', ')})`,
  );
  return timeInPsql(bench.url, [`\\copy ${plainTable(file)} (${cells.join(', ')}) from '${csv}' csv header`]);
}

async function indexPlainly(bench: Workbench, files: ReadonlyArray<TableFile>): Promise<number> {
  return timeInPsql(
    bench.url,
    files.flatMap((file) => [
      `create unique index on ${plainTable(file)} (object, row_number);`,
      `create index on ${plainTable(file)} (object, cell_1);`,
    ]),
  );
}

function plainTable(file: TableFile): string {
  return `plain.${path.basename(file.path, '.csv').replace(/[^a-z_]/g, '_')}`;
}

async function headerOf(csv: string): Promise<string[]> {
  const reader = createCsvReader(',');
  for await (const chunk of createReadStream(csv, { encoding: 'utf8' })) {
    const [header] = reader.push(chunk);
    if (header) return header;
  }
  return reader.end()[0] ?? [];
}

async function forget(bench: Workbench, exportId: string, files: ReadonlyArray<TableFile>): Promise<void> {
  const suffix = exportId.replaceAll('-', '');
  await bench.query(`drop table ingest.staged_row_${suffix}, ingest.staged_ref_${suffix}`);
  await bench.query(`drop table ${files.map(plainTable).join(', ')}`);
}

function sum(times: ReadonlyMap<string, number>): number {
  return [...times.values()].reduce((total, ms) => total + ms, 0);
}
