import { inTransaction } from '@octopipe/shared/db/index';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import { getMigration } from '@octopipe/shared/staging/read-staged';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { viewMigration } from './migration-view.js';
import { Migration, MigrationPath, MigrationSettings } from './shapes.js';

const Body = z
  .object({
    name: z.string().min(1).max(200).optional(),
    settings: MigrationSettings.optional().meta({ description: 'All of them; what is left out is unset.' }),
  })
  .meta({ examples: [{ settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Perth' } }] });

export const patchMigration = defineRoute({
  method: 'patch',
  path: '/v1/migrations/:id',
  access: { roles: ['portal', 'operator', 'tenant_admin'], scope: 'tenant', ids: { id: 'migration' } },
  summary:
    'Changes the name or the settings of a migration. Mappings that were proposed before stay as they are.',
  params: MigrationPath,
  body: Body,
  answers: { 200: Migration },
  problems: ['migration_not_found'],
  ifMatch: 'required',
  async handle(ctx: IngestContext, { tenant, params, body, assertAsRead }) {
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      await tx
        .selectFrom('ingest.migration')
        .select('id')
        .where('tenantId', '=', tenant.id)
        .where('id', '=', params.id)
        .forUpdate()
        .execute();
      const before = await getMigration(tx, tenant.id, params.id);
      assertAsRead(await viewMigration(tx, tenant, before));
      const after = await tx
        .updateTable('ingest.migration')
        .set({
          name: body.name ?? before.name,
          settings: JSON.stringify(body.settings ?? before.settings),
        })
        .where('tenantId', '=', tenant.id)
        .where('id', '=', params.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      const view = await viewMigration(tx, tenant, after);
      return { status: 200, body: view, headers: { etag: etagOf(view) } };
    });
  },
});
