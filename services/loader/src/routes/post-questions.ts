import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { answerQuestions, countOpenQuestions } from '../match/questions.js';
import { changeStatus } from '../run/change-status.js';
import { RunPath } from './shapes.js';

const Body = z
  .object({
    answers: z
      .array(
        z
          .object({
            target_key: z.string().min(1).max(200),
            decision: z.enum(['match', 'create']),
            target_id: z
              .string()
              .max(40)
              .optional()
              .meta({ description: 'One of the candidates; with match only.' }),
          })
          .strict(),
      )
      .min(1)
      .max(500),
  })
  .meta({
    examples: [
      {
        answers: [
          { target_key: 'customer:12', decision: 'match', target_id: '4711' },
          { target_key: 'customer:13', decision: 'create' },
        ],
      },
    ],
  });

/** Answers questions, all of the call or none; with the last one the run goes on by itself. */
export const postQuestions = defineRoute({
  method: 'post',
  path: '/v1/runs/:runId/questions',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: { runId: 'run' } },
  summary: 'Answer which record of the account one of ours is, or that it is new.',
  params: RunPath,
  body: Body,
  answers: { 200: z.object({ open: z.number().meta({ description: 'Questions that are left.' }) }) },
  problems: ['run_not_found', 'answer_not_possible'],
  async handle(ctx: LoaderContext, { caller, tenant, params, body, remember }) {
    const answer = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, async (tx) => {
      const run = await tx
        .selectFrom('loader.run')
        .select(['id', 'tenantId', 'migrationId', 'connectionId', 'setId', 'reasonCode'])
        .where('id', '=', params.runId)
        .forUpdate()
        .executeTakeFirst();
      if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
      await answerQuestions(tx, run, body.answers, caller.label);
      const left = await countOpenQuestions(tx, run);
      if (left === 0 && run.reasonCode === 'matches_open') await changeStatus(tx, run, { to: 'running' });
      return remember(tx, { status: 200 as const, body: { open: left } });
    });
    if (answer.body.open === 0)
      await ctx.producer.send('advance-run', {
        tenantId: tenant.id,
        runId: params.runId,
        cause: 'answered',
      });
    return answer;
  },
});
