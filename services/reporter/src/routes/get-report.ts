import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { getReadyDocument } from '../reporter/ready-documents.js';
import { RollbackSummary, RunPath, Summary, VerificationSummary } from './shapes.js';

export const getReport = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId',
  access: { roles, scope: 'tenant', ids: { runId: 'run' } },
  summary:
    'The summary of an ended run: both equations, verification, findings, tokens; of a rollback what stays.',
  params: RunPath,
  answers: { 200: z.union([Summary, RollbackSummary, VerificationSummary]) },
  problems: ['run_not_found', 'report_not_ready'],
  async handle(ctx: ReporterContext, { params, tenant }) {
    const document = await getReadyDocument(ctx, tenant.id, params.runId, 'summary.json');
    const content = await ctx.files.read(tenant.id, await ctx.dataKey(tenant.id), document.blob);
    return { status: 200, body: JSON.parse(content.toString('utf8')) };
  },
});
