import { inSystemTransaction, inTransaction, type Tx } from '@octopipe/shared/db/index';
import { type LoggedEvent, type Message, messagesOf } from '@octopipe/shared/events/published';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';
import { viewMigrations } from '../routes/migration-view.js';

/** Events that one transaction takes from the outbox. */
const sliceSize = 200;

/**
 * Turns the events of the outbox into deliveries, one for each webhook that asked for the type. An event leaves the
 * outbox in the transaction that makes its deliveries: it is told once, whoever dies, and however many relays run.
 */
export async function relayEvents(ctx: IngestContext): Promise<void> {
  const tenants = await inSystemTransaction(ctx.db, (tx) =>
    tx
      .selectFrom('core.outbox as outbox')
      .innerJoin('core.tenant as tenant', 'tenant.id', 'outbox.tenantId')
      .select('outbox.tenantId')
      .distinct()
      .where('tenant.purgeId', 'is', null)
      .limit(500)
      .execute(),
  );
  for (const { tenantId } of tenants) {
    while ((await relaySlice(ctx, tenantId)) === sliceSize);
  }
}

async function relaySlice(ctx: IngestContext, tenantId: string): Promise<number> {
  return inTransaction(ctx.db, { role: 'ingest', tenantId }, async (tx) => {
    const taken = await tx
      .deleteFrom('core.outbox')
      .where('eventId', 'in', (from) =>
        from
          .selectFrom('core.outbox')
          .select('eventId')
          .orderBy('eventId')
          .limit(sliceSize)
          .forUpdate()
          .skipLocked(),
      )
      .returning('eventId')
      .execute();
    if (taken.length === 0) return 0;
    // The disabled ones, too: what happens meanwhile waits until somebody wakes them.
    const webhooks = await tx.selectFrom('ingest.webhook').select(['id', 'types']).execute();
    const events = await tx
      .selectFrom('core.event as event')
      .innerJoin('core.tenant as tenant', 'tenant.id', 'event.tenantId')
      .select(['event.id', 'event.migrationId', 'event.runId', 'event.kind', 'event.facts', 'event.at'])
      .select('tenant.slug')
      .where(
        'event.id',
        'in',
        taken.map((row) => row.eventId),
      )
      .orderBy('event.id')
      .execute();
    const stages = await newStages(tx, tenantId, [...new Set(events.map((event) => event.migrationId))]);
    for (const event of events) {
      const messages: Message[] = messagesOf({
        kind: event.kind,
        facts: event.facts as LoggedEvent['facts'],
      });
      // Told with the last event of the slice that belongs to the migration: by then it has the new stage.
      const isLast = events.findLast((later) => later.migrationId === event.migrationId) === event;
      const stage = isLast ? stages.get(event.migrationId) : undefined;
      if (stage) messages.push({ type: 'migration.stage_changed', data: { stage } });
      await writeDeliveries(tx, tenantId, webhooks, event, messages);
    }
    return taken.length;
  });
}

/** The stages that differ from the ones announced last; noted as announced in the same transaction. */
async function newStages(
  tx: Tx,
  tenantId: string,
  migrationIds: ReadonlyArray<string>,
): Promise<Map<string, string>> {
  const changed = new Map<string, string>();
  if (migrationIds.length === 0) return changed;
  const tenant = await tx
    .selectFrom('core.tenant')
    .select(['id', 'slug', 'name'])
    .where('id', '=', tenantId)
    .executeTakeFirstOrThrow();
  const migrations = await tx
    .selectFrom('ingest.migration')
    .selectAll()
    .where('id', 'in', [...migrationIds])
    .execute();
  for (const { id, stage } of await viewMigrations(tx, tenant, migrations)) {
    const noted = await tx
      .insertInto('ingest.announcedStage')
      .values({ migrationId: id, tenantId, stage })
      .onConflict((conflict) =>
        conflict
          .column('migrationId')
          .doUpdateSet({ stage })
          .where(sql<boolean>`announced_stage.stage <> excluded.stage`),
      )
      .returning('stage')
      .executeTakeFirst();
    if (noted) changed.set(id, stage);
  }
  return changed;
}

async function writeDeliveries(
  tx: Tx,
  tenantId: string,
  webhooks: ReadonlyArray<{ id: string; types: string[] }>,
  event: { id: string; migrationId: string; runId: string | null; at: Date; slug: string },
  messages: ReadonlyArray<Message>,
): Promise<void> {
  const rows = messages.flatMap(({ type, data }) =>
    webhooks
      .filter(({ types }) => types.includes(type))
      .map((webhook) => ({
        tenantId,
        webhookId: webhook.id,
        eventId: event.id,
        type,
        body: JSON.stringify({
          type,
          timestamp: event.at.toISOString(),
          // Grows with time within a migration, also past a restore (db/migrate.ts): a receiver puts messages in order by it.
          sequence: Number(event.id),
          data: {
            tenant: event.slug,
            migration_id: event.migrationId,
            ...(event.runId ? { run_id: event.runId } : {}),
            ...data,
          },
        }),
      })),
  );
  if (rows.length === 0) return;
  await tx
    .insertInto('ingest.webhookDelivery')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['webhookId', 'eventId', 'type']).doNothing())
    .execute();
}
