import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { newSecret, overlapMs, sealSecret } from '../webhooks/webhook-secret.js';
import { getWebhookOrThrow, RotatedWebhook, viewWebhook, WebhookPath, webhookRoles } from './webhook-view.js';

const Body = z.object({}).meta({ examples: [{}] });

export const postWebhookSecret = defineRoute({
  method: 'post',
  path: '/v1/webhooks/:id/secret',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary: 'Makes a new secret and shows it this once. For a day the former one signs beside it.',
  params: WebhookPath,
  body: Body,
  answers: { 200: RotatedWebhook },
  problems: ['webhook_not_found'],
  async handle(ctx: IngestContext, { tenant, params, remember }) {
    const secret = newSecret();
    const sealedSecret = sealSecret(await ctx.dataKey(tenant.id), params.id, secret);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      await getWebhookOrThrow(tx, params.id);
      const row = await tx
        .updateTable('ingest.webhook')
        .set({
          sealedSecret,
          formerSecret: sql<Buffer>`sealed_secret`,
          formerUntil: sql<Date>`now() + ${overlapMs} * interval '1 millisecond'`,
        })
        .where('id', '=', params.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      // A repeat after a crash must not rotate again: the former secret would be one that nobody has seen.
      return remember(tx, {
        status: 200,
        body: { ...viewWebhook(row), secret, former_until: row.formerUntil?.toISOString() ?? null },
      });
    });
  },
});
