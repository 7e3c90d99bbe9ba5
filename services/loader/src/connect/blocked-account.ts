import { Problem } from '@octopipe/shared/core/errors';
import type { Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';

/** How long nothing is sent after an HTML 403: Pipedrive's block of who ignores its 429s, which each request prolongs. */
export const blockSeconds = 15 * 60;
/** A pause up to here is the breath after a 429, and the look itself tries again after one. */
const shortPauseSeconds = 10;

export function blocked(retryAfterSeconds: number): Problem {
  return new Problem(
    503,
    'blocked_by_pipedrive',
    'Pipedrive blocks this account for the moment; wait 15 minutes and try again.',
    [],
    { headers: { 'retry-after': String(Math.ceil(retryAfterSeconds)) } },
  );
}

/**
 * Throws while nothing may be sent to an account that this tenant has connected at the address. Which company a new
 * address leads to is known only after the look. A spent day is looked at all the same: whoever has bought more tokens or
 * brings another token could not say so before the reset.
 */
export async function assertNotBlocked(tx: Tx, baseUrl: string): Promise<void> {
  const row = await tx
    .selectFrom('loader.connection as connection')
    .innerJoin('loader.companyBudget as budget', 'budget.companyKey', 'connection.companyKey')
    .select(sql<number>`max(extract(epoch from blocked_until - ${accountNow()}))::float`.as('seconds'))
    .where('connection.baseUrl', '=', baseUrl)
    .executeTakeFirst();
  if (row?.seconds && row.seconds > shortPauseSeconds) throw blocked(row.seconds);
}

/** The same pause for all that speaks to the account, as when a load is answered so. */
export async function noteBlock(tx: Tx, baseUrl: string): Promise<void> {
  await tx
    .updateTable('loader.companyBudget')
    .set({
      blockedUntil: sql<Date>`greatest(blocked_until, ${accountNow()} + make_interval(secs => ${blockSeconds}))`,
    })
    .where('companyKey', 'in', (from) =>
      from.selectFrom('loader.connection').select('companyKey').where('baseUrl', '=', baseUrl),
    )
    .execute();
}

/** By the account's own clock, which the row is kept in. */
function accountNow() {
  return sql`(now() + clock_skew_ms * interval '1 millisecond')`;
}
