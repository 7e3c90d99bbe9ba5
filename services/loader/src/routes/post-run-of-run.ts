import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import {
  type Entity,
  endedStatuses,
  entities,
  loadKinds,
  type RunStatus,
  wholeOf,
} from '@octopipe/shared/domain/run/states';
import { defineRoute, type Remember } from '@octopipe/shared/http/route';
import { findRun, type Run as LoadedRun } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { mayHoldUnknown } from '../run/doubt.js';
import { presentRun } from '../run/present-run.js';
import { Run, RunPath } from './shapes.js';

/**
 * Takes a load back, with everything that its migration wrote into the account before it. A preview unless told
 * otherwise: the run looks, says what it would do, and waits to be resumed.
 */
export const postRollback = defineRoute({
  method: 'post',
  path: '/v1/runs/:runId/rollback',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { runId: 'run' } },
  summary: 'Take back what a migration wrote into the account; what people changed since stays.',
  params: RunPath,
  body: z
    .object({
      preview: z
        .boolean()
        .default(true)
        .meta({ description: 'Look and say what it would do; resuming the run goes ahead.' }),
      entities: z
        .array(z.enum(entities))
        .min(1)
        .optional()
        .meta({ description: 'Only records of these; without it all, and the schema that we made.' }),
    })
    .meta({ examples: [{}, { preview: false }, { entities: ['note', 'file'] }] }),
  answers: { 201: Run, 200: Run },
  problems: [
    'run_not_found',
    'not_a_load',
    'load_not_ended',
    'later_load_exists',
    'nothing_to_roll_back',
    'connection_in_doubt',
    'connection_busy',
  ],
  async handle(ctx: LoaderContext, { caller, tenant, params, body, remember }) {
    return startRun(ctx, { tenantId: tenant.id, loadId: params.runId, remember }, async (tx, load) => {
      await assertNoDoubt(tx, load);
      await assertIsLast(tx, load);
      await assertSomethingStands(tx, load);
      const confirmed = { by: caller.label, at: new Date().toISOString() };
      return {
        kind: 'rollback',
        entities: body.entities ? withParts(body.entities) : null,
        plan: JSON.stringify(body.preview ? {} : { confirmed }),
      };
    });
  },
});

/** Reads everything of a migration back and names what differs; writes nothing. */
export const postVerify = defineRoute({
  method: 'post',
  path: '/v1/runs/:runId/verify',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { runId: 'run' } },
  summary: 'Read back everything that a migration wrote and name what differs; nothing is written.',
  params: RunPath,
  body: z.object({}).meta({ examples: [{}] }),
  answers: { 201: Run, 200: Run },
  problems: ['run_not_found', 'not_a_load', 'load_not_ended', 'connection_busy'],
  async handle(ctx: LoaderContext, { tenant, params, remember }) {
    return startRun(ctx, { tenantId: tenant.id, loadId: params.runId, remember }, async () => ({
      kind: 'verify',
      entities: null,
      plan: '{}',
    }));
  },
});

/** Parts go with their whole. */
function withParts(wanted: ReadonlyArray<Entity>): Entity[] {
  return entities.filter((entity) => wanted.includes(entity) || wanted.includes(wholeOf[entity] ?? entity));
}

interface NewRun {
  kind: 'rollback' | 'verify';
  entities: string[] | null;
  plan: string;
}

