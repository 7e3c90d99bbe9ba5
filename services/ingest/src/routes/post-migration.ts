import { hashOf } from '@octopipe/shared/core/canonical-json';
import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { etagOf } from '@octopipe/shared/http/precondition';
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
  summary:
    'Opens a migration, or answers the one with the same reference as it stands: an order that is repeated changes nothing.',
  body: Body,
  answers: { 201: Migration, 200: Migration },
  problems: ['tenant_being_purged', 'ordered_otherwise'],
  async handle(ctx: IngestContext, { body, caller }) {
    const tenant =
      caller.tenantId === null
        ? await getOrCreateTenant(ctx.db, ctx.masterKey, {
            slug: body.tenant,
            name: body.tenant_name ?? body.tenant,
          })
        : await tenantOfCall(ctx.db, caller, body.tenant);
    const settings = JSON.stringify(body.settings ?? {});
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const made = await tx
        .insertInto('ingest.migration')
        .values({
          tenantId: tenant.id,
          reference: body.reference,
          name: body.name,
          settings,
          orderedSettings: settings,
        })
        .onConflict((conflict) => conflict.columns(['tenantId', 'reference']).doNothing())
        .returning('id')
        .executeTakeFirst();
      const row = await tx
        .selectFrom('ingest.migration')
        .selectAll()
        .where('tenantId', '=', tenant.id)
        .where('reference', '=', body.reference)
        .executeTakeFirstOrThrow();
      if (!made && body.settings) assertAsOrdered(row, body.settings);
      const view = await viewMigration(tx, tenant, row);
      return {
        status: made ? 201 : 200,
        body: view,
        headers: { etag: etagOf(view) },
        tenantId: tenant.id,
      };
    });
  },
});

/**
 * A portal that repeats its order is answered what stands, whoever has edited that since: its order is done. Other
 * settings are another order, and could only be carried out over what somebody may have decided meanwhile.
 */
function assertAsOrdered(
  row: { id: string; settings: unknown; orderedSettings: unknown },
  wanted: Settings,
): void {
  const hash = hashOf(wanted);
  if (hash === hashOf(row.orderedSettings) || hash === hashOf(row.settings)) return;
  const standing = row.settings as Settings;
  const names = [...new Set([...Object.keys(standing), ...Object.keys(wanted)])] as Array<keyof Settings>;
  throw new Problem(
    409,
    'ordered_otherwise',
    `Migration ${row.id} has this reference and other settings. Change them with PATCH /v1/migrations/${row.id} and the ETag of what you read, or take another reference.`,
    names
      .filter((name) => hashOf(standing[name] ?? null) !== hashOf(wanted[name] ?? null))
      .map((name) => ({ pointer: `/settings/${name}`, message: 'not what stands' })),
    { members: { migration_id: row.id } },
  );
}

type Settings = z.infer<typeof MigrationSettings>;
