import { PageQuery, pageOf, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { listReadyDocuments } from '../reporter/ready-documents.js';
import { Document, RunPath } from './shapes.js';

export const getDocuments = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId/documents',
  access: { roles, scope: 'tenant', ids: { runId: 'run' } },
  summary: 'The documents of an ended run.',
  params: RunPath,
  query: z.object(PageQuery),
  answers: { 200: pageOf(Document) },
  problems: ['run_not_found', 'report_not_ready'],
  async handle(ctx: ReporterContext, { params, query, tenant }) {
    const documents = await listReadyDocuments(ctx, tenant.id, params.runId);
    const after = positionOfCursor(query.cursor, /^[\w.-]{1,100}$/);
    const rest = documents.filter(({ name }) => after === undefined || name > after);
    const body = toPage(
      rest,
      query.limit,
      ({ name }) => name,
      ({ name, mediaType, bytes, sha256 }) => ({ name, media_type: mediaType, bytes, sha256 }),
    );
    return { status: 200, body };
  },
});
