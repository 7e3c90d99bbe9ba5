import { RetryLater } from '@octopipe/shared/core/errors';
import { defineJob } from '@octopipe/shared/queue/worker';
import type { IngestContext } from '../context.js';
import { deliver } from '../webhooks/deliver.js';

/** Of the jobs that send at a time (queue/catalog.ts: webhooks), so many may be one tenant's: its receivers may be slow. */
const mostOfATenant = 4;
const againMs = 1_000;

/** At least once: see webhooks/deliver.ts. */
export const deliverWebhook = defineJob<IngestContext, 'deliver-webhook'>({
  job: 'deliver-webhook',
  async handle(ctx, { tenantId, webhookId }, signal, log) {
    const sending = ctx.delivering.get(tenantId) ?? 0;
    if (sending >= mostOfATenant) throw new RetryLater(againMs, 'tenant_has_its_share');
    ctx.delivering.set(tenantId, sending + 1);
    try {
      await deliver(ctx, tenantId, webhookId, signal, log);
    } finally {
      const left = (ctx.delivering.get(tenantId) ?? 1) - 1;
      if (left > 0) ctx.delivering.set(tenantId, left);
      else ctx.delivering.delete(tenantId);
    }
  },
});
