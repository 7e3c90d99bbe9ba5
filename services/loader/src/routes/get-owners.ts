import { inTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { Owner } from './shapes.js';

export const getOwners = defineRoute({
  method: 'get',
  path: '/v1/owners',
  access: {
    roles: ['operator', 'tenant_admin', 'viewer'],
    scope: 'tenant',
    ids: { connection_id: 'connection' },
  },
  summary: 'Which Pipedrive user each worker is bound to, since the last run or dry run.',
  query: z.object({ connection_id: z.uuid(), ...PageQuery }),
  answers: { 200: pageOf(Owner) },
  async handle(ctx: LoaderContext, { tenant, query }) {
    const after = positionOfCursor(query.cursor, /^\P{Cc}{1,200}$/u);
    const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      tx
        .selectFrom('loader.owner')
        .select(['sourceKey', 'state', 'targetUserId', 'decidedBy'])
        .where('connectionId', '=', query.connection_id)
        .$if(after !== undefined, (all) => all.where('sourceKey', '>', after ?? ''))
        .orderBy('sourceKey')
        .limit(query.limit + 1)
        .execute(),
    );
    const body = toPage(
      rows,
      query.limit,
      (row) => row.sourceKey,
      (row) => ({
        source_key: row.sourceKey,
        state: row.state,
        target_user_id: row.targetUserId === null ? null : Number(row.targetUserId),
        decided_by: row.decidedBy,
      }),
    );
    return { status: 200, body };
  },
});
