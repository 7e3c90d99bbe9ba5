import { inTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionForms, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { Delivery, viewDelivery } from './delivery-view.js';
import { getWebhookOrThrow, WebhookPath, webhookRoles } from './webhook-view.js';

const Query = z.object({
  state: z.enum(['pending', 'delivered', 'failed']).optional(),
  ...PageQuery,
});

export const getWebhookDeliveries = defineRoute({
  method: 'get',
  path: '/v1/webhooks/:id/deliveries',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary: 'The log of what was sent to a webhook, newest first.',
  params: WebhookPath,
  query: Query,
  answers: { 200: pageOf(Delivery) },
  problems: ['webhook_not_found'],
  async handle(ctx: IngestContext, { tenant, params, query }) {
    const before = positionOfCursor(query.cursor, positionForms.timeAndId)?.split('|');
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      await getWebhookOrThrow(tx, params.id);
      const found = await tx
        .selectFrom('ingest.webhookDelivery')
        .selectAll()
        // A Date has milliseconds, the column microseconds: the position must not lose any.
        .select(sql<string>`(extract(epoch from created_at) * 1000000)::bigint`.as('position'))
        .where('webhookId', '=', params.id)
        .$if(query.state !== undefined, (all) => all.where('state', '=', query.state ?? ''))
        .$if(before !== undefined, (all) =>
          all.where(
            sql<boolean>`(created_at, id) < ('epoch'::timestamptz + ${before?.[0]}::bigint * interval '1 microsecond', ${before?.[1]}::uuid)`,
          ),
        )
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .execute();
      return {
        status: 200,
        body: toPage(found, query.limit, (row) => `${row.position}|${row.id}`, viewDelivery),
      };
    });
  },
});
