import { RetryLater } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { entities } from '@octopipe/shared/domain/run/states';
import type { ApiRequest } from '@octopipe/shared/pipedrive/http';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { type Account, isGone } from '../destination/account.js';
import {
  type AccountSchema,
  labelFieldOf,
  labelOperations,
  readAccountSchema,
} from '../provision/account-schema.js';
import { type LabelledEntity, readLabelFieldV1 } from '../provision/apply-labels.js';
import type { LiveRun } from '../run/read-live-run.js';
import { type AccountState, AccountWalk, StateHash, stateKey } from '../verify/state-hash.js';
import { countUseOrEnd } from '../write/hold-run.js';
import { decideSchemaItem, SchemaUse } from './decide-schema.js';
import { idsOfOurs } from './read-ours.js';
import { hasLeadLabel, readSchemaItems, removalOf, removalOrder, type SchemaItem } from './schema-items.js';

interface KeptItem {
  kind: string;
  entity: string;
  name: string;
  reason: string;
}

/**
 * The last phase of a rollback: reads what is left in the account, and removes of what we made there, fields first and the
 * pipeline last, whatever nothing uses any more. A part of a migration taken back leaves the schema as it is.
 *
 * Guarantee: repeats from the start when it dies or an answer is lost; what is gone by then is not in the lists.
 */
export async function removeSchema(
  ctx: LoaderContext,
  account: Account,
  run: LiveRun,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const scope = { role: 'loader', tenantId: run.tenantId } as const;
  const { use, others } = await readWhatIsLeft(ctx, account, run, signal);
  const kept: KeptItem[] = [];
  let removed = 0;
  if (run.entities === null) {
    const items = await inTransaction(ctx.db, scope, (tx) => readSchemaItems(tx, run));
    const remote =
      items.length > 0 ? await readAccountSchema(account, hasLeadLabel(items), signal) : undefined;
    const goingStages = new Set<string>();
    for (const item of inRemovalOrder(items)) {
      if (!remote) break;
      const options = await optionsOf(ctx, run, item);
      const decision = decideSchemaItem(item, remote, use, { options, stages: goingStages });
      const reason =
        decision.action === 'keep'
          ? decision.reason
          : await remove(account, item, remote, decision.action, signal);
      if (reason !== undefined) {
        kept.push({ kind: item.kind, entity: item.entity, name: item.actualName, reason });
        continue;
      }
      if (item.kind === 'stage' && item.remoteId !== null) goingStages.add(item.remoteId);
      await forgetItem(ctx, run, item);
      removed += 1;
    }
  }
  await inTransaction(ctx.db, scope, (tx) =>
    tx
      .updateTable('loader.runPhase')
      .set({
        state: 'done',
        finishedAt: sql<Date>`now()`,
        gate: JSON.stringify({ removed, kept, others }),
      })
      .where('runId', '=', run.id)
      .where('phase', '=', 'schema')
      .execute(),
  );
  log.info({ removed, kept: kept.length, others: others.records }, 'schema of ours removed');
}

async function readWhatIsLeft(
  ctx: LoaderContext,
  account: Account,
  run: LiveRun,
  signal: AbortSignal,
): Promise<{ use: SchemaUse; others: AccountState }> {
  const ours = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    idsOfOurs(tx, run),
  );
  const kept = new Set(ours.map((one) => stateKey(one.entity, one.targetId)));
  const restored = await restoredIds(ctx, run);
  const use = new SchemaUse();
  const state = new StateHash();
  const walk = new AccountWalk(account, signal);
  for (const entity of entities)
    for await (const record of walk.records(entity)) {
      use.add(entity, record);
      state.add(entity, record);
    }
  return { use, others: state.result(new Set([...kept, ...restored])) };
}

/** Records of theirs that this rollback restored: they were not among the others before. */
async function restoredIds(ctx: LoaderContext, run: LiveRun): Promise<string[]> {
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx.selectFrom('loader.rollbackItem').select(['entity', 'targetId']).where('runId', '=', run.id).execute(),
  );
  return rows.map((row) => stateKey(row.entity, row.targetId));
}

