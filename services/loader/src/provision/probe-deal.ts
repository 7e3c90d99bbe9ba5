import { RetryLater, RunStopped } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import type { CallPurpose } from '@octopipe/shared/pipedrive/planned-calls';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable } from '../destination/entity-table.js';
import { loadSymbols, markerCodeOf } from '../destination/load-symbols.js';
import { countUseOrEnd } from '../write/hold-run.js';

/** What the probe deal carries in the marker field, so that a leftover of a killed probe is found and removed. */
export const probeMarker = 'probe:deal';
const probeTime = '2001-02-03T04:05:06Z';

interface ProbeState {
  canary?: { state: 'sent' | 'standing'; dealId?: number; sentAt: string };
  dealAddTime?: 'honoured' | 'dropped' | 'rejected';
  wonTime?: 'rfc3339' | 'sql';
}

/**
 * Asks the account what its documentation leaves open, with one deal that is made and deleted at once: is `add_time`
 * honoured on create, and in which form are won times taken? Once per connection, after the mapping was confirmed
 * (before that nothing may be written), 8 tokens. May die anywhere: the deal is announced before it is made.
 */
export async function probeDeal(ctx: LoaderContext, account: Account, signal: AbortSignal): Promise<void> {
  const scope = { tenantId: account.connection.tenantId, connectionId: account.connection.id };
  const before = await readProbe(ctx, scope);
  if (before.canary) await removeLeftover(ctx, account, before.canary, signal);
  if (before.dealAddTime && before.wonTime) return;

  const markerCode = markerCodeOf(await loadSymbols(ctx, scope, []), 'deal');
  if (markerCode === undefined) throw new Error('the marker field of deals must stand before the probe');
  await saveProbe(ctx, scope, { canary: { state: 'sent', sentAt: new Date().toISOString() } });
  const base = {
    title: 'octopipe probe, deleted at once',
    status: 'won',
    custom_fields: { [markerCode]: probeMarker },
  };
  const tries = [
    {
      body: { ...base, add_time: probeTime, won_time: probeTime },
      addTimeSent: true,
      wonTime: 'rfc3339' as const,
    },
    { body: { ...base, won_time: probeTime }, addTimeSent: false, wonTime: 'rfc3339' as const },
    { body: { ...base, won_time: sqlForm(probeTime) }, addTimeSent: false, wonTime: 'sql' as const },
  ];
  for (const attempt of tries) {
    const isFirst = attempt === tries[0] && !account.isRepeat;
    const outcome = await call(account, isFirst ? 'probe' : 'probe_again', 'createDeal', attempt.body);
    if (outcome.kind === 'refused') continue;
    if (outcome.kind !== 'ok') throw new RetryLater(ctx.settings.settleMs, 'probe_unanswered');
    const deal = ProbeDeal.parse(outcome.data);
    await saveProbe(ctx, scope, {
      canary: { state: 'standing', dealId: deal.id, sentAt: new Date().toISOString() },
    });
    await removeDeal(account, deal.id);
    const honoured = attempt.addTimeSent && sameInstant(deal.add_time, probeTime);
    await saveProbe(ctx, scope, {
      dealAddTime: honoured ? 'honoured' : attempt.addTimeSent ? 'dropped' : 'rejected',
      // Taken without complaint but not kept: the other form is the one this account understands.
      wonTime:
        attempt.wonTime === 'rfc3339' && !sameInstant(deal.won_time, probeTime) ? 'sql' : attempt.wonTime,
    });
    return;
  }
  throw new RunStopped(
    'probe_refused',
    'Pipedrive refuses to create a plain deal with this token; check that it belongs to an admin user who may add deals, then resume the run.',
  );
}

const ProbeDeal = z.object({
  id: z.number(),
  add_time: z.string().nullish(),
  won_time: z.string().nullish(),
});

async function removeLeftover(
  ctx: LoaderContext,
  account: Account,
  canary: NonNullable<ProbeState['canary']>,
  signal: AbortSignal,
): Promise<void> {
  const scope = { tenantId: account.connection.tenantId, connectionId: account.connection.id };
  if (canary.dealId !== undefined) {
    await removeDeal(account, canary.dealId, 'sent_again');
  } else {
    const restsUntil = Date.parse(canary.sentAt) + ctx.settings.requestTimeoutMs + ctx.settings.settleMs;
    if (Date.now() < restsUntil) throw new RetryLater(restsUntil - Date.now(), 'probe_settling');
    const rules = entityTable.deal;
    const markerCode = markerCodeOf(await loadSymbols(ctx, scope, []), 'deal');
    const newest = { sort_by: 'id', sort_direction: 'desc' };
    for await (const page of account.pages(rules, newest, signal, 'read_again')) {
      for (const deal of page.filter((row) => rules.markerOf(row, markerCode) === probeMarker))
        await removeDeal(account, Number(deal.id), 'sent_again');
      // The newest page is enough: nothing else of ours was written to deals before the probe ended.
      break;
    }
  }
  await saveProbe(ctx, scope, {});
}

async function removeDeal(account: Account, dealId: number, purpose?: CallPurpose): Promise<void> {
  const outcome = await call(account, purpose, 'deleteDeal', undefined, dealId);
  if (
    outcome.kind === 'ok' ||
    (outcome.kind === 'refused' && (outcome.status === 404 || outcome.status === 410))
  )
    return;
  throw new RetryLater(account.settings.settleMs, 'probe_not_removed');
}

async function call(
  account: Account,
  purpose: CallPurpose | undefined,
  operation: 'createDeal' | 'deleteDeal',
  json?: unknown,
  id?: number,
) {
  await account.takeTokens(operation);
  // One that stands is removed all the same when the run has ended meanwhile: it was promised to be.
  if (operation === 'createDeal') await countUseOrEnd(account, operation, purpose);
  else await account.countUse(operation, purpose);
  return account.write({
    operation,
    ...(id === undefined ? {} : { path: { id } }),
    ...(json === undefined ? {} : { json }),
  });
}

async function readProbe(
  ctx: LoaderContext,
  scope: { tenantId: string; connectionId: string },
): Promise<ProbeState> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .selectFrom('loader.connection')
      .select('probe')
      .where('id', '=', scope.connectionId)
      .executeTakeFirstOrThrow(),
  );
  return row.probe as ProbeState;
}

/** Replaces the canary and adds answers; what the connection learnt otherwise stays. */
async function saveProbe(
  ctx: LoaderContext,
  scope: { tenantId: string; connectionId: string },
  state: ProbeState,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, async (tx) => {
    const row = await tx
      .selectFrom('loader.connection')
      .select('probe')
      .where('id', '=', scope.connectionId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const { canary: _gone, ...rest } = row.probe as ProbeState;
    await tx
      .updateTable('loader.connection')
      .set({ probe: JSON.stringify({ ...rest, ...state }) })
      .where('id', '=', scope.connectionId)
      .execute();
  });
}

function sameInstant(given: string | null | undefined, wanted: string): boolean {
  if (!given) return false;
  return Date.parse(given.includes('T') ? given : `${given.replace(' ', 'T')}Z`) === Date.parse(wanted);
}

function sqlForm(time: string): string {
  return time.replace('T', ' ').replace('Z', '');
}
