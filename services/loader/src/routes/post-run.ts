import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import { defineRoute } from '@octopipe/shared/http/route';
import { findMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { sql } from 'kysely';
import { z } from 'zod';
import { takeCompany } from '../connect/assert-company-is-free.js';
import type { LoaderContext } from '../context.js';
import { presentRun } from '../run/present-run.js';
import { Run } from './shapes.js';

const Body = z
  .object({
    migration_id: z.uuid(),
    connection_id: z.uuid(),
    mapping_version_id: z.uuid(),
    kind: z.enum(['production', 'dry_run']).default('production').meta({
      description: 'A dry run goes up to the first write and answers what would be written, call by call.',
    }),
    plan_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .meta({ description: 'Of a dry run: refuse to write anything else than what that planned.' }),
    waivers: z
      .array(
        z
          .object({
            gate: z.enum(['mapping_confirmation', 'duplicate_customers', 'rehearsal', 'phase_gates']),
            actor: z.string().min(1).max(120),
          })
          .strict(),
      )
      .default([])
      .meta({ description: 'Gates that are passed unseen, and on whose word; operators only.' }),
  })
  .meta({
    examples: [
      {
        migration_id: '5f0c2b5e-8f0e-4b3c-9a55-0d3f6a1c7e10',
        connection_id: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
        mapping_version_id: '3d594650-3436-4c1e-9d2a-2b7f5a4b9c11',
      },
    ],
  });

/** Starts a run, or answers the unfinished one of the same mapping and account: a rerun continues. */
export const postRun = defineRoute({
  method: 'post',
  path: '/v1/runs',
  access: {
    roles: ['operator', 'tenant_admin'],
    scope: 'tenant',
    ids: { migration_id: 'migration', connection_id: 'connection', mapping_version_id: 'mapping' },
  },
  summary: 'Load a confirmed mapping into a connected account, or only plan it.',
  body: Body,
  answers: { 201: Run, 200: Run },
  problems: [
    'mapping_not_found',
    'mapping_not_confirmed',
    'rehearsal_missing',
    'connection_not_found',
    'connection_busy',
    'company_taken',
    'purged_records_stand',
    'run_of_another_plan',
  ],
  async handle(ctx: LoaderContext, { caller, tenant, body, remember }) {
    if (body.waivers.length > 0 && caller.role !== 'operator')
      throw new Problem(
        403,
        'forbidden',
        'Only an operator may waive gates. Without waivers a run stops where records failed, and POST /v1/runs/{id}/resume goes on.',
      );
    const answer = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) => {
      const mapping = await findMappingVersion(tx, tenant.id, body.mapping_version_id);
      if (!mapping || mapping.migrationId !== body.migration_id)
        throw new Problem(404, 'mapping_not_found', 'There is no such mapping version in this migration.');
      if (mapping.state !== 'confirmed') {
        throw new Problem(
          409,
          'mapping_not_confirmed',
          `Mapping version ${mapping.number} is ${mapping.state}; confirm it with POST /v1/mappings/${mapping.id}/confirm first. Nothing is written without that.`,
        );
      }
      const connection = await tx
        .selectFrom('loader.connection')
        .select(['id', 'state', 'companyKey'])
        .where('id', '=', body.connection_id)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (!connection)
        throw new Problem(404, 'connection_not_found', 'There is no such connection for this tenant.');
      await takeCompany(tx, tenant.id, connection.companyKey);
      const live = await tx
        .selectFrom('loader.run')
        .select(['id', 'kind', 'mappingVersionId', 'plan'])
        .where('connectionId', '=', connection.id)
        .where('status', 'not in', [...endedStatuses])
        .executeTakeFirst();
      if (live && (live.mappingVersionId !== mapping.id || live.kind !== body.kind)) {
        throw new Problem(
          409,
          'connection_busy',
          `Run ${live.id} (${live.kind.replaceAll('_', ' ')}) is not finished on this account; let it end or cancel it first.`,
        );
      }
      if (live) assertSamePlan(live, body.plan_hash);
      const isRehearsed = await wasRehearsed(tx, connection.id, mapping.id);
      // Not a waiver when there was nothing to waive: the documents must not say that nobody rehearsed.
      const given = body.waivers.filter(({ gate }) => gate !== 'rehearsal' || !isRehearsed);
      const waivers = waiversOf(given, caller.label);
      if (
        !live &&
        body.kind === 'production' &&
        !isRehearsed &&
        !waivers.some(({ gate }) => gate === 'rehearsal')
      )
        throw new Problem(
          409,
          'rehearsal_missing',
          `No dry run of mapping version ${mapping.number} into this account has ended: start one with kind dry_run and look at its plan, or let an operator waive the rehearsal.`,
        );
      if (live) await addWaivers(tx, live.id, waivers);
      const id =
        live?.id ??
        (
          await tx
            .insertInto('loader.run')
            .values({
              tenantId: tenant.id,
              migrationId: body.migration_id,
              connectionId: connection.id,
              exportId: mapping.exportId,
              mappingVersionId: mapping.id,
              kind: body.kind,
              plan: JSON.stringify(body.plan_hash === undefined ? {} : { expected_hash: body.plan_hash }),
              status: 'queued',
              waivers: JSON.stringify(waivers),
            })
            .returning('id')
            .executeTakeFirstOrThrow()
        ).id;
      // A repeat after a crash could come when this run has ended, and must not start a second one.
      return remember(tx, { status: live ? 200 : 201, body: await presentRun(tx, tenant.id, id) });
    });
    await ctx.producer.send('advance-run', { tenantId: tenant.id, runId: answer.body.id, cause: 'created' });
    return answer;
  },
});

/** Whether a dry run has shown what this mapping would write into this account. */
async function wasRehearsed(tx: Tx, connectionId: string, mappingVersionId: string): Promise<boolean> {
  const dryRun = await tx
    .selectFrom('loader.run')
    .select('id')
    .where('connectionId', '=', connectionId)
    .where('mappingVersionId', '=', mappingVersionId)
    .where('kind', '=', 'dry_run')
    .where('status', '=', 'done')
    .executeTakeFirst();
  return dryRun !== undefined;
}

/** Who asks that nothing but a plan is written must not be given a run that nobody holds to it. */
function assertSamePlan(live: { id: string; plan: unknown }, wanted: string | undefined): void {
  const { expected_hash: held } = live.plan as { expected_hash?: string };
  if (wanted === undefined || wanted === held) return;
  throw new Problem(
    409,
    'run_of_another_plan',
    `Run ${live.id} of this mapping is not finished and is held to ${held === undefined ? 'no plan' : 'another plan'}; let it end or cancel it first, or leave plan_hash out to join it.`,
  );
}

interface Waiver {
  gate: string;
  actor: string;
  key: string;
  at: string;
}

function waiversOf(given: ReadonlyArray<{ gate: string; actor: string }>, key: string): Waiver[] {
  const at = new Date().toISOString();
  return given.map(({ gate, actor }) => ({ gate, actor, key, at }));
}

/** Waived now by who joins the run; what the same person has waived before stands there already. */
async function addWaivers(tx: Tx, runId: string, waivers: ReadonlyArray<Waiver>): Promise<void> {
  for (const waiver of waivers) {
    const known = JSON.stringify([{ gate: waiver.gate, actor: waiver.actor, key: waiver.key }]);
    await tx
      .updateTable('loader.run')
      .set({ waivers: sql`waivers || ${JSON.stringify([waiver])}::jsonb` })
      .where('id', '=', runId)
      .where(sql<boolean>`not waivers @> ${known}::jsonb`)
      .execute();
  }
}
