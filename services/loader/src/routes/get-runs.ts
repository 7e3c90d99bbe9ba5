import { runStatuses } from '@octopipe/shared/domain/run/states';
import { PageQuery, pageOf, positionForms, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { roles } from '@octopipe/shared/tenancy/api-key';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { type ListedRun, listRuns } from '../run/list-runs.js';
import { RunInList } from './shapes.js';

const Query = z.object({
  status: z
    .string()
    .max(200)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(runStatuses)))
    .optional()
    .meta({
      description: `One or several of ${runStatuses.join(', ')}; several with commas between them.`,
      examples: ['waiting_person,paused'],
    }),
  migration_id: z.uuid().optional(),
  ...PageQuery,
});

export const getRuns = defineRoute({
  method: 'get',
  path: '/v1/runs',
  access: { roles, scope: 'tenant_or_all', ids: { migration_id: 'migration' } },
  summary: 'Lists runs, newest first: which of them waits, for what, and since when.',
  query: Query,
  answers: { 200: pageOf(RunInList) },
  async handle(ctx: LoaderContext, { tenantOrAll, query }) {
    const found = await listRuns(ctx.db, tenantOrAll, {
      statuses: query.status ?? [],
      migrationId: query.migration_id,
      before: positionOfCursor(query.cursor, positionForms.timeAndId),
      limit: query.limit + 1,
    });
    return {
      status: 200,
      body: toPage(found, query.limit, (row) => row.position, viewRun),
    };
  },
});

function viewRun(row: ListedRun) {
  return {
    id: row.id,
    migration_id: row.migrationId,
    tenant: row.slug,
    kind: row.kind,
    status: row.status,
    phase: row.phase,
    reason_code: row.reasonCode,
    reason: row.reason,
    since: row.statusSince.toISOString(),
    resume_at: row.resumeAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}
