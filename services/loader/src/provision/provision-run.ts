import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { entitiesToMatch } from '@octopipe/shared/domain/mapping/content';
import { markerFieldName } from '@octopipe/shared/domain/mapping/record';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { getMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import {
  type Calls,
  type EntityWork,
  matchCalls,
  probeCalls,
  schemaCalls,
  sumOfCalls,
} from '@octopipe/shared/pipedrive/planned-calls';
import { isPlanName } from '@octopipe/shared/pipedrive/plans';
import type { DealRoom, RunPlan } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable } from '../destination/entity-table.js';
import { changeStatus } from '../run/change-status.js';
import { isInDoubt } from '../run/doubt.js';
import { planRun } from '../run/plan-run.js';
import type { LiveRun } from '../run/read-live-run.js';
import {
  type AccountSchema,
  findLabel,
  firstSchemaCall,
  hasLeadLabels,
  isActive,
  readAccountSchema,
} from './account-schema.js';
import { applyActivityTypes } from './apply-activity-types.js';
import { applyLabels } from './apply-labels.js';
import { applySchema, hasActivities, notePlannedItems, readKnownItems } from './apply-schema.js';
import { assertDealRoom, countDealRoom } from './deal-room.js';
import { matchOwners } from './match-owners.js';
import { assertFieldRoom, countCustomFields, nameItems, type PlannedItem } from './plan-schema.js';
import { planTokens } from './plan-tokens.js';
import { probeDeal } from './probe-deal.js';

type Work = Record<Entity, EntityWork>;

/**
 * Everything that must stand before the first record: the plan's limits hold, fields, pipeline, stages and activity
 * types and labels exist, owners are bound, the account's open questions are answered. Repeats without doubling anything: what
 * stands is found by name and type in lists read at the start of each try.
 */
export async function provisionRun(
  ctx: LoaderContext,
  account: Account,
  run: LiveRun & { setId: string },
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const scope = { tenantId: run.tenantId, connectionId: run.connectionId, runId: run.id };
  const { content } = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    getMappingVersion(tx, run.tenantId, run.mappingVersionId),
  );
  const { schema } = content;
  await account.startOver(firstSchemaCall);
  const remote = await readAccountSchema(account, hasLeadLabels(schema), signal);
  const known = await readKnownItems(ctx, scope);
  const isDoubted = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    isInDoubt(tx, run.connectionId),
  );
  const items = nameItems(schema, remote, known, await hasActivities(ctx, scope), isDoubted);
  const counted = await countWork(ctx, run);
  const { counting, work } = await assertLimits(ctx, account, run, remote, items, counted, isDoubted, signal);

  const missing = missingItems(remote, items);
  const provisioning = schemaCalls(missing, hasLeadLabels(schema));
  const calls = isPlannedByCall(run) ? await planRun(ctx, run, content, missing) : undefined;
  if (calls && (await isOtherThanExpected(ctx, run, calls.hash))) return;
  const owners = await matchOwners(ctx, account, run, signal);
  await savePlan(ctx, run, {
    owners,
    tokens: {
      ...planTokens(
        work,
        provisioning,
        sumOfCalls(probeCalls(work.deal.total), counting, matchCalls(entitiesToMatch(content.settings))),
      ),
    },
    ...(calls ? { calls } : {}),
  });
  if (run.kind === 'dry_run') return;
  await notePlannedItems(ctx, scope, items, missing);
  await applySchema(ctx, account, scope, schema, remote, items);
  const shared = await applyActivityTypes(ctx, account, scope, schema, remote, items);
  await applyLabels(ctx, account, scope, schema, remote, items, signal);
  // Not without deals: an account that is full of them has no place for one more.
  if (work.deal.total > 0) await probeDeal(ctx, account, signal);
  // A kind that shares a type was missing and was not made, unless it is known to share it from a run before.
  const bound = { matched: owners.matched, defaulted: owners.unmatched };
  const made = missing.filter((item) => !shared.some(({ kind }) => isTypeOf(item, kind))).length;
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .updateTable('loader.runPhase')
      .set({
        state: 'done',
        finishedAt: sql<Date>`now()`,
        gate: JSON.stringify({ made, shared_activity_types: shared.length, ...bound }),
      })
      .where('runId', '=', run.id)
      .where('phase', '=', 'provision')
      .execute(),
  );
  log.info(
    { items: items.length, made, sharedActivityTypes: shared.length, ...bound },
    'account provisioned',
  );
}

