import { inTransaction } from '@octopipe/shared/db/index';
import { type FindingCode, findingRules } from '@octopipe/shared/domain/findings';
import { PageQuery, pageOf, positionOfCursor, toPage } from '@octopipe/shared/http/pages';
import { defineRoute } from '@octopipe/shared/http/route';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { exportOfMigration } from './export-of-migration.js';
import { anyRole, ExportPath, Finding } from './shapes.js';

export const getFindings = defineRoute({
  method: 'get',
  path: '/v1/migrations/:id/exports/:exportId/findings',
  access: { roles: anyRole, scope: 'tenant', ids: { id: 'migration', exportId: 'export' } },
  summary: 'Lists what was found in the data of an export.',
  params: ExportPath,
  query: z.object(PageQuery),
  answers: { 200: pageOf(Finding) },
  problems: ['export_not_found'],
  async handle(ctx: IngestContext, { tenant, params, query }) {
    const after = positionOfCursor(query.cursor, /^\d{1,18}$/);
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const { id } = await exportOfMigration(tx, tenant.id, params.id, params.exportId);
      const found = await tx
        .selectFrom('core.finding')
        .selectAll()
        .where('tenantId', '=', tenant.id)
        .where('exportId', '=', id)
        .where('origin', 'in', ['stage', 'assess'])
        .$if(after !== undefined, (all) => all.where('id', '>', after ?? '0'))
        .orderBy('id')
        .limit(query.limit + 1)
        .execute();
      const page = toPage(
        found,
        query.limit,
        (row) => row.id,
        (row) => ({
          code: row.code,
          severity: row.severity,
          says: findingRules[row.code as FindingCode]?.says ?? '',
          object: row.object,
          source_id: row.sourceId,
          file: row.file,
          row_number: row.rowNumber,
          column: row.columnName,
          facts: row.facts,
        }),
      );
      return { status: 200, body: page };
    });
  },
});
