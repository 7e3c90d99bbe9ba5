import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../docs/api.md', import.meta.url));
const heading = '## The journey in ten calls';

/** The shell of docs/api.md as it stands there: what a reader would paste. */
export function documentedJourney(): string {
  const [, section = ''] = readFileSync(page, 'utf8').split(`${heading}\n`);
  const [journey = ''] = section.split(/^## /m);
  const blocks = [...journey.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '');
  if (blocks.length === 0) throw new Error(`docs/api.md has no shell below "${heading}"`);
  return blocks.join('\n');
}

/** Why the journey is not run; for the name of the skipped test. .ci/run installs them, so that it is not skipped there. */
export const noTools = 'curl or jq is not installed (apt-get install curl jq)';

export const hasTools = ['curl', 'jq'].every(
  (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Runs the journey with bash in `folder`, where its export.zip lies. */
export async function runDocumentedJourney(folder: string, env: Record<string, string>) {
  const child = spawn('bash', ['-c', documentedJourney()], {
    cwd: folder,
    // Nothing of the test's own environment but where programs are.
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray());
  const [code] = (await once(child, 'exit')) as [number | null];
  const [said = '', complained = ''] = (await Promise.all(texts)).map((parts) => parts.join(''));
  return { code, said, complained };
}
