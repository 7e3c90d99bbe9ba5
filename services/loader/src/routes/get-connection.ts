import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { presentConnection } from '../connect/present-connection.js';
import type { LoaderContext } from '../context.js';
import { Connection, ConnectionPath } from './shapes.js';

export const getConnection = defineRoute({
  method: 'get',
  path: '/v1/connections/:connectionId',
  access: { roles, scope: 'tenant', ids: { connectionId: 'connection' } },
  summary: 'A connected Pipedrive account.',
  params: ConnectionPath,
  answers: { 200: Connection },
  problems: ['connection_not_found'],
  async handle(ctx: LoaderContext, { tenant, params }) {
    const row = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      tx.selectFrom('loader.connection').selectAll().where('id', '=', params.connectionId).executeTakeFirst(),
    );
    if (!row) throw new Problem(404, 'connection_not_found', 'There is no such connection for this tenant.');
    return { status: 200, body: presentConnection(row) };
  },
});
