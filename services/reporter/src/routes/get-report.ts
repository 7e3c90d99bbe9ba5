import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { getReadyDocument } from '../reporter/ready-documents.js';

export const getReport = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId',
  roles,
  summary: 'The summary of an ended run: both equations, verification, findings, tokens.',
  params: z.object({ runId: z.uuid() }),
  query: z.object({ tenant: z.string().optional() }).strict(),
  async handle(ctx: ReporterContext, { params, query, caller }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const document = await getReadyDocument(ctx, tenant.id, params.runId, 'summary.json');
    const content = await ctx.files.read(tenant.id, await ctx.dataKey(tenant.id), document.blob);
    return { status: 200, body: JSON.parse(content.toString('utf8')) };
  },
});
