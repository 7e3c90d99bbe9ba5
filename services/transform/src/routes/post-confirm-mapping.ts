import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import {
  findMappingVersion,
  getMappingVersion,
  type MappingVersion,
} from '@octopipe/shared/mapped/read-mapped-set';
import { sql } from 'kysely';
import { z } from 'zod';
import type { TransformContext } from '../context.js';
import { viewMapping } from './mapping-view.js';
import { Mapping, MappingPath } from './shapes.js';

const Body = z
  .object({
    content_hash: z.string().meta({ description: 'Of the version as you read it.' }),
    waived: z.boolean().optional().meta({ description: 'Nobody looked; operators only.' }),
  })
  .meta({ examples: [{ content_hash: '9f2c…' }] });

export const postConfirmMapping = defineRoute({
  method: 'post',
  path: '/v1/mappings/:id/confirm',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { id: 'mapping' } },
  summary: 'Confirms exactly the content that was read: nothing is written to Pipedrive before.',
  params: MappingPath,
  body: Body,
  answers: { 200: Mapping },
  problems: ['mapping_not_found', 'mapping_changed', 'mapping_superseded'],
  // The hash in the body is required anyway; the ETag speaks of the state, too.
  ifMatch: 'optional',
  async handle(ctx: TransformContext, { body, caller, tenant, params, assertAsRead }) {
    if (body.waived && caller.role !== 'operator')
      throw new Problem(403, 'forbidden', 'Only an operator may waive the confirmation of a mapping.');
    return inTransaction(ctx.db, { role: 'transform', tenantId: tenant.id }, async (tx) => {
      const version = await findMappingVersion(tx, tenant.id, params.id);
      if (!version)
        throw new Problem(404, 'mapping_not_found', 'There is no such mapping version for this tenant.');
      if (version.contentHash !== body.content_hash)
        throw new Problem(
          412,
          'mapping_changed',
          'The hash is not that of this version: read the version again and confirm what it says now.',
        );
      assertAsRead(viewMapping(version));
      await confirm(tx, tenant.id, version, {
        actor: caller.label,
        keyId: caller.keyId,
        waived: body.waived ?? false,
      });
      const view = viewMapping(await getMappingVersion(tx, tenant.id, version.id));
      return { status: 200, body: view, headers: { etag: etagOf(view) } };
    });
  },
});

/** Confirming twice changes nothing. One version of a migration is confirmed at a time; the former one is superseded. */
async function confirm(
  tx: Tx,
  tenantId: string,
  version: MappingVersion,
  by: { actor: string; keyId: string; waived: boolean },
): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mapping ${version.migrationId}`}, 0))`.execute(
    tx,
  );
  const current = await getMappingVersion(tx, tenantId, version.id);
  if (current.state === 'confirmed') return;
  if (current.state === 'superseded')
    throw new Problem(
      409,
      'mapping_superseded',
      'A newer version was confirmed after this one; propose it again.',
    );
  await tx
    .updateTable('transform.mappingVersion')
    .set({ state: 'superseded' })
    .where('tenantId', '=', tenantId)
    .where('migrationId', '=', version.migrationId)
    .where('state', '=', 'confirmed')
    .execute();
  await tx
    .updateTable('transform.mappingVersion')
    .set({ state: 'confirmed', confirmedBy: by.actor, confirmedAt: new Date(), waived: by.waived })
    .where('tenantId', '=', tenantId)
    .where('id', '=', version.id)
    .where('state', '=', 'proposed')
    .execute();
  await appendEvent(tx, tenantId, {
    migrationId: version.migrationId,
    kind: by.waived ? 'mapping.waived' : 'mapping.confirmed',
    // The outside is told these: the key's id, for its label is a person's name.
    facts: { mapping_version_id: version.id, number: version.number, key_id: by.keyId },
  });
}
