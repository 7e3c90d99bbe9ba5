import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { getOrCreateTenant, tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { viewMigration } from './migration-view.js';
import { Migration, MigrationSettings } from './shapes.js';

const Body = z
  .object({
    tenant: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens')
      .meta({ description: 'The slug of the company that moves; made when it is new.' }),
    tenant_name: z.string().min(1).max(200).optional(),
    reference: z.string().min(1).max(200).meta({ description: 'Yours; one migration per reference.' }),
    name: z.string().min(1).max(200),
    settings: MigrationSettings.optional(),
  })
  .meta({
    examples: [
      {
        tenant: 'harbour-home-services',
        tenant_name: 'Harbour Home Services',
        reference: 'order-4711',
        name: 'Harbour moves to Pipedrive',
        settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' },
      },
    ],
  });

export const postMigration = defineRoute({
  method: 'post',
  path: '/v1/migrations',
  access: { roles: ['portal', 'operator'], scope: 'new_tenant', ids: {} },
  summary: 'Opens a migration, or answers the one with the same reference.',
  body: Body,
  answers: { 201: Migration, 200: Migration },
  problems: ['tenant_being_purged'],
  async handle(ctx: IngestContext, { body, caller }) {
    const tenant =
      caller.tenantId === null
        ? await getOrCreateTenant(ctx.db, ctx.masterKey, {
            slug: body.tenant,
            name: body.tenant_name ?? body.tenant,
          })
        : await tenantOfCall(ctx.db, caller, body.tenant);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const made = await tx
        .insertInto('ingest.migration')
        .values({
          tenantId: tenant.id,
          reference: body.reference,
          name: body.name,
          settings: JSON.stringify(body.settings ?? {}),
        })
        .onConflict((conflict) => conflict.columns(['tenantId', 'reference']).doNothing())
        .returning('id')
        .executeTakeFirst();
      if (!made && body.settings) {
        await tx
          .updateTable('ingest.migration')
          .set({ settings: JSON.stringify(body.settings) })
          .where('tenantId', '=', tenant.id)
          .where('reference', '=', body.reference)
          .execute();
      }
      const row = await tx
        .selectFrom('ingest.migration')
        .selectAll()
        .where('tenantId', '=', tenant.id)
        .where('reference', '=', body.reference)
        .executeTakeFirstOrThrow();
      return { status: made ? 201 : 200, body: await viewMigration(tx, tenant, row), tenantId: tenant.id };
    });
  },
});
