import type { Tx } from '@octopipe/shared/db/index';
import { loadKinds } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';

/**
 * In which state a batch begins: in a connection in doubt its records are looked for before they are sent
 * (write/note-doubt.ts). Also long after the first run has settled the doubt: that run knew only the records of its own
 * set, and what another one has written since the backup stands there unknown (docs/decisions/0034).
 */
export function firstBatchState(connectionId: string) {
  return sql<string>`select case when doubted_at is null then 'pending' else 'in_doubt' end
    from loader.connection where id = ${connectionId}`;
}

/** A load has ended that began after the restore: each of its records is known now, and with them what we made of the schema. */
export async function settleDoubt(tx: Tx, run: { id: string; connectionId: string }): Promise<void> {
  await tx
    .updateTable('loader.connection')
    .set({ doubtSettledAt: sql<Date>`now()` })
    .where('id', '=', run.connectionId)
    .where('doubtSettledAt', 'is', null)
    .where('doubtedAt', '<=', sql<Date>`(select created_at from loader.run where id = ${run.id})`)
    .execute();
}

/**
 * Whether the account may hold records of this migration that are not known here: no load of it was done since the restore.
 * One of another migration has settled the doubt of the connection, and looked for none of these.
 */
export async function mayHoldUnknown(
  tx: Tx,
  of: { connectionId: string; migrationId: string },
): Promise<boolean> {
  const row = await tx
    .selectFrom('loader.connection as connection')
    .select('connection.id')
    .where('connection.id', '=', of.connectionId)
    .where('connection.doubtedAt', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('loader.run as load')
            .select('load.id')
            .whereRef('load.connectionId', '=', 'connection.id')
            .where('load.migrationId', '=', of.migrationId)
            .where('load.kind', 'in', [...loadKinds])
            // Rolled back: then one was done, or this would have been refused.
            .where('load.status', 'in', ['done', 'rolled_back'])
            .whereRef('load.createdAt', '>=', 'connection.doubtedAt'),
        ),
      ),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether nobody has looked through the account since the restore. */
export async function isInDoubt(tx: Tx, connectionId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('loader.connection')
    .select('id')
    .where('id', '=', connectionId)
    .where('doubtedAt', 'is not', null)
    .where('doubtSettledAt', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}
