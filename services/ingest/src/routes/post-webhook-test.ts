import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { Delivery, viewDelivery } from './delivery-view.js';
import { getWebhookOrThrow, WebhookPath, wake, webhookRoles } from './webhook-view.js';

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
  async handle(ctx: IngestContext, { tenant, params, remember }) {
    const answer = await inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      await getWebhookOrThrow(tx, params.id);
      await wake(tx, params.id);
      const delivery = await tx
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
      return remember(tx, { status: 202 as const, body: viewDelivery(delivery) });
    });
    await ctx.producer.send('deliver-webhook', { tenantId: tenant.id, webhookId: params.id });
    return answer;
  },
});
