import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import { findMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { roles } from '@octopipe/shared/tenancy/api-key';
import type { TransformContext } from '../context.js';
import { viewMapping } from './mapping-view.js';
import { Mapping, MappingPath } from './shapes.js';

export const getMapping = defineRoute({
  method: 'get',
  path: '/v1/mappings/:id',
  access: { roles, scope: 'tenant', ids: { id: 'mapping' } },
  summary: 'A mapping version with its content.',
  params: MappingPath,
  answers: { 200: Mapping },
  problems: ['mapping_not_found'],
  async handle(ctx: TransformContext, { tenant, params }) {
    const version = await inTransaction(ctx.db, { role: 'transform', tenantId: tenant.id }, (tx) =>
      findMappingVersion(tx, tenant.id, params.id),
    );
    if (!version)
      throw new Problem(404, 'mapping_not_found', 'There is no such mapping version for this tenant.');
    const body = viewMapping(version);
    return { status: 200, body, headers: { etag: etagOf(body) } };
  },
});
