import { inSystemTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionForms, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { listApiKeys } from '@octopipe/shared/tenancy/api-key';
import { findTenant } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { ApiKey, viewKey } from './key-shapes.js';

export const getKeys = defineRoute({
  method: 'get',
  path: '/v1/keys',
  access: { roles: ['operator'], scope: 'installation', ids: {} },
  summary: 'Lists the API keys, also expired and revoked ones: who had access, and when each was last used.',
  query: z.object({
    tenant: z.string().max(80).optional().meta({ description: 'Only keys that are bound to this tenant.' }),
    ...PageQuery,
  }),
  answers: { 200: pageOf(ApiKey) },
  problems: ['tenant_not_found'],
  async handle(ctx: IngestContext, { query }) {
    const after = positionOfCursor(query.cursor, positionForms.uuid);
    const found = await inSystemTransaction(ctx.db, async (tx) =>
      listApiKeys(tx, {
        limit: query.limit + 1,
        ...(query.tenant === undefined ? {} : { tenantId: (await findTenant(tx, query.tenant)).id }),
        ...(after === undefined ? {} : { after }),
      }),
    );
    return { status: 200, body: toPage(found, query.limit, (row) => row.id, viewKey) };
  },
});
