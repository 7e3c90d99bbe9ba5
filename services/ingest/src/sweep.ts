import { inSystemTransaction } from '@octopipe/shared/db/index';
import { hintPurges } from '@octopipe/shared/purge/run-step';
import { sweepIdempotency } from '@octopipe/shared/tenancy/idempotency';
import { sql } from 'kysely';
import type { IngestContext } from './context.js';
import { relayEvents } from './webhooks/relay-events.js';

/** Finds what is still to be done in the tables and hints it: the queue may have lost everything. */
export async function sweep(ctx: IngestContext): Promise<void> {
  await relayEvents(ctx);
  await sweepIdempotency(ctx.db);
  await hintPurges(ctx, 'ingest');
  const pending = await inSystemTransaction(ctx.db, async (tx) => ({
    exports: await tx
      .selectFrom('ingest.export')
      .select(['id', 'tenantId', 'state'])
      .where('state', 'in', ['received', 'staging', 'staged'])
      .orderBy('createdAt')
      .limit(200)
      .execute(),
    files: await tx
      .selectFrom('ingest.exportFile as file')
      .innerJoin('ingest.export as export', 'export.id', 'file.exportId')
      .select(['file.id', 'file.tenantId', 'file.exportId'])
      .where('export.state', '=', 'staging')
      .where('file.state', '=', 'pending')
      .orderBy('file.path')
      .limit(500)
      .execute(),
    webhooks: await tx
      .selectFrom('ingest.webhook as webhook')
      .select(['webhook.id', 'webhook.tenantId'])
      .where('webhook.state', '=', 'active')
      .where((where) =>
        where.or([
          where('webhook.restUntil', 'is', null),
          where('webhook.restUntil', '<=', sql<Date>`now()`),
        ]),
      )
      .where((where) =>
        where.exists(
          where
            .selectFrom('ingest.webhookDelivery as delivery')
            .select('delivery.id')
            .whereRef('delivery.webhookId', '=', 'webhook.id')
            .where('delivery.state', '=', 'pending')
            .where('delivery.nextAt', '<=', sql<Date>`now()`),
        ),
      )
      // In no order that stays: else the first 200, were they slow, would keep all others away.
      .orderBy(sql`random()`)
      .limit(200)
      .execute(),
  }));
  const withFiles = new Set(pending.files.map((file) => file.exportId));
  for (const { id: exportId, tenantId, state } of pending.exports) {
    if (state === 'staged') await ctx.producer.send('assess-export', { tenantId, exportId });
    // `staging` without pending files: the last file's job died before it could close the staging.
    else if (!withFiles.has(exportId)) await ctx.producer.send('stage-export', { tenantId, exportId });
  }
  for (const { id: webhookId, tenantId } of pending.webhooks) {
    await ctx.producer.send('deliver-webhook', { tenantId, webhookId });
  }
  for (const { id: fileId, tenantId, exportId } of pending.files) {
    await ctx.producer.send('stage-file', { tenantId, exportId, fileId });
  }
}
