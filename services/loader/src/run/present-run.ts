import type { Tx } from '@octopipe/shared/db/index';
import { phasesOfKind } from '@octopipe/shared/domain/run/states';
import {
  connectionOf,
  entityCounts,
  findBudget,
  getRun,
  phasesOf,
  progressCounts,
  type Run,
  rollbackCounts,
  sharedActivityTypes,
  spentToday,
  tokenUse,
  verificationOf,
} from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';

/** A run as the API shows it, counted from rows. */
export async function presentRun(tx: Tx, tenantId: string, runId: string) {
  const run = await getRun(tx, tenantId, runId);
  // States before counts: a phase that shows as done must not show fewer records than it wrote.
  const states = new Map((await phasesOf(tx, tenantId, runId)).map((row) => [row.phase, row]));
  const isRollback = run.kind === 'rollback';
  const writes = !isRollback && run.kind !== 'verify';
  // Whoever follows a run asks every second; counting each record against its outcome is for the end.
  const count = run.finishedAt === null ? progressCounts : entityCounts;
  const counts = new Map((writes ? await count(tx, tenantId, runId) : []).map((row) => [row.entity, row]));
  const undone = new Map(
    (isRollback ? await rollbackCounts(tx, tenantId, runId) : []).map(({ entity, ...row }) => [entity, row]),
  );
  const used = await tokenUse(tx, tenantId, runId);
  const verified = await verificationOf(tx, tenantId, runId);
  const { companyKey } = await connectionOf(tx, tenantId, run);
  const budget = await findBudget(tx, companyKey);
  const { documents } = await tx
    .selectFrom('reporter.document')
    .select(sql<number>`count(*)::int`.as('documents'))
    .where('runId', '=', runId)
    .where('name', '=', 'summary.json')
    // A run that was reopened has those of its former end.
    .where('createdAt', '>=', run.finishedAt)
    .executeTakeFirstOrThrow();
  const planned = run.plan.tokens;
  const shared = await sharedActivityTypes(tx, tenantId, run.connectionId);
  const noCounts = { planned: 0, created: 0, updated: 0, unchanged: 0, failed: 0, waiting: 0 };
  return {
    id: run.id,
    migration_id: run.migrationId,
    connection_id: run.connectionId,
    mapping_version_id: run.mappingVersionId,
    kind: run.kind,
    of_run_id: run.ofRunId,
    status: run.status,
    phase: run.phase,
    reason_code: run.reasonCode,
    reason: run.reason,
    resume_at: run.resumeAt?.toISOString() ?? null,
    phases: phasesOfKind(run.kind).map(({ name, entity }) => {
      const of = entity === null ? undefined : counts.get(entity);
      const { planned: total, created, updated, unchanged, failed, waiting } = of ?? noCounts;
      const back = entity === null ? undefined : undone.get(entity);
      if (back)
        return { phase: name, entity, state: states.get(name)?.state ?? 'pending', ...noCounts, ...back };
      return {
        phase: name,
        entity,
        state: states.get(name)?.state ?? 'pending',
        planned: total,
        created,
        updated,
        unchanged,
        failed,
        waiting,
      };
    }),
    tokens: {
      planned: planned?.planned ?? null,
      floor: planned?.floor ?? null,
      spent: used.reduce((sum, row) => sum + row.tokens, 0),
      by_operation: Object.fromEntries(used.map((row) => [row.operation, row.tokens])),
      spent_today: budget ? spentToday(budget, new Date()) : null,
      daily_share: budget?.ceiling ?? null,
      daily_limit: budget?.dailyLimit ?? null,
    },
    rollback: rollbackOf(run, budget?.ceiling),
    plan: run.plan.calls ?? null,
    deal_room: run.plan.deal_room ?? null,
    owners: run.plan.owners ?? null,
    shared_activity_types: shared,
    waivers: run.waivers,
    verified: verified.reduce(
      (sum, row) => ({
        records: sum.records + row.records,
        fields: sum.fields + row.fields,
        differences: sum.differences + row.differences,
      }),
      { records: 0, fields: 0, differences: 0 },
    ),
    created_at: run.createdAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
    documents_ready: documents > 0,
  };
}

function rollbackOf({ plan }: Run, dailyShare: number | undefined) {
  if (!plan.rollback) return null;
  return {
    entities: plan.rollback.entities,
    schema_items: plan.rollback.schema_items,
    days: dailyShare && plan.tokens ? Math.ceil(plan.tokens.planned / dailyShare) : null,
    confirmed_by: plan.confirmed?.by ?? null,
  };
}
