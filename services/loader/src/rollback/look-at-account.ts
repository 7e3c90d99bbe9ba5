import { inTransaction } from '@octopipe/shared/db/index';
import { type Entity, entities, wholeOf } from '@octopipe/shared/domain/run/states';
import { assertSeesEverything } from '../connect/sees-everything.js';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import { loadSymbols } from '../destination/load-symbols.js';
import type { AccountSymbols } from '../destination/resolve-payload.js';
import type { LiveRun } from '../run/read-live-run.js';
import { imageOf } from '../verify/image.js';
import { type AccountState, AccountWalk, StateHash, stateKey } from '../verify/state-hash.js';
import { arrivedOf } from '../write/open-patch.js';
import { hasParticipants, isUsed, participantsOf } from './beyond-lists.js';
import type { FoundRecord } from './close-over-holders.js';
import { contentOf, imageRestored } from './content-of.js';
import { labelOf, linksOf } from './links.js';
import { findRecord } from './look-again.js';
import { partsAreOurs } from './plan-undo.js';
import { fieldsWeWrote, idsOfOurs, type OurRecord, readOurs } from './read-ours.js';
import { besideLines } from './valued-by-lines.js';

/** What the look found of one record of ours. */
export interface SeenRecord extends FoundRecord {
  entity: Entity;
  targetId: string;
  label: string;
  /** The fields that somebody changed. */
  fields: string[];
  archived: boolean;
}

export interface Look {
  at: Date;
  seen: SeenRecord[];
  /** Keys of ours on which something hangs that is not ours. */
  heldByOthers: Set<string>;
  /** The records that are not ours. */
  others: AccountState;
  /** How many records the account lists, ours and others. */
  listed: Record<Entity, number>;
}

/** Reads every list page of the account once, compares what is ours with what it said, and follows every link. */
export async function lookAtAccount(
  ctx: LoaderContext,
  account: Account,
  run: LiveRun,
  signal: AbortSignal,
): Promise<Look> {
  await assertSeesEverything(account, signal);
  const at = new Date();
  const scope = { role: 'loader', tenantId: run.tenantId } as const;
  const ids = await inTransaction(ctx.db, scope, (tx) => idsOfOurs(tx, run));
  const keyOfId = new Map(ids.map((one) => [stateKey(one.entity, one.targetId), one.targetKey]));
  const symbols = await loadSymbols(ctx, run, []);
  const seen: SeenRecord[] = [];
  const heldByOthers = new Set<string>();
  const hold = (link: string) => {
    const key = keyOfId.get(link);
    if (key !== undefined) heldByOthers.add(key);
  };
  const others = new StateHash();
  const withParticipants: RemoteRecord[] = [];
  /** Deals of ours with another value than we wrote, by id: their lines tell who made it. */
  const valued = new Map<string, { found: SeenRecord; deal: RemoteRecord; lines: RemoteRecord[] }>();
  const listed = Object.fromEntries(entities.map((entity) => [entity, 0])) as Record<Entity, number>;
  const walk = new AccountWalk(account, signal);
  for (const entity of entities) {
    const selected = run.entities === null || run.entities.includes(entity);
    const judge = (ours: OurRecord, record: RemoteRecord | undefined) =>
      record ? seenRecord(ours, record, selected, keyOfId, symbols) : goneRecord(ours, selected);
    // One entity of ours in memory at a time: an image of each is a lot.
    const ours = await inTransaction(ctx.db, scope, (tx) => readOurs(tx, run, entity));
    const left = new Map(ours.map((record) => [record.targetId, record]));
    for await (const record of walk.records(entity)) {
      listed[entity] += 1;
      const known = left.get(String(record.id));
      if (entity === 'line') valued.get(String(record.deal_id))?.lines.push(record);
      if (known) {
        left.delete(known.targetId);
        const found = judge(known, record);
        seen.push(found);
        if (isUsed(record)) heldByOthers.add(known.targetKey);
        if (entity === 'deal' && found.fields.includes('value'))
          valued.set(known.targetId, { found, deal: record, lines: [] });
      } else {
        others.add(entity, record);
        if (hasParticipants(record)) withParticipants.push(record);
        for (const link of linksOf(record)) hold(link);
      }
    }
    for (const known of left.values())
      seen.push(judge(known, await findRecord(account, entity, known.targetId, signal)));
    if (entity === 'line' && valued.size > 0) {
      const parts = partsByWhole(ours);
      for (const [id, { found, deal, lines }] of valued)
        if (partsAreOurs({ parts: parts.get(id) ?? [] }, lines)) judgeBesideLines(found, deal, lines);
    }
  }
  for (const link of await participantsOf(account, withParticipants, signal)) hold(link);
  for (const key of mutilated(seen)) heldByOthers.add(key);
  return { at, seen, heldByOthers, others: others.result(), listed };
}

