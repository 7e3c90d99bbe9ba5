import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { sql } from 'kysely';
import type { IngestContext } from '../context.js';
import { exportOfMigration } from './export-of-migration.js';
import { anyRole, Export, ExportPath } from './shapes.js';

export const getExport = defineRoute({
  method: 'get',
  path: '/v1/migrations/:id/exports/:exportId',
  access: { roles: anyRole, scope: 'tenant', ids: { id: 'migration', exportId: 'export' } },
  summary: 'An export: how far it is, its files, its objects, its findings by code.',
  params: ExportPath,
  answers: { 200: Export },
  problems: ['export_not_found'],
  async handle(ctx: IngestContext, { tenant, params }) {
    return inTransaction(ctx.db, { role: 'ingest', tenantId: tenant.id }, async (tx) => {
      const found = await exportOfMigration(tx, tenant.id, params.id, params.exportId);
      const files = await tx
        .selectFrom('ingest.exportFile')
        .select(['path', 'object', 'kind', 'state', 'bytes', 'rowCount', 'droppedColumns'])
        .where('tenantId', '=', tenant.id)
        .where('exportId', '=', found.id)
        .orderBy(sql`path collate "C"`)
        .execute();
      const findings = await tx
        .selectFrom('core.finding')
        .select(['code', sql<number>`count(*)::int`.as('n')])
        .where('tenantId', '=', tenant.id)
        .where('exportId', '=', found.id)
        .where('origin', 'in', ['stage', 'assess'])
        .groupBy('code')
        .orderBy('code')
        .execute();
      const rows = new Map<string, number>();
      for (const file of files) {
        if (file.object !== null && file.rowCount !== null && file.kind !== 'unknown')
          rows.set(file.object, (rows.get(file.object) ?? 0) + file.rowCount);
      }
      return {
        status: 200,
        body: {
          id: found.id,
          state: found.state,
          error_code: found.errorCode,
          error_detail: found.errorDetail,
          files: files.map((file) => ({
            path: file.path,
            object: file.object,
            kind: file.kind,
            state: file.state,
            bytes: Number(file.bytes),
            rows: file.rowCount,
            dropped_columns: file.droppedColumns,
          })),
          objects: [...rows].map(([object, count]) => ({ object, rows: count })),
          findings: Object.fromEntries(findings.map((finding) => [finding.code, finding.n])),
        },
      };
    });
  },
});
