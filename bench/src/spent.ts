import { readdir, readFile } from 'node:fs/promises';
import type { Workbench } from './workbench.js';

/** Milliseconds of processor time, and bytes that Postgres wrote ahead. */
export interface Spent {
  loaderMs: number;
  postgresMs: number;
  walBytes: number;
}

/** What a loader and the bench's Postgres have used up to now; nothing where there is no /proc. */
export async function spentBy(loaderPid: number, bench: Workbench): Promise<Spent | undefined> {
  if (process.platform !== 'linux') return undefined;
  const [row] = await bench.query<{ pid: number; wal: string }>(
    `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid,
      pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as wal`,
  );
  return {
    loaderMs: (await ticksOf(loaderPid)).own * tickMs,
    postgresMs: (await ticksOfFamily(row?.pid ?? 0)) * tickMs,
    walBytes: Number(row?.wal),
  };
}

/** USER_HZ, which Linux shows the same on all machines that matter here. */
const tickMs = 10;

/** A server and its backends, those that have ended included. */
async function ticksOfFamily(parent: number): Promise<number> {
  const { own, ended } = await ticksOf(parent);
  let ticks = own + ended;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const child = await ticksOf(Number(name));
    if (child.parent === parent) ticks += child.own;
  }
  return ticks;
}

async function ticksOf(pid: number): Promise<{ parent: number; own: number; ended: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in brackets, which may hold blanks and brackets. proc(5) counts from 1.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3] ?? 0);
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) };
}
