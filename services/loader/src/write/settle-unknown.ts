import { RetryLater } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { type Account, isGone } from '../destination/account.js';
import { entityTable, pathOf, type RemoteRecord, walksOver } from '../destination/entity-table.js';
import { loadSymbols, markerCodeOf } from '../destination/load-symbols.js';
import { afterLook, type IntentMove, intentMoves } from './intent-states.js';
import { recordOfKey, saveConfirmation, saveFound } from './note-outcome.js';

export interface SettlingRun {
  id: string;
  tenantId: string;
  migrationId: string;
  connectionId: string;
  setId: string;
}

interface OpenIntent {
  id: string;
  targetKey: string;
  operation: string;
  generation: number;
  attempt: number;
  probes: number;
  payloadHash: string;
  sentAt: Date | null;
  targetId: string | null;
  parentId: string | null;
}

/** How much further back than the first open send a walk looks: clocks differ, and change times are whole seconds. */
const walkMarginMs = 120_000;

/**
 * Finds out what became of the writes of one entity whose answers were lost. One walk over the account's recent changes
 * answers all of them: the marker is found → confirmed (a second copy → removed, and told); found by neither of two
 * looks → planned again, to be sent as the next attempt. An update or a delete is repeatable: it goes straight back to
 * planned, and a rollback looks at the record before it sends either again.
 *
 * Guarantee: may run twice or die anywhere; every step is decided from rows and from what the account lists.
 */
export async function settleUnknown(
  ctx: LoaderContext,
  account: Account,
  run: SettlingRun,
  entity: Entity,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const open = await dueIntents(ctx, run, entity);
  if (open.length === 0) return;
  const creates = open.filter((intent) => intent.operation === 'create');
  const found =
    creates.length > 0
      ? await walkForMarkers(ctx, account, run, entity, creates, signal)
      : new Map<string, string[]>();
  let confirmed = 0;
  let again = 0;
  for (const intent of open) {
    const [keep, ...copies] = oldestFirst(found.get(intent.targetKey) ?? []);
    if (intent.operation === 'create' && keep !== undefined) {
      failpoint('loader.settle_before_confirm', entity);
      await confirmFound(ctx, run, entity, intent, keep);
      // One send makes one record: a second one with our marker is then somebody's duplicate, and theirs to keep.
      for (const copy of intent.attempt > 1 ? copies : [])
        await removeCopy(ctx, account, run, entity, intent.targetKey, {
          targetId: copy,
          parentId: intent.parentId,
        });
      confirmed += 1;
    } else if (await lookAgainOrRelease(ctx, run, intent)) {
      again += 1;
    }
  }
  log.info({ entity, open: open.length, confirmed, again }, 'unknown outcomes looked at');
}

/** Numbers grow; of uuids only the order of the walk tells, which is that of their last change. */
function oldestFirst(ids: string[]): string[] {
  return ids.every((id) => /^\d+$/.test(id)) ? ids.sort((a, b) => Number(a) - Number(b)) : ids;
}

/** Sent intents whose worker said nothing past the deadline become ambiguous; then those that have rested long enough. */
async function dueIntents(ctx: LoaderContext, run: SettlingRun, entity: Entity): Promise<OpenIntent[]> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    await tx
      .updateTable('loader.intent')
      .set({
        state: intentMoves.giveUp.to,
        code: 'no_answer_noted',
        notBefore: sql<Date>`deadline + ${ctx.settings.settleMs} * interval '1 millisecond'`,
        updatedAt: sql<Date>`now()`,
      })
      .where('connectionId', '=', run.connectionId)
      .where('entity', '=', entity)
      .where('state', 'in', intentMoves.giveUp.from)
      .where('deadline', '<', sql<Date>`now()`)
      .execute();
    return tx
      .selectFrom('loader.intent')
      .select([
        'id',
        'targetKey',
        'operation',
        'generation',
        'attempt',
        'probes',
        'payloadHash',
        'sentAt',
        'targetId',
        'parentId',
      ])
      .where('connectionId', '=', run.connectionId)
      .where('entity', '=', entity)
      .where('state', '=', 'ambiguous')
      .where('notBefore', '<=', sql<Date>`now()`)
      .orderBy('id')
      .limit(5_000)
      .execute();
  });
}

/**
 * One paged walk over what changed since the oldest open send, or over the parents that they were sent to:
 * target key → ids that carry its marker.
 */
async function walkForMarkers(
  ctx: LoaderContext,
  account: Account,
  run: SettlingRun,
  entity: Entity,
  intents: ReadonlyArray<OpenIntent>,
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const rules = entityTable[entity];
  const symbols = await loadSymbols(ctx, { tenantId: run.tenantId, connectionId: run.connectionId }, []);
  const markerCode = markerCodeOf(symbols, rules.fieldsOf);
  const wanted = new Set(intents.map((intent) => intent.targetKey));
  const oldestMs = Math.min(...intents.map((intent) => intent.sentAt?.getTime() ?? 0));
  const since = new Date(oldestMs + (await clockSkewMs(ctx, run)) - walkMarginMs);
  const parentIds = [...new Set(intents.flatMap((intent) => intent.parentId ?? []))];
  const isNewestFirst = !rules.changedSince && !rules.under;
  const query =
    rules.changedSince?.(since) ??
    (isNewestFirst ? { ...rules.everything, sort: 'id DESC' } : rules.everything);
  const oldestFileId = isNewestFirst ? await newestIdBefore(ctx, run, entity, new Date(oldestMs)) : 0;
  const found = new Map<string, Set<string>>();
  for (const queried of walksOver(rules, query, parentIds)) {
    walk: for await (const page of account.pages(rules, queried, signal)) {
      for (const record of page) {
        note(found, wanted, rules.markerOf(record, markerCode), record);
        if (isNewestFirst && Number(record.id) < oldestFileId) break walk;
      }
    }
  }
  return new Map([...found].map(([key, ids]) => [key, [...ids]]));
}

