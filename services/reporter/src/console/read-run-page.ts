import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import {
  connectionOf,
  type EntityCounts,
  findBudget,
  findRun,
  listRuns,
  phasesOf,
  progressCounts,
  type Run,
  rollbackCounts,
  tokenUse,
  verificationOf,
  workingTimes,
} from '@octopipe/shared/run/read-run';
import { getMigration } from '@octopipe/shared/staging/read-staged';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';
import type { ReporterContext } from '../context.js';
import { listDocuments } from '../reporter/documents.js';
import { waiversOfRun } from '../reporter/gather-facts.js';
import { findingCounts } from '../reporter/read-sources.js';
import type { RunPageFacts } from './run-page.js';
import type { RunsPageFacts } from './runs-page.js';

/** Undefined when the tenant has no such run. */
export function readRunPage(
  ctx: Pick<ReporterContext, 'db'>,
  tenant: Tenant,
  runId: string,
): Promise<RunPageFacts | undefined> {
  return inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, async (tx) => {
    const run = await findRun(tx, tenant.id, runId);
    if (!run) return undefined;
    const connection = await connectionOf(tx, tenant.id, run);
    const use = await tokenUse(tx, tenant.id, run.id);
    return {
      run,
      tenantName: tenant.name,
      companyDomain: connection.companyDomain,
      ...(await nameAndZone(tx, tenant.id, run.migrationId)),
      phases: await phasesOf(tx, tenant.id, run.id),
      worked: await workingTimes(tx, tenant.id, run),
      entities: await countsOf(tx, tenant.id, run),
      verification: await verificationOf(tx, tenant.id, run.id),
      tokensSpent: use.reduce((sum, row) => sum + row.tokens, 0),
      budget: await findBudget(tx, connection.companyKey),
      findings: await findingCounts(tx, tenant.id, run),
      waivers: await waiversOfRun(tx, tenant.id, run),
      documents: await listDocuments(tx, tenant.id, run.id),
    };
  });
}

/** What a rollback took back stands where a load shows what it created, put back where it shows updated. */
async function countsOf(tx: Tx, tenantId: string, run: Run): Promise<EntityCounts[]> {
  if (run.kind !== 'rollback') return progressCounts(tx, tenantId, run.id);
  return (await rollbackCounts(tx, tenantId, run.id)).map((row) => ({
    entity: row.entity,
    planned: row.planned,
    created: row.deleted,
    updated: row.restored,
    unchanged: row.kept + row.gone,
    failed: row.failed,
    waiting: row.waiting,
  }));
}

export function readRunsPage(ctx: ReporterContext, tenant: Tenant, limit: number): Promise<RunsPageFacts> {
  return inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, async (tx) => {
    const runs: Array<RunsPageFacts['runs'][number]> = [];
    for (const run of await listRuns(tx, tenant.id, limit))
      runs.push({ run, ...(await nameAndZone(tx, tenant.id, run.migrationId)) });
    return { tenantName: tenant.name, runs, limit };
  });
}

async function nameAndZone(
  tx: Tx,
  tenantId: string,
  migrationId: string,
): Promise<{ migrationName: string; timeZone: string }> {
  const { name, settings } = await getMigration(tx, tenantId, migrationId);
  const zone =
    typeof settings === 'object' && settings !== null && !Array.isArray(settings)
      ? settings.time_zone
      : undefined;
  return { migrationName: name, timeZone: typeof zone === 'string' ? zone : 'UTC' };
}
