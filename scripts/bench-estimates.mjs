// npm run bench:estimates: makes the clone ready and measures how fast estimates are answered, with the same arguments.
import { ensureReady, repoRoot } from './bootstrap.mjs';
import { runProgram } from './run-program.mjs';

await ensureReady();
await runProgram([`${repoRoot}bench/dist/estimates-main.js`, ...process.argv.slice(2)]);
