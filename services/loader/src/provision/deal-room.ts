import { RunStopped } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { dealCap, dealCapOfAnyPlan, type PlanName, whatHolds } from '@octopipe/shared/pipedrive/plans';
import type { DealRoom } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable } from '../destination/entity-table.js';

interface Scope {
  tenantId: string;
  connectionId: string;
  setId: string;
}

/**
 * Leads and deals that stand in the account and those that the run would add, against what the plan holds: both kinds
 * together, closed deals too, archived ones not (the lists leave them out). After a restore (`markerCode`, the account's
 * key of the marker field) what stands with our marker is not coming, whether or not it is known here. Answers also which
 * list pages it took.
 */
export async function countDealRoom(
  ctx: LoaderContext,
  account: Account,
  scope: Scope,
  plan: PlanName,
  signal: AbortSignal,
  markerCode?: string,
): Promise<{ room: DealRoom; pages: Partial<Record<OperationName, number>> }> {
  const { seats } = account.connection;
  const cap = dealCap(plan, seats);
  const standing = { deals: 0, closed_deals: 0, leads: 0 };
  const pages: Partial<Record<OperationName, number>> = {};
  const found = new Set<string>();
  for (const entity of ['deal', 'lead'] as const) {
    const rules = entityTable[entity];
    for await (const page of account.pages(rules, rules.everything, signal)) {
      standing[`${entity}s`] += page.length;
      if (entity === 'deal') standing.closed_deals += page.filter((deal) => deal.status !== 'open').length;
      pages[rules.list] = (pages[rules.list] ?? 0) + 1;
      if (markerCode !== undefined)
        for (const record of page) found.add(rules.markerOf(record, markerCode) ?? '');
    }
  }
  const coming = await countComing(ctx, scope, [...found]);
  const all = standing.deals + standing.leads + coming.open_deals + coming.closed_deals + coming.leads;
  const over = cap === null ? 0 : Math.max(0, all - cap);
  const left_out =
    over > 0 && over <= coming.closed_deals ? await oldestClosed(ctx, scope, [...found], over) : null;
  const plan_source = await planSource(ctx, scope);
  return { room: { plan, seats, plan_source, cap, standing, coming, over, left_out }, pages };
}

/** Records of the set that do not stand in the account yet. */
async function countComing(
  ctx: LoaderContext,
  scope: Scope,
  standing: string[],
): Promise<DealRoom['coming']> {
  const { rows } = await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    sql<{ open: number; closed: number; leads: number }>`
      select (count(*) filter (where entity = 'deal' and coalesce(payload->>'status', 'open') = 'open'))::int as open,
        (count(*) filter (where entity = 'deal' and payload->>'status' <> 'open'))::int as closed,
        (count(*) filter (where entity = 'lead'))::int as leads
      from (${newRecords(scope, standing)}) as coming where entity in ('deal', 'lead')`.execute(tx),
  );
  const [counts] = rows;
  if (!counts) throw new Error('a count has one row');
  return { open_deals: counts.open, closed_deals: counts.closed, leads: counts.leads };
}

/** The day by which so many of the coming deals had closed, and how many had by then; null where too few say when. */
async function oldestClosed(
  ctx: LoaderContext,
  scope: Scope,
  standing: string[],
  over: number,
): Promise<DealRoom['left_out']> {
  const { rows } = await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    sql<{ day: string; deals: number }>`
      with closed as (
        select left(coalesce(payload->>'won_time', payload->>'lost_time'), 10) as day
        from (${newRecords(scope, standing)}) as coming
        where entity = 'deal' and payload->>'status' <> 'open'
      ), last as (
        select day from closed where day is not null order by day offset ${over - 1} limit 1
      )
      select last.day, count(*)::int as deals from last join closed on closed.day <= last.day group by last.day`.execute(
      tx,
    ),
  );
  const [found] = rows;
  return found ? { closed_by: found.day, deals: found.deals } : null;
}

function newRecords({ setId, connectionId }: Scope, standing: string[]) {
  return sql`
    select mapped.entity, mapped.payload from transform.mapped_record mapped
    where mapped.set_id = ${setId} and mapped.target_key not in (select unnest(${standing}::text[])) and not exists (
      select from loader.target_record target
      where target.connection_id = ${connectionId} and target.target_key = mapped.target_key)`;
}

async function planSource(ctx: LoaderContext, scope: Scope): Promise<string> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .selectFrom('loader.connection')
      .select('planSource')
      .where('id', '=', scope.connectionId)
      .executeTakeFirstOrThrow(),
  );
  return row.planSource;
}

/** Refuses before the first write what the plan cannot hold, with the figures and everything that would help. */
export function assertDealRoom(room: DealRoom): void {
  if (room.over > 0) throw new RunStopped('deal_cap', sayNoRoom(room));
}

export function sayNoRoom({
  plan,
  seats,
  plan_source,
  cap,
  standing,
  coming,
  over,
  left_out,
}: DealRoom): string {
  const stand = standing.deals + standing.leads;
  const come = coming.open_deals + coming.closed_deals + coming.leads;
  const larger = whatHolds(stand + come, plan as PlanName, seats);
  const grow = [
    ...(larger.plan ? [`plan ${larger.plan.name} (${n(larger.plan.holds)})`] : []),
    ...(larger.seats ? [`${larger.seats.count} seats (${n(larger.seats.holds)})`] : []),
  ].join(' or ');
  const archivable =
    standing.closed_deals >= over
      ? `${n(standing.closed_deals)} closed deals`
      : stand >= over
        ? `${n(stand)} leads and deals`
        : undefined;
  const helps = [
    ...(grow ? [`${grow}, then connect the account again and resume the run`] : []),
    ...(archivable ? [`archiving ${n(over)} of the account's ${archivable}, then resume the run`] : []),
    ...(left_out
      ? [`a new export without the ${many(left_out.deals, 'deal')} that had closed by ${left_out.closed_by}`]
      : []),
  ];
  return [
    `Plan ${plan} with ${many(seats, 'seat')} holds ${n(cap ?? 0)} leads and deals that are not archived (${plan_source}).`,
    `The account has ${n(stand)}: ${many(standing.deals, 'deal')}, ${n(standing.closed_deals)} of them closed, and ${many(standing.leads, 'lead')}.`,
    `The run would add ${n(come)}: ${many(coming.open_deals, 'open deal')}, ${many(coming.closed_deals, 'closed deal')} and ${many(coming.leads, 'lead')}.`,
    `That is ${n(over)} too many.`,
    ...(grow ? [] : [`No plan of Pipedrive holds more than ${n(dealCapOfAnyPlan)}.`]),
    helps.length > 0 ? `What helps, each by itself: ${helps.join('; ')}.` : 'Export fewer bookings.',
    'Nothing was written.',
  ].join(' ');
}

const n = (count: number) => count.toLocaleString('en-US');
const many = (count: number, what: string) => `${n(count)} ${what}${count === 1 ? '' : 's'}`;
