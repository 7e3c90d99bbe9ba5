import { inSystemTransaction } from '@octopipe/shared/db/index';
import { inStep, type PurgeJob, runStep } from '@octopipe/shared/purge/run-step';
import { defineJob } from '@octopipe/shared/queue/worker';
import { noteLeftCompanies } from '../connect/left-company.js';
import type { LoaderContext } from '../context.js';

/** At least once: see shared/src/purge/run-step.ts. */
export const purgeLoaderJob = defineJob<LoaderContext, 'purge-loader'>({
  job: 'purge-loader',
  handle: (ctx, job, signal) =>
    runStep(ctx, 'loader', job, signal, {
      async before() {
        await inStep(ctx.db, 'loader', job, (tx) => noteLeftCompanies(tx, job.tenantId));
        await removeBudgets(ctx, job);
      },
    }),
});

/**
 * A budget is its company's, whoever spends it: it goes with the last tenant that is connected to the company. Connecting
 * one locks the row first (openBudget), and so do we: nobody loses a budget that it has just found.
 */
async function removeBudgets(ctx: LoaderContext, job: PurgeJob): Promise<void> {
  await inStep(ctx.db, 'loader', job, async (tx, count) => {
    const budgets = await tx
      .selectFrom('loader.companyBudget')
      .select('companyKey')
      .where('companyKey', 'in', (ours) =>
        ours.selectFrom('loader.connection').select('companyKey').where('tenantId', '=', job.tenantId),
      )
      .orderBy('companyKey')
      .forUpdate()
      .execute();
    for (const { companyKey } of budgets) {
      const other = await inSystemTransaction(ctx.db, (system) =>
        system
          .selectFrom('loader.connection')
          .select('id')
          .where('companyKey', '=', companyKey)
          .where('tenantId', '<>', job.tenantId)
          .limit(1)
          .executeTakeFirst(),
      );
      if (other) continue;
      await tx.deleteFrom('loader.companyBudget').where('companyKey', '=', companyKey).execute();
      await count('loader.company_budget', 1);
    }
  });
}
