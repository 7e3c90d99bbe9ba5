import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { spawnWatched } from '@octopipe/shared/embedded/spawn-watched';
import { type ServiceName, serviceNames } from '@octopipe/shared/queue/catalog';
import { root, startSimulator } from './programs.js';

export interface MemoryFigures {
  rows: number;
  /** Peak resident memory of each service's process, in MB. */
  peak_mb: Record<ServiceName, number>;
  /** Whether the migration came to its end in the time given, and how far it was otherwise. */
  finished: boolean;
  said_last: string;
  minutes: number;
}

/**
 * (d) A migration as a user starts it (the whole stack, an empty simulated account), and what the kernel says of each
 * service's process at its height (VmHWM). A service that is started again counts with its highest process.
 */
export async function measureMemory(
  made: { zip: string; rows: number },
  folder: string,
  minutes: number,
): Promise<MemoryFigures> {
  const simulator = await startSimulator();
  const began = performance.now();
  const migration = await spawnWatched(
    process.execPath,
    [
      ...nodeFlags,
      ...[path.join(root, 'cli/dist/bundle/main.js'), 'migrate', made.zip, '--to', simulator.url],
      ...['--token', simulator.token, '--out', path.join(folder, 'out')],
      ...['--state-dir', path.join(folder, 'state'), '--yes', '--exit'],
    ],
    {
      env: { ...process.env, NO_COLOR: '1', LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'pipe'],
      graceMs: 60_000,
    },
  );
  let said = '';
  const hear = (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4_000);
  };
  migration.child.stdout?.on('data', hear);
  migration.child.stderr?.on('data', hear);
  let code: number | null | undefined;
  void migration.exited.then((exit) => {
    code = exit.code;
  });
  const peaks: Record<ServiceName, number> = { ingest: 0, transform: 0, loader: 0, reporter: 0 };
  try {
    while (code === undefined && performance.now() - began < minutes * 60_000) {
      await notePeaks(migration.pid, peaks);
      await sleep(250);
    }
    if (code !== undefined && code !== 0)
      throw new Error(`the migration that memory is read on ended with ${code}: ${said}`);
    return {
      rows: made.rows,
      peak_mb: peaks,
      finished: code === 0,
      said_last: lastLine(said),
      minutes: Number(((performance.now() - began) / 60_000).toFixed(1)),
    };
  } finally {
    await migration.stop();
    await simulator.stop();
  }
}

async function notePeaks(stack: number, peaks: Record<ServiceName, number>): Promise<void> {
  for (const [pid, service] of await servicesUnder(stack)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    peaks[service] = Math.max(peaks[service], Math.round(kilobytes / 1024));
  }
}

/** The service processes that descend from this one. */
async function servicesUnder(ancestor: number): Promise<Map<number, ServiceName>> {
  const parents = new Map<number, number>();
  const services = new Map<number, ServiceName>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The second field is the program's name in brackets, which may hold blanks and brackets.
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0));
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const service = serviceNames.find((one) => command.includes(`services/${one}/dist/bundle/main.js`));
    if (service) services.set(pid, service);
  }
  const descends = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && (parent === ancestor || descends(parent));
  };
  return new Map([...services].filter(([pid]) => descends(pid)));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
