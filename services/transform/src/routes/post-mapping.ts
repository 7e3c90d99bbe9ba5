import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { problemsOf } from '@octopipe/shared/domain/mapping/check-content';
import { contentHash, MappingContent } from '@octopipe/shared/domain/mapping/content';
import { mergesOf } from '@octopipe/shared/domain/mapping/duplicate-customers';
import { proposeMapping } from '@octopipe/shared/domain/mapping/propose';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { etagOf } from '@octopipe/shared/http/precondition';
import { defineRoute } from '@octopipe/shared/http/route';
import { getMappingVersion, type MappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { sharedActivityTypes } from '@octopipe/shared/run/read-run';
import { getExport, rowsById } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import { z } from 'zod';
import type { TransformContext } from '../context.js';
import { fieldRoomOf } from '../propose/field-room.js';
import { scanExport } from '../propose/scan-export.js';
import { viewMapping } from './mapping-view.js';
import { Mapping } from './shapes.js';

const Body = z
  .object({
    migration_id: z.uuid(),
    export_id: z.uuid(),
    content: MappingContent.optional().meta({ description: 'The edited content; left out: propose one.' }),
  })
  .meta({
    examples: [
      {
        migration_id: '5f0c2b5e-8f0e-4b3c-9a55-0d3f6a1c7e10',
        export_id: '0b8d9a1c-3b52-4f27-8b4e-2f4a6c8e1d22',
      },
    ],
  });

/**
 * The content that we propose has to come back, edited and perhaps printed for people. With every group of duplicates
 * that is listed it is some MB (propose.ts and duplicate-customers.ts bound it).
 */
const bodyLimit = 16 * 1024 * 1024;

export const postMapping = defineRoute({
  method: 'post',
  path: '/v1/mappings',
  access: {
    roles: ['portal', 'operator', 'tenant_admin'],
    scope: 'tenant',
    ids: { migration_id: 'migration', export_id: 'export' },
  },
  summary: 'Proposes a mapping for an assessed export, or takes the given content as the next version.',
  body: Body,
  answers: { 201: Mapping, 200: Mapping },
  problems: ['export_not_found', 'export_not_assessed', 'settings_missing', 'mapping_unsound'],
  ifMatch: 'optional',
  bodyLimit,
  async handle(ctx: TransformContext, { body, tenant, assertAsRead }) {
    return inTransaction(ctx.db, { role: 'transform', tenantId: tenant.id }, async (tx) => {
      await assertAssessed(tx, tenant.id, body.migration_id, body.export_id);
      const content = body.content ?? (await propose(tx, tenant.id, body.migration_id, body.export_id));
      assertSound([
        ...problemsOf(content),
        ...(body.content ? await problemsOfMerges(tx, tenant.id, body.export_id, content) : []),
      ]);
      await lockVersions(tx, body.migration_id);
      if (body.content) assertAsRead(await latestVersion(tx, tenant.id, body.migration_id));
      const { version, isNew } = await saveVersion(tx, tenant.id, body.migration_id, body.export_id, content);
      const view = viewMapping(version);
      return { status: isNew ? 201 : 200, body: view, headers: { etag: etagOf(view) } };
    });
  },
});

async function assertAssessed(
  tx: Tx,
  tenantId: string,
  migrationId: string,
  exportId: string,
): Promise<void> {
  const found = await getExport(tx, tenantId, exportId);
  if (found.migrationId !== migrationId)
    throw new Problem(404, 'export_not_found', 'There is no such export of this migration.');
  if (found.state !== 'assessed')
    throw new Problem(
      409,
      'export_not_assessed',
      `The export is ${found.state}; a mapping can be proposed when it is assessed.`,
    );
}

async function propose(
  tx: Tx,
  tenantId: string,
  migrationId: string,
  exportId: string,
): Promise<MappingContent> {
  const facts = await scanExport(tx, tenantId, migrationId, exportId);
  const proposal = proposeMapping(
    facts,
    await fieldRoomOf(tx, tenantId),
    await sharedActivityTypes(tx, tenantId),
  );
  if ('content' in proposal) return proposal.content;
  throw new Problem(
    422,
    'settings_missing',
    proposal.missing.map(({ says }) => says).join(' '),
    proposal.missing.map(({ setting, says }) => ({ pointer: `/settings/${setting}`, message: says })),
  );
}

/** A customer that is set aside, left out or not there can neither go into another nor take one in. */
async function problemsOfMerges(
  tx: Tx,
  tenantId: string,
  exportId: string,
  content: MappingContent,
): Promise<string[]> {
  const ids = [...new Set(mergesOf(content).flatMap(({ from, into }) => [from, into]))];
  const rows = await rowsById(tx, tenantId, exportId, 'customer', ids);
  return ids
    .filter((id) => !rows.has(id))
    .map((id) => `Customer ${id} cannot be merged: the export has no row of it that is migrated.`);
}

function assertSound(problems: ReadonlyArray<string>): void {
  if (problems.length === 0) return;
  throw new Problem(
    422,
    'mapping_unsound',
    `The mapping contradicts itself: ${problems.join(' ')}`,
    problems.map((message) => ({ pointer: '/content', message })),
  );
}

async function lockVersions(tx: Tx, migrationId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mapping ${migrationId}`}, 0))`.execute(tx);
}

/** What an edit stands on: with If-Match, the version before must be the one that was read. */
async function latestVersion(tx: Tx, tenantId: string, migrationId: string) {
  const row = await tx
    .selectFrom('transform.mappingVersion')
    .select('id')
    .where('tenantId', '=', tenantId)
    .where('migrationId', '=', migrationId)
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row ? viewMapping(await getMappingVersion(tx, tenantId, row.id)) : null;
}

/** The same content of the same export is one version; numbers count per migration, without gaps. */
async function saveVersion(
  tx: Tx,
  tenantId: string,
  migrationId: string,
  exportId: string,
  content: MappingContent,
): Promise<{ version: MappingVersion; isNew: boolean }> {
  const hash = contentHash(content);
  const known = await tx
    .selectFrom('transform.mappingVersion')
    .select('id')
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('contentHash', '=', hash)
    .where('state', '!=', 'superseded')
    .executeTakeFirst();
  if (known) return { version: await getMappingVersion(tx, tenantId, known.id), isNew: false };
  const { number } = await tx
    .selectFrom('transform.mappingVersion')
    .select(sql<number>`coalesce(max(number), 0)::int + 1`.as('number'))
    .where('tenantId', '=', tenantId)
    .where('migrationId', '=', migrationId)
    .executeTakeFirstOrThrow();
  const { id } = await tx
    .insertInto('transform.mappingVersion')
    .values({
      tenantId,
      migrationId,
      exportId,
      number,
      state: 'proposed',
      content: JSON.stringify(content),
      contentHash: hash,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await appendEvent(tx, tenantId, {
    migrationId,
    kind: 'mapping.proposed',
    facts: { mapping_version_id: id, number, content_hash: hash },
  });
  return { version: await getMappingVersion(tx, tenantId, id), isNew: true };
}
