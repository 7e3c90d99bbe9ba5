import type { Sample } from '@octopipe/shared/core/metrics';
import { inSystemTransaction, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses, phases } from '@octopipe/shared/domain/run/states';
import { sql } from 'kysely';
import type { LoaderContext } from './context.js';

/** Series a scrape may hold of things that have ids; beyond them the oldest runs and the busiest companies are shown. */
const mostRuns = 200;
const mostCompanies = 500;

/** Runs, batches, unknown outcomes and budgets, of all tenants: states and counts, under ids. */
export async function count(ctx: LoaderContext): Promise<Sample[]> {
  return inSystemTransaction(ctx.db, async (tx) => [
    ...(await runSamples(tx)),
    ...(await batchSamples(tx)),
    ...(await unknownSamples(tx)),
    ...(await companySamples(tx)),
  ]);
}

/** A run that waits for a budget or a person is not still: nobody is to move it. */
async function runSamples(tx: Tx): Promise<Sample[]> {
  const byReason = tx
    .selectFrom('loader.run')
    .select(['reasonCode', sql<number>`count(*)::int`.as('runs')])
    .groupBy('reasonCode');
  const states = await byReason.select('status').groupBy('status').execute();
  const failed = await byReason
    .where('status', '=', 'failed')
    .where('statusSince', '>', sql<Date>`now() - interval '1 day'`)
    .execute();
  // Reading lists (verify) and making schema (provision) leave their trace only in the company's budget.
  const { rows } = await sql<{ seconds: number | null }>`
    select extract(epoch from now() - min(greatest(
      coalesce(phase.started_at, run.created_at),
      (select max(moved_at) from loader.batch_progress where run_id = run.id and entity = phase.entity),
      case when phase.entity is null then budget.updated_at end)))::float as seconds
    from loader.run run
    left join loader.run_phase phase on phase.run_id = run.id and phase.phase = run.phase
    left join loader.connection connection on connection.id = run.connection_id
    left join loader.company_budget budget on budget.company_key = connection.company_key
    where run.status in ('queued', 'running') and run.phase is distinct from 'mapping'`.execute(tx);
  return [
    ...states.map(
      ({ status, reasonCode, runs }): Sample => ({
        name: 'octopipe_runs',
        labels: { status, reason: reasonCode ?? '' },
        value: runs,
      }),
    ),
    ...failed.map(
      ({ reasonCode, runs }): Sample => ({
        name: 'octopipe_runs_failed',
        labels: { reason: reasonCode ?? '' },
        value: runs,
      }),
    ),
    { name: 'octopipe_unmoved_seconds', labels: {}, value: rows[0]?.seconds ?? 0 },
  ];
}

async function batchSamples(tx: Tx): Promise<Sample[]> {
  const rows = await tx
    .selectFrom('loader.batchProgress as batch')
    .innerJoin(
      (from) =>
        from
          .selectFrom('loader.run')
          .select(['id'])
          .where('status', 'not in', [...endedStatuses])
          .orderBy('createdAt')
          .limit(mostRuns)
          .as('run'),
      (join) => join.onRef('run.id', '=', 'batch.runId'),
    )
    .select(['batch.runId', 'batch.entity', 'batch.state', sql<number>`count(*)::int`.as('batches')])
    .groupBy(['batch.runId', 'batch.entity', 'batch.state'])
    .execute();
  const byState = new Map<string, number>();
  const byPhase = new Map<string, { done: number; all: number }>();
  for (const { runId, entity, state, batches } of rows) {
    const key = `${entity} ${state}`;
    byState.set(key, (byState.get(key) ?? 0) + batches);
    const phase = `${runId} ${phases.find((row) => row.entity === entity)?.name ?? entity}`;
    const { done, all } = byPhase.get(phase) ?? { done: 0, all: 0 };
    byPhase.set(phase, { done: done + (state === 'done' ? batches : 0), all: all + batches });
  }
  return [
    ...[...byState].map(([key, value]): Sample => {
      const [entity = '', state = ''] = key.split(' ');
      return { name: 'octopipe_batches', labels: { entity, state }, value };
    }),
    ...[...byPhase].map(([key, { done, all }]): Sample => {
      const [run = '', phase = ''] = key.split(' ');
      return { name: 'octopipe_run_progress', labels: { run, phase }, value: done / all };
    }),
  ];
}

/**
 * The age is since the first try, so that each further one does not make it young again. It is of those that a running run
 * looks for now or tries again, and at most since it does: a load in its phase of their entity, a rollback for all before
 * it begins. What a cancelled or a parked run left waits for the next one, and nobody is to be woken for it.
 */
async function unknownSamples(tx: Tx): Promise<Sample[]> {
  const { rows } = await sql<{ intents: number; pastSeconds: number | null }>`
    select (count(*) filter (where intent.state = 'ambiguous' or (intent.state = 'sent' and intent.deadline < now())))::int as intents,
      extract(epoch from now() - min(settling.since))::float as past_seconds
    from loader.intent intent
    left join lateral (
      select min(greatest(intent.created_at, run.status_since, phase.started_at)) as since
      from loader.run run
      join loader.run_phase phase on phase.run_id = run.id and phase.phase = run.phase
      where run.connection_id = intent.connection_id and run.status = 'running'
        and (phase.entity = intent.entity or phase.phase = 'look')
    ) settling on true
    where intent.state = 'ambiguous' or (intent.state = 'sent' and intent.deadline < now())
      or (intent.state in ('planned', 'sent') and intent.unanswered > 0)`.execute(tx);
  return [
    { name: 'octopipe_intents_unknown', labels: {}, value: rows[0]?.intents ?? 0 },
    {
      name: 'octopipe_intents_unknown_age_seconds',
      labels: {},
      value: Math.max(0, rows[0]?.pastSeconds ?? 0),
    },
  ];
}

async function companySamples(tx: Tx): Promise<Sample[]> {
  // The day is the server's: until a request of the new one has rolled the row over, its count is yesterday's.
  const rows = await tx
    .selectFrom('loader.companyBudget')
    .select([
      'companyKey',
      'ceiling',
      sql<number>`case when day = ((now() + clock_skew_ms * interval '1 millisecond') at time zone 'utc')::date
        then spent else 0 end`.as('used'),
      sql<number>`greatest(0, extract(epoch from exhausted_until - now()))::float`.as('spentForSeconds'),
      sql<number>`greatest(0, extract(epoch from blocked_until - now()))::float`.as('slowedForSeconds'),
    ])
    .where('updatedAt', '>', sql<Date>`now() - interval '2 days'`)
    .orderBy('updatedAt', 'desc')
    .limit(mostCompanies)
    .execute();
  return rows.flatMap(
    ({ companyKey: company, ceiling, used, spentForSeconds, slowedForSeconds }): Sample[] => [
      { name: 'octopipe_tokens_used', labels: { company }, value: used },
      { name: 'octopipe_tokens_left', labels: { company }, value: Math.max(0, ceiling - used) },
      ...closed(company, 'day_spent', spentForSeconds),
      ...closed(company, 'slowed', slowedForSeconds),
    ],
  );
}

function closed(company: string, reason: string, value: number): Sample[] {
  return value > 0 ? [{ name: 'octopipe_company_closed_seconds', labels: { company, reason }, value }] : [];
}
