import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Tx } from '../db/index.js';
import type { SharedActivityType } from '../domain/mapping/shared-activity-types.js';
import {
  loadKinds,
  type PhaseName,
  type RunKind,
  type RunStatus,
  runStatuses,
} from '../domain/run/states.js';

/** A gate that a person let pass without its check; shown in every document. */
/** `actor` is whom the caller names; `key` the label of the key that said so. */
export const Waiver = z.looseObject({
  gate: z.string(),
  actor: z.string(),
  key: z.string().optional(),
  at: z.string().optional(),
});
export type Waiver = z.infer<typeof Waiver>;

/** What a rollback found when it looked, and what it would do; the records one by one stand in `rollback_item`. */
export const RollbackPlan = z.looseObject({
  /** When the look began: what changes later is looked at again before anything is deleted. */
  looked_at: z.string(),
  deletes: z.number(),
  restores: z.number(),
  keeps: z.number(),
  gone: z.number(),
  entities: z.record(
    z.string(),
    z.object({
      delete: z.number(),
      restore: z.number(),
      restored: z.number(),
      gone: z.number(),
      /** By reason. */
      keep: z.record(z.string(), z.number()),
    }),
  ),
  /** Fields, options, stages … that we made: they go when nothing uses them any more. */
  schema_items: z.number(),
  /** The records of the account that are not ours, in one hash: the same afterwards, unless somebody works there. */
  others: z.object({ records: z.number(), hash: z.string() }),
});
export type RollbackPlan = z.infer<typeof RollbackPlan>;

/** Leads and deals against what the account's plan holds, both together: counted before the first write. */
export const DealRoom = z.object({
  plan: z.string(),
  seats: z.number(),
  plan_source: z.string(),
  /** Null: the plan has no such limit. */
  cap: z.number().nullable(),
  /** In the account, archived ones apart. */
  standing: z.object({ deals: z.number(), closed_deals: z.number(), leads: z.number() }),
  /** New with this run. */
  coming: z.object({ open_deals: z.number(), closed_deals: z.number(), leads: z.number() }),
  /** How many find no room; with any the run is refused. */
  over: z.number(),
  /** The coming deals without which the rest would fit: those that had closed by a day, the oldest. */
  left_out: z.object({ closed_by: z.string(), deals: z.number() }).nullable(),
});
export type DealRoom = z.infer<typeof DealRoom>;

/** Why a worker of the export is bound to no user. */
export const unmatchedReasons = ['no_user', 'no_email', 'shared_email'] as const;

/** Whom records go to: the workers of the export against the account's users, as they stood before the first write. */
export const PlannedOwners = z.object({
  matched: z.number(),
  unmatched: z.number(),
  /** Records none of whose workers is a user: they go to the user with whose token the account was connected first. */
  records: z.number(),
  /** Those who match no user, whoever has most records first: as many as a person reads. */
  workers: z.array(
    z.object({
      source_key: z.string(),
      name: z.string(),
      why: z.enum(unmatchedReasons),
      records: z.number(),
    }),
  ),
});
export type PlannedOwners = z.infer<typeof PlannedOwners>;

/** What the loader forecasts before the first write. Empty until the run has been planned. */
export const RunPlan = z.looseObject({
  tokens: z
    .looseObject({
      planned: z.number(),
      floor: z.number(),
      by_operation: z.record(z.string(), z.number()).default({}),
      /** The same, by the part of the run they are for; loads only, and absent in plans from before it was kept. */
      by_phase: z
        .object({
          provision: z.record(z.string(), z.number()),
          load: z.record(z.string(), z.number()),
          verify: z.record(z.string(), z.number()),
        })
        .optional(),
    })
    .optional(),
  rollback: RollbackPlan.optional(),
  /** Who said go after the preview of a rollback. */
  confirmed: z.object({ by: z.string(), at: z.string() }).optional(),
  /** The writes, one by one, of a dry run and of a run that was started with the hash of one. */
  calls: z
    .object({
      hash: z.string(),
      by_operation: z.record(z.string(), z.number()),
      not_yet_known: z.array(z.string()),
    })
    .optional(),
  /** Absent in plans from before it was looked at so early. */
  owners: PlannedOwners.optional(),
  /** Of a run that adds leads or deals. */
  deal_room: DealRoom.optional(),
  /** The hash that the run was started with: it writes nothing unless its own is the same. */
  expected_hash: z.string().optional(),
});
export type RunPlan = z.infer<typeof RunPlan>;