function isTypeOf({ kind, name }: PlannedItem, wanted: string): boolean {
  return kind === 'activity_type' && name === wanted;
}

/** In the first try only: what a try before this one has made is not missing any more. */
function isPlannedByCall({ kind, plan }: LiveRun): boolean {
  return plan.tokens === undefined && (kind === 'dry_run' || plan.expected_hash !== undefined);
}

/** Ends the run then: what it was started for cannot be done any more. */
async function isOtherThanExpected(ctx: LoaderContext, run: LiveRun, hash: string): Promise<boolean> {
  const expected = run.plan.expected_hash;
  if (expected === undefined || expected === hash) return false;
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    changeStatus(tx, run, {
      to: 'failed',
      reasonCode: 'plan_changed',
      reason: `The run was to carry out plan ${expected.slice(0, 12)}…, but by now it would be ${hash.slice(0, 12)}…: the mapping, the export or the account has changed since. Make a dry run again and start with the hash of that. Nothing was written.`,
    }),
  );
  return true;
}

/** Refuses here, before the first write; answers which list pages the count of deals and leads took, and what of theirs it found. */
async function assertLimits(
  ctx: LoaderContext,
  account: Account,
  run: LiveRun & { setId: string },
  remote: AccountSchema,
  items: ReadonlyArray<PlannedItem>,
  work: Work,
  isDoubted: boolean,
  signal: AbortSignal,
): Promise<{ counting: Calls; work: Work }> {
  const { plan } = account.connection;
  if (!isPlanName(plan)) throw new Error(`unknown plan ${plan}`);
  const newFields = missingItems(remote, items).filter((item) => item.kind === 'field').length;
  assertFieldRoom(plan, { newFields, existingFields: countCustomFields(remote) });
  if (work.deal.creates + work.lead.creates === 0) return { counting: {}, work };
  const { room, pages } = await countDealRoom(
    ctx,
    account,
    run,
    plan,
    signal,
    isDoubted ? standingMarker(remote, items) : undefined,
  );
  await saveDealRoom(ctx, run, room);
  assertDealRoom(room);
  const withForeign = ({ total, creates, ...rest }: EntityWork, standing: number): EntityWork => ({
    ...rest,
    total,
    creates,
    foreign: Math.max(0, standing - (total - creates)),
  });
  const { deals, leads } = room.standing;
  return {
    counting: pages,
    work: { ...work, deal: withForeign(work.deal, deals), lead: withForeign(work.lead, leads) },
  };
}

/** The account's key of the marker field of deals, which leads share. */
function standingMarker(remote: AccountSchema, items: ReadonlyArray<PlannedItem>): string | undefined {
  const item = items.find(
    ({ kind, entity, name }) => kind === 'field' && entity === 'deal' && name === markerFieldName,
  );
  return remote.fields.deal.find((field) => field.is_custom_field && field.field_name === item?.actualName)
    ?.field_code;
}

/** Of each try: a refused run that is resumed may find more room, or less. */
async function saveDealRoom(ctx: LoaderContext, run: LiveRun, deal_room: DealRoom): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .updateTable('loader.run')
      .set({ plan: sql`plan || ${JSON.stringify({ deal_room })}::jsonb` })
      .where('id', '=', run.id)
      .execute(),
  );
}

/** What of the plan does not stand in the account by name (and type, for fields). */
function missingItems(remote: AccountSchema, items: ReadonlyArray<PlannedItem>): PlannedItem[] {
  const pipelineIds = new Map(
    items
      .filter((item) => item.kind === 'pipeline')
      .map((item) => [item.name, remote.pipelines.find((row) => row.name === item.actualName)?.id]),
  );
  return items.filter((item) => {
    switch (item.kind) {
      case 'field':
        return !remote.fields[item.entity as keyof AccountSchema['fields']].some(
          (field) =>
            field.is_custom_field &&
            field.field_name === item.actualName &&
            field.field_type === item.itemType,
        );
      case 'pipeline':
        return pipelineIds.get(item.name) === undefined;
      case 'stage':
        return !remote.stages.some(
          (stage) => stage.pipeline_id === pipelineIds.get(item.parent) && stage.name === item.actualName,
        );
      case 'activity_type':
        return !remote.activityTypes.some((type) => type.name === item.actualName && isActive(type));
      case 'label':
        return findLabel(remote, item.entity, item.actualName) === undefined;
      default:
        return false;
    }
  });
}

