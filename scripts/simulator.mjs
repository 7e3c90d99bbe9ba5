// npm run simulator: makes the clone ready and runs the Pipedrive simulator alone, with the same arguments.
import { ensureReady } from './bootstrap.mjs';
import { builtProgram, runProgram } from './run-program.mjs';

await ensureReady();
await runProgram([...(await builtProgram('simulator')), ...process.argv.slice(2)]);
