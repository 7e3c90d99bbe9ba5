import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import type { IngestContext } from '../context.js';
import { getWebhookOrThrow, viewWebhook, Webhook, WebhookPath, webhookRoles } from './webhook-view.js';

export const deleteWebhook = defineRoute({
  method: 'delete',
  path: '/v1/webhooks/:id',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary: 'Removes a webhook with its log of deliveries; what was pending is not sent.',
  params: WebhookPath,
  answers: { 200: Webhook },
  problems: ['webhook_not_found'],
  async handle(ctx: IngestContext, { tenant, params }) {
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const row = await getWebhookOrThrow(tx, params.id);
      await tx.deleteFrom('ingest.webhook').where('id', '=', params.id).execute();
      return { status: 200, body: viewWebhook(row) };
    });
  },
});
