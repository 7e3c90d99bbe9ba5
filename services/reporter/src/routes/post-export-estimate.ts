import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { findConfirmedMapping } from '@octopipe/shared/mapped/read-mapped-set';
import { getExport, getMigration } from '@octopipe/shared/staging/read-staged';
import type { ReporterContext } from '../context.js';
import { chooseTerms } from '../estimates/choices.js';
import { estimateOf } from '../estimates/estimate.js';
import { readExportFacts } from '../estimates/read-facts.js';
import { Estimate, ExportEstimateRequest, inputOf } from './estimate-shapes.js';

export const postExportEstimate = defineRoute({
  method: 'post',
  path: '/v1/estimates/export',
  access: {
    roles: ['portal', 'operator', 'tenant_admin'],
    scope: 'tenant',
    ids: { export_id: 'export' },
  },
  summary:
    'The same for a staged export: its own row counts, and once it is mapped its own records and schema.',
  body: ExportEstimateRequest,
  answers: { 200: Estimate },
  problems: ['export_not_found', 'export_not_assessed'],
  async handle(ctx: ReporterContext, { body, tenant }) {
    const { facts, mapping, ordered } = await inTransaction(
      ctx.db,
      { role: 'reporter', tenantId: tenant.id },
      async (tx) => {
        const found = await getExport(tx, tenant.id, body.export_id);
        if (found.state !== 'assessed')
          throw new Problem(409, 'export_not_assessed', `The export is ${found.state}, not assessed yet.`);
        const mapping = await findConfirmedMapping(tx, tenant.id, body.export_id);
        const { settings } = await getMigration(tx, tenant.id, found.migrationId);
        return {
          facts: await readExportFacts(tx, tenant.id, body.export_id, mapping),
          mapping: mapping?.content.settings,
          ordered: settings as Record<string, unknown>,
        };
      },
    );
    const { choices, says } = chooseTerms(body, mapping, ordered);
    const { assumptions, ...estimate } = estimateOf(inputOf(body, choices, facts));
    return { status: 200, body: { ...estimate, assumptions: [...says, ...assumptions] } };
  },
});
