// npm start: makes the clone ready and runs the command line, with the same arguments.
import { ensureReady } from './bootstrap.mjs';
import { builtProgram, runProgram } from './run-program.mjs';

await ensureReady();
await runProgram([...(await builtProgram('cli')), ...process.argv.slice(2)]);
