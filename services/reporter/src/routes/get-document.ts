import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { getReadyDocument } from '../reporter/ready-documents.js';
import { sendDocument } from '../reporter/send-document.js';

export const getDocument = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId/documents/:name',
  roles,
  summary: "A document's bytes; the ETag is their SHA-256.",
  params: z.object({ runId: z.uuid(), name: z.string().max(100) }),
  query: z.object({ tenant: z.string().optional() }).strict(),
  async handle(ctx: ReporterContext, { params, query, caller, req }, res) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const document = await getReadyDocument(ctx, tenant.id, params.runId, params.name);
    await sendDocument(ctx, tenant.id, document, req, res, 'attachment');
    return undefined;
  },
});
