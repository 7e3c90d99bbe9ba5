import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { findRun } from '@octopipe/shared/run/read-run';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import type { LoaderContext } from '../context.js';
import { presentRun } from '../run/present-run.js';
import { RunPath, TenantQuery } from './shapes.js';

export const getRun = defineRoute({
  method: 'get',
  path: '/v1/runs/:runId',
  roles: ['operator', 'tenant_admin', 'viewer', 'portal'],
  summary: 'A run: status, phases, tokens, what was verified.',
  params: RunPath,
  query: TenantQuery,
  async handle(ctx: LoaderContext, { caller, query, params }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const body = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) =>
      (await findRun(tx, tenant.id, params.runId)) ? presentRun(tx, tenant.id, params.runId) : undefined,
    );
    if (!body) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
    return { status: 200, body };
  },
});
