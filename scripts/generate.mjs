// npm run generate: makes the clone ready and writes an OctopusPro export package, with the same arguments.
import { ensureReady } from './bootstrap.mjs';
import { builtProgram, runProgram } from './run-program.mjs';

await ensureReady();
await runProgram([...(await builtProgram('generator')), ...process.argv.slice(2)]);
