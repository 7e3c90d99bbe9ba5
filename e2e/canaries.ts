import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { samplePackage } from './programs.js';

/** Columns that hold what a customer of the customer would not want told; each gets a mark of its own in every row. */
const marked: Record<string, ReadonlyArray<string>> = {
  'customers.csv': ['last_name', 'Street address', 'Notes', 'email'],
  'notes.csv': ['Body'],
  'communications.csv': ['Subject', 'Body'],
  'bookings.csv': ['Description'],
  'complaints.csv': ['Description'],
};

/** What each planted value begins with; an e-mail address keeps its form. */
export const canary = /(?:canary|sentinel)-\d{4}/gi;

/** A copy of the sample package in which each person, address and text carries a mark. Returns the marks. */
export function plantCanaries(folder: string): string[] {
  cpSync(samplePackage, folder, { recursive: true });
  const planted: string[] = [];
  for (const [file, columns] of Object.entries(marked)) {
    const rows = parse(readFileSync(path.join(folder, file)), { columns: true }) as Array<
      Record<string, string>
    >;
    for (const row of rows) {
      for (const column of columns.filter((name) => row[name])) {
        // Not the sample's own word: those are planted in columns that never come in.
        const mark = `sentinel-${String(planted.length).padStart(4, '0')}`;
        row[column] =
          row[column]?.includes('@') && column === 'email'
            ? `${mark}@kelp.example`
            : `${row[column]} ${mark}`;
        planted.push(mark);
      }
    }
    const [first = {}] = rows;
    const lines = [Object.keys(first), ...rows.map((row) => Object.values(row))];
    writeFileSync(path.join(folder, file), lines.map((cells) => cells.map(quoted).join(',')).join('\n'));
  }
  return planted;
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

/** Everything that stands in the queue's tables, looked at again and again until `stop`. */
export function watchQueue(databaseUrl: string): { stop(): Promise<string[]> } {
  const seen = new Set<string>();
  let isOver = false;
  const watching = (async () => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      while (!isOver) {
        const { rows: tables } = await client.query<{ name: string }>(
          "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq'",
        );
        for (const { name } of tables) {
          const { rows } = await client.query<{ row: string }>(
            `select to_jsonb(t)::text as row from ${name} t`,
          );
          for (const { row } of rows) seen.add(row);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      await client.end();
    }
  })();
  return {
    async stop() {
      isOver = true;
      await watching;
      return [...seen];
    },
  };
}
