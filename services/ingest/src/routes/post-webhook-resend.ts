import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { Delivery, DeliveryPath, viewDelivery } from './delivery-view.js';
import { wake, webhookRoles } from './webhook-view.js';

const Body = z.object({}).meta({ examples: [{}] });

export const postWebhookResend = defineRoute({
  method: 'post',
  path: '/v1/webhooks/:id/deliveries/:deliveryId/resend',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook', deliveryId: 'delivery' } },
  summary:
    'Sends a message again, whatever came of it, under the same id; a disabled webhook is active again.',
  params: DeliveryPath,
  body: Body,
  answers: { 202: Delivery },
  problems: ['delivery_not_found'],
  async handle(ctx: IngestContext, { tenant, params, remember }) {
    const answer = await inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      // The webhook before its deliveries, as in webhooks/deliver.ts.
      await wake(tx, params.id);
      const row = await tx
        .updateTable('ingest.webhookDelivery')
        .set({ state: 'pending', attempts: 0, nextAt: sql<Date>`now()`, deliveredAt: null })
        .where('id', '=', params.deliveryId)
        .where('webhookId', '=', params.id)
        .returningAll()
        .executeTakeFirst();
      if (!row) throw new Problem(404, 'delivery_not_found', 'There is no such delivery of this webhook.');
      return remember(tx, { status: 202 as const, body: viewDelivery(row) });
    });
    await ctx.producer.send('deliver-webhook', { tenantId: tenant.id, webhookId: params.id });
    return answer;
  },
});