export interface Run {
  id: string;
  migrationId: string;
  connectionId: string;
  exportId: string;
  mappingVersionId: string;
  /** Null until the export is mapped: such a run has planned nothing. */
  setId: string | null;
  kind: RunKind;
  /** The load that a rollback or a verify run is about. */
  ofRunId: string | null;
  /** A rollback of these entities only; null: of all. */
  entities: string[] | null;
  status: RunStatus;
  phase: PhaseName | null;
  reasonCode: string | null;
  reason: string | null;
  resumeAt: Date | null;
  waivers: Waiver[];
  plan: RunPlan;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** The second equation of one entity, each term counted by itself: `planned = created + updated + unchanged + failed + waiting`. */
export interface EntityCounts {
  entity: string;
  planned: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  waiting: number;
}

export interface RunPhase {
  phase: PhaseName;
  position: number;
  state: 'pending' | 'running' | 'done';
  planned: number;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export interface TokenUse {
  operation: string;
  calls: number;
  tokens: number;
}

export interface Verification {
  entity: string;
  records: number;
  fields: number;
  differences: number;
  finishedAt: Date;
}

export interface Difference {
  entity: string;
  targetKey: string;
  field: string;
  kind: 'missing' | 'extra' | 'changed' | 'changed_by_us' | 'changed_by_person' | 'truncated';
}

export interface DifferenceCount {
  entity: string;
  kind: Difference['kind'];
  differences: number;
}

export interface FailedRecord {
  entity: string;
  targetKey: string;
  code: string;
  detail: string | null;
}

export interface CrosswalkRow {
  sourceType: string;
  sourceId: string;
  slot: string;
  role: string;
  targetKey: string;
  targetType: string;
  targetId: string;
  payloadHash: string;
  /** `matched`: the record stood in the account before us. */
  origin: 'created' | 'matched';
}

/** What was found for a record of ours among those that stood in the account, and who said what it is. */
export interface RecordMatch {
  entity: string;
  targetKey: string;
  reason: string;
  /** Ids in the account, and in what they agree with ours. */
  candidates: Array<{ id: string; by: string[] }>;
  decision: string | null;
  targetId: string | null;
  decidedBy: string | null;
}

/** The account a run writes to; never its credentials. */
export interface RunConnection {
  companyDomain: string;
  companyKey: string;
  plan: string;
  seats: number;
}

export interface CompanyBudget {
  /** Of the last request, by the account's clock: `spent` is that day's. */
  day: string;
  dailyLimit: number;
  ceiling: number;
  spent: number;
  clockSkewMs: number;
  exhaustedUntil: Date | null;
}

/** A stretch of time in which a run was `running`; the last one is open while it is. */
export interface WorkingTime {
  from: Date;
  to: Date | null;
}

export async function findRun(tx: Tx, tenantId: string, runId: string): Promise<Run | undefined> {
  const row = await runs(tx, tenantId).where('id', '=', runId).executeTakeFirst();
  return row && runOf(row);
}

/** Throws when there is none: the caller holds an id from our own tables or jobs. */
export async function getRun(tx: Tx, tenantId: string, runId: string): Promise<Run> {
  const run = await findRun(tx, tenantId, runId);
  if (!run) throw new Error(`run ${runId} does not exist for this tenant`);
  return run;
}

/** The tenant's latest runs, newest first. */
export async function listRuns(tx: Tx, tenantId: string, limit: number): Promise<Run[]> {
  const rows = await runs(tx, tenantId)
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(runOf);
}

export async function phasesOf(tx: Tx, tenantId: string, runId: string): Promise<RunPhase[]> {
  const rows = await tx
    .selectFrom('loader.runPhase')
    .select(['phase', 'position', 'state', 'planned', 'startedAt', 'finishedAt'])
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId)
    .orderBy('position')
    .execute();
  return rows.map((row) => ({
    ...row,
    phase: row.phase as PhaseName,
    state: row.state as RunPhase['state'],
  }));
}

/**
 * `waiting` is counted (records of the set without an outcome), not computed from the other terms: otherwise the
 * equation would hold by construction and prove nothing. Outcomes are counted whether or not their key is in the set.
 */
export async function entityCounts(tx: Tx, tenantId: string, runId: string): Promise<EntityCounts[]> {
  const { rows } = await sql<EntityCounts>`
    with planned as (
      select record.entity, count(*)::int as planned,
        count(*) filter (where outcome.target_key is null)::int as waiting
      from loader.run
      join transform.mapped_record record on record.set_id = run.set_id and record.tenant_id = run.tenant_id
      left join loader.record_outcome outcome on outcome.run_id = run.id and outcome.target_key = record.target_key
      where run.id = ${runId} and run.tenant_id = ${tenantId}
      group by record.entity
    ), written as (
      select entity,
        count(*) filter (where outcome = 'created')::int as created,
        count(*) filter (where outcome = 'updated')::int as updated,
        count(*) filter (where outcome = 'unchanged')::int as unchanged,
        count(*) filter (where outcome = 'failed')::int as failed
      from loader.record_outcome
      where run_id = ${runId} and tenant_id = ${tenantId}
      group by entity
    )
    select entity, coalesce(planned, 0) as planned, coalesce(created, 0) as created, coalesce(updated, 0) as updated,
      coalesce(unchanged, 0) as unchanged, coalesce(failed, 0) as failed, coalesce(waiting, 0) as waiting
    from planned full join written using (entity)
    order by entity collate "C"`.execute(tx);
  return rows;
}

/** A rollback's equation of one entity: `planned = deleted + restored + gone + kept + failed + waiting`. */
export interface RollbackCounts {
  entity: string;
  planned: number;
  deleted: number;
  restored: number;
  gone: number;
  kept: number;
  failed: number;
  waiting: number;
}

/** Each term counted by itself; empty before the rollback has looked at the account. */
export async function rollbackCounts(tx: Tx, tenantId: string, runId: string): Promise<RollbackCounts[]> {
  const { rows } = await sql<RollbackCounts>`
    select item.entity, count(*)::int as planned,
      count(*) filter (where outcome.outcome = 'deleted')::int as deleted,
      count(*) filter (where outcome.outcome = 'restored')::int as restored,
      count(*) filter (where outcome.outcome = 'gone')::int as gone,
      count(*) filter (where outcome.outcome = 'kept')::int as kept,
      count(*) filter (where outcome.outcome = 'failed')::int as failed,
      count(*) filter (where outcome.target_key is null)::int as waiting
    from loader.rollback_item item
    left join loader.record_outcome outcome on outcome.run_id = item.run_id and outcome.target_key = item.target_key
    where item.run_id = ${runId} and item.tenant_id = ${tenantId}
    group by item.entity
    order by item.entity collate "C"`.execute(tx);
  return rows;
}

/**
 * The same figures for a page that is renewed every other second: `planned` is what the phases were planned with and
 * `waiting` the rest, so one pass over the outcomes is enough (the whole page at 200,000 records: 140 ms instead of 500 ms). It shows
 * progress; it proves nothing. Reports and gates use `entityCounts`.
 */
export async function progressCounts(tx: Tx, tenantId: string, runId: string): Promise<EntityCounts[]> {
  const { rows } = await sql<EntityCounts>`
    with written as (
      select entity,
        count(*) filter (where outcome = 'created')::int as created,
        count(*) filter (where outcome = 'updated')::int as updated,
        count(*) filter (where outcome = 'unchanged')::int as unchanged,
        count(*) filter (where outcome = 'failed')::int as failed,
        count(*)::int as handled
      from loader.record_outcome
      where run_id = ${runId} and tenant_id = ${tenantId}
      group by entity
    )
    select phase.entity, phase.planned, coalesce(created, 0) as created, coalesce(updated, 0) as updated,
      coalesce(unchanged, 0) as unchanged, coalesce(failed, 0) as failed,
      greatest(phase.planned - coalesce(handled, 0), 0) as waiting
    from loader.run_phase phase left join written using (entity)
    where phase.run_id = ${runId} and phase.tenant_id = ${tenantId} and phase.entity is not null
    order by phase.position`.execute(tx);
  return rows;
}

/**
 * Writes of which nobody knows whether they happened: intents sent or ambiguous, of this run or for one of its keys
 * on the same account (an earlier run may have left one behind).
 */
export async function unknownOutcomes(tx: Tx, tenantId: string, run: Run): Promise<number> {
  const { rows } = await sql<{ unknown: number }>`
    select count(*)::int as unknown
    from loader.intent intent
    where intent.tenant_id = ${tenantId} and intent.connection_id = ${run.connectionId}
      and intent.state in ('sent', 'ambiguous')
      and (intent.run_id = ${run.id} or exists (
        select from transform.mapped_record record
        where record.set_id = ${run.setId}::uuid and record.target_key = intent.target_key))`.execute(tx);
  return rows[0]?.unknown ?? 0;
}

export async function tokenUse(tx: Tx, tenantId: string, runId: string): Promise<TokenUse[]> {
  return tx
    .selectFrom('loader.tokenUse')
    .select([
      'operation',
      sql<number>`sum(calls)::int`.as('calls'),
      sql<number>`sum(tokens)::int`.as('tokens'),
    ])
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId)
    .groupBy('operation')
    .orderBy('operation')
    .execute();
}

