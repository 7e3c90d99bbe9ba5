import { inTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionForms, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { viewWebhook, Webhook, webhookRoles } from './webhook-view.js';

export const getWebhooks = defineRoute({
  method: 'get',
  path: '/v1/webhooks',
  access: { roles: webhookRoles, scope: 'tenant', ids: {} },
  summary: 'Lists the webhooks of a tenant.',
  query: z.object(PageQuery),
  answers: { 200: pageOf(Webhook) },
  async handle(ctx: IngestContext, { tenant, query }) {
    const after = positionOfCursor(query.cursor, positionForms.uuid);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const found = await tx
        .selectFrom('ingest.webhook')
        .selectAll()
        .$if(after !== undefined, (all) => all.where('id', '>', after ?? ''))
        .orderBy('id')
        .limit(query.limit + 1)
        .execute();
      return { status: 200, body: toPage(found, query.limit, (row) => row.id, viewWebhook) };
    });
  },
});
