import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import { timed } from './medians.js';

/** Copies a CSV file as it is into a table and makes its indexes; the milliseconds, without start and log-in of the client. */
export interface CopyBaseline {
  /** Which client does it, for the report. */
  name: string;
  copy(url: string, target: string, file: string, indexes: ReadonlyArray<string>): Promise<number>;
}

/** psql itself where it is installed, else the same COPY through the driver that we use. */
export async function findCopyBaseline(): Promise<CopyBaseline> {
  const version = await psql(['--version'], '').catch(() => undefined);
  return version === undefined ? throughDriver : { name: `\\copy of ${version.trim()}`, copy: copyByPsql };
}

async function copyByPsql(
  url: string,
  target: string,
  file: string,
  indexes: ReadonlyArray<string>,
): Promise<number> {
  const script = [
    '\\timing on',
    `\\copy ${target} from '${file}' csv header`,
    ...indexes.map((sql) => `${sql};`),
  ];
  const said = await psql([url, '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1'], script.join('\n'));
  const times = [...said.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, ms]) => Number(ms));
  if (times.length !== 1 + indexes.length) throw new Error(`psql said something else than times: ${said}`);
  return times.reduce((sum, ms) => sum + ms, 0);
}

const throughDriver: CopyBaseline = {
  name: 'COPY … CSV through pg-copy-streams',
  async copy(url, target, file, indexes) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await timed(async () => {
        await pipeline(
          createReadStream(file, { highWaterMark: 2 ** 20 }),
          client.query(from(`copy ${target} from stdin csv header`)),
        );
        for (const sql of indexes) await client.query(sql);
      });
    } finally {
      await client.end();
    }
  },
};

async function psql(args: ReadonlyArray<string>, script: string): Promise<string> {
  const child = spawn('psql', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  child.stdin.end(script);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`psql ended with ${code}: ${err}`);
  return out;
}
