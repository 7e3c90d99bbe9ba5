import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { findRun } from '@octopipe/shared/run/read-run';
import { roles } from '@octopipe/shared/tenancy/api-key';
import type { LoaderContext } from '../context.js';
import { presentRun } from '../run/present-run.js';
import { Run, RunPath } from './shapes.js';

export const getRun = defineRoute({
  method: 'get',
  path: '/v1/runs/:runId',
  access: { roles, scope: 'tenant', ids: { runId: 'run' } },
  summary: 'A run: status, phases, tokens, what was verified.',
  params: RunPath,
  answers: { 200: Run },
  problems: ['run_not_found'],
  async handle(ctx: LoaderContext, { tenant, params }) {
    const body = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) =>
      (await findRun(tx, tenant.id, params.runId)) ? presentRun(tx, tenant.id, params.runId) : undefined,
    );
    if (!body) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
    return { status: 200, body };
  },
});
