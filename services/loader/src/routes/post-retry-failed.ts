import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses, entities, loadKinds, type RunKind } from '@octopipe/shared/domain/run/states';
import { defineRoute } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { changeStatus, reopenRun } from '../run/change-status.js';
import { presentRun } from '../run/present-run.js';
import { countFailed, priceOf, reopenFailed } from '../run/retry-failed.js';
import { Run, RunPath } from './shapes.js';

const Body = z
  .object({
    preview: z.boolean().default(true).meta({ description: 'Only count. Send false to try them again.' }),
    entity: z.enum(entities).optional().meta({ description: 'Only records of this.' }),
    code: z.string().max(80).optional().meta({ description: 'Only records that failed with this code.' }),
    target_keys: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Only these.' }),
    make_anew: z.boolean().default(false).meta({
      description:
        'Instead of failed records: those of ours that the run found gone from the account (codes `target_gone`, `match_gone` and `missing`). Each is looked at once more, and written anew if it is gone, with what was part of it.',
    }),
  })
  .meta({
    examples: [
      {},
      { preview: false, entity: 'person', code: 'refused_by_pipedrive' },
      { preview: false, make_anew: true, target_keys: ['booking:10101'] },
    ],
  });

const Retry = z
  .object({
    records: z.number(),
    tokens_at_most: z.number().meta({ description: 'For writing them; reading them back comes on top.' }),
    by: z.array(
      z.object({
        entity: z.enum(entities),
        code: z.string(),
        records: z.number(),
        with_parent: z.boolean().meta({
          description:
            'Not named by the filter: failed only because a parent had, or part of one that is gone.',
        }),
      }),
    ),
    run: Run.meta({ description: 'As it is now.' }),
  })
  .meta({ id: 'Retry' });

/**
 * Failed records of a run that has not ended, or is done, are tried again, and with them what hung on them; or those that
 * are gone from the account are made anew.
 */
export const postRetryFailed = defineRoute({
  method: 'post',
  path: '/v1/runs/:runId/retry-failed',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { runId: 'run' } },
  summary: 'Count the failed records of a run, or try them again.',
  params: RunPath,
  body: Body,
  answers: { 200: Retry },
  problems: ['run_not_found', 'not_possible_now', 'nothing_failed', 'connection_busy'],
  async handle(ctx: LoaderContext, { tenant, params, body, remember }) {
    const answer = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) => {
      if (!body.preview) await lockConnection(tx, params.runId);
      const run = await tx
        .selectFrom('loader.run')
        .select(['id', 'tenantId', 'migrationId', 'connectionId', 'kind', 'status', 'reasonCode'])
        .where('id', '=', params.runId)
        .forUpdate()
        .executeTakeFirst();
      if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
      const { entity, code, target_keys: targetKeys, make_anew: makeAnew } = body;
      const filter = { entity, code, targetKeys, makeAnew };
      const counts = await countFailed(tx, run.id, filter);
      if (!body.preview) {
        await assertMayReopen(tx, run);
        if (counts.length === 0)
          throw new Problem(409, 'nothing_failed', 'No failed record of this run is of that kind.');
        const phase = await reopenFailed(tx, run, filter);
        if (run.status === 'done') await reopenRun(tx, run, phase);
        // Whatever else the run waits for, it waits for still.
        else if (run.reasonCode === 'records_failed') await changeStatus(tx, run, { to: 'running' });
      }
      // A repeat after a crash must not try once more what has failed again since.
      return remember(tx, {
        status: 200 as const,
        body: {
          records: counts.reduce((sum, { records }) => sum + records, 0),
          tokens_at_most: priceOf(counts),
          by: counts.map(({ withParent, ...count }) => ({ ...count, with_parent: withParent })),
          run: await presentRun(tx, tenant.id, run.id),
        },
      });
    });
    if (!body.preview)
      await ctx.producer.send('advance-run', {
        tenantId: tenant.id,
        runId: params.runId,
        cause: 'retry-failed',
      });
    return answer;
  },
});

/** The connection before its runs, as whoever starts one does: two that lock them the other way round would wait for ever. Not its key:
 * who notes an intent holds the run and refers to the connection. */
async function lockConnection(tx: Tx, runId: string): Promise<void> {
  await tx
    .selectFrom('loader.connection as c')
    .innerJoin('loader.run as r', 'r.connectionId', 'c.id')
    .select('c.id')
    .where('r.id', '=', runId)
    .forNoKeyUpdate('c')
    .execute();
}

/** A later load stands on the newer export: retrying in an earlier one would write what is old by now. */
async function assertMayReopen(
  tx: Tx,
  run: { id: string; connectionId: string; kind: string; status: string },
): Promise<void> {
  const isLoad = loadKinds.includes(run.kind as RunKind);
  const hasEnded = (endedStatuses as ReadonlyArray<string>).includes(run.status);
  if (!isLoad || (hasEnded && run.status !== 'done'))
    throw new Problem(
      409,
      'not_possible_now',
      `This ${run.kind} run is ${run.status.replaceAll('_', ' ')}; failed records are tried again in a load that goes on, waits or is done. After any other end a new run of the same mapping writes what is missing.`,
    );
  if (run.status !== 'done') return;
  const later = await tx
    .selectFrom('loader.run')
    .select(['id', 'status'])
    .where('connectionId', '=', run.connectionId)
    .where('createdAt', '>', sql<Date>`(select created_at from loader.run where id = ${run.id})`)
    .where('kind', '<>', 'verify')
    .orderBy('createdAt', 'desc')
    .executeTakeFirst();
  if (!later) return;
  if ((endedStatuses as ReadonlyArray<string>).includes(later.status))
    throw new Problem(
      409,
      'not_possible_now',
      `Run ${later.id} came later on this account; look at that one.`,
    );
  throw new Problem(
    409,
    'connection_busy',
    `Run ${later.id} is not finished on this account; let it end first.`,
  );
}
