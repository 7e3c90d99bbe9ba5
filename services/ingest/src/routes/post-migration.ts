import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { getOrCreateTenant, tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { viewMigrations } from './migration-view.js';
import { TenantQuery } from './tenant-query.js';

const Body = z
  .object({
    tenant: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens'),
    tenant_name: z.string().min(1).max(200).optional(),
    reference: z.string().min(1).max(200),
    name: z.string().min(1).max(200),
    settings: z
      .object({
        country: z.string().length(2).optional(),
        currency: z.string().length(3).optional(),
        time_zone: z.string().max(60).refine(isTimeZone, 'not a time zone of the IANA database').optional(),
        date_format: z.string().max(40).optional(),
        include_deleted: z.boolean().optional(),
      })
      .strict()
      .optional(),
  })
  .strict();

export const postMigration = defineRoute<IngestContext, z.ZodObject, typeof TenantQuery, typeof Body>({
  method: 'post',
  path: '/v1/migrations',
  roles: ['portal', 'operator'],
  summary: 'Opens a migration, or answers the one with the same reference.',
  query: TenantQuery,
  body: Body,
  async handle(ctx, { body, caller }) {
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
      const rows = await tx
        .selectFrom('ingest.migration')
        .selectAll()
        .where('tenantId', '=', tenant.id)
        .where('reference', '=', body.reference)
        .execute();
      const [view] = await viewMigrations(tx, tenant, rows);
      return { status: made ? 201 : 200, body: view };
    });
  },
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
