// Writes shared/src/db/types.ts from a migrated database: the one at DATABASE_URL, else an embedded one of its own.
// The drift test runs the same with --verify.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot, runTool } from './bootstrap.mjs';

const given = process.env.DATABASE_URL;
process.exitCode = given ? await generate(given) : await generateFromOwnDatabase();

async function generateFromOwnDatabase() {
  // A new migration comes before the types of its tables, so this build may complain; it writes its output all the same.
  await runTool('tsc', ['-b', 'shared']);
  const { startEmbeddedPostgres } = await import('../shared/dist/embedded/postgres.js');
  const { migrateToLatestOrThrow } = await import('../shared/dist/db/migrate.js');
  const folder = mkdtempSync(join(tmpdir(), 'octopipe-types-'));
  // mkdtemp makes it 0700, which the account Postgres runs as could not pass when we are root.
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  try {
    await migrateToLatestOrThrow(server.url);
    return await generate(server.url);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function generate(databaseUrl) {
  const out = join(repoRoot, 'shared', 'src', 'db', 'types.ts');
  const child = spawn(
    join(repoRoot, 'node_modules', '.bin', 'kysely-codegen'),
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
    { stdio: 'inherit', env: { ...process.env, DATABASE_URL: databaseUrl } },
  );
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
