// npm run bench: makes the clone ready and measures against baselines, with the same arguments.
import { ensureReady, repoRoot } from './bootstrap.mjs';
import { runProgram } from './run-program.mjs';

await ensureReady();
await runProgram([`${repoRoot}bench/dist/main.js`, ...process.argv.slice(2)]);
