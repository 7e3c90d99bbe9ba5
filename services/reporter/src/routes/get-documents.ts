import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { listReadyDocuments } from '../reporter/ready-documents.js';

export const getDocuments = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId/documents',
  roles,
  summary: 'The documents of an ended run.',
  params: z.object({ runId: z.uuid() }),
  query: z
    .object({
      tenant: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
      cursor: z.string().optional(),
    })
    .strict(),
  async handle(ctx: ReporterContext, { params, query, caller }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
    const documents = await listReadyDocuments(ctx, tenant.id, params.runId);
    const rest = documents.filter(({ name }) => query.cursor === undefined || name > query.cursor);
    const items = rest.slice(0, query.limit);
    return {
      status: 200,
      body: {
        items: items.map(({ name, mediaType, bytes, sha256 }) => ({
          name,
          media_type: mediaType,
          bytes,
          sha256,
        })),
        next_cursor: rest.length > items.length ? (items.at(-1)?.name ?? null) : null,
      },
    };
  },
});
