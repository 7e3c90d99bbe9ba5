import type { Tx } from '../db/index.js';

export interface EventFacts {
  migrationId: string;
  runId?: string;
  /** `<noun>.<participle>`, e.g. `export.staged`. */
  kind: string;
  /** Ids, counts and codes, never contents. */
  facts: Record<string, string | number | boolean | null>;
}

/**
 * Writes one line of the migration's log, in the transaction of the change it tells: told exactly when it happened. The
 * outbox row goes with it, so that the relay of webhooks hears of it whatever dies next.
 */
export async function appendEvent(tx: Tx, tenantId: string, event: EventFacts): Promise<void> {
  const { id } = await tx
    .insertInto('core.event')
    .values({
      tenantId,
      migrationId: event.migrationId,
      runId: event.runId ?? null,
      kind: event.kind,
      facts: JSON.stringify(event.facts),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tx.insertInto('core.outbox').values({ eventId: id, tenantId }).execute();
}