function note(
  found: Map<string, Set<string>>,
  wanted: ReadonlySet<string>,
  key: string | undefined,
  record: RemoteRecord,
): void {
  if (key === undefined || !wanted.has(key)) return;
  const ids = found.get(key) ?? new Set();
  found.set(key, ids.add(String(record.id)));
}

/** Files are listed newest first, ids grow: what is older than a file confirmed before the oldest open send is not it. */
async function newestIdBefore(
  ctx: LoaderContext,
  run: SettlingRun,
  entity: Entity,
  sentAt: Date,
): Promise<number> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.targetRecord')
      .select(sql<string | null>`max(target_id::bigint)`.as('newest'))
      .where('connectionId', '=', run.connectionId)
      .where('entity', '=', entity)
      .where('writtenAt', '<', sentAt)
      .executeTakeFirst(),
  );
  // Without a file from before, the walk goes to the end.
  return Number(row?.newest ?? 0);
}

export async function clockSkewMs(
  ctx: LoaderContext,
  run: Pick<SettlingRun, 'tenantId' | 'connectionId'>,
): Promise<number> {
  const row = await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    tx
      .selectFrom('loader.connection as c')
      .innerJoin('loader.companyBudget as b', 'b.companyKey', 'c.companyKey')
      .select('b.clockSkewMs')
      .where('c.id', '=', run.connectionId)
      .executeTakeFirstOrThrow(),
  );
  return Number(row.clockSkewMs);
}

async function confirmFound(
  ctx: LoaderContext,
  run: SettlingRun,
  entity: Entity,
  intent: OpenIntent,
  targetId: string,
): Promise<void> {
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    if (!(await moveAmbiguous(tx, intent, intentMoves.find, { targetId }))) return;
    const record = await recordOfKey(tx, run.tenantId, run.setId, intent.targetKey);
    const of = {
      tenantId: run.tenantId,
      connectionId: run.connectionId,
      runId: run.id,
      entity,
      generation: intent.generation,
      targetId,
      parentId: intent.parentId,
    };
    // An earlier run sent it, with a content that this set does not have (any more): the id is ours, the content unknown.
    if (record?.payloadHash !== intent.payloadHash) return saveFound(tx, of, intent.targetKey);
    await saveConfirmation(tx, {
      ...of,
      setId: run.setId,
      intentId: intent.id,
      operation: 'create',
      record,
      writtenFields: null,
      afterImage: null,
    });
  });
}

/**
 * A late commit made a second copy of a record of ours: it is removed, and the event log tells. Answers false when the
 * account refuses; throws when it does not say, so that the job looks again.
 */
export async function removeCopy(
  ctx: LoaderContext,
  account: Account,
  run: SettlingRun,
  entity: Entity,
  targetKey: string,
  copy: { targetId: string; parentId: string | null },
): Promise<boolean> {
  const rules = entityTable[entity];
  await account.takeTokens(rules.remove);
  await account.countUse(rules.remove);
  const outcome = await account.write({ operation: rules.remove, path: pathOf(rules, copy) });
  if (outcome.kind === 'unknown' || outcome.kind === 'not_written')
    throw new RetryLater(ctx.settings.settleMs, 'copy_not_removed');
  const gone = outcome.kind === 'ok' || isGone(outcome);
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    appendEvent(tx, run.tenantId, {
      migrationId: run.migrationId,
      runId: run.id,
      kind: gone ? 'run.duplicate_removed' : 'run.duplicate_found',
      facts: { entity, targetKey, copyId: copy.targetId },
    }),
  );
  return gone;
}

/** Notes the look; after the last one needed the record may be sent again. True while it has to wait for another look. */
async function lookAgainOrRelease(
  ctx: LoaderContext,
  run: SettlingRun,
  intent: OpenIntent,
): Promise<boolean> {
  const next = afterLook(intent);
  await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
    next === 'release'
      ? moveAmbiguous(tx, intent, intentMoves.release, { probes: 0 })
      : moveAmbiguous(tx, intent, intentMoves.lookAgain, {
          probes: intent.probes + 1,
          notBefore: sql<Date>`now() + ${ctx.settings.probeGapMs} * interval '1 millisecond'`,
        }),
  );
  return next === 'lookAgain';
}

async function moveAmbiguous(
  tx: Tx,
  intent: OpenIntent,
  move: IntentMove,
  facts: { targetId?: string; probes?: number; notBefore?: ReturnType<typeof sql<Date>> },
): Promise<boolean> {
  const result = await tx
    .updateTable('loader.intent')
    .set({ ...facts, state: move.to, lastProbeAt: sql<Date>`now()`, updatedAt: sql<Date>`now()` })
    .where('id', '=', intent.id)
    .where('attempt', '=', intent.attempt)
    .where('state', 'in', move.from)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
