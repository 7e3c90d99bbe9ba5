import type { Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';

/**
 * Records that no longer stand in the account, or are theirs again: the next load knows nothing of them and starts anew.
 * Their intents stay, so that its generations go on counting.
 */
export async function forget(tx: Tx, connectionId: string, keys: ReadonlyArray<string>): Promise<void> {
  for (const table of ['loader.targetRecord', 'loader.crosswalk', 'loader.beforeImage'] as const)
    await tx
      .deleteFrom(table)
      .where('connectionId', '=', connectionId)
      .where('targetKey', '=', sql<string>`any(${[...keys]}::text[])`)
      .execute();
}
