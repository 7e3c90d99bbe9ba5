import { inTransaction } from '@octopipe/shared/db/index';
import { messageTypeNames } from '@octopipe/shared/events/published';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { parseWebhookUrl } from '../webhooks/guard-address.js';
import { lockWebhookOrThrow, viewWebhook, Webhook, WebhookPath, webhookRoles } from './webhook-view.js';

const Body = z
  .object({
    url: z.string().max(2_000).optional(),
    types: z.array(z.enum(messageTypeNames)).min(1).optional(),
  })
  .meta({ examples: [{ types: ['run.status_changed', 'person.needed'] }] });

export const patchWebhook = defineRoute({
  method: 'patch',
  path: '/v1/webhooks/:id',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary:
    'Changes where a webhook leads or what it is told; its secret and its log stay. At another url it starts anew: active, without a rest.',
  params: WebhookPath,
  body: Body,
  answers: { 200: Webhook },
  problems: ['webhook_not_found', 'webhook_url_refused'],
  ifMatch: 'required',
  async handle(ctx: IngestContext, { tenant, params, body, assertAsRead }) {
    const url = body.url === undefined ? undefined : parseWebhookUrl(body.url, ctx.webhookAddresses).href;
    const { answer, isMoved } = await inTransaction(
      ctx.db,
      { role: 'ingest', tenantId: tenant.id },
      async (tx) => {
        const before = await lockWebhookOrThrow(tx, params.id);
        assertAsRead(viewWebhook(before));
        const moved = url !== undefined && url !== before.url;
        const row = await tx
          .updateTable('ingest.webhook')
          .set({
            url: url ?? before.url,
            types: body.types ? [...new Set(body.types)] : before.types,
            // That it is gone, or fails, was said of the former address.
            ...(moved ? { state: 'active', disabledReason: null, restUntil: null, failures: 0 } : {}),
          })
          .where('id', '=', params.id)
          .returningAll()
          .executeTakeFirstOrThrow();
        const view = viewWebhook(row);
        return {
          answer: { status: 200 as const, body: view, headers: { etag: etagOf(view) } },
          isMoved: moved,
        };
      },
    );
    if (isMoved) await ctx.producer.send('deliver-webhook', { tenantId: tenant.id, webhookId: params.id });
    return answer;
  },
});
