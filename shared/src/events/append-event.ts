import { sql } from 'kysely';
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
 *
 * The events of a migration commit in the order of their ids: whoever has read up to one (Last-Event-ID) has missed none
 * before it. The lock lasts until the commit, so an event comes after the row locks of its change, never before them.
 */
export async function appendEvent(tx: Tx, tenantId: string, event: EventFacts): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`event ${event.migrationId}`}, 0))`.execute(tx);
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
