import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { formerSecrets, newSecret, overlapMs, sealAsFormer, sealSecret } from '../webhooks/webhook-secret.js';
import {
  lockWebhookOrThrow,
  RotatedWebhook,
  viewWebhook,
  WebhookPath,
  webhookRoles,
} from './webhook-view.js';

const Body = z.object({}).meta({ examples: [{}] });

export const postWebhookSecret = defineRoute({
  method: 'post',
  path: '/v1/webhooks/:id/secret',
  access: { roles: webhookRoles, scope: 'tenant', ids: { id: 'webhook' } },
  summary: 'Makes a new secret and shows it this once. For a day the former ones sign beside it.',
  params: WebhookPath,
  body: Body,
  answers: { 200: RotatedWebhook },
  problems: ['webhook_not_found'],
  async handle(ctx: IngestContext, { tenant, params, remember }) {
    const secret = newSecret();
    const dataKey = await ctx.dataKey(tenant.id);
    const sealedSecret = sealSecret(dataKey, params.id, secret);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      await lockWebhookOrThrow(tx, params.id);
      const former = await tx
        .selectFrom('ingest.webhook')
        .select(['sealedSecret', formerSecrets.as('formerSecrets')])
        .where('id', '=', params.id)
        .executeTakeFirstOrThrow();
      const row = await tx
        .updateTable('ingest.webhook')
        .set({
          sealedSecret,
          formerSecret: sealAsFormer(dataKey, params.id, former),
          formerUntil: sql<Date>`now() + ${overlapMs} * interval '1 millisecond'`,
        })
        .where('id', '=', params.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      // A repeat after a crash must not rotate again: it would show another secret than the first answer did.
      return remember(tx, {
        status: 200,
        body: { ...viewWebhook(row), secret, former_until: row.formerUntil?.toISOString() ?? null },
      });
    });
  },
});
