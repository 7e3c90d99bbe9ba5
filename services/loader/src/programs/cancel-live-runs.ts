import { readEnv } from '@octopipe/shared/core/env';
import { openDatabase } from '@octopipe/shared/db/index';
import { assertSchemaIsCurrent } from '@octopipe/shared/db/migrate';
import { z } from 'zod';
import { cancelLiveRuns, doubtConnections } from '../run/cancel-live-runs.js';

// After a restore and before a loader starts (docs/runbook.md, "Restoring Postgres from a backup"): the tables are of an
// earlier time than the accounts, so no run may go on, and the next one of each account looks before it writes. Says each run that it ended; a second
// time there is none.
try {
  const { DATABASE_URL } = readEnv({ DATABASE_URL: z.string().startsWith('postgres') });
  const database = openDatabase(DATABASE_URL, {
    max: 1,
    onError: () => {},
    applicationName: 'octopipe-cancel-live-runs',
  });
  try {
    await assertSchemaIsCurrent(database.db as never);
    const doubted = await doubtConnections(database.db);
    process.stdout.write(`${doubted} connections in doubt\n`);
    const cancelled = await cancelLiveRuns(database.db, ({ runId, tenantId, connectionId, was }) => {
      const what = was === 'purged' ? 'left to the purge of its tenant' : `was ${was}, cancelled`;
      process.stdout.write(`run ${runId} of tenant ${tenantId} on connection ${connectionId}: ${what}\n`);
    });
    process.stdout.write(`${cancelled} runs cancelled\n`);
  } finally {
    await database.destroy();
  }
} catch (error) {
  process.stderr.write(`cancel-live-runs: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
