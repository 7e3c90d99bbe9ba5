import { RetryLater, RunStopped } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import { inTransaction } from '@octopipe/shared/db/index';
import type { DestinationSchema, FieldEntity } from '@octopipe/shared/domain/mapping/content';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { ApiRequest } from '@octopipe/shared/pipedrive/http';
import { type CallPurpose, fieldOperations } from '@octopipe/shared/pipedrive/planned-calls';
import { sql } from 'kysely';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import type { Account, WriteOutcome } from '../destination/account.js';
import { countUseOrEnd } from '../write/hold-run.js';
import { type AccountSchema, RemoteField, RemotePipeline, RemoteStage } from './account-schema.js';
import { identity, type KnownItem, type PlannedItem } from './plan-schema.js';

export interface Scope {
  tenantId: string;
  connectionId: string;
  runId: string;
}

export async function readKnownItems(
  ctx: LoaderContext,
  scope: Pick<Scope, 'tenantId' | 'connectionId'>,
): Promise<KnownItem[]> {
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .selectFrom('loader.destinationItem')
      .select(['kind', 'entity', 'parent', 'name', 'itemType', 'actualName', 'remoteId', 'remoteKey'])
      .where('connectionId', '=', scope.connectionId)
      .execute(),
  );
  return rows.map((row) => ({ ...row, kind: row.kind as KnownItem['kind'] }));
}

/** Whether activities of ours stand in the account: what they look like is settled then. */
export async function hasActivities(
  ctx: LoaderContext,
  scope: Pick<Scope, 'tenantId' | 'connectionId'>,
): Promise<boolean> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .selectFrom('loader.targetRecord')
      .select('targetKey')
      .where('connectionId', '=', scope.connectionId)
      .where('entity', '=', 'activity')
      .limit(1)
      .executeTakeFirst(),
  );
  return row !== undefined;
}

/**
 * Commits the names before anything is made: what stands under such a name later, and did not before, is ours, also
 * when we died between making and noting it. What a run that ended before had only planned is judged anew: somebody
 * else may have made it since. So is what gets another name than it was known by: a kind of activity that shared a type.
 */
