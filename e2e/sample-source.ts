import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { samplePackage } from './programs.js';

export type Row = Record<string, string>;

/** A file of the sample package, read plainly. */
export function readTable(file: string): Row[] {
  return parse(readFileSync(path.join(samplePackage, file)), {
    columns: true,
    relax_column_count: false,
  }) as Row[];
}

export function readBytes(file: string): Buffer {
  return readFileSync(path.join(samplePackage, file));
}

/** Ids of rows that the sample's README says are set aside; see samples/harbour-home-services/defects.ndjson. */
export function rowsOnce(rows: Row[], key: string): Map<string, Row> {
  const seen = new Map<string, Row[]>();
  for (const row of rows) {
    const id = row[key] ?? '';
    if (id !== '') seen.set(id, [...(seen.get(id) ?? []), row]);
  }
  const once = new Map<string, Row>();
  for (const [id, copies] of seen) {
    const [first] = copies;
    if (first && copies.every((copy) => JSON.stringify(copy) === JSON.stringify(first))) once.set(id, first);
  }
  return once;
}

/** `2025-03-04T09:30:00+11:00` → UTC date and clock; a plain date stays. */
export function utc(text: string): { date: string; time: string | undefined } {
  if (!text.includes('T')) return { date: text.slice(0, 10), time: undefined };
  const iso = new Date(text).toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 16) };
}
