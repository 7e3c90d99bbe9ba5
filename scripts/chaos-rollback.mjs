// npm run chaos:rollback -- --seed 15 [--kills 100] [--records 2000] [--corruptions 500] [--clean-runs 20] [--only r15|r16]:
// the proofs of R15 and R16 at full size; prints a line of figures for each.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureReady, repoRoot } from './bootstrap.mjs';
import { runProgram } from './run-program.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '15' },
    kills: { type: 'string', default: '100' },
    records: { type: 'string', default: '2000' },
    corruptions: { type: 'string', default: '500' },
    'clean-runs': { type: 'string', default: '20' },
    only: { type: 'string' },
  },
});
const proofs = {
  r15: ['services/loader/src/rollback/rollback-storm', 'services/loader/src/rollback/rollback-kills'],
  r16: ['services/loader/src/verify/planted'],
};
await ensureReady();
process.chdir(repoRoot);
process.env.ROLLBACK_SEED = values.seed;
process.env.ROLLBACK_RECORDS = values.records;
process.env.ROLLBACK_KILLS = values.kills;
process.env.VERIFY_CORRUPTIONS = values.corruptions;
process.env.VERIFY_CLEAN_RUNS = values['clean-runs'];
process.env.VERIFY_RECORDS = values.records;
await runProgram([
  join(repoRoot, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--project=integration',
  '--no-file-parallelism',
  ...Object.entries(proofs).flatMap(([name, files]) =>
    values.only === undefined || values.only === name ? files : [],
  ),
]);
