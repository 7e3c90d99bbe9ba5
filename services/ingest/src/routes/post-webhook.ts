import { randomUUID } from 'node:crypto';
import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { messageTypeNames } from '@octopipe/shared/events/published';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { parseWebhookUrl } from '../webhooks/guard-address.js';
import { newSecret, sealSecret } from '../webhooks/webhook-secret.js';
import { NewWebhook, viewWebhook, webhookRoles } from './webhook-view.js';

/** More receivers than this for one tenant is a loop in somebody's program. */
const mostWebhooks = 20;

const Body = z
  .object({
    url: z.string().max(2_000),
    types: z
      .array(z.enum(messageTypeNames))
      .min(1)
      .default([...messageTypeNames]),
  })
  .meta({ examples: [{ url: 'https://portal.example.com/octopipe', types: [...messageTypeNames] }] });

export const postWebhook = defineRoute({
  method: 'post',
  path: '/v1/webhooks',
  access: { roles: webhookRoles, scope: 'tenant', ids: {} },
  summary:
    'Registers a receiver for messages of a tenant. The secret to check signatures with is shown this once.',
  body: Body,
  answers: { 201: NewWebhook },
  problems: ['webhook_url_refused', 'too_many_webhooks'],
  async handle(ctx: IngestContext, { tenant, body, remember }) {
    const url = parseWebhookUrl(body.url, ctx.webhookAddresses);
    const id = randomUUID();
    const secret = newSecret();
    const sealedSecret = sealSecret(await ctx.dataKey(tenant.id), id, secret);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const { count } = await tx
        .selectFrom('ingest.webhook')
        .select((select) => select.fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow();
      if (Number(count) >= mostWebhooks)
        throw new Problem(
          409,
          'too_many_webhooks',
          `This tenant has ${mostWebhooks} webhooks already; delete one of them first.`,
        );
      const row = await tx
        .insertInto('ingest.webhook')
        .values({ id, tenantId: tenant.id, url: url.href, types: [...new Set(body.types)], sealedSecret })
        .returningAll()
        .executeTakeFirstOrThrow();
      const view = viewWebhook(row);
      // Of what a reading shows, which has no secret.
      return remember(tx, { status: 201, body: { ...view, secret }, headers: { etag: etagOf(view) } });
    });
  },
});
