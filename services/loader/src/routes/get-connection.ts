import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { presentConnection } from '../connect/present-connection.js';
import type { LoaderContext } from '../context.js';
import { ConnectionPath, TenantQuery } from './shapes.js';

export const getConnection = defineRoute({
  method: 'get',
  path: '/v1/connections/:connectionId',
  roles: ['operator', 'tenant_admin', 'viewer', 'portal'],
  summary: 'A connected Pipedrive account.',
  params: ConnectionPath,
  query: TenantQuery,
  async handle(ctx: LoaderContext, { caller, query, params }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const row = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      tx.selectFrom('loader.connection').selectAll().where('id', '=', params.connectionId).executeTakeFirst(),
    );
    if (!row) throw new Problem(404, 'connection_not_found', 'There is no such connection for this tenant.');
    return { status: 200, body: presentConnection(row) };
  },
});
