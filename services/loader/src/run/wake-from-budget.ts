import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { withAccount } from '../destination/open-account.js';
import { changeStatus } from './change-status.js';
import { readLiveRun } from './read-live-run.js';

/**
 * A run whose day is spent: at its reset time, and at most once per budgetProbeMs before, one cheap call learns the
 * server's clock and what is left. When the day has turned the run goes on by itself. The reset hour is not documented,
 * so the account's own answer decides, not our calendar.
 */
export async function wakeFromBudget(
  ctx: LoaderContext,
  tenantId: string,
  runId: string,
  log: Logger,
): Promise<void> {
  const run = await readLiveRun(ctx, tenantId, runId);
  if (run?.status !== 'waiting_budget') return;
  if (!(await claimProbe(ctx, run))) return;
  const open = await withAccount(ctx, run, async (account) => {
    // Taken from the customer's reserve: our own share is what is spent.
    await account.countUse('getCurrentUser', 'asked_by_answers');
    return account.lookAtBudget();
  });
  log.info(
    { migrationId: run.migrationId, open, tokens: tokenCost('getCurrentUser') },
    'looked whether a new day of tokens has begun',
  );
  if (!open) return;
  // Paused while we looked, or waiting for a person: it stays so.
  await inTransaction(ctx.db, { role: 'loader', tenantId }, (tx) =>
    changeStatus(tx, run, { from: 'waiting_budget', to: 'running' }),
  );
}

/** True for one caller per interval, by Postgres' clock. */
async function claimProbe(
  ctx: LoaderContext,
  run: { tenantId: string; connectionId: string; id: string },
): Promise<boolean> {
  const result = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .updateTable('loader.companyBudget')
      .set({ lastProbeAt: sql<Date>`now()` })
      .where('companyKey', '=', (where) =>
        where.selectFrom('loader.connection').select('companyKey').where('id', '=', run.connectionId),
      )
      .where((where) =>
        where.or([
          where('lastProbeAt', 'is', null),
          where(
            'lastProbeAt',
            '<',
            sql<Date>`now() - ${ctx.settings.budgetProbeMs} * interval '1 millisecond'`,
          ),
          where.exists(
            where
              .selectFrom('loader.run')
              .select('id')
              .where('id', '=', run.id)
              .where('resumeAt', '<=', sql<Date>`now()`)
              .where('lastProbeAt', '<', sql<Date>`resume_at`),
          ),
        ]),
      )
      .executeTakeFirst(),
  );
  return result.numUpdatedRows > 0n;
}
