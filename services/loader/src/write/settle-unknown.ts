import { RetryLater } from '@octopipe/shared/core/errors';
import { failpoint } from '@octopipe/shared/core/failpoints';
import type { Logger } from '@octopipe/shared/core/logger';
import { slicesOf } from '@octopipe/shared/core/slices';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { matchedEntities } from '@octopipe/shared/domain/mapping/content';
import type { Payload } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { sql } from 'kysely';
import { assertSeesEverything } from '../connect/sees-everything.js';
import type { LoaderContext } from '../context.js';
import { type Account, isGone } from '../destination/account.js';
import {
  type EntityRules,
  entityTable,
  pathOf,
  type RemoteRecord,
  walksOver,
} from '../destination/entity-table.js';
import { loadSymbols, markerCodeOf } from '../destination/load-symbols.js';
import { resolvePayload } from '../destination/resolve-payload.js';
import { canonicalOfSent } from '../verify/canonical.js';
import { type Image, imageOf } from '../verify/image.js';
import { countUseInRun } from './hold-run.js';
import { afterLook, type IntentMove, intentMoves } from './intent-states.js';
import { changedAtMs, isLateCommit, madeAtMs, readSends } from './late-commit.js';
import { recordOfKey, saveConfirmation, saveFound } from './note-outcome.js';

export interface SettlingRun {
  id: string;
  tenantId: string;
  migrationId: string;
  connectionId: string;
  setId: string;
}

/** How many intents one walk is to answer: each costs the same pages, and what it finds is kept in memory. */
const mostAtOnce = 20_000;

interface OpenIntent {
  id: string;
  targetKey: string;
  operation: string;
  generation: number;
  attempt: number;
  probes: number;
  payloadHash: string;
  sentAt: Date | null;
  deadline: Date | null;
  targetId: string | null;
  parentId: string | null;
}

/** Target key → the records that carry its marker, by id. */
type Found = Map<string, Map<string, RemoteRecord>>;

/** How much further back than the first open send a walk looks: clocks differ, and change times are whole seconds. */
const walkMarginMs = 120_000;

/**
 * Finds out what became of the writes of one entity whose answers were lost. One walk over the account's recent changes
 * answers all of them: the marker is found → confirmed (a second copy of our making → removed, and told); found by neither of two
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
  const found: Found =
    creates.length > 0 ? await walkForMarkers(ctx, account, run, entity, creates, signal) : new Map();
  let confirmed = 0;
  const notFound: OpenIntent[] = [];
  for (const intent of open) {
    const listed = found.get(intent.targetKey) ?? new Map<string, RemoteRecord>();
    const [keep, ...copies] = oldestFirst([...listed.values()]);
    if (intent.operation === 'create' && keep !== undefined) {
      failpoint('loader.settle_before_confirm', entity);
      // Confirmed meanwhile by a late answer: which of the records that is was not known to this walk.
      if (!(await confirmFound(ctx, run, entity, intent, keep))) continue;
      for (const copy of copies.length > 0 ? await lateCommits(ctx, run, entity, intent, keep, copies) : [])
        await removeCopy(ctx, account, run, entity, intent.targetKey, {
          targetId: String(copy.id),
          parentId: intent.parentId,
        });
      confirmed += 1;
    } else {
      notFound.push(intent);
    }
  }
  // A look counts only if what it did not find would have been seen.
  if (notFound.some((intent) => intent.operation === 'create')) await assertSeesEverything(account, signal);
  const again = await lookAgainOrRelease(ctx, run, notFound);
  log.info({ entity, open: open.length, confirmed, again }, 'unknown outcomes looked at');
}

/** Numbers grow; of uuids only the order of the walk tells, which is that of their last change. */
function oldestFirst(records: RemoteRecord[]): RemoteRecord[] {
  return records.every(({ id }) => /^\d+$/.test(String(id)))
    ? records.sort((a, b) => Number(a.id) - Number(b.id))
    : records;
}

