import { z } from 'zod';
import { readEnv } from '../core/env.js';
import { migrateToLatestOrThrow } from '../db/migrate.js';

// The migrate step of a deployment: once per release, before or beside the services (they wait for it).
try {
  const { DATABASE_URL } = readEnv({ DATABASE_URL: z.string().startsWith('postgres') });
  await migrateToLatestOrThrow(DATABASE_URL);
  process.stdout.write('the database schema is current\n');
} catch (error) {
  // An error of Postgres may quote a statement, never a row of a customer: nothing of them is touched here.
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