export async function verificationOf(tx: Tx, tenantId: string, runId: string): Promise<Verification[]> {
  return tx
    .selectFrom('loader.verification')
    .select(['entity', 'records', 'fields', 'differences', 'finishedAt'])
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId)
    .orderBy('entity')
    .execute();
}

export async function connectionOf(tx: Tx, tenantId: string, run: Run): Promise<RunConnection> {
  return tx
    .selectFrom('loader.connection')
    .select(['companyDomain', 'companyKey', 'plan', 'seats'])
    .where('tenantId', '=', tenantId)
    .where('id', '=', run.connectionId)
    .executeTakeFirstOrThrow();
}

/** The row of the company's token budget; undefined before the first call of the account. */
export async function findBudget(tx: Tx, companyKey: string): Promise<CompanyBudget | undefined> {
  const row = await tx
    .selectFrom('loader.companyBudget')
    .select(['day', 'dailyLimit', 'ceiling', 'spent', 'clockSkewMs', 'exhaustedUntil'])
    .where('companyKey', '=', companyKey)
    .executeTakeFirst();
  return row && { ...row, clockSkewMs: Number(row.clockSkewMs) };
}

/** Until a request of the new day has rolled the row over, its count is yesterday's; of today nothing is spent then. */
export function spentToday({ day, spent, clockSkewMs }: CompanyBudget, now: Date): number {
  return new Date(now.getTime() + clockSkewMs).toISOString().slice(0, 10) > day ? 0 : spent;
}

