// npm run test:node24: the unit and integration tests on the Node of the image (Dockerfile), whose binary is an npm package.
// Arguments go to vitest, like `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureReady, giveUp, repoRoot } from './bootstrap.mjs';
import { runProgram } from './run-program.mjs';

const [, version] =
  /^ARG NODE_IMAGE=node:([\d.]+)-/m.exec(readFileSync(join(repoRoot, 'Dockerfile'), 'utf8')) ?? [];
const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const folder = join(repoRoot, '.octopipe', `node-${version}`);
const binary = join(folder, 'node_modules', name, 'bin', 'node');

await ensureReady();
process.chdir(repoRoot);
if (!existsSync(binary)) {
  console.log(`Getting Node ${version} (npm package ${name}) …`);
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  const { status } = spawnSync('npm', [...args, `${name}@${version}`], { stdio: 'inherit', cwd: folder });
  if (status !== 0) giveUp(`Node ${version} could not be had as the npm package ${name}; see above.`);
}
const given = process.argv.slice(2);
await runProgram(
  [
    join(repoRoot, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...(given.length > 0 ? given : ['--project', 'unit', '--project', 'integration']),
  ],
  binary,
);
