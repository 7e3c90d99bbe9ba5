import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { getMigration as findMigration } from '@octopipe/shared/staging/read-staged';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import type { IngestContext } from '../context.js';
import { viewMigrations } from './migration-view.js';
import { MigrationPath, TenantQuery } from './tenant-query.js';

export const getMigration = defineRoute<IngestContext, typeof MigrationPath, typeof TenantQuery>({
  method: 'get',
  path: '/v1/migrations/:id',
  roles: ['portal', 'operator', 'tenant_admin', 'viewer'],
  summary: 'A migration with its stage and exports.',
  params: MigrationPath,
  query: TenantQuery,
  async handle(ctx, { caller, params, query }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const migration = await findMigration(tx, tenant.id, params.id);
      const [view] = await viewMigrations(tx, tenant, [migration]);
      return { status: 200, body: view };
    });
  },
});
