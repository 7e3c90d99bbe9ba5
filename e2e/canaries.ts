import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { type Answer, type Caller, made, type Served } from './journey.js';
import { samplePackage } from './programs.js';

/** Columns that hold what a customer of the customer would not want told; each gets a mark of its own in every row. */
const marked: Record<string, ReadonlyArray<string>> = {
  'customers.csv': ['last_name', 'Street address', 'Notes', 'email'],
  'notes.csv': ['Body'],
  'communications.csv': ['Subject', 'Body'],
  'bookings.csv': ['Description'],
  'complaints.csv': ['Description'],
};

/** What each planted value begins with; an e-mail address keeps its form. `sesame`: a secret. */
export const canary = /(?:canary|sentinel|sesame)-\d{4}/gi;

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

export interface PlantedSecrets {
  /** The marks: each stands in one request. */
  marks: string[];
  /** Secrets of ours that were given out on the way. */
  secrets: string[];
  /** The body of every answer that was a problem. */
  problems: string[];
}

/**
 * Sends secrets to where people send them: as they should (a receiver whose address holds one), by mistake (in a
 * connection's address, in a header, in the query), and wrong ones (a mistyped key, a token that the account refuses).
 */
export async function plantSecrets(
  served: Served,
  admin: Caller,
  account: { url: string },
  { rounds, from }: { rounds: number; from: number },
): Promise<PlantedSecrets> {
  const planted: PlantedSecrets = { marks: [], secrets: [], problems: [] };
  const mark = () => {
    const next = `sesame-${String(from + planted.marks.length).padStart(4, '0')}`;
    planted.marks.push(next);
    return next;
  };
  const connect = (body: unknown, type = 'application/json') =>
    admin('POST', '/v1/connections', body, { 'content-type': type });
  const migrations = (query: string, headers: Record<string, string>) =>
    admin('GET', `/v1/migrations${query}`, undefined, headers);

  const receiver = await made<{ secret: string }>(
    admin('POST', '/v1/webhooks', { url: `https://receiver.invalid/${mark()}?token=${mark()}` }),
  );
  planted.secrets.push(receiver.secret);
  for (let round = 0; round < rounds; round++) {
    const taken = await migrations('', { 'x-api-token': mark(), cookie: `octopipe_console=${mark()}` });
    if (taken.status !== 200) throw new Error(`a key of ours was refused: ${JSON.stringify(taken)}`);
    const answers: Answer[] = [
      await connect({ base_url: account.url, api_token: mark() }),
      await connect({ base_url: `https://jo:${mark()}@harbour.pipedrive.com`, api_token: mark() }),
      await connect({ base_url: `http://harbour.pipedrive.com/?api_token=${mark()}`, api_token: mark() }),
      await connect({ base_url: `https://jo:${mark()}@no host`, api_token: mark() }),
      await connect({ base_url: mark(), api_token: account.url }),
      await connect({ base_url: account.url, token: mark() }),
      await connect(Buffer.from(`{ "api_token": "${mark()}"`)),
      await connect(Buffer.from(`api_token=${mark()}`), 'application/x-www-form-urlencoded'),
      await admin('POST', '/v1/webhooks', { url: `https://jo:${mark()}@receiver.invalid/` }),
      await migrations(`?api_key=${mark()}`, {}),
      await migrations('', { authorization: `Bearer o2p_live_${mark()}` }),
      await migrations('', { authorization: `Basic ${mark()}` }),
    ];
    for (const { status, body } of answers) {
      if (status < 400 || status > 499) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
      planted.problems.push(JSON.stringify(body));
    }
    const signIn = await fetch(new URL('/console/sign-in', served.url), {
      method: 'POST',
      body: new URLSearchParams({ key: mark(), tenant: 'harbour-home' }),
    });
    planted.problems.push(await signIn.text());
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
