import type { Tx } from '@octopipe/shared/db/index';
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
