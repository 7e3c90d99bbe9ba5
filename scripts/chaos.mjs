// npm run chaos -- --seed 1 --seed 2: the large tier of the reliability proofs, and docs/reliability.md from what they print.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureReady, repoRoot } from './bootstrap.mjs';

/** Where each proof lives. A proof prints its figures as lines that begin with its number in the reliability plan. */
const proofs = [
  { project: 'integration', file: 'services/loader/src/chaos', perSeed: true },
  { project: 'e2e', file: 'e2e/storm.test.ts', perSeed: true },
  { project: 'integration', file: 'services/loader/src/write/crash-postgres-lane' },
  { project: 'integration', file: 'services/loader/src/write/crash-redis-lane' },
];

const { values } = parseArgs({
  options: {
    seed: { type: 'string', multiple: true, default: ['1'] },
    only: { type: 'string', multiple: true, default: [] },
  },
});
await ensureReady();
process.chdir(repoRoot);

const seeds = values.seed;
const chosen = proofs.filter(
  ({ file }) => values.only.length === 0 || values.only.some((part) => file.includes(part)),
);
const results = [];
for (const proof of chosen)
  for (const seed of proof.perSeed ? seeds : [seeds[0]]) {
    const started = Date.now();
    const { code, lines } = await run(proof, seed);
    results.push({ proof, seed, code, lines, minutes: (Date.now() - started) / 60_000 });
  }
writeFileSync(join(repoRoot, 'docs/reliability.md'), page(results));
process.exitCode = results.every(({ code }) => code === 0) ? 0 : 1;

/** Runs one proof, shows what it says, and keeps its figures. */
function run({ project, file }, seed) {
  const vitest = join(repoRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--project', project, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      CHAOS_TIER: 'large',
      CHAOS_SEED: seed,
      STORM_SEED: seed,
      STORM_KILLS: '8',
    },
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve) => {
    child.once('close', (code) =>
      resolve({ code, lines: text.split('\n').filter((line) => /^R\d+\b/.test(line)) }),
    );
  });
}

function page(all) {
  const rows = all.map(({ proof, seed, code, lines, minutes }) =>
    [
      `## \`${proof.file}\`${proof.perSeed ? `, seed ${seed}` : ''}`,
      '',
      code === 0 ? `Passed, ${minutes.toFixed(1)} minutes.` : '**Failed.**',
      '',
      ...lines.map((line) => `- ${line}`),
      '',
    ].join('\n'),
  );
  return `# Reliability: what was tried, and what came out

Written by \`npm run chaos\` from what the proofs printed on one machine of two cores; do not edit by hand. \`npm test\` runs a
smaller tier of each. The account's own ledger is the truth in all of them: what was really committed, not what we believe.

${rows.join('\n')}`;
}
