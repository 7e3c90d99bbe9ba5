import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { connectionOf, findRun } from '@octopipe/shared/run/read-run';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { pageQuestions, type Question as QuestionRow } from '../match/questions.js';
import { Question, RunPath } from './shapes.js';

/** Where Pipedrive shows a record, by entity. */
const placeOf: Record<string, string> = {
  organization: 'organization',
  person: 'person',
  product: 'settings/products/view',
};

export const getQuestions = defineRoute({
  method: 'get',
  path: '/v1/runs/:runId/questions',
  access: { roles: ['operator', 'tenant_admin', 'viewer'], scope: 'tenant', ids: { runId: 'run' } },
  summary:
    'Which records of the account ours may be: the open questions, or all that was found and who decided it.',
  params: RunPath,
  query: z.object({ state: z.enum(['open', 'all']).default('open'), ...PageQuery }),
  answers: { 200: pageOf(Question) },
  problems: ['run_not_found'],
  async handle(ctx: LoaderContext, { tenant, query, params }) {
    const afterKey = positionOfCursor(query.cursor, /^\P{Cc}+$/u) ?? '';
    const { found, domain } = await inTransaction(
      ctx.db,
      { role: 'loader', tenantId: tenant.id },
      async (tx) => {
        const run = await findRun(tx, tenant.id, params.runId);
        if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
        const { companyDomain } = await connectionOf(tx, tenant.id, run);
        const page = { open: query.state === 'open', afterKey, limit: query.limit + 1 };
        return { found: await pageQuestions(tx, run, page), domain: companyDomain };
      },
    );
    const body = toPage(
      found,
      query.limit,
      (row) => row.targetKey,
      (row) => present(row, domain),
    );
    return { status: 200, body };
  },
});

/** Theirs are shown by id and address only: what they say is looked at in Pipedrive, under the reader's own rights. */
function present(question: QuestionRow, domain: string) {
  return {
    target_key: question.targetKey,
    entity: question.entity,
    name: question.name,
    state: question.state,
    reason: question.reason,
    candidates: question.candidates.map(({ id, by }) => ({
      target_id: id,
      agrees_in: by,
      url: `https://${domain}.pipedrive.com/${placeOf[question.entity]}/${id}`,
    })),
    decision: question.decision,
    target_id: question.targetId,
    decided_by: question.decidedBy,
  };
}