/** Starts a run about a load that has ended, or answers the unfinished one of the same kind about the same load. */
async function startRun(
  ctx: LoaderContext,
  { tenantId, loadId, remember }: { tenantId: string; loadId: string; remember: Remember },
  describe: (tx: Tx, load: LoadedRun) => Promise<NewRun>,
) {
  const answer = await inTransaction(ctx.db, { role: 'loader', tenantId }, async (tx) => {
    const load = await findRun(tx, tenantId, loadId);
    if (!load) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
    if (!loadKinds.includes(load.kind) || load.setId === null)
      throw new Problem(
        409,
        'not_a_load',
        load.setId === null
          ? 'This run ended before it wrote anything.'
          : `Run ${load.id} is of kind ${load.kind}; name the run that loaded the records.`,
      );
    if (!endedStatuses.includes(load.status))
      throw new Problem(
        409,
        'load_not_ended',
        `Run ${load.id} is ${load.status.replaceAll('_', ' ')}; let it end or cancel it first.`,
      );
    await tx
      .selectFrom('loader.connection')
      .select('id')
      .where('id', '=', load.connectionId)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    const live = await tx
      .selectFrom('loader.run')
      .select(['id', 'kind', 'ofRunId', 'entities'])
      .where('connectionId', '=', load.connectionId)
      .where('status', 'not in', [...endedStatuses])
      .executeTakeFirst();
    const wanted = await describe(tx, load);
    if (
      live &&
      !(live.kind === wanted.kind && live.ofRunId === load.id && isSame(live.entities, wanted.entities))
    )
      throw new Problem(
        409,
        'connection_busy',
        `Run ${live.id} is not finished on this account; let it end or cancel it first.`,
      );
    const id = live?.id ?? (await insertRun(tx, tenantId, load, wanted));
    // A repeat after a crash could come when this run has ended, and must not start a second one.
    return remember(tx, {
      status: live ? (200 as const) : (201 as const),
      body: await presentRun(tx, tenantId, id),
    });
  });
  await ctx.producer.send('advance-run', { tenantId, runId: answer.body.id, cause: 'created' });
  return answer;
}

function isSame(one: ReadonlyArray<string> | null, other: ReadonlyArray<string> | null): boolean {
  return JSON.stringify(one && [...one].sort()) === JSON.stringify(other && [...other].sort());
}

async function insertRun(tx: Tx, tenantId: string, load: LoadedRun, wanted: NewRun): Promise<string> {
  const { id } = await tx
    .insertInto('loader.run')
    .values({
      ...wanted,
      tenantId,
      migrationId: load.migrationId,
      connectionId: load.connectionId,
      exportId: load.exportId,
      mappingVersionId: load.mappingVersionId,
      setId: load.setId,
      ofRunId: load.id,
      status: 'queued',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** After a restore, or a take-over of a purged tenant's records, it would leave behind what it does not know; looking costs a load. */
async function assertNoDoubt(tx: Tx, load: LoadedRun): Promise<void> {
  if (await mayHoldUnknown(tx, load))
    throw new Problem(
      409,
      'connection_in_doubt',
      'The database was restored since, or records of a purged tenant were taken over, so the account may hold records of this migration that are not known here and would be left behind. Load the same mapping first: it finds them and writes none twice; then take that run back.',
    );
}

/** A rollback takes back all that the migration wrote into the account; an earlier load cannot be taken from under a later one. */
async function assertIsLast(tx: Tx, load: LoadedRun): Promise<void> {
  const ended: RunStatus[] = ['done', 'failed', 'cancelled'];
  const later = await tx
    .selectFrom('loader.run')
    .select('id')
    .where('migrationId', '=', load.migrationId)
    .where('connectionId', '=', load.connectionId)
    .where('kind', 'in', [...loadKinds])
    .where('status', 'in', ended)
    .where('setId', 'is not', null)
    .where('createdAt', '>', sql<Date>`(select created_at from loader.run where id = ${load.id})`)
    .orderBy('createdAt', 'desc')
    .executeTakeFirst();
  if (later)
    throw new Problem(
      409,
      'later_load_exists',
      `Run ${later.id} came later and stands on what this one wrote; take that one back, which takes back both.`,
    );
}

async function assertSomethingStands(tx: Tx, load: LoadedRun): Promise<void> {
  const { rows } = await sql<{ stands: boolean }>`
    select exists (select from loader.target_record t join loader.run r on r.id = t.created_by_run
        where t.connection_id = ${load.connectionId} and r.migration_id = ${load.migrationId})
      or exists (select from loader.intent i join loader.run r on r.id = i.run_id
        where i.connection_id = ${load.connectionId} and r.migration_id = ${load.migrationId} and i.state in ('sent', 'ambiguous'))
      or exists (select from loader.destination_item d join loader.run r on r.id = d.created_by_run
        where d.connection_id = ${load.connectionId} and r.migration_id = ${load.migrationId} and d.remote_key is not null) as stands
  `.execute(tx);
  if (rows[0]?.stands !== true)
    throw new Problem(
      409,
      'nothing_to_roll_back',
      'Nothing of this migration stands in the account any more; there is nothing to take back.',
    );
}