/** Of several records with one marker, those that are our own second copies (late-commit.ts); others may be somebody's. */
async function lateCommits(
  ctx: LoaderContext,
  run: SettlingRun,
  entity: Entity,
  intent: OpenIntent,
  keep: RemoteRecord,
  copies: ReadonlyArray<RemoteRecord>,
): Promise<RemoteRecord[]> {
  const { connectionId, tenantId } = run;
  const skewMs = await clockSkewMs(ctx, run);
  const { record, sends } = await inTransaction(ctx.db, { role: 'loader', tenantId }, async (tx) => ({
    record: await recordOfKey(tx, tenantId, run.setId, intent.targetKey),
    sends: await readSends(tx, { connectionId, entity, targetKey: intent.targetKey }, skewMs),
  }));
  if (record?.payloadHash !== intent.payloadHash) return [];
  const symbols = await loadSymbols(ctx, { tenantId, connectionId }, [record.payload]);
  const body = resolvePayload(entity, record.payload, symbols);
  const ours = {
    sent: canonicalOfSent(entity, body.json, body.file),
    after: imageAsWritten(entity, keep, intent, skewMs),
    sends: sends.get(intent.targetKey),
  };
  return copies.filter((copy) => isLateCommit(entity, copy, ours));
}

/**
 * What a found record says, if it was last changed while our send could write it, or when it was made: then it is what we
 * wrote. Of one that was changed later nobody knows how much of it is ours.
 */
function imageAsWritten(
  entity: Entity,
  found: RemoteRecord,
  { sentAt, deadline }: Pick<OpenIntent, 'sentAt' | 'deadline'>,
  skewMs: number,
): Image | null {
  if (sentAt === null || deadline === null) return null;
  const changedMs = changedAtMs(found);
  // Times are whole seconds.
  const latestMs = Math.max(deadline.getTime() + skewMs, madeAtMs(found)) + 1_000;
  return changedMs <= latestMs ? imageOf(entity, found) : null;
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
        'deadline',
        'targetId',
        'parentId',
      ])
      .where('connectionId', '=', run.connectionId)
      .where('entity', '=', entity)
      .where('state', '=', 'ambiguous')
      .where('notBefore', '<=', sql<Date>`now()`)
      .orderBy('id')
      .limit(mostAtOnce)
      .execute();
  });
}

/**
 * One paged walk over what changed since the oldest open send, or over the parents that they were sent to:
 * target key → the records that carry its marker. Where it is not known when something was sent (the database was
 * restored), over everything, what people have archived since included.
 */
async function walkForMarkers(
  ctx: LoaderContext,
  account: Account,
  run: SettlingRun,
  entity: Entity,
  intents: ReadonlyArray<OpenIntent>,
  signal: AbortSignal,
): Promise<Found> {
  const rules = entityTable[entity];
  const symbols = await loadSymbols(ctx, { tenantId: run.tenantId, connectionId: run.connectionId }, []);
  const markerCode = markerCodeOf(symbols, rules.fieldsOf);
  const wanted = new Map(intents.map((intent) => [intent.targetKey, intent]));
  const oldestMs = Math.min(...intents.map((intent) => intent.sentAt?.getTime() ?? 0));
  const since = new Date(oldestMs + (await clockSkewMs(ctx, run)) - walkMarginMs);
  const parentIds = [...new Set(intents.flatMap((intent) => intent.parentId ?? []))];
  const isNewestFirst = !rules.changedSince && !rules.under;
  const isAnyTime = intents.some((intent) => intent.sentAt === null);
  const query =
    (isAnyTime ? undefined : rules.changedSince?.(since)) ??
    (isNewestFirst ? { ...rules.everything, sort: 'id DESC' } : rules.everything);
  const oldestFileId = isNewestFirst ? await newestIdBefore(ctx, run, entity, new Date(oldestMs)) : 0;
  const found: Found = new Map();
  const walk = async (list: EntityRules) => {
    for (const queried of walksOver(list, query, parentIds)) {
      pages: for await (const page of account.pages(list, queried, signal, 'read_again')) {
        for (const record of page) {
          note(found, wanted, rules.markerOf(record, markerCode), record);
          if (isNewestFirst && Number(record.id) < oldestFileId) break pages;
        }
      }
    }
  };
  await walk(rules);
  if (isAnyTime && rules.archive && found.size < wanted.size) await walk({ ...rules, list: rules.archive });
  return found;
}

