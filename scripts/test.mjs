// npm test: makes the clone ready and runs every test project; arguments go to vitest.
import { join } from 'node:path';
import { ensureReady, repoRoot } from './bootstrap.mjs';
import { runProgram } from './run-program.mjs';

// Also with the build: tests that start real processes run it.
await ensureReady();
process.chdir(repoRoot);
await runProgram([
  join(repoRoot, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  // The file is what .ci/run takes its totals from.
  ...['--reporter=default', '--reporter=json', '--outputFile.json=.octopipe/test-results.json'],
  ...process.argv.slice(2),
]);
