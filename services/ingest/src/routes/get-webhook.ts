import { inTransaction } from '@octopipe/shared/db/index';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import type { IngestContext } from '../context.js';
import { getWebhookOrThrow, viewWebhook, Webhook, WebhookPath, webhookRoles } from './webhook-view.js';

export const getWebhook = defineRoute({
  method: 'get',
  path: '/v1/webhooks/:id',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary: 'A webhook and how its receiver does.',
  params: WebhookPath,
  answers: { 200: Webhook },
  problems: ['webhook_not_found'],
  async handle(ctx: IngestContext, { tenant, params }) {
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const body = viewWebhook(await getWebhookOrThrow(tx, params.id));
      return { status: 200, body, headers: { etag: etagOf(body) } };
    });
  },
});
