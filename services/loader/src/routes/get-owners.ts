import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';

export const getOwners = defineRoute({
  method: 'get',
  path: '/v1/owners',
  roles: ['operator', 'tenant_admin', 'viewer'],
  summary: 'Which Pipedrive user each worker is bound to.',
  query: z.object({ tenant: z.string().optional(), connection_id: z.uuid() }).strict(),
  async handle(ctx: LoaderContext, { caller, query }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      tx
        .selectFrom('loader.owner')
        .select(['sourceKey', 'state', 'targetUserId', 'decidedBy'])
        .where('connectionId', '=', query.connection_id)
        .orderBy('sourceKey')
        .execute(),
    );
    const items = rows.map((row) => ({
      source_key: row.sourceKey,
      state: row.state,
      target_user_id: row.targetUserId === null ? null : Number(row.targetUserId),
      decided_by: row.decidedBy,
    }));
    return { status: 200, body: { items, next_cursor: null } };
  },
});