export async function notePlannedItems(
  ctx: LoaderContext,
  scope: Scope,
  items: ReadonlyArray<PlannedItem>,
  missing: ReadonlyArray<PlannedItem>,
): Promise<void> {
  if (items.length === 0) return;
  const toMake = new Set(missing.map(identity));
  await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .insertInto('loader.destinationItem')
      .values(
        items.map((item) => ({
          ...item,
          tenantId: scope.tenantId,
          connectionId: scope.connectionId,
          createdByRun: toMake.has(identity(item)) ? scope.runId : null,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['connectionId', 'kind', 'entity', 'parent', 'name'])
          .doUpdateSet({
            createdByRun: sql<string | null>`excluded.created_by_run`,
            actualName: sql<string>`excluded.actual_name`,
            remoteId: null,
            remoteKey: null,
          })
          .where(sql<boolean>`loader.destination_item.actual_name <> excluded.actual_name
            or (loader.destination_item.remote_key is null
              and loader.destination_item.created_by_run is distinct from ${scope.runId})`),
      )
      .execute(),
  );
}

/**
 * Makes what is missing and binds what stands, one item at a time, in the order of dependence. Every make is preceded
 * by the look at the lists in `account`, so that a repeat after a crash or a lost answer finds what was made.
 */
export async function applySchema(
  ctx: LoaderContext,
  account: Account,
  scope: Scope,
  schema: DestinationSchema,
  remote: AccountSchema,
  items: ReadonlyArray<PlannedItem>,
): Promise<void> {
  const planned = new Map(items.map((item) => [identity(item), item]));
  const plannedOf = (item: Pick<KnownItem, 'kind' | 'entity' | 'parent' | 'name'>): PlannedItem => {
    const found = planned.get(identity(item));
    if (!found) throw new Error(`${identity(item)} was not planned`);
    return found;
  };
  for (const field of schema.fields) {
    const item = plannedOf({ kind: 'field', entity: field.entity, parent: '', name: field.name });
    const standing = remote.fields[field.entity].find(
      (row) => row.is_custom_field && row.field_name === item.actualName && row.field_type === field.type,
    );
    const made = standing ?? (await makeField(account, field.entity, item, field.options));
    const options = await ensureOptions(account, field.entity, made, field.options);
    await saveField(ctx, scope, item, made, options, standing === undefined);
  }
  for (const pipeline of schema.pipelines) {
    const item = plannedOf({ kind: 'pipeline', entity: '', parent: '', name: pipeline.name });
    const standing = remote.pipelines.find((row) => row.name === item.actualName);
    const made =
      standing ??
      RemotePipeline.parse(
        await make(account, { operation: 'createPipeline', json: { name: item.actualName } }),
      );
    await saveItem(ctx, scope, item, String(made.id), String(made.id), standing === undefined);
    for (const name of pipeline.stages) {
      const stage = plannedOf({ kind: 'stage', entity: '', parent: pipeline.name, name });
      const there = remote.stages.find((row) => row.pipeline_id === made.id && row.name === stage.actualName);
      const stands =
        there ??
        RemoteStage.parse(
          await make(account, {
            operation: 'createStage',
            json: { name: stage.actualName, pipeline_id: made.id },
          }),
        );
      await saveItem(ctx, scope, stage, String(stands.id), String(stands.id), there === undefined);
    }
  }
}

async function makeField(
  account: Account,
  entity: FieldEntity,
  item: PlannedItem,
  options: string[],
): Promise<RemoteField> {
  const withOptions = item.itemType === 'enum' || item.itemType === 'set';
  const data = await make(account, {
    operation: fieldOperations[entity].create,
    json: {
      field_name: item.actualName,
      field_type: item.itemType,
      ...(withOptions ? { options: options.map((label) => ({ label })) } : {}),
    },
  });
  return RemoteField.parse(data);
}

export const AddedOptions = z.array(z.object({ id: z.union([z.number(), z.string()]), label: z.string() }));

async function ensureOptions(
  account: Account,
  entity: FieldEntity,
  field: RemoteField,
  wanted: string[],
): Promise<Array<{ id: number | string; label: string }>> {
  const standing = field.options ?? [];
  const missing = wanted.filter((label) => !standing.some((option) => option.label === label));
  if (missing.length === 0) return standing;
  const request = {
    operation: fieldOperations[entity].addOptions,
    path: { field_code: field.field_code },
    json: missing.map((label) => ({ label })),
  };
  // A new field is made with its options: what lacks some stood there.
  const data = await make(account, request, 'asked_by_answers');
  return [...standing, ...AddedOptions.parse(data)];
}

/**
 * One schema call. A lost answer is not guessed at: the job is handed back and its next try lists first. A refusal
 * stops the run with the account's own reason.
 */
export async function make(account: Account, request: ApiRequest, purpose?: CallPurpose): Promise<unknown> {
  const outcome = await tryToMake(account, request, purpose);
  if (outcome.kind === 'ok') return outcome.data;
  throw refusalOf(request.operation, outcome);
}

export function refusalOf(
  operation: OperationName,
  outcome: Extract<WriteOutcome, { kind: 'refused' }>,
): RunStopped {
  return new RunStopped(
    'provision_refused',
    `Pipedrive refused ${operation} (${outcome.code}): ${outcome.message} Check the plan's limits and that the token belongs to an admin user, then resume the run.`,
  );
}

/** As `make`, for a call that there is another way to: the refusal is answered. */
export async function tryToMake(
  account: Account,
  request: ApiRequest,
  purpose?: CallPurpose,
): Promise<Extract<WriteOutcome, { kind: 'ok' | 'refused' }>> {
  await account.takeTokens(request.operation);
  await countUseOrEnd(account, request.operation, purpose);
  failpoint('loader.provision_before_call', request.operation);
  const outcome = await account.write(request);
  failpoint('loader.provision_after_call', request.operation);
  if (outcome.kind === 'ok' || outcome.kind === 'refused') return outcome;
  throw new RetryLater(
    outcome.kind === 'unknown' ? account.settings.settleMs : 2_000,
    'schema_call_unanswered',
  );
}

async function saveField(
  ctx: LoaderContext,
  scope: Scope,
  item: PlannedItem,
  field: RemoteField,
  options: Array<{ id: number | string; label: string }>,
  isOurs: boolean,
): Promise<void> {
  await saveItem(ctx, scope, item, field.field_code, field.field_code, isOurs);
  if (options.length === 0) return;
  await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .insertInto('loader.destinationItem')
      .values(
        options.map((option) => ({
          tenantId: scope.tenantId,
          connectionId: scope.connectionId,
          kind: 'option',
          entity: item.entity,
          parent: item.name,
          name: option.label,
          itemType: '',
          actualName: option.label,
          remoteId: String(option.id),
          remoteKey: String(option.id),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['connectionId', 'kind', 'entity', 'parent', 'name']).doUpdateSet((set) => ({
          remoteId: set.ref('excluded.remoteId'),
          remoteKey: set.ref('excluded.remoteKey'),
        })),
      )
      .execute(),
  );
}

export async function saveItem(
  ctx: LoaderContext,
  scope: Scope,
  item: PlannedItem,
  remoteId: string,
  remoteKey: string,
  isNew: boolean,
): Promise<void> {
  await updateItem(ctx, scope, item, {
    remoteId,
    remoteKey,
    ...(isNew ? { createdByRun: scope.runId } : {}),
  });
}

/** An activity type that a kind shares is never ours on its account: a rollback must not take it away. */
export async function saveSharedType(
  ctx: LoaderContext,
  scope: Scope,
  item: PlannedItem,
  remoteId: string,
  remoteKey: string,
): Promise<void> {
  await updateItem(ctx, scope, item, { remoteId, remoteKey, createdByRun: null });
}

async function updateItem(
  ctx: LoaderContext,
  scope: Scope,
  item: PlannedItem,
  found: { remoteId: string; remoteKey: string; createdByRun?: string | null },
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: scope.tenantId }, (tx) =>
    tx
      .updateTable('loader.destinationItem')
      .set({ itemType: item.itemType, actualName: item.actualName, ...found })
      .where('connectionId', '=', scope.connectionId)
      .where('kind', '=', item.kind)
      .where('entity', '=', item.entity)
      .where('parent', '=', item.parent)
      .where('name', '=', item.name)
      .execute(),
  );
}
