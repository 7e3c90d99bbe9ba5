import { DayIsSpent } from '../budget/company-budget.js';
import type { LoaderContext } from '../context.js';
import { parkForBudget } from './change-status.js';

/** Runs a phase's work; a spent day parks the run until the reset instead of failing or spinning. */
export async function withBudget(
  ctx: LoaderContext,
  run: { tenantId: string; id: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DayIsSpent)) throw error;
    await parkForBudget(ctx, run.tenantId, run.id, error.until);
  }
}
