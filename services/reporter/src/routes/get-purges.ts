import { Problem } from '@octopipe/shared/core/errors';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { PageQuery, pageOf, positionForms, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute, streamed } from '@octopipe/shared/http/route';
import { findPurge, listPurges, Purge, type PurgeRow, viewPurge } from '@octopipe/shared/purge/receipt';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { contentSecurityPolicy } from '../html/page.js';
import { receiptHtml } from '../reporter/receipt-html.js';

const PurgePath = z.object({ purgeId: z.uuid() });
/** They outlive their tenants, and belong to the installation. */
const access = { roles: ['operator'], scope: 'installation', ids: { purgeId: 'purge' } } as const;

export const getPurges = defineRoute({
  method: 'get',
  path: '/v1/purges',
  access: { roles: ['operator'], scope: 'installation', ids: {} },
  summary: 'Lists the purges of tenants, those under way and the receipts of those that are done.',
  query: z.object({
    tenant: z
      .string()
      .max(80)
      .optional()
      .meta({ description: 'Only those of tenants that had this slug: they are found by its hash.' }),
    ...PageQuery,
  }),
  answers: { 200: pageOf(Purge) },
  async handle(ctx: ReporterContext, { query }) {
    const after = positionOfCursor(query.cursor, positionForms.uuid);
    const found = await inSystemTransaction(ctx.db, (tx) =>
      listPurges(tx, {
        limit: query.limit + 1,
        ...(query.tenant === undefined ? {} : { slug: query.tenant }),
        ...(after === undefined ? {} : { after }),
      }),
    );
    return { status: 200, body: toPage(found, query.limit, (row) => row.id, viewPurge) };
  },
});

export const getPurge = defineRoute({
  method: 'get',
  path: '/v1/purges/:purgeId',
  access,
  summary: 'A purge: how far it is, or its receipt.',
  params: PurgePath,
  answers: { 200: Purge },
  problems: ['purge_not_found'],
  async handle(ctx: ReporterContext, { params }) {
    return { status: 200, body: viewPurge(await getPurgeRow(ctx, params.purgeId)) };
  },
});

export const getPurgeReceipt = defineRoute({
  method: 'get',
  path: '/v1/purges/:purgeId/receipt',
  access,
  summary: 'The receipt as a page to print.',
  params: PurgePath,
  answers: { 200: streamed('text/html') },
  problems: ['purge_not_found', 'purge_not_done'],
  async handle(ctx: ReporterContext, { params }, res) {
    const row = await getPurgeRow(ctx, params.purgeId);
    if (row.step !== 'done')
      throw new Problem(
        409,
        'purge_not_done',
        'The purge is under way; its receipt is printed when it has ended.',
      );
    res.setHeader('content-security-policy', contentSecurityPolicy);
    res.setHeader('content-disposition', `inline; filename="purge-receipt-${row.id}.html"`);
    res.setHeader('cache-control', 'private, no-cache');
    res.status(200).type('html').send(receiptHtml(row));
    return undefined;
  },
});

async function getPurgeRow(ctx: ReporterContext, id: string): Promise<PurgeRow> {
  const row = await inSystemTransaction(ctx.db, (tx) => findPurge(tx, id));
  if (!row) throw new Problem(404, 'purge_not_found', 'There is no such purge.');
  return row;
}
