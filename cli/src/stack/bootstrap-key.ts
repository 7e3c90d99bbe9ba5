import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { openDatabase } from '@octopipe/shared/db/index';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';

/**
 * The operator key the command line works with, kept in `<state>/operator.key`. A kept key that the database does
 * not know any more (another DATABASE_URL, a restored backup) is replaced; whoever can open the database may make one.
 */
export async function ensureOperatorKey(options: {
  databaseUrl: string;
  keyFile: string;
  isAccepted(key: string): Promise<boolean>;
}): Promise<{ key: string; isNew: boolean }> {
  const { databaseUrl, keyFile, isAccepted } = options;
  const kept = existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : '';
  if (kept !== '' && (await isAccepted(kept))) return { key: kept, isNew: false };

  const database = openDatabase(databaseUrl, { max: 1, onError: () => {}, applicationName: 'octopipe-cli' });
  try {
    const key = await createApiKey(database.db, { role: 'operator', label: 'octopipe command line' });
    writeFileSync(`${keyFile}.new`, `${key}\n`, { mode: 0o600 });
    renameSync(`${keyFile}.new`, keyFile);
    return { key, isNew: true };
  } finally {
    await database.destroy();
  }
}
