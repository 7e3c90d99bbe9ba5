import { inTransaction } from '@octopipe/shared/db/index';
import { type FindingCode, findingRules } from '@octopipe/shared/domain/findings';
import { defineRoute } from '@octopipe/shared/http/route';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { exportOfMigration } from './export-of-migration.js';
import { PageQuery, positionOfCursor, toPage } from './pages.js';
import { ExportPath } from './tenant-query.js';

const Query = z.object({ tenant: z.string().optional(), ...PageQuery }).strict();

export const getFindings = defineRoute<IngestContext, typeof ExportPath, typeof Query>({
  method: 'get',
  path: '/v1/migrations/:id/exports/:exportId/findings',
  roles: ['portal', 'operator', 'tenant_admin', 'viewer'],
  summary: 'Lists what was found in the data of an export.',
  params: ExportPath,
  query: Query,
  async handle(ctx, { caller, params, query }) {
    const tenant = await tenantOfCall(ctx.db, caller, query.tenant);
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