function note(
  found: Found,
  wanted: ReadonlyMap<string, OpenIntent>,
  key: string | undefined,
  record: RemoteRecord,
): void {
  const intent = key === undefined ? undefined : wanted.get(key);
  if (key === undefined || !intent) return;
  // After a restore they are many, and what they say is nobody's word (docs/decisions/0034).
  const { id, add_time } = record;
  const kept: RemoteRecord = intent.sentAt === null ? { id, add_time } : record;
  found.set(key, (found.get(key) ?? new Map()).set(String(id), kept));
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

/** Answers whether the intent was still waiting for the walk: only then is what was found what we keep. */
export async function confirmFound(
  ctx: LoaderContext,
  run: SettlingRun,
  entity: Entity,
  intent: OpenIntent,
  found: RemoteRecord,
): Promise<boolean> {
  const targetId = String(found.id);
  const skewMs = await clockSkewMs(ctx, run);
  return inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, async (tx) => {
    const record = await recordOfKey(tx, run.tenantId, run.setId, intent.targetKey);
    const mayBeTheirs = intent.sentAt === null && !isSurelyMade(entity, record?.payload, found);
    // The id on the intent is what makes a record ours to delete (rollback/read-ours.ts).
    if (!(await moveAmbiguous(tx, intent, intentMoves.find, mayBeTheirs ? {} : { targetId }))) return false;
    const of = {
      tenantId: run.tenantId,
      connectionId: run.connectionId,
      runId: run.id,
      entity,
      generation: intent.generation,
      targetId,
      parentId: intent.parentId,
      writtenFields: mayBeTheirs ? [] : null,
      afterImage: imageAsWritten(entity, found, intent, skewMs),
    };
    // An earlier run sent it, with a content that this set does not have (any more): the id is ours, the content unknown.
    if (record?.payloadHash !== intent.payloadHash) {
      await saveFound(tx, of, intent.targetKey);
      return true;
    }
    await saveConfirmation(tx, {
      ...of,
      setId: run.setId,
      intentId: intent.id,
      operation: 'create',
      record,
    });
    return true;
  });
}

/**
 * Of a record that was found without a memory of ours of having sent it: whether we made it. One that stood there before
 * us and was matched since the backup carries our marker as well. `add_time` tells: only who creates a record sets it. A
 * record of which it does not tell is treated as theirs: none of its fields is known to be ours, and a rollback keeps it.
 */
export function isSurelyMade(
  entity: Entity,
  payload: Payload | undefined,
  listed: Readonly<Record<string, unknown>>,
): boolean {
  if (!(matchedEntities as ReadonlyArray<Entity>).includes(entity)) return true;
  const [sent, stands] = [payload?.add_time, listed.add_time];
  return typeof sent === 'string' && typeof stands === 'string' && Date.parse(sent) === Date.parse(stands);
}

/**
 * A late commit made a second copy of a record of ours: it is removed, and the event log tells. Answers false when the
 * account refuses, or the run has ended; throws when the account does not say, so that the job looks again.
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
  if (!(await countUseInRun(account, rules.remove, 'asked_by_answers'))) return false;
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

/**
 * Notes the look; after the last one needed a record may be sent again. Many at once: after a restore they are all of an
 * entity. Answers how many have to wait for another look.
 */
async function lookAgainOrRelease(
  ctx: LoaderContext,
  run: SettlingRun,
  intents: ReadonlyArray<OpenIntent>,
): Promise<number> {
  const facts = {
    lookAgain: sql`probes = intent.probes + 1, not_before = now() + ${ctx.settings.probeGapMs} * interval '1 millisecond'`,
    release: sql`probes = 0, releases = releases + 1`,
  };
  for (const next of ['lookAgain', 'release'] as const) {
    const { from, to } = intentMoves[next];
    for (const slice of slicesOf(
      intents.filter((intent) => afterLook(intent) === next),
      1_000,
    ))
      await inTransaction(ctx.db, { role: 'loader', tenantId: run.tenantId }, (tx) =>
        sql`
          update loader.intent intent set state = ${to}, ${facts[next]}, last_probe_at = now(), updated_at = now()
          from unnest(${slice.map(({ id }) => id)}::bigint[], ${slice.map(({ attempt }) => attempt)}::int[]) as looked(id, attempt)
          where intent.id = looked.id and intent.attempt = looked.attempt and intent.state = any(${from}::text[])`.execute(
          tx,
        ),
      );
  }
  return intents.filter((intent) => afterLook(intent) === 'lookAgain').length;
}

async function moveAmbiguous(
  tx: Tx,
  intent: OpenIntent,
  move: IntentMove,
  facts: { targetId?: string },
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
