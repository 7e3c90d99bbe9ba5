import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { viewMigrations } from './migration-view.js';
import { PageQuery, positionOfCursor, toPage } from './pages.js';

const Query = z.object({ tenant: z.string().optional(), ...PageQuery }).strict();

export const getMigrations = defineRoute<IngestContext, z.ZodObject, typeof Query>({
  method: 'get',
  path: '/v1/migrations',
  roles: ['portal', 'operator', 'tenant_admin', 'viewer'],
  summary: 'Lists the migrations of a tenant.',
  query: Query,
  async handle(ctx, { caller, query }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const after = positionOfCursor(query.cursor, /^[0-9a-f-]{36}$/);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const found = await tx
        .selectFrom('ingest.migration')
        .selectAll()
        .where('tenantId', '=', tenant.id)
        .$if(after !== undefined, (all) => all.where('id', '>', after ?? ''))
        .orderBy('id')
        .limit(query.limit + 1)
        .execute();
      const page = toPage(
        found,
        query.limit,
        (row) => row.id,
        (row) => row,
      );
      return { status: 200, body: { ...page, items: await viewMigrations(tx, tenant, page.items) } };
    });
  },
});
