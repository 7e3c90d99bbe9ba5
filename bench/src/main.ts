import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { type Choices, choicesOf } from './choices.js';
import { confirmProposal, copyOfExport, mapWhole, stageAndAssess } from './exports.js';
import { measureLoad } from './load.js';
import { type MemoryFigures, measureMemory } from './memory.js';
import { psqlVersion } from './psql.js';
import { type Report, tableOf } from './report.js';
import { mappedObjects } from './set-based-mapping.js';
import { measureStaging } from './staging.js';
import { temporaryFolder } from './temporary-folder.js';
import { measureTransform } from './transform.js';
import { makePackage, openWorkbench, takeIn } from './workbench.js';

const choices = choicesOf(process.argv.slice(2));
const psql = await psqlVersion();
if (choices.only.includes('staging') && psql === undefined)
  giveUp(
    'staging is compared with psql, which is not installed; install the client of Postgres (Debian: postgresql-client) or leave it out with --only.',
  );
if (choices.only.includes('memory') && process.platform !== 'linux')
  giveUp('peak memory is read from /proc, which only Linux has; leave it out with --only.');

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const report: Report = {
  size: choices.size,
  runs: choices.runs,
  rows: 0,
  cores: cpus().length,
  memory_gb: Math.round(totalmem() / 2 ** 30),
  node: process.versions.node,
};
if (choices.only.some((part) => part !== 'memory')) await measureRatios(choices);
if (choices.only.includes('memory')) report.memory = await measureMemories(choices);
process.stderr.write(`\n${tableOf(report)}\n`);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

async function measureRatios({ only, runs }: Choices): Promise<void> {
  const bench = await openWorkbench(choices);
  try {
    report.rows = bench.package.rows;
    const listed = await takeIn(bench);
    if (only.includes('staging') && psql !== undefined) {
      say(`staging ${bench.package.rows} rows, ${runs} times, and as often with ${psql} …`);
      report.staging = { baseline: psql, ...(await measureStaging(bench, listed, runs)) };
    }
    if (!only.includes('transform') && !only.includes('load')) return;
    const few = await copyOfExport(bench, listed, mappedObjects);
    await stageAndAssess(bench, few);
    if (only.includes('transform')) {
      say(`mapping ${mappedObjects.join(', ')} ${runs} times, and as often with SQL …`);
      report.transform = await measureTransform(bench, few, runs);
    }
    if (only.includes('load')) {
      const mappingVersionId = await confirmProposal(bench, few);
      await mapWhole(bench, few, mappingVersionId);
      say(`loading them once to record the requests, then ${runs} times, and as often with a bare loop …`);
      report.load = await measureLoad(bench, mappingVersionId, runs);
    }
  } finally {
    await bench.close();
  }
}

/** Each size in a process of the product's own; a size that is asked for twice is measured once. */
async function measureMemories({ size, larger, seed, memoryMinutes }: Choices) {
  const found: { [size: string]: MemoryFigures } = {};
  for (const one of new Set([size, larger])) {
    const folder = await temporaryFolder();
    try {
      say(`migrating a package of size ${one} with the whole stack, at most ${memoryMinutes} minutes …`);
      const made = await makePackage(path.join(folder.path, 'export'), one, seed);
      found[one] = await measureMemory(made, folder.path, memoryMinutes);
    } finally {
      folder.remove();
    }
  }
  return found;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

function giveUp(sentence: string): never {
  say(`bench: ${sentence}`);
  process.exit(2);
}
