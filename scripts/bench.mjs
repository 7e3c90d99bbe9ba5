// npm run bench: makes the clone ready and measures against baselines, with the same arguments.
import { ensureReady } from './bootstrap.mjs';
import { builtProgram, runProgram } from './run-program.mjs';

await ensureReady();
await runProgram([builtProgram('bench'), ...process.argv.slice(2)]);
