import { inTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionForms, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { viewMigrations } from './migration-view.js';
import { anyRole, Migration } from './shapes.js';

export const getMigrations = defineRoute({
  method: 'get',
  path: '/v1/migrations',
  access: { roles: anyRole, scope: 'tenant', ids: {} },
  summary: 'Lists the migrations of a tenant.',
  query: z.object(PageQuery),
  answers: { 200: pageOf(Migration) },
  async handle(ctx: IngestContext, { tenant, query }) {
    const after = positionOfCursor(query.cursor, positionForms.uuid);
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
