import { slicesOf } from '@octopipe/shared/core/slices';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import type { Account } from '../destination/account.js';
import { entityTable, type RemoteRecord, walksOver } from '../destination/entity-table.js';
import { everyOne } from '../write/send-noted.js';
import { childCounters, childLists, linksOf } from './links.js';

/** What a second look at a record showed; `unchanged`: the account says that nothing happened to it since the first. */
export type SecondLook = RemoteRecord | 'gone' | 'unchanged';

/** Changes of this long before the first look are looked at again: clocks differ, and change times are whole seconds. */
const marginMs = 120_000;

/**
 * Looks at records again, right before something is done to them: at most 100, with one list page. v2 lists them by id,
 * with the counts of what hangs on them; v1 lists what changed since, newest first. Leads are read each by itself, some at
 * a time: their archive cannot be asked what changed.
 */
export async function lookAgain(
  account: Account,
  entity: Entity,
  ids: ReadonlyArray<string>,
  since: Date,
  atOnce: number,
  signal: AbortSignal,
): Promise<Map<string, SecondLook>> {
  const rules = entityTable[entity];
  const wanted = new Set(ids);
  const seen = new Map<string, SecondLook>();
  if (rules.paging === 'cursor') {
    const counters = childCounters[entity];
    const asked = entity === 'deal' ? [...(counters ?? []), 'products_count'] : counters;
    const query = { ids: ids.join(','), ...(asked ? { include_fields: asked.join(',') } : {}) };
    for (const list of rules.archive ? [rules.list, rules.archive] : [rules.list]) {
      if (seen.size === wanted.size) break;
      for await (const page of account.pages({ ...rules, list }, query, signal))
        for (const record of page) if (wanted.has(String(record.id))) seen.set(String(record.id), record);
    }
    for (const id of ids) if (!seen.has(id)) seen.set(id, 'gone');
    return seen;
  }
  if (rules.archive) {
    const found = await findEach(account, entity, ids, atOnce, signal);
    for (const id of ids) seen.set(id, found.get(id) ?? 'gone');
    return seen;
  }
  for (const id of ids) seen.set(id, 'unchanged');
  for await (const record of changesSince(account, entity, since, signal))
    if (wanted.has(String(record.id))) seen.set(String(record.id), record);
  return seen;
}

/** One record of v1 by its id; undefined when it is gone. Lists of v1 shift when a record goes: one that is missing there may stand. */
export async function findRecord(
  account: Account,
  entity: Entity,
  id: string,
  signal: AbortSignal,
): Promise<RemoteRecord | undefined> {
  const operation = entityTable[entity].get;
  if (operation === undefined) return undefined;
  const record = (await account.find({ operation, path: { id } }, signal)) as RemoteRecord | undefined;
  return record === undefined || record.is_deleted === true || record.active_flag === false
    ? undefined
    : record;
}

/** Of these records of v1 those that stand, each read by itself, some at a time. */
export async function findEach(
  account: Account,
  entity: Entity,
  ids: ReadonlyArray<string>,
  atOnce: number,
  signal: AbortSignal,
): Promise<Map<string, RemoteRecord>> {
  const found = new Map<string, RemoteRecord>();
  for (const slice of slicesOf(ids, atOnce))
    await everyOne(
      slice.map(async (id) => {
        const record = await findRecord(account, entity, id, signal);
        if (record) found.set(id, record);
      }),
    );
  return found;
}

/** What it takes to find one; where it cannot be asked for by itself, more than any list. */
export function priceOfOne(entity: Entity): number {
  const operation = entityTable[entity].get;
  return operation === undefined ? Number.POSITIVE_INFINITY : tokenCost(operation);
}

/** The lines of these deals, as the account shows them this moment. */
export async function linesOf(
  account: Account,
  dealIds: ReadonlyArray<string>,
  signal: AbortSignal,
): Promise<RemoteRecord[]> {
  const rules = entityTable.line;
  const lines = new Map<string, RemoteRecord>();
  for (const query of walksOver(rules, rules.everything, dealIds))
    for await (const page of account.pages(rules, query, signal))
      for (const line of page) lines.set(String(line.id), line);
  return [...lines.values()];
}

/**
 * The records of this entity on which something has come to hang since: found in the lists of what may hang on it.
 * For entities that the account counts children of, the counts say it.
 */
export async function heldSince(
  account: Account,
  entity: Entity,
  since: Date,
  signal: AbortSignal,
): Promise<Set<string>> {
  const held = new Set<string>();
  for (const child of childLists[entity] ?? []) {
    const withLines: string[] = [];
    for await (const record of changesSince(account, child, since, signal)) {
      for (const link of linksOf(record)) held.add(link);
      if (Number(record.products_count ?? 0) > 0) withLines.push(String(record.id));
    }
    for (const line of await linesOf(account, withLines, signal))
      for (const link of linksOf(line)) held.add(link);
  }
  return held;
}

/** What changed since a time. Files cannot be asked for it: newest first, down to the time. */
async function* changesSince(
  account: Account,
  entity: Entity,
  since: Date,
  signal: AbortSignal,
): AsyncGenerator<RemoteRecord> {
  const rules = entityTable[entity];
  const from = new Date(since.getTime() - marginMs);
  const query = rules.changedSince?.(from) ?? { ...rules.everything, sort: 'update_time DESC' };
  const asked = entity === 'deal' ? { include_fields: 'products_count' } : {};
  for await (const page of account.pages(rules, { ...query, ...asked }, signal)) {
    for (const record of page) {
      if (rules.changedSince === null && isOlder(record, from)) return;
      yield record;
    }
  }
}

function isOlder(record: RemoteRecord, time: Date): boolean {
  const changed = String(record.update_time ?? '');
  const iso = changed.includes('T') ? changed : `${changed.replace(' ', 'T')}Z`;
  return Date.parse(iso) < time.getTime();
}
