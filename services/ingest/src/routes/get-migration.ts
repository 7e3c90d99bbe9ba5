import { inTransaction } from '@octopipe/shared/db/index';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import { getMigration as findMigration } from '@octopipe/shared/staging/read-staged';
import type { IngestContext } from '../context.js';
import { viewMigration } from './migration-view.js';
import { anyRole, Migration, MigrationPath } from './shapes.js';

export const getMigration = defineRoute({
  method: 'get',
  path: '/v1/migrations/:id',
  access: { roles: anyRole, scope: 'tenant', ids: { id: 'migration' } },
  summary: 'A migration with its stage and exports.',
  params: MigrationPath,
  answers: { 200: Migration },
  problems: ['migration_not_found'],
  async handle(ctx: IngestContext, { tenant, params }) {
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const migration = await findMigration(tx, tenant.id, params.id);
      const body = await viewMigration(tx, tenant, migration);
      return { status: 200, body, headers: { etag: etagOf(body) } };
    });
  },
});
