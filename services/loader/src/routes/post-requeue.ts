import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { endedStatuses, loadKinds, type RunKind, type RunStatus } from '@octopipe/shared/domain/run/states';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { requeueFailed } from '../run/requeue-failed.js';
import { RunPath } from './shapes.js';

const Body = z
  .object({
    target_keys: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Failed records of the run; without them, all that are parked.' }),
  })
  .meta({ examples: [{ target_keys: ['customer:12'] }] });

/** Failed records get another try, and with them those that failed because they belong to a record that was not written. */
export const postRequeue = defineRoute({
  method: 'post',
  path: '/v1/runs/:runId/requeue',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { runId: 'run' } },
  summary: 'Try failed records of an unfinished run again: those named, or all that are parked.',
  params: RunPath,
  body: Body,
  answers: {
    200: z.object({
      queued: z
        .number()
        .meta({ description: 'Records that will be tried again, with those that hang on them.' }),
    }),
  },
  problems: ['run_not_found', 'not_possible_now'],
  async handle(ctx: LoaderContext, { tenant, params, body }) {
    const queued = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) => {
      const run = await tx
        .selectFrom('loader.run')
        .select(['id', 'tenantId', 'migrationId', 'kind', 'status', 'reasonCode'])
        .where('id', '=', params.runId)
        .forUpdate()
        .executeTakeFirst();
      if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
      if (endedStatuses.includes(run.status as RunStatus))
        throw new Problem(
          409,
          'not_possible_now',
          `The run is ${run.status}: start it again with POST /v1/runs, which writes what is missing and nothing else.`,
        );
      if (!loadKinds.includes(run.kind as RunKind))
        throw new Problem(
          409,
          'not_possible_now',
          `A run of kind ${run.kind.replaceAll('_', ' ')} does not try failed records again: resume it, then start another one.`,
        );
      return requeueFailed(tx, run, body.target_keys);
    });
    if (queued > 0)
      await ctx.producer.send('advance-run', {
        tenantId: tenant.id,
        runId: params.runId,
        cause: 'requeued',
      });
    return { status: 200, body: { queued } };
  },
});
