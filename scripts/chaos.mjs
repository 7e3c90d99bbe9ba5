// npm run chaos -- --seed 1 --seed 2 [--only storm]: the reliability proofs at full size. Their figures are gathered in
// docs/reliability.json, a proof run again replaces what it said before, and docs/reliability.md is printed from it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureReady, repoRoot } from './bootstrap.mjs';

/**
 * Where each proof lives, and what makes it large. A proof prints its figures as lines that begin with its number in the
 * reliability plan. One without a seed says the same every time.
 */
const proofs = [
  {
    name: 'crashes',
    proves: 'R1–R4: two loaders killed, stopped and woken, the queue emptied, answers lost',
    file: 'services/loader/src/chaos',
    env: (seed) => ({ CHAOS_TIER: 'large', CHAOS_SEED: seed }),
  },
  {
    name: 'storm',
    proves: 'R1: a generated package under kills of all services and of Postgres',
    project: 'e2e',
    file: 'e2e/storm.test.ts',
    env: (seed) => ({ STORM_SEED: seed, STORM_KILLS: '8' }),
  },
  {
    name: 'failpoints-postgres',
    proves: 'R5: every step of the write path for every entity, queue on Postgres',
    file: 'services/loader/src/write/crash-postgres-lane',
  },
  {
    name: 'failpoints-redis',
    proves: 'R5: every step of the write path for two entities, queue on Redis',
    file: 'services/loader/src/write/crash-redis-lane',
  },
  {
    name: 'model',
    proves: 'R6: the intent machine, every order of events',
    project: 'unit',
    file: 'services/loader/src/write/intent-model',
    env: () => ({ OCTOPIPE_PROVE: '3/2' }),
  },
  {
    name: 'dry-run',
    proves: 'R14: a dry run plans what is then written',
    file: 'services/loader/src/run/dry-run',
    env: () => ({ DRY_RUN_RECORDS: '2000' }),
  },
  {
    name: 'rollback',
    proves: 'R15: a rollback whose workers are killed',
    file: 'services/loader/src/rollback/rollback-',
    env: (seed) => ({ ROLLBACK_SEED: seed, ROLLBACK_KILLS: '100', ROLLBACK_RECORDS: '2000' }),
  },
  {
    name: 'planted',
    proves: 'R16: planted corruptions are found, clean runs say nothing',
    file: 'services/loader/src/verify/planted',
    env: (seed) => ({
      ROLLBACK_SEED: seed,
      VERIFY_CORRUPTIONS: '500',
      VERIFY_CLEAN_RUNS: '20',
      VERIFY_RECORDS: '2000',
    }),
  },
  {
    name: 'outages',
    proves: 'R18: Postgres and Redis away in the middle of a run',
    file: 'services/loader/src/run/outages',
    env: () => ({ OUTAGE_SECONDS: '2,8,20' }),
  },
  {
    name: 'deploys',
    proves: 'R20: loaders replaced in turns through a whole run',
    file: 'services/loader/src/run/rolling-restart',
    env: () => ({ ROLLING_RECORDS: '2000' }),
  },
  {
    name: 'deploys-of-all',
    proves: 'R20: all four services replaced in turns through a whole migration',
    project: 'e2e',
    file: 'e2e/storm.test.ts',
    env: () => ({ STORM_RESTART_SECONDS: '5' }),
  },
];

const { values } = parseArgs({
  options: {
    seed: { type: 'string', multiple: true, default: ['1'] },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const unknown = values.only.filter((name) => !proofs.some((proof) => proof.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no proof ${unknown.join(', ')}; there are: ${proofs.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}
await ensureReady();
process.chdir(repoRoot);

const dataFile = join(repoRoot, 'docs', 'reliability.json');
const isSeeded = ({ env }) => env !== undefined && env.length > 0;
for (const proof of proofs.filter(({ name }) => values.only.length === 0 || values.only.includes(name)))
  for (const seed of isSeeded(proof) ? values.seed : [null]) await prove(proof, seed);

async function prove(proof, seed) {
  const started = Date.now();
  const { code, figures } = await run(proof, seed);
  if (code !== 0) process.exitCode = 1;
  const result = {
    proof: proof.name,
    seed,
    passed: code === 0,
    minutes: Number(((Date.now() - started) / 60_000).toFixed(1)),
    date: new Date(started).toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    figures,
  };
  const former = existsSync(dataFile) ? JSON.parse(readFileSync(dataFile, 'utf8')) : [];
  const others = former.filter((row) => row.proof !== proof.name || row.seed !== seed);
  const place = (row) => proofs.findIndex(({ name }) => name === row.proof);
  const all = [...others, result].sort((a, b) => place(a) - place(b) || Number(a.seed) - Number(b.seed));
  writeFileSync(dataFile, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(join(repoRoot, 'docs', 'reliability.md'), page(all));
}

/** Runs one proof, shows what it says, and keeps its figures. */
function run({ project = 'integration', file, env }, seed) {
  const vitest = join(repoRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--project', project, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1', ...env?.(seed) },
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve) => {
    child.once('close', (code) =>
      resolve({ code, figures: text.split('\n').filter((line) => /^R\d+\b/.test(line)) }),
    );
  });
}

function page(all) {
  const sections = proofs.flatMap(({ name, proves, file }) => {
    const rows = all.filter(({ proof }) => proof === name);
    return rows.length === 0 ? [] : [`## ${proves}\n\n\`${file}\`\n\n${rows.map(paragraph).join('\n')}`];
  });
  return `# Reliability: what was tried, and what came out

Written by \`npm run chaos\` from what the proofs printed on one machine of two cores; do not edit by hand. \`npm test\` runs a
smaller tier of each. The account's own ledger is the truth in all of them: what was really committed, not what we believe.

${sections.join('\n')}`;
}

function paragraph({ seed, passed, minutes, date, commit, figures }) {
  const title = seed === null ? '' : `Seed ${seed}: `;
  return [
    `${title}${passed ? 'passed' : '**failed**'}, ${minutes} minutes, ${date}, commit ${commit}.`,
    '',
    ...figures.map((line) => `- ${line}`),
    '',
  ].join('\n');
}
