import { RecordRejected } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import type { MappingSettings, MatchedEntity } from '@octopipe/shared/domain/mapping/content';
import { matchedEntities } from '@octopipe/shared/domain/mapping/content';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { getMappingVersion } from '@octopipe/shared/mapped/read-mapped-set';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import { markerCodeOf } from '../destination/load-symbols.js';
import { type AccountSymbols, ownedAsSent, resolvePayload } from '../destination/resolve-payload.js';
import { findEach, linesOf } from '../rollback/look-again.js';
import { type Canonical, canonicalOfListed, canonicalOfSent } from '../verify/canonical.js';
import { type Image, imageOf, withoutEmpty } from '../verify/image.js';
import type { AdmittedBatch } from '../write/admit.js';
import { changeable } from '../write/build-requests.js';
import { holdRun } from '../write/hold-run.js';
import { noteFailed } from '../write/note-outcome.js';
import { arrivedOf, withArrived } from '../write/open-patch.js';
import type { KnownTarget, Write } from '../write/plan-writes.js';
import type { BatchState } from '../write/read-batch-state.js';
import { keepEdits } from './keep-edits.js';
import {
  beforeLaterPatch,
  beforeRepeatedPatch,
  type MergeRules,
  mergeFields,
  saysOurs,
} from './merge-fields.js';

type Update = Extract<Write, { kind: 'update' }>;

/**
 * Of all updates, decides the fields: reads how the records stand now (one call for the whole batch, where the account lists
 * records by id) and keeps what people made of them. Of matched records the mapping's policies decide: such an update carries
 * its `merge` afterwards, the patch and the image of the record before it, which is stored with the intent; one whose record
 * is gone fails. Of records that we made, what people changed since stays theirs (keep-edits.ts). One with nothing left to
 * write is `kept`.
 */
export async function mergeUpdates(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  writes: ReadonlyArray<Write>,
  state: BatchState,
  symbols: AccountSymbols,
  signal: AbortSignal,
): Promise<Write[]> {
  const updates = writes.filter((write) => write.kind === 'update');
  if (updates.length === 0) return [...writes];
  const isFirst = updates.some(({ record }) => !state.targets.has(record.targetKey));
  const standing = await account.noting(isFirst ? 'searched_for_matches' : 'read_before', () =>
    readStanding(account, batch.entity, updates, ctx.settings.inFlight, signal),
  );
  const ours = await mergeOurs(ctx, batch, writes, standing, state, symbols);
  const entity = matchedEntities.find((name) => name === batch.entity);
  if (!entity || !writes.some(isOfTheirs)) return ours;
  const settings = await readSettings(ctx, batch);
  const targets = await noteArrived(ctx, batch, entity, writes.filter(isOfTheirs), standing, state);
  const merged: Write[] = [];
  for (const write of ours) {
    if (!isOfTheirs(write)) {
      merged.push(write);
      continue;
    }
    try {
      merged.push(
        mergeOne(
          entity,
          write,
          standing.get(write.targetId),
          { ...state, targets },
          symbols,
          rulesOf(entity, settings, symbols),
        ),
      );
    } catch (error) {
      if (!(error instanceof RecordRejected)) throw error;
      if (error.code === matchGone) await forgetImage(ctx, batch, write, state);
      await noteFailed(ctx, batch, write.record, error);
      merged.push({ kind: 'finished', record: write.record });
    }
  }
  return merged;
}

async function mergeOurs(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  writes: ReadonlyArray<Write>,
  standing: ReadonlyMap<string, RemoteRecord>,
  { targets }: BatchState,
  symbols: AccountSymbols,
): Promise<Write[]> {
  const withLines = batch.entity === 'deal' ? await dealsWithLines(ctx, batch, [...standing.keys()]) : nobody;
  return writes.map((write) => {
    if (write.kind !== 'update' || write.ofTheirs) return write;
    const following = withLines.has(write.targetId) ? madeByLines : nobody;
    const target = targets.get(write.record.targetKey);
    return keepEdits(batch.entity, write, standing.get(write.targetId), target, symbols, following);
  });
}

