import { RetryLater } from '@octopipe/shared/core/errors';
import type { DB } from '@octopipe/shared/db/index';
import { type Kysely, sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { withAccount } from '../destination/open-account.js';
import { withBudget } from '../run/with-budget.js';

/**
 * Each holds a connection of the pool while it works and needs others meanwhile: as many at once as the pool has
 * connections would wait for each other for ever.
 */
const atOnce = 2;
let held = 0;

/** Work on the schema of an account: one writer at a time, by a transaction-scoped advisory lock held meanwhile. */
export async function withSingleWriter(
  ctx: LoaderContext,
  run: { tenantId: string; connectionId: string; id: string },
  work: (account: Account) => Promise<void>,
): Promise<void> {
  if (held >= atOnce) throw new RetryLater(1_000, 'others_are_provisioned');
  held += 1;
  try {
    await ctx.db.transaction().execute(async (lock) => {
      await withBudget(ctx, run, () =>
        withAccount(ctx, run, async (account) => {
          // The company, not the connection: two tenants may have connected the same one.
          if (!(await isMine(lock, account.connection.companyKey)))
            throw new RetryLater(2_000, 'account_is_being_provisioned');
          await work(account);
        }),
      );
    });
  } finally {
    held -= 1;
  }
}

async function isMine(lock: Kysely<DB>, companyKey: string): Promise<boolean> {
  const { rows } = await sql<{
    mine: boolean;
  }>`select pg_try_advisory_xact_lock(hashtextextended(${companyKey}, 7265)) as mine`.execute(lock);
  return rows[0]?.mine === true;
}
