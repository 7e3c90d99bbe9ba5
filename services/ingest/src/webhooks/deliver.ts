import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';
import { type PostResult, postMessage } from './post-message.js';
import { restAfter, waitAfter } from './retry-schedule.js';
import { formerSecrets, openSecrets, signedHeaders } from './webhook-secret.js';

interface Claimed {
  id: string;
  attempts: number;
  body: string;
  url: string;
  sealedSecret: Buffer;
  formerSecrets: Buffer | null;
}

/** How long an attempt may hold a delivery: longer than a request takes, or two would be under way. */
const claimMs = 30_000;
/** After so many messages, or so long with a receiver that is slow, a job makes room for others: the sweep hints the rest. */
const mostAtOnce = 50;
const turnMs = 5_000;

/**
 * Sends what is due to one webhook, oldest first, until one fails: then the receiver rests.
 *
 *   pending → delivered   the receiver answered 2xx
 *           → pending     anything else: again after the wait that retry-schedule.ts names
 *           → failed      after the last attempt; `POST …/resend` makes it pending again
 *
 * A 410 disables the webhook. This message and all later ones stay pending until somebody wakes it.
 *
 * Guarantee: at least once. Dies it between the call and the note, the claim runs out and the message goes again under
 * the same id, by which a receiver knows it.
 */
export async function deliver(
  ctx: IngestContext,
  tenantId: string,
  webhookId: string,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const dataKey = await ctx.dataKey(tenantId);
  const until = performance.now() + turnMs;
  for (let sent = 0; sent < mostAtOnce && performance.now() < until && !signal.aborted; sent += 1) {
    const claimed = await claimNext(ctx, tenantId, webhookId);
    if (!claimed) return;
    const secrets = openSecrets(dataKey, webhookId, claimed);
    const headers = signedHeaders(secrets, { id: claimed.id, body: claimed.body, at: new Date() });
    const result = await postMessage(claimed.url, claimed.body, headers, ctx.webhookAddresses);
    await noteResult(ctx, tenantId, webhookId, claimed, result);
    if (result.kind !== 'ok') {
      log.info({ webhookId, deliveryId: claimed.id, attempts: claimed.attempts, ...result }, 'not delivered');
      return;
    }
  }
}

async function claimNext(
  ctx: IngestContext,
  tenantId: string,
  webhookId: string,
): Promise<Claimed | undefined> {
  return inTransaction(ctx.db, { role: 'ingest', tenantId }, async (tx) => {
    // The lock on the webhook's row keeps two jobs of one receiver from taking the same message.
    const webhook = await tx
      .selectFrom('ingest.webhook')
      .select(['url', 'sealedSecret'])
      .select(formerSecrets.as('formerSecrets'))
      .where('id', '=', webhookId)
      .where('state', '=', 'active')
      .where((where) =>
        where.or([where('restUntil', 'is', null), where('restUntil', '<=', sql<Date>`now()`)]),
      )
      .forUpdate()
      .executeTakeFirst();
    if (!webhook) return undefined;
    const next = await tx
      .selectFrom('ingest.webhookDelivery')
      .select('id')
      .where('webhookId', '=', webhookId)
      .where('state', '=', 'pending')
      .where('nextAt', '<=', sql<Date>`now()`)
      .orderBy('eventId')
      .orderBy('createdAt')
      .limit(1)
      .executeTakeFirst();
    if (!next) return undefined;
    const row = await tx
      .updateTable('ingest.webhookDelivery')
      .set({
        attempts: sql<number>`attempts + 1`,
        nextAt: sql<Date>`now() + ${claimMs} * interval '1 millisecond'`,
      })
      .where('id', '=', next.id)
      .returning(['id', 'attempts', 'body'])
      .executeTakeFirstOrThrow();
    return { ...row, ...webhook };
  });
}

async function noteResult(
  ctx: IngestContext,
  tenantId: string,
  webhookId: string,
  claimed: Claimed,
  result: PostResult,
): Promise<void> {
  // The receiver says that it is gone for good: the specification asks to stop.
  const isGone = result.kind === 'refused' && result.status === 410;
  const wait = isGone ? 0 : waitAfter(claimed.attempts);
  await inTransaction(ctx.db, { role: 'ingest', tenantId }, async (tx) => {
    // The webhook before its deliveries, as everywhere: two that lock them the other way round would wait for ever.
    await tx
      .selectFrom('ingest.webhook')
      .select('id')
      .where('id', '=', webhookId)
      .forUpdate()
      .executeTakeFirst();
    await tx
      .updateTable('ingest.webhookDelivery')
      .set({
        lastStatus: result.kind === 'failed' ? null : result.status,
        lastError: result.kind === 'failed' ? result.error : null,
        ...(result.kind === 'ok'
          ? { state: 'delivered', deliveredAt: sql<Date>`now()` }
          : wait === undefined
            ? { state: 'failed' }
            : { nextAt: sql<Date>`now() + ${wait} * interval '1 millisecond'` }),
      })
      .where('id', '=', claimed.id)
      .where('attempts', '=', claimed.attempts)
      .where('state', '=', 'pending')
      .execute();
    const webhook = tx.updateTable('ingest.webhook').where('id', '=', webhookId);
    if (result.kind === 'ok') await webhook.set({ failures: 0, restUntil: null }).execute();
    else if (isGone) await webhook.set({ state: 'disabled', disabledReason: 'gone' }).execute();
    else {
      const { failures } = await webhook
        .set({ failures: sql<number>`failures + 1` })
        .returning('failures')
        .executeTakeFirstOrThrow();
      await webhook
        .set({ restUntil: sql<Date>`now() + ${restAfter(failures)} * interval '1 millisecond'` })
        .execute();
    }
  });
}