/** When the run worked, from its log: what it was parked, paused or waiting for a person is not among it. */
export async function workingTimes(tx: Tx, tenantId: string, run: Run): Promise<WorkingTime[]> {
  const moves = await tx
    .selectFrom('core.event')
    .select(['kind', 'at'])
    .where('tenantId', '=', tenantId)
    .where('migrationId', '=', run.migrationId)
    .where('runId', '=', run.id)
    .where(
      'kind',
      'in',
      runStatuses.map((status) => `run.${status}`),
    )
    .orderBy('id')
    .execute();
  const times: WorkingTime[] = [];
  for (const { kind, at } of moves) {
    const last = times.at(-1);
    const isOpen = last !== undefined && last.to === null;
    if (kind === 'run.running' && !isOpen) times.push({ from: at, to: null });
    if (kind !== 'run.running' && isOpen) last.to = at;
  }
  return times;
}

/** How many differences a run found, by kind of record and kind of difference. */
export async function differenceCounts(tx: Tx, tenantId: string, runId: string): Promise<DifferenceCount[]> {
  const { rows } = await sql<DifferenceCount>`
    select entity, kind, count(*)::int as differences from loader.difference
    where tenant_id = ${tenantId} and run_id = ${runId}
    group by entity, kind order by entity collate "C", kind collate "C"`.execute(tx);
  return rows;
}

/** Tokens that the loads of a run's migration have spent in its account: what its verification is measured against. */
export async function loadTokens(tx: Tx, tenantId: string, run: Run): Promise<number> {
  const row = await tx
    .selectFrom('loader.tokenUse as use')
    .innerJoin('loader.run as load', 'load.id', 'use.runId')
    .select(sql<number>`coalesce(sum(use.tokens), 0)::int`.as('tokens'))
    .where('use.tenantId', '=', tenantId)
    .where('load.migrationId', '=', run.migrationId)
    .where('load.connectionId', '=', run.connectionId)
    .where('load.kind', 'in', [...loadKinds])
    .executeTakeFirstOrThrow();
  return row.tokens;
}