/** Wholes that stand without a part of ours: somebody took it away, which changed them. */
function mutilated(seen: ReadonlyArray<SeenRecord>): string[] {
  return seen.flatMap((record) =>
    record.partOf !== undefined && !record.facts.listed ? [record.partOf] : [],
  );
}

function seenRecord(
  ours: OurRecord,
  record: RemoteRecord,
  selected: boolean,
  keyOfId: ReadonlyMap<string, string>,
  symbols: AccountSymbols,
): SeenRecord {
  const written = fieldsWeWrote(ours, symbols);
  const arrived = arrivedOf(ours.entity, ours.open, ours.afterImage, record);
  const known = { after: ours.afterImage, before: ours.beforeImage, written, arrived, unarchived: false };
  const { content, edited, standing } = contentOf(known, imageOf(ours.entity, record));
  // Put back, it hangs where it hung before us; a link that we gave it is gone.
  const isRestored = selected && ours.maker === 'theirs' && ours.beforeImage !== null;
  const links = linksOf(isRestored ? imageRestored(ours.beforeImage ?? {}, record, standing) : record);
  return {
    targetKey: ours.targetKey,
    entity: ours.entity,
    targetId: ours.targetId,
    facts: { selected, maker: ours.maker, listed: true, content },
    hangsOn: links.flatMap((link) => keyOfId.get(link) ?? []),
    partOf: wholeKeyOf(ours),
    label: labelOf(record),
    fields: edited,
    archived: record.is_archived === true,
  };
}

function partsByWhole(parts: ReadonlyArray<OurRecord>): Map<string, OurRecord[]> {
  const byWhole = new Map<string, OurRecord[]>();
  for (const part of parts) {
    const id = part.parentId ?? '';
    const others = byWhole.get(id);
    if (others) others.push(part);
    else byWhole.set(id, [part]);
  }
  return byWhole;
}

function judgeBesideLines(found: SeenRecord, deal: RemoteRecord, lines: ReadonlyArray<RemoteRecord>): void {
  const { content, edited } = besideLines(
    { content: found.facts.content, edited: found.fields },
    deal,
    lines,
  );
  found.facts = { ...found.facts, content };
  found.fields = edited;
}

function goneRecord(ours: OurRecord, selected: boolean): SeenRecord {
  return {
    targetKey: ours.targetKey,
    entity: ours.entity,
    targetId: ours.targetId,
    facts: { selected, maker: ours.maker, listed: false, content: 'unread' },
    hangsOn: [],
    partOf: wholeKeyOf(ours),
    label: '',
    fields: [],
    archived: false,
  };
}

function wholeKeyOf({ entity, payload }: OurRecord): string | undefined {
  const { under } = entityTable[entity];
  if (wholeOf[entity] === undefined || !under) return undefined;
  const parent = payload[under.field];
  return typeof parent === 'object' && parent !== null && '$ref' in parent ? String(parent.$ref) : undefined;
}