const nobody: ReadonlySet<string> = new Set();
/** A deal with lines has no value of its own, so nobody but the lines changed it. */
const madeByLines: ReadonlySet<string> = new Set(['value']);

async function dealsWithLines(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  ids: ReadonlyArray<string>,
): Promise<Set<string>> {
  const rows = await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, (tx) =>
    tx
      .selectFrom('loader.targetRecord')
      .select('parentId')
      .distinct()
      .where('connectionId', '=', batch.connectionId)
      .where('entity', '=', 'line')
      .where('parentId', '=', sql<string>`any(${[...ids]}::text[])`)
      .execute(),
  );
  return new Set(rows.flatMap(({ parentId }) => parentId ?? []));
}

const matchGone = 'match_gone';

function goneDetail({ record, targetId }: Update, { targets }: BatchState): string {
  const gone = `record ${targetId}, which it was matched with, is gone`;
  return targets.has(record.targetKey) ? gone : `${gone}; the next run matches anew`;
}

/** Of a record of theirs that is gone before our first patch of it was confirmed: with an image, its key would not be matched again. */
async function forgetImage(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  { record }: Update,
  { targets }: BatchState,
): Promise<void> {
  if (targets.has(record.targetKey)) return;
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, (tx) =>
    tx
      .deleteFrom('loader.beforeImage')
      .where('connectionId', '=', batch.connectionId)
      .where('targetKey', '=', record.targetKey)
      .execute(),
  );
}

function isOfTheirs(write: Write): write is Update {
  return write.kind === 'update' && write.ofTheirs;
}

function mergeOne(
  entity: MatchedEntity,
  write: Update,
  listed: RemoteRecord | undefined,
  state: BatchState,
  symbols: AccountSymbols,
  rules: Omit<MergeRules, 'isOurs'>,
): Write {
  const { record } = write;
  if (!listed) throw new RecordRejected(matchGone, goneDetail(write, state));
  const ours = changeable(entityTable[entity], resolvePayload(entity, write.payload, symbols));
  const sent = canonicalOfSent(entity, ours);
  const now = canonicalOfListed(entity, listed, Object.keys(sent));
  const target = state.targets.get(record.targetKey);
  const image = imageOf(entity, listed);
  const known = state.images.get(record.targetKey);
  if (!target) {
    const earlier = state.patched.get(record.targetKey) ?? {};
    const patch = { sent, earlier, now, country: rules.country };
    const before = known ? beforeRepeatedPatch(known, image, patch) : image;
    const { json, fields } = mergeFields(entity, ours, before, { ...rules, isOurs: () => false });
    if (fields.length === 0) return { kind: 'kept', record };
    const patched = { ...earlier, ...withoutEmpty(canonicalOfSent(entity, json)) };
    return { ...write, merge: { json, fields, image: before, patched } };
  }
  const body = resolvePayload(entity, target.payload, ownedAsSent(symbols, target.ownerId));
  const wrote = canonicalOfSent(entity, body.json);
  const isOurs = oursIn(now, sent, target, wrote, rules.country);
  const { json, fields } = mergeFields(entity, ours, image, { ...rules, isOurs });
  if (fields.length === 0) return { kind: 'kept', record };
  const patch = { fields, isOurs, wrote: contactsIn(wrote, target.afterImage), country: rules.country };
  return { ...write, merge: { json, fields, image: beforeLaterPatch(known ?? image, image, patch) } };
}

/**
 * Of updates whose answers were lost, what stands in their records is ours from here on: a rollback puts it back. Answers
 * all that is known of the batch's records then.
 */