/** By record and field. Differences hold no values, so this list may be shown to anybody who may see the run. */
export function differencesOf(tx: Tx, tenantId: string, runId: string): AsyncGenerator<Difference> {
  return streamRows<Difference>(
    tx,
    sql`select entity, target_key, field, kind from loader.difference
      where tenant_id = ${tenantId} and run_id = ${runId}
      order by entity collate "C", target_key collate "C", field collate "C"`,
  );
}

export function failedRecords(tx: Tx, tenantId: string, runId: string): AsyncGenerator<FailedRecord> {
  return streamRows<FailedRecord>(
    tx,
    sql`select entity, target_key, code, detail from loader.record_outcome
      where tenant_id = ${tenantId} and run_id = ${runId} and outcome = 'failed'
      order by entity collate "C", target_key collate "C"`,
  );
}

/** Of the records of this run's set, by record. Ids and kinds of agreement only, no values. */
export function matchesOf(tx: Tx, tenantId: string, run: Run): AsyncGenerator<RecordMatch> {
  return streamRows<RecordMatch>(
    tx,
    sql`select found.entity, found.target_key, found.reason, found.candidates, found.decision, found.target_id, found.decided_by
      from loader.record_match found
      join transform.mapped_record record on record.set_id = ${run.setId}::uuid and record.target_key = found.target_key
      where found.tenant_id = ${tenantId} and found.connection_id = ${run.connectionId}
      order by found.entity collate "C", found.target_key collate "C"`,
  );
}

/** By entity: records that were found standing, and questions about which a person (or their waiver) decided. */
export async function matchCounts(
  tx: Tx,
  tenantId: string,
  run: Run,
): Promise<Array<{ entity: string; matched: number; asked: number; createdAnew: number }>> {
  const { rows } = await sql<{ entity: string; matched: number; asked: number; createdAnew: number }>`
    select found.entity, (count(*) filter (where found.decision = 'match'))::int as matched,
      (count(*) filter (where found.reason <> 'one_candidate'))::int as asked,
      (count(*) filter (where found.decision = 'create'))::int as created_anew
    from loader.record_match found
    join transform.mapped_record record on record.set_id = ${run.setId}::uuid and record.target_key = found.target_key
    where found.tenant_id = ${tenantId} and found.connection_id = ${run.connectionId}
    group by found.entity order by found.entity collate "C"`.execute(tx);
  return rows;
}

/** A record that a rollback left in the account, by the name that stood there when it was looked at. */
export interface KeptRecord {
  entity: string;
  targetKey: string;
  targetId: string;
  reason: string;
  label: string;
  /** The fields that somebody changed. */
  fields: string[];
}

/** As a reason: the record was put back, but for fields that somebody changed since. */
const fieldsEdited = 'fields_edited';

/** What a rollback kept, by reason; what it was not asked to take back is counted and not listed. */
export function keptRecords(tx: Tx, tenantId: string, runId: string): AsyncGenerator<KeptRecord> {
  return streamRows<KeptRecord>(
    tx,
    sql`select item.entity, item.target_key, item.target_id, coalesce(outcome.code, ${fieldsEdited}) as reason,
        coalesce(item.label, '') as label, item.fields
      from loader.record_outcome outcome
      join loader.rollback_item item on item.run_id = outcome.run_id and item.target_key = outcome.target_key
      where outcome.tenant_id = ${tenantId} and outcome.run_id = ${runId}
        and ((outcome.outcome = 'kept' and outcome.code <> 'not_selected')
          or (outcome.outcome = 'restored' and item.fields <> '{}'))
      order by reason collate "C", item.entity collate "C", item.target_key collate "C"`,
  );
}

/** How many records a rollback kept, or put back but for some fields, by reason. */
export async function keptCounts(
  tx: Tx,
  tenantId: string,
  runId: string,
): Promise<Array<{ reason: string; records: number }>> {
  const { rows } = await sql<{ reason: string; records: number }>`
    select coalesce(outcome.code, ${fieldsEdited}) as reason, count(*)::int as records
    from loader.record_outcome outcome
    join loader.rollback_item item on item.run_id = outcome.run_id and item.target_key = outcome.target_key
    where outcome.tenant_id = ${tenantId} and outcome.run_id = ${runId}
      and (outcome.outcome = 'kept' or (outcome.outcome = 'restored' and item.fields <> '{}'))
    group by 1 order by 1`.execute(tx);
  return rows;
}

