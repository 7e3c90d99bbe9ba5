import { Problem } from '@octopipe/shared/core/errors';
import type { Tx } from '@octopipe/shared/db/index';
import { z } from 'zod';

export const WebhookPath = z.object({ id: z.uuid() });
export const webhookRoles = ['portal', 'operator', 'tenant_admin'] as const;

export const Webhook = z
  .object({
    id: z.uuid(),
    url: z.string(),
    types: z.array(z.string()),
    state: z.string().meta({
      description:
        'active, or disabled when the receiver said that it is gone; a test, a resend or another url makes it active, and what happened meanwhile is sent then',
      examples: ['active'],
    }),
    disabled_reason: z.string().nullable(),
    failures: z.number().meta({ description: 'Attempts that failed in a row.' }),
    rest_until: z.iso.datetime().nullable().meta({ description: 'Nothing is sent before.' }),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });

const secret = z.string().meta({ description: 'Checks the signatures. Shown this once.' });
export const NewWebhook = Webhook.extend({ secret }).meta({ id: 'NewWebhook' });
export const RotatedWebhook = Webhook.extend({
  secret,
  former_until: z.iso.datetime().nullable().meta({ description: 'Until then the former secrets sign, too.' }),
}).meta({ id: 'RotatedWebhook' });

export interface WebhookRow {
  id: string;
  url: string;
  types: string[];
  state: string;
  disabledReason: string | null;
  failures: number;
  restUntil: Date | null;
  createdAt: Date;
}

/** A webhook as the API shows it: never its secret. */
export function viewWebhook(row: WebhookRow): z.infer<typeof Webhook> {
  return {
    id: row.id,
    url: row.url,
    types: row.types,
    state: row.state,
    disabled_reason: row.disabledReason,
    failures: row.failures,
    rest_until: row.restUntil?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}

/** Foreign and absent answer alike. */
export async function getWebhookOrThrow(tx: Tx, id: string): Promise<WebhookRow> {
  return orThrow(await tx.selectFrom('ingest.webhook').selectAll().where('id', '=', id).executeTakeFirst());
}

/** The same, for whoever changes it. */
export async function lockWebhookOrThrow(tx: Tx, id: string): Promise<WebhookRow> {
  const row = await tx
    .selectFrom('ingest.webhook')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return orThrow(row);
}

/**
 * Whoever sends to a receiver by hand says that it is there: it neither rests nor is disabled any more, and what waits for
 * it goes out, too.
 */
export async function wake(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('ingest.webhook')
    .set({ state: 'active', disabledReason: null, restUntil: null })
    .where('id', '=', id)
    .execute();
}

function orThrow(row: WebhookRow | undefined): WebhookRow {
  if (!row) throw new Problem(404, 'webhook_not_found', 'There is no such webhook for this tenant.');
  return row;
}