async function noteArrived(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  entity: MatchedEntity,
  writes: ReadonlyArray<Update>,
  standing: ReadonlyMap<string, RemoteRecord>,
  { targets }: BatchState,
): Promise<BatchState['targets']> {
  const known = new Map(targets);
  for (const { record, targetId } of writes) {
    const target = targets.get(record.targetKey);
    const listed = standing.get(targetId);
    if (!target?.open || !listed) continue;
    const arrived = arrivedOf(entity, target.open, target.afterImage, listed);
    known.set(record.targetKey, {
      ...target,
      writtenFields: [...new Set([...(target.writtenFields ?? []), ...Object.keys(arrived)])].sort(),
      afterImage: target.afterImage && withArrived(target.afterImage, arrived),
      open: null,
    });
  }
  const changed = [...known].filter(([key, target]) => target !== targets.get(key));
  if (changed.length === 0) return known;
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (!(await holdRun(tx, batch.runId))) return;
    for (const [targetKey, { generation, writtenFields, afterImage }] of changed)
      await tx
        .updateTable('loader.targetRecord')
        .set({
          writtenFields,
          patched: null,
          ...(afterImage ? { afterImage: JSON.stringify(afterImage) } : {}),
        })
        .where('connectionId', '=', batch.connectionId)
        .where('targetKey', '=', targetKey)
        // A late answer has said it already.
        .where('generation', '=', generation)
        .execute();
  });
  return known;
}

/** The e-mails and phones that are ours: those of the record as we sent it last, and all that our writes left in it. */
function contactsIn(wrote: Canonical, after: Image | null): Canonical {
  const all = (field: 'emails' | 'phones') =>
    [wrote, after].flatMap((form) => (form?.[field] ?? []) as unknown[]);
  return { ...wrote, emails: all('emails'), phones: all('phones') };
}

/**
 * The fields that say what we wrote into them earlier. What this update may have written already, without our hearing of
 * it, is ours too; what somebody has changed since is theirs again.
 */
function oursIn(
  now: Canonical,
  sent: Canonical,
  target: KnownTarget,
  wrote: Canonical,
  country: string,
): MergeRules['isOurs'] {
  return (field) =>
    target.writtenFields?.includes(field) === true &&
    [wrote[field], sent[field], ...shownAfter(target, field)].some((value) =>
      saysOurs(field, value, now[field], country),
    );
}

/** What the account showed in a field after our last write, where it showed something. */
function shownAfter({ afterImage }: KnownTarget, field: string): unknown[] {
  return afterImage !== null && field in afterImage ? [afterImage[field]] : [];
}

async function readSettings(ctx: LoaderContext, batch: AdmittedBatch): Promise<MappingSettings> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const run = await tx
      .selectFrom('loader.run')
      .select('mappingVersionId')
      .where('id', '=', batch.runId)
      .executeTakeFirstOrThrow();
    return (await getMappingVersion(tx, batch.tenantId, run.mappingVersionId)).content.settings;
  });
}

/**
 * How the records of a batch's updates stand. Of v2 one list call by their ids, 10 tokens for a batch, where a get for each
 * would be 1; lines by their deals; of v1 each by itself. What is planned is one such call for a batch, or a get for each record.
 */
async function readStanding(
  account: Account,
  entity: Entity,
  updates: ReadonlyArray<Update>,
  atOnce: number,
  signal: AbortSignal,
): Promise<Map<string, RemoteRecord>> {
  const rules = entityTable[entity];
  const ids = updates.map(({ targetId }) => targetId);
  if (rules.get) return findEach(account, entity, ids, atOnce, signal);
  const records = rules.under
    ? await linesOf(account, [...new Set(updates.flatMap(({ parentId }) => parentId ?? []))], signal)
    : (await account.read({ operation: rules.list, query: { ids: ids.join(','), limit: 100 } }, signal)).data;
  const listed = Array.isArray(records) ? (records as RemoteRecord[]) : [];
  return new Map(listed.map((record) => [String(record.id), record]));
}

function rulesOf(
  entity: MatchedEntity,
  settings: MappingSettings,
  symbols: AccountSymbols,
): Omit<MergeRules, 'isOurs'> {
  const asked = settings.matching?.[entity];
  const nameOf = new Map([...symbols.fields].map(([name, { code }]) => [code, name.split('|')[1] ?? name]));
  const policies = new Map(Object.entries(asked?.fields ?? {}));
  return {
    policyOf: (field) =>
      policies.get(nameOf.get(field.replace('custom_fields.', '')) ?? field) ?? asked?.policy ?? 'fill_empty',
    markerField: `custom_fields.${markerCodeOf(symbols, entity)}`,
    country: settings.country,
  };
}