/** Options of a field of ours go with it. */
function inRemovalOrder(items: ReadonlyArray<SchemaItem>): SchemaItem[] {
  const fields = new Set(
    items.filter(({ kind }) => kind === 'field').map(({ entity, name }) => `${entity}|${name}`),
  );
  return removalOrder.flatMap((kind) =>
    items.filter(
      (item) => item.kind === kind && !(kind === 'option' && fields.has(`${item.entity}|${item.parent}`)),
    ),
  );
}

/** The options that we gave a field, made with it or later. */
async function optionsOf(ctx: LoaderContext, run: LiveRun, item: SchemaItem): Promise<Set<string>> {
  if (item.kind !== 'field') return new Set();
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.destinationItem')
      .select('actualName')
      .where('connectionId', '=', run.connectionId)
      .where('kind', '=', 'option')
      .where('entity', '=', item.entity)
      .where('parent', '=', item.name)
      .execute(),
  );
  return new Set(rows.map((row) => row.actualName));
}

/** Answers why it stays after all; undefined when it is gone. */
async function remove(
  account: Account,
  item: SchemaItem,
  remote: AccountSchema,
  action: 'delete' | 'gone',
  signal: AbortSignal,
): Promise<string | undefined> {
  if (action === 'gone') return undefined;
  const refused = await tryToRemove(account, requestOf(item, remote));
  // The options of a built-in field may be refused to v2: v1 takes the field with its whole list.
  if (refused !== undefined && item.kind === 'label' && item.entity !== 'lead')
    return tryToRemove(account, await withoutLabel(account, item, signal));
  return refused;
}

async function withoutLabel(account: Account, item: SchemaItem, signal: AbortSignal): Promise<ApiRequest> {
  const entity = item.entity as LabelledEntity;
  const field = await readLabelFieldV1(account, entity, signal);
  return {
    operation: labelOperations[entity].update,
    path: { id: String(field.id) },
    json: {
      options: field.options
        .filter(({ id }) => String(id) !== item.remoteId)
        .map(({ id, label }) => ({ id, label })),
    },
  };
}

async function tryToRemove(account: Account, request: ApiRequest): Promise<string | undefined> {
  await account.takeTokens(request.operation);
  await countUseOrEnd(account, request.operation);
  failpoint('loader.schema_before_call');
  const outcome = await account.write(request);
  failpoint('loader.schema_after_call');
  if (outcome.kind === 'ok' || isGone(outcome)) return undefined;
  if (outcome.kind === 'refused') return `refused: ${outcome.code}`;
  throw new RetryLater(
    outcome.kind === 'unknown' ? account.settings.settleMs : 2_000,
    'schema_call_unanswered',
  );
}

function requestOf(item: SchemaItem, remote: AccountSchema): ApiRequest {
  const operation = removalOf(item);
  if (item.kind === 'field') return { operation, path: { field_code: item.remoteKey ?? '' } };
  const id = item.remoteId ?? '';
  if (item.kind === 'label' && item.entity !== 'lead') {
    const field = labelFieldOf(remote, item.entity as LabelledEntity);
    return { operation, path: { field_code: field?.field_code ?? '' }, json: [{ id: Number(id) }] };
  }
  if (item.kind !== 'option') return { operation, path: { id } };
  const field = remote.fields[item.entity as keyof AccountSchema['fields']].find((row) =>
    (row.options ?? []).some((option) => String(option.id) === item.remoteId),
  );
  return {
    operation,
    path: { field_code: field?.field_code ?? '' },
    json: [{ id: Number(id) }],
  };
}

/** What goes with an item that is removed. */
const partOf: Partial<Record<SchemaItem['kind'], SchemaItem['kind']>> = {
  field: 'option',
  pipeline: 'stage',
};

/** Its row goes, and those of what went with it: the next load makes them anew. */
async function forgetItem(ctx: LoaderContext, run: LiveRun, item: SchemaItem): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .deleteFrom('loader.destinationItem')
      .where('connectionId', '=', run.connectionId)
      .where('entity', '=', item.entity)
      .where((where) =>
        where.or([
          where.and({ kind: item.kind, parent: item.parent, name: item.name }),
          where.and({ kind: partOf[item.kind] ?? '', parent: item.name }),
        ]),
      )
      .execute(),
  );
}
