import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { Delivery, viewDelivery } from './delivery-view.js';
import { getWebhookOrThrow, WebhookPath, webhookRoles } from './webhook-view.js';

const Body = z.object({}).meta({ examples: [{}] });

export const postWebhookTest = defineRoute({
  method: 'post',
  path: '/v1/webhooks/:id/test',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary: 'Sends a message of type webhook.test; its delivery tells what came of it.',
  params: WebhookPath,
  body: Body,
  answers: { 202: Delivery },
  problems: ['webhook_not_found'],
  async handle(ctx: IngestContext, { tenant, params }) {
    const delivery = await inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      await getWebhookOrThrow(tx, params.id);
      // A person who tries a receiver does not want to wait for the end of its rest.
      await tx
        .updateTable('ingest.webhook')
        .set({ state: 'active', disabledReason: null, restUntil: null })
        .where('id', '=', params.id)
        .execute();
      return tx
        .insertInto('ingest.webhookDelivery')
        .values({
          tenantId: tenant.id,
          webhookId: params.id,
          type: 'webhook.test',
          body: JSON.stringify({
            type: 'webhook.test',
            timestamp: new Date().toISOString(),
            data: { tenant: tenant.slug },
          }),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    await ctx.producer.send('deliver-webhook', { tenantId: tenant.id, webhookId: params.id });
    return { status: 202, body: viewDelivery(delivery) };
  },
});
