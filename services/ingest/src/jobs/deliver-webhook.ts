import { defineJob } from '@octopipe/shared/queue/worker';
import type { IngestContext } from '../context.js';
import { deliver } from '../webhooks/deliver.js';

/** At least once: see webhooks/deliver.ts. */
export const deliverWebhook = defineJob<IngestContext, 'deliver-webhook'>({
  job: 'deliver-webhook',
  handle: (ctx, { tenantId, webhookId }, signal, log) => deliver(ctx, tenantId, webhookId, signal, log),
});
