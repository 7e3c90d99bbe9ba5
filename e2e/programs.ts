import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const samplePackage = path.join(root, 'samples/harbour-home-services/package');

/** As the image starts Node. */
export const nodeFlags: string[] = JSON.parse(
  /^ENTRYPOINT (.+)$/m.exec(readFileSync(path.join(root, 'Dockerfile'), 'utf8'))?.[1] ?? '[]',
).slice(1);

/** Where the build of one of our programs lies, for those that no helper here starts. */
export function builtProgram(workspace: string): string {
  return path.join(root, workspace, 'dist/bundle/main.js');
}

/** A folder of this test's own, gone at the end. */
export function temporaryFolder(): { path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'octopipe-e2e-'));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface Simulator {
  url: string;
  token: string;
  control(what: string, body: unknown): Promise<void>;
  stop(): Promise<void>;
}

/** The simulator as a user starts it. Its burst limit is lifted unless asked for: these tests wait for nothing else. */
export async function startSimulator(
  options: { plan?: string; seats?: number; seed?: number; requestsPer2s?: number } = {},
): Promise<Simulator> {
  const token = 'e2e-token-0123456789';
  const child = spawn(
    process.execPath,
    [
      ...nodeFlags,
      path.join(root, 'simulator/dist/bundle/main.js'),
      '--port',
      '0',
      '--token',
      token,
      '--plan',
      options.plan ?? 'ultimate',
      '--seats',
      String(options.seats ?? 5),
      '--seed',
      String(options.seed ?? 1),
      ...(options.requestsPer2s === 0 ? [] : ['--requests-per-2s', String(options.requestsPer2s ?? 100_000)]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await waitForText(child, /ready at (http:\S+)/);
  return {
    url,
    token,
    async control(what, body) {
      const response = await fetch(`${url}/__sim/${what}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`/__sim/${what} answered ${response.status}`);
    },
    stop: () => stop(child),
  };
}

export interface Octopipe {
  pid: number;
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
  saw(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
}

/** `octopipe …` as npm start runs it, without the bootstrap. */
export function octopipe(args: string[], env: Record<string, string> = {}): Octopipe {
  const child = spawn(process.execPath, [...nodeFlags, path.join(root, 'cli/dist/bundle/main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
    cwd: root,
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return {
    pid: child.pid ?? 0,
    exit: once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      output,
    })),
    async saw(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found[0];
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`octopipe ended before it said ${pattern}: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    signal: (name) => child.kill(name),
  };
}

/** The arguments of an unattended migration of a package (the sample) into this account. */
export function migrateArgs(
  sim: { url: string; token: string },
  folder: string,
  more: string[] = [],
  packageFolder = samplePackage,
): string[] {
  return [
    'migrate',
    packageFolder,
    '--to',
    sim.url,
    '--token',
    sim.token,
    '--out',
    path.join(folder, 'out'),
    '--state-dir',
    path.join(folder, 'state'),
    '--yes',
    '--exit',
    ...more,
  ];
}

function waitForText(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = pattern.exec(text);
      if (found) resolve(found[1] ?? found[0]);
    });
    child.once('exit', () => reject(new Error(`the program ended first: ${text}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** redis-server on a free port, keeping nothing; undefined where it is not installed. */
export async function startRedis(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const port = await freePort();
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const started = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Ready to accept connections')) resolve(true);
    });
  });
  return started ? { url: `redis://127.0.0.1:${port}`, stop: () => stop(child) } : undefined;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
