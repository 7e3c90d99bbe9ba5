import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { countRecords, findConfirmedMapping, findMappedSet } from '@octopipe/shared/mapped/read-mapped-set';
import { getExport, listStagedObjects } from '@octopipe/shared/staging/read-staged';
import type { ReporterContext } from '../context.js';
import { estimateOf } from '../estimates/estimate.js';
import { Estimate, ExportEstimateRequest, inputOf } from './estimate-shapes.js';

export const postExportEstimate = defineRoute({
  method: 'post',
  path: '/v1/estimates/export',
  access: {
    roles: ['portal', 'operator', 'tenant_admin'],
    scope: 'tenant',
    ids: { export_id: 'export' },
  },
  summary: 'The same for a staged export: its own row counts, and its own records once it is mapped.',
  body: ExportEstimateRequest,
  answers: { 200: Estimate },
  problems: ['export_not_found', 'export_not_assessed'],
  async handle(ctx: ReporterContext, { body, tenant }) {
    const facts = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, async (tx) => {
      const found = await getExport(tx, tenant.id, body.export_id);
      if (found.state !== 'assessed')
        throw new Problem(409, 'export_not_assessed', `The export is ${found.state}, not assessed yet.`);
      const staged = await listStagedObjects(tx, tenant.id, body.export_id);
      const rows = Object.fromEntries(staged.map(({ object, rows: count }) => [object, count]));
      const mapping = await findConfirmedMapping(tx, tenant.id, body.export_id);
      const set = mapping && (await findMappedSet(tx, tenant.id, body.export_id, mapping.id));
      const counts = set?.state === 'mapped' ? await countRecords(tx, tenant.id, set.id) : undefined;
      return {
        rows,
        planned: counts && Object.fromEntries(counts.map(({ entity, count }) => [entity, count])),
        customFields: rows.custom_field ?? 0,
        statuses: rows.booking_status ?? 0,
      };
    });
    return { status: 200, body: estimateOf(inputOf(body, facts)) };
  },
});