/** What the last phase of a rollback did, once it is done. */
export const SchemaRemoval = z.object({
  removed: z.number(),
  kept: z.array(z.object({ kind: z.string(), entity: z.string(), name: z.string(), reason: z.string() })),
  /** The records that are not ours, as in the plan. */
  others: z.object({ records: z.number(), hash: z.string() }),
});
export type SchemaRemoval = z.infer<typeof SchemaRemoval>;

export async function findSchemaRemoval(
  tx: Tx,
  tenantId: string,
  runId: string,
): Promise<SchemaRemoval | undefined> {
  const row = await tx
    .selectFrom('loader.runPhase')
    .select('gate')
    .where('tenantId', '=', tenantId)
    .where('runId', '=', runId)
    .where('phase', '=', 'schema')
    .executeTakeFirst();
  return row?.gate ? SchemaRemoval.parse(row.gate) : undefined;
}

/** Kinds of activity that share a type, because an account of the tenant takes no more: of one account, or of all. */
export async function sharedActivityTypes(
  tx: Tx,
  tenantId: string,
  connectionId?: string,
): Promise<SharedActivityType[]> {
  let items = tx
    .selectFrom('loader.destinationItem')
    .select(['name as kind', 'actualName as type'])
    .distinct()
    .where('tenantId', '=', tenantId)
    .where('kind', '=', 'activity_type')
    .where('remoteKey', 'is not', null)
    .whereRef('actualName', '<>', 'name');
  if (connectionId !== undefined) items = items.where('connectionId', '=', connectionId);
  return items.orderBy('name').orderBy('actualName').execute();
}

/** Every source record of the account with its target record: of this run and of those before it. */
export function crosswalkRows(tx: Tx, tenantId: string, connectionId: string): AsyncGenerator<CrosswalkRow> {
  return streamRows<CrosswalkRow>(
    tx,
    sql`select link.source_type, link.source_id, link.slot, link.role, link.target_key,
        record.entity as target_type, record.target_id, record.payload_hash,
        case when record.written_fields is null then 'created' else 'matched' end as origin
      from loader.crosswalk link
      join loader.target_record record
        on record.connection_id = link.connection_id and record.target_key = link.target_key
      where link.tenant_id = ${tenantId} and link.connection_id = ${connectionId}
      order by link.source_type collate "C", link.source_id collate "C", link.slot collate "C", link.target_key collate "C"`,
  );
}

/** Rows that `streamRows` holds in memory at a time. */
const pageSize = 1_000;
/** Cursors are named within their transaction; a number per process keeps several of one transaction apart. */
let cursors = 0;

/**
 * All rows of a query, a page in memory at a time, from one snapshot: a server-side cursor of the caller's
 * transaction. Not key-set pages, because byte order (`collate "C"`, the same on every server) has no index here and
 * would be sorted again for each page. The cursor ends with the transaction; it is not closed earlier, because after
 * a failure `close` would only hide the first error.
 */
export async function* streamRows<T>(tx: Tx, query: RawBuilder<unknown>): AsyncGenerator<T> {
  cursors += 1;
  const cursor = sql.id(`rows_${cursors}`);
  await sql`declare ${cursor} no scroll cursor for ${query}`.execute(tx);
  for (;;) {
    const { rows } = await sql<T>`fetch forward ${sql.lit(pageSize)} from ${cursor}`.execute(tx);
    yield* rows;
    if (rows.length < pageSize) return;
  }
}

function runs(tx: Tx, tenantId: string) {
  return tx
    .selectFrom('loader.run')
    .select([
      'id',
      'migrationId',
      'connectionId',
      'exportId',
      'mappingVersionId',
      'setId',
      'kind',
      'ofRunId',
      'entities',
      'status',
      'phase',
      'reasonCode',
      'reason',
      'resumeAt',
      'waivers',
      'plan',
      'createdAt',
      'startedAt',
      'finishedAt',
    ])
    .where('tenantId', '=', tenantId);
}

function runOf(
  row: Omit<Run, 'kind' | 'status' | 'phase' | 'waivers' | 'plan'> & {
    kind: string;
    status: string;
    phase: string | null;
    waivers: unknown;
    plan: unknown;
  },
): Run {
  return {
    ...row,
    kind: row.kind as RunKind,
    status: row.status as RunStatus,
    phase: row.phase as PhaseName | null,
    waivers: z.array(Waiver).parse(row.waivers),
    plan: RunPlan.parse(row.plan),
  };
}
