import { defineRoute, streamed } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { getReadyDocument } from '../reporter/ready-documents.js';
import { sendDocument } from '../reporter/send-document.js';

export const getDocument = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId/documents/:name',
  access: { roles, scope: 'tenant', ids: { runId: 'run', name: 'document' } },
  summary: "A document's bytes; the ETag is their SHA-256.",
  params: z.object({ runId: z.uuid(), name: z.string().max(100) }),
  answers: { 200: streamed('application/octet-stream') },
  problems: ['run_not_found', 'report_not_ready', 'document_not_found'],
  async handle(ctx: ReporterContext, { params, tenant, req }, res) {
    const document = await getReadyDocument(ctx, tenant.id, params.runId, params.name);
    await sendDocument(ctx, tenant.id, document, req, res, 'attachment');
    return undefined;
  },
});
