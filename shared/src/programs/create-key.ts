import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readEnv } from '../core/env.js';
import { openDatabase } from '../db/index.js';
import { createApiKey, roles } from '../tenancy/api-key.js';

// The first key of an installation, made by whoever can open its database: prints it once. Later ones come from the API.
const { values } = parseArgs({ options: { role: { type: 'string' }, label: { type: 'string' } } });
const wanted = z
  .object({ role: z.enum(roles).default('operator'), label: z.string().min(1).default('first key') })
  .safeParse(values);
if (!wanted.success) {
  process.stderr.write(`create-key: ${z.prettifyError(wanted.error)}\n`);
  process.exit(2);
}
const { DATABASE_URL } = readEnv({ DATABASE_URL: z.string().startsWith('postgres') });
const database = openDatabase(DATABASE_URL, {
  max: 1,
  onError: () => {},
  applicationName: 'octopipe-create-key',
});
try {
  process.stdout.write(`${await createApiKey(database.db, wanted.data)}\n`);
} finally {
  await database.destroy();
}