/** Per entity: records that are new to this account, changed, and in all. */
async function countWork(ctx: LoaderContext, run: LiveRun & { setId: string }): Promise<Work> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    const rows = await tx
      .selectFrom('transform.mappedRecord as mapped')
      .leftJoin('loader.targetRecord as target', (join) =>
        join
          .onRef('target.targetKey', '=', 'mapped.targetKey')
          .on('target.connectionId', '=', run.connectionId),
      )
      .select([
        'mapped.entity',
        sql<number>`count(*)::int`.as('total'),
        sql<number>`(count(*) filter (where target.target_key is null))::int`.as('creates'),
        sql<number>`(count(*) filter (where target.payload_hash <> mapped.payload_hash))::int`.as('updates'),
      ])
      .where('mapped.setId', '=', run.setId)
      .groupBy('mapped.entity')
      .execute();
    const looks = await countLooks(tx, run);
    const work: Array<[Entity, EntityWork]> = [];
    for (const entity of entities) {
      const { under } = entityTable[entity];
      const counts = rows.find((row) => row.entity === entity) ?? { creates: 0, updates: 0, total: 0 };
      const byParent = under && (await countByParent(tx, run, entity, under.field));
      work.push([entity, { ...counts, looks: looks.get(entity) ?? 0, ...(byParent ? { byParent } : {}) }]);
    }
    return Object.fromEntries(work) as Work;
  });
}

/** How often records are looked at before they are updated: once for each batch that updates, or each by itself. */
async function countLooks(tx: Tx, run: LiveRun & { setId: string }): Promise<Map<Entity, number>> {
  const { rows } = await sql<{ entity: Entity; batches: number; records: number }>`
    select batch.entity, count(distinct batch.id)::int as batches, count(*)::int as records
    from transform.load_batch batch cross join lateral unnest(batch.target_keys) as key
    join transform.mapped_record mapped on mapped.set_id = batch.set_id and mapped.target_key = key
    join loader.target_record target on target.connection_id = ${run.connectionId} and target.target_key = key
    where batch.set_id = ${run.setId} and target.payload_hash <> mapped.payload_hash
    group by batch.entity`.execute(tx);
  return new Map(
    rows.map(({ entity, batches, records }) => [entity, entityTable[entity].get ? records : batches]),
  );
}

/** In the order in which the verification lists the parents. */
async function countByParent(
  tx: Tx,
  run: LiveRun & { setId: string },
  entity: Entity,
  field: string,
): Promise<NonNullable<EntityWork['byParent']>> {
  const { rows } = await sql<{ creates: number; total: number }>`
    select (count(*) filter (where target.target_key is null))::int as creates, count(*)::int as total
    from transform.mapped_record mapped
    cross join lateral (select mapped.payload->${field}->>'$ref') as parent(key)
    left join loader.target_record target
      on target.connection_id = ${run.connectionId} and target.target_key = mapped.target_key
    where mapped.set_id = ${run.setId} and mapped.entity = ${entity}
    group by parent.key
    order by parent.key collate "C"`.execute(tx);
  return rows;
}

/** The plan of the first try stands: a repeat after a crash plans less, but the run's price is what it set out with. */
async function savePlan(
  ctx: LoaderContext,
  run: LiveRun,
  plan: Pick<RunPlan, 'tokens' | 'owners' | 'calls'>,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .updateTable('loader.run')
      .set({ plan: sql`plan || ${JSON.stringify(plan)}::jsonb` })
      .where('id', '=', run.id)
      .where(sql<boolean>`not plan ? 'tokens'`)
      .execute(),
  );
}
