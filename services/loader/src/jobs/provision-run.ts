import { RetryLater } from '@octopipe/shared/core/errors';
import type { DB } from '@octopipe/shared/db/index';
import { defineJob } from '@octopipe/shared/queue/worker';
import { type Kysely, sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { provisionRun } from '../provision/provision-run.js';
import { readRunningRun } from '../run/read-live-run.js';
import { withBudget } from '../run/with-budget.js';

/**
 * Each holds a connection of the pool while it works and needs others meanwhile: as many at once as the pool has
 * connections would wait for each other for ever.
 */
const atOnce = 2;
let held = 0;

/** Guarantee: single writer per account (a transaction-scoped advisory lock held meanwhile); may run twice or die anywhere. */
export const provisionRunJob = defineJob<LoaderContext, 'provision-run'>({
  job: 'provision-run',
  async handle(ctx, payload, signal, log) {
    const run = await readRunningRun(ctx, payload.tenantId, payload.runId);
    if (run?.phase !== 'provision') return;
    log.setBindings({ migrationId: run.migrationId });
    if (held >= atOnce) throw new RetryLater(1_000, 'others_are_provisioned');
    held += 1;
    try {
      await ctx.db.transaction().execute(async (lock) => {
        await withBudget(ctx, run, () =>
          withAccount(ctx, run, async (account) => {
            // The company, not the connection: two tenants may have connected the same one.
            if (!(await isMine(lock, account.connection.companyKey)))
              throw new RetryLater(2_000, 'account_is_being_provisioned');
            await provisionRun(ctx, account, run, signal, log);
          }),
        );
      });
    } finally {
      held -= 1;
    }
    await ctx.producer.send('advance-run', { tenantId: run.tenantId, runId: run.id, cause: 'provisioned' });
  },
});

async function isMine(lock: Kysely<DB>, companyKey: string): Promise<boolean> {
  const { rows } = await sql<{
    mine: boolean;
  }>`select pg_try_advisory_xact_lock(hashtextextended(${companyKey}, 7265)) as mine`.execute(lock);
  return rows[0]?.mine === true;
}
