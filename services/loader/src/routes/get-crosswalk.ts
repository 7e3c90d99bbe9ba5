import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';

export const getCrosswalk = defineRoute({
  method: 'get',
  path: '/v1/crosswalk',
  roles: ['operator', 'tenant_admin', 'viewer'],
  summary: 'What one source record became.',
  query: z
    .object({
      tenant: z.string().optional(),
      connection_id: z.uuid(),
      source_type: z.string().min(1),
      source_id: z.string().min(1),
    })
    .strict(),
  async handle(ctx: LoaderContext, { caller, query }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      tx
        .selectFrom('loader.crosswalk as x')
        .innerJoin('loader.targetRecord as t', (join) =>
          join.onRef('t.connectionId', '=', 'x.connectionId').onRef('t.targetKey', '=', 'x.targetKey'),
        )
        .select([
          'x.sourceType',
          'x.sourceId',
          'x.slot',
          'x.role',
          'x.targetKey',
          't.entity',
          't.targetId',
          't.payloadHash',
        ])
        .where('x.connectionId', '=', query.connection_id)
        .where('x.sourceType', '=', query.source_type)
        .where('x.sourceId', '=', query.source_id)
        .orderBy('x.targetKey')
        .limit(500)
        .execute(),
    );
    const items = rows.map((row) => ({
      source_type: row.sourceType,
      source_id: row.sourceId,
      slot: row.slot,
      role: row.role,
      target_key: row.targetKey,
      target_type: row.entity,
      target_id: row.targetId,
      payload_hash: row.payloadHash,
    }));
    return { status: 200, body: { items, next_cursor: null } };
  },
});
