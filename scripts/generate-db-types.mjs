// Writes shared/src/db/types.ts from a migrated database (DATABASE_URL). The drift test runs the same with --verify.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const out = fileURLToPath(new URL('../shared/src/db/types.ts', import.meta.url));
const bin = fileURLToPath(new URL('../node_modules/.bin/kysely-codegen', import.meta.url));
const result = spawnSync(
  bin,
  [
    '--dialect',
    'postgres',
    '--camel-case',
    '--include-pattern',
    '(core|ingest|transform|loader|reporter).*',
    '--out-file',
    out,
    '--no-domains',
    '--date-parser',
    'string',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exit(result.status ?? 1);
