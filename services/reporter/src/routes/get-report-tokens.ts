import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { getMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { tokensOf } from '@octopipe/shared/pipedrive/planned-calls';
import { isPlanName } from '@octopipe/shared/pipedrive/plans';
import { connectionOf, findRun, type Run, tokenUse } from '@octopipe/shared/run/read-run';
import { roles } from '@octopipe/shared/tenancy/api-key';
import type { ReporterContext } from '../context.js';
import { choicesOfMapping } from '../estimates/choices.js';
import { compareTokens } from '../estimates/compare-tokens.js';
import { type EstimateInput, estimatedCalls } from '../estimates/estimate.js';
import { readExportFacts, readReasonFacts } from '../estimates/read-facts.js';
import { splitByPhase, type TokensByPhase } from '../estimates/token-reasons.js';
import { RunPath, TokenComparison } from './shapes.js';

export const getReportTokens = defineRoute({
  method: 'get',
  path: '/v1/reports/:runId/tokens',
  access: { roles, scope: 'tenant', ids: { runId: 'run' } },
  summary:
    "A load's tokens as estimated, planned and spent, with reasons that add up to each difference. Also while it runs.",
  params: RunPath,
  answers: { 200: TokenComparison },
  problems: ['run_not_found', 'not_a_load'],
  async handle(ctx: ReporterContext, { params, tenant }) {
    const body = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, async (tx) => {
      const run = await findRun(tx, tenant.id, params.runId);
      if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
      if (run.ofRunId !== null)
        throw new Problem(
          409,
          'not_a_load',
          `A run of kind ${run.kind} is estimated by nobody; ask for the load it is about.`,
        );
      return { run_id: run.id, ...(await compare(tx, tenant.id, run)) };
    });
    return { status: 200, body };
  },
});

async function compare(tx: Tx, tenantId: string, run: Run) {
  const mapping = await getMappingVersion(tx, tenantId, run.mappingVersionId);
  const { settings } = mapping.content;
  const { plan, seats } = await connectionOf(tx, tenantId, run);
  const terms: Omit<EstimateInput, 'rows' | 'customFields' | 'statuses'> = {
    plan: isPlanName(plan) ? plan : 'lite',
    seats,
    // Days and price are not asked for here.
    reserveShare: 0,
    ...choicesOfMapping(settings),
    additionalDeltas: 0,
    standingDeals: 0,
  };
  const { planned, linesByDeal, schema, ...rows } = await readExportFacts(
    tx,
    tenantId,
    run.exportId,
    mapping,
  );
  const reckoned = tokensByPhase({ ...terms, ...rows });
  const estimated = planned ? tokensByPhase({ ...terms, ...rows, planned, linesByDeal, schema }) : null;
  const plannedTokens = plannedByPhase(run, (estimated ?? reckoned).provision);
  const use = await tokenUse(tx, tenantId, run.id);
  const facts = await readReasonFacts(tx, tenantId, run);
  const { probe = 0, probe_again = 0 } = facts.noted.createDeal ?? {};
  const spent = splitByPhase(
    Object.fromEntries(use.map(({ operation, tokens }) => [operation, tokens])),
    (plannedTokens ?? estimated ?? reckoned).provision,
    probe + probe_again,
  );
  return compareTokens({ reckoned, estimated, planned: plannedTokens, spent }, facts);
}

function tokensByPhase(input: EstimateInput): TokensByPhase {
  const { provision, load, verify } = estimatedCalls(input);
  return { provision: tokensOf(provision), load: tokensOf(load), verify: tokensOf(verify) };
}

/** Plans from before they were kept by phase are split as what was spent is. */
function plannedByPhase({ plan }: Run, foreseen: Record<string, number>): TokensByPhase | null {
  if (!plan.tokens) return null;
  const { by_phase, by_operation } = plan.tokens;
  // Of each deal that was to be deleted again: nothing else of a load is.
  return (
    by_phase ?? splitByPhase(by_operation, foreseen, (by_operation.deleteDeal ?? 0) / tokenCost('deleteDeal'))
  );
}
