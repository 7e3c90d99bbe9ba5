import { z } from 'zod';
import { readEnv } from '../core/env.js';
import { openDatabase } from '../db/index.js';
import { resealAll } from '../tenancy/reseal.js';
import { idsOf, parseMasterKey } from '../tenancy/secrets.js';

// The third step of a rotation of the master key (see the runbook): run it until it says that nothing is left.
try {
  const env = readEnv({
    DATABASE_URL: z.string().startsWith('postgres'),
    OCTOPIPE_MASTER_KEY: z.string(),
    OCTOPIPE_OTHER_MASTER_KEYS: z.string().optional(),
  });
  const ring = parseMasterKey(env.OCTOPIPE_MASTER_KEY, env.OCTOPIPE_OTHER_MASTER_KEYS);
  const database = openDatabase(env.DATABASE_URL, {
    max: 1,
    onError: () => {},
    applicationName: 'octopipe-reseal',
  });
  try {
    const { tenants, answers, damaged, left } = await resealAll(database.db, ring);
    process.stdout.write(
      `sealed anew under ${ring.id}: ${tenants} tenants, ${answers} kept answers; ${damaged} damaged; ${left} left under another key (of the ring ${idsOf(ring)})\n`,
    );
    // Whoever goes on without looking would drop a key that is still needed.
    if (left > 0) process.exitCode = 1;
  } finally {
    await database.destroy();
  }
} catch (error) {
  // Ids of keys and counts only: nothing that was opened is in an error.
  process.stderr.write(`reseal: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
