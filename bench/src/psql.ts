import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What `psql --version` says; undefined where it is not installed. */
export function psqlVersion(): Promise<string | undefined> {
  return psql(['--version'], '').then(
    (said) => said.trim(),
    () => undefined,
  );
}

/** Runs these commands one after the other; the milliseconds psql itself counts for them, without its start and log-in. */
export async function timeInPsql(url: string, commands: ReadonlyArray<string>): Promise<number> {
  const said = await psql(
    [url, '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1'],
    ['\\timing on', ...commands].join('\n'),
  );
  const times = [...said.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, ms]) => Number(ms));
  if (times.length !== commands.length) throw new Error(`psql said something else than times: ${said}`);
  return times.reduce((sum, ms) => sum + ms, 0);
}

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
  child.stdin.on('error', () => {});
  child.stdin.end(script);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`psql ended with ${code}: ${err}`);
  return out;
}
