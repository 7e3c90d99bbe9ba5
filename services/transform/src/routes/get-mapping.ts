import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { findMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import type { TransformContext } from '../context.js';
import { viewMapping } from './mapping-view.js';
import { MappingPath, TenantQuery } from './tenant-query.js';

export const getMapping = defineRoute<TransformContext, typeof MappingPath, typeof TenantQuery>({
  method: 'get',
  path: '/v1/mappings/:id',
  roles: ['portal', 'operator', 'tenant_admin', 'viewer'],
  summary: 'A mapping version with its content.',
  params: MappingPath,
  query: TenantQuery,
  async handle(ctx, { caller, params, query }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const version = await inTransaction(ctx.db, { role: 'transform', tenantId: tenant.id }, (tx) =>
      findMappingVersion(tx, tenant.id, params.id),
    );
    if (!version)
      throw new Problem(404, 'mapping_not_found', 'There is no such mapping version for this tenant.');
    return { status: 200, body: viewMapping(version), headers: { etag: `"${version.contentHash}"` } };
  },
});
