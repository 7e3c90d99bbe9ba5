import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { RunStatus } from '@octopipe/shared/domain/run/states';
import { defineRoute, type Route } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { createTheUnanswered } from '../match/questions.js';
import { changeStatus } from '../run/change-status.js';
import { presentRun } from '../run/present-run.js';
import { Run, RunPath } from './shapes.js';

const actions: Record<'pause' | 'resume' | 'cancel', { to: RunStatus; summary: string }> = {
  pause: { to: 'paused', summary: 'Stop taking new batches; what is in flight finishes.' },
  resume: { to: 'running', summary: 'Go on with a paused run, or with one that waits for a person.' },
  cancel: { to: 'cancelled', summary: 'End the run where it is; what was written stays.' },
};

/** The three things a person can tell a run. */
export const runActions: Route<LoaderContext>[] = (['pause', 'resume', 'cancel'] as const).map((action) =>
  defineRoute({
    method: 'post',
    path: `/v1/runs/:runId/${action}`,
    access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { runId: 'run' } },
    summary: actions[action].summary,
    params: RunPath,
    body: z.object({}).meta({ examples: [{}] }),
    answers: { 200: Run },
    problems: ['run_not_found', 'not_possible_now'],
    async handle(ctx: LoaderContext, { caller, tenant, params, remember }) {
      const answer = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) => {
        const row = await tx
          .selectFrom('loader.run')
          .select(['id', 'tenantId', 'migrationId', 'connectionId', 'setId', 'status', 'reasonCode', 'phase'])
          .where('id', '=', params.runId)
          .forUpdate()
          .executeTakeFirst();
        if (!row) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
        const to = action === 'resume' && row.phase === null ? 'queued' : actions[action].to;
        if (action === 'resume' && row.reasonCode === 'records_failed')
          await addWaiver(tx, row.id, { gate: 'phase_gates', phase: row.phase, actor: caller.label });
        if (action === 'resume' && row.reasonCode === 'batch_keeps_dying')
          await addWaiver(tx, row.id, { gate: 'parking', phase: row.phase, actor: caller.label });
        if (action === 'resume' && row.reasonCode === 'matches_open')
          await createTheUnanswered(tx, row, caller.label);
        if (action === 'resume' && row.reasonCode === 'rollback_preview')
          await confirmRollback(tx, row.id, caller.label);
        if (!(await changeStatus(tx, row, { to })))
          throw new Problem(409, 'not_possible_now', `A run that is ${row.status} cannot ${action}.`);
        // A repeat after a crash could come when the run waits for something else: that nobody has looked at.
        return remember(tx, { status: 200 as const, body: await presentRun(tx, tenant.id, row.id) });
      });
      await ctx.producer.send('advance-run', { tenantId: tenant.id, runId: params.runId, cause: action });
      return answer;
    },
  }),
);

/** Resuming after the preview is a named person's word to go ahead. */
async function confirmRollback(tx: Tx, runId: string, by: string): Promise<void> {
  const confirmed = { by, at: new Date().toISOString() };
  await tx
    .updateTable('loader.run')
    .set({ plan: sql`plan || ${JSON.stringify({ confirmed })}::jsonb` })
    .where('id', '=', runId)
    .execute();
}

/** Resuming past failed records is a named person's decision and stands in every report. */
async function addWaiver(
  tx: Tx,
  runId: string,
  waiver: { gate: string; phase: string | null; actor: string },
): Promise<void> {
  const added = JSON.stringify([{ ...waiver, at: new Date().toISOString() }]);
  await tx
    .updateTable('loader.run')
    .set({ waivers: sql`waivers || ${added}::jsonb` })
    .where('id', '=', runId)
    .execute();
}
