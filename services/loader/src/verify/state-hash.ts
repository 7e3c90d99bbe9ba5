import { hashOf } from '@octopipe/shared/core/canonical-json';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import type { Account } from '../destination/account.js';
import { entityTable, type RemoteRecord } from '../destination/entity-table.js';
import { imageOf } from './image.js';

/**
 * What an account holds, in one hash: every record that its lists show, archived ones too, by id and in canonical form.
 * Equal hashes mean that nobody could tell the two accounts apart by their records: same ids, same contents. When
 * a record was last touched is not part of it, and of a deleted one nothing is.
 */
export interface AccountState {
  records: number;
  hash: string;
}

/** Collects records in any order, each once however often a list shows it. */
export class StateHash {
  readonly #contents = new Map<string, string>();

  add(entity: Entity, record: RemoteRecord): void {
    this.#contents.set(stateKey(entity, record.id), hashOf(imageOf(entity, record)));
  }

  /** Of everything that was added, apart from the records of these keys. */
  result(apartFrom: ReadonlySet<string> = new Set()): AccountState {
    const lines = [...this.#contents]
      .filter(([key]) => !apartFrom.has(key))
      .map(([key, content]) => `${key} ${content}`)
      .sort();
    return { records: lines.length, hash: hashOf(lines) };
  }
}

export function stateKey(entity: string, id: string | number): string {
  return `${entity}:${id}`;
}

/** Every list page of the account: 10 tokens for 500 records, 20 for 500 notes or 100 files. */
export async function readState(account: Account, signal?: AbortSignal): Promise<StateHash> {
  const state = new StateHash();
  for (const entity of entities) {
    for await (const record of everyRecord(account, entity, signal)) state.add(entity, record);
  }
  return state;
}

/** All records of an entity that the account lists, archived ones last. One may come twice; callers key by id. */
export async function* everyRecord(
  account: Account,
  entity: Entity,
  signal?: AbortSignal,
  query: Record<string, string> = {},
): AsyncGenerator<RemoteRecord> {
  const rules = entityTable[entity];
  for (const list of rules.archive ? [rules.list, rules.archive] : [rules.list])
    for await (const page of account.pages({ ...rules, list }, { ...rules.everything, ...query }, signal))
      yield* page;
}
