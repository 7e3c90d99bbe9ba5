import { inTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import { CrosswalkRow } from './shapes.js';

export const getCrosswalk = defineRoute({
  method: 'get',
  path: '/v1/crosswalk',
  access: {
    roles: ['operator', 'tenant_admin', 'viewer'],
    scope: 'tenant',
    ids: { connection_id: 'connection', source_id: 'source_record' },
  },
  summary: 'What one source record became.',
  query: z.object({
    connection_id: z.uuid(),
    source_type: z
      .string()
      .min(1)
      .meta({ examples: ['booking'] }),
    source_id: z
      .string()
      .min(1)
      .meta({ examples: ['10194'] }),
    ...PageQuery,
  }),
  answers: { 200: pageOf(CrosswalkRow) },
  async handle(ctx: LoaderContext, { tenant, query }) {
    const [key, slot] = positionOfCursor(query.cursor, /^\P{Cc}+\t\P{Cc}*$/u)?.split('\t') ?? [];
    const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      tx
        .selectFrom('loader.crosswalk as x')
        .innerJoin('loader.targetRecord as t', (join) =>
          join.onRef('t.connectionId', '=', 'x.connectionId').onRef('t.targetKey', '=', 'x.targetKey'),
        )
        .select([
          'x.sourceType',
          'x.sourceId',
          'x.slot',
          'x.role',
          'x.targetKey',
          't.entity',
          't.targetId',
          't.payloadHash',
          't.writtenFields',
        ])
        .where('x.connectionId', '=', query.connection_id)
        .where('x.sourceType', '=', query.source_type)
        .where('x.sourceId', '=', query.source_id)
        .$if(key !== undefined, (all) =>
          all.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('x.targetKey', 'x.slot'), '>', tuple(key ?? '', slot ?? '')),
          ),
        )
        .orderBy('x.targetKey')
        .orderBy('x.slot')
        .limit(query.limit + 1)
        .execute(),
    );
    const body = toPage(
      rows,
      query.limit,
      (row) => `${row.targetKey}\t${row.slot}`,
      (row) => ({
        source_type: row.sourceType,
        source_id: row.sourceId,
        slot: row.slot,
        role: row.role,
        target_key: row.targetKey,
        target_type: row.entity,
        target_id: row.targetId,
        payload_hash: row.payloadHash,
        origin: row.writtenFields === null ? ('created' as const) : ('matched' as const),
      }),
    );
    return { status: 200, body };
  },
});
