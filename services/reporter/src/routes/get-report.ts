import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import type { ReporterContext } from '../context.js';
import { getReadyDocument } from '../reporter/ready-documents.js';
import { RunPath, Summary } from './shapes.js';

export const getReport = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId',
  access: { roles, scope: 'tenant', ids: { runId: 'run' } },
  summary: 'The summary of an ended run: both equations, verification, findings, tokens.',
  params: RunPath,
  answers: { 200: Summary },
  problems: ['run_not_found', 'report_not_ready'],
  async handle(ctx: ReporterContext, { params, tenant }) {
    const document = await getReadyDocument(ctx, tenant.id, params.runId, 'summary.json');
    const content = await ctx.files.read(tenant.id, await ctx.dataKey(tenant.id), document.blob);
    return { status: 200, body: JSON.parse(content.toString('utf8')) };
  },
});
