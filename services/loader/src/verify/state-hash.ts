import { hashOf } from '@octopipe/shared/core/canonical-json';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import type { Account } from '../destination/account.js';
import { entityTable, type RemoteRecord, walksOver } from '../destination/entity-table.js';
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

/** Every list page of the account, in one hash. */
export async function readState(account: Account, signal?: AbortSignal): Promise<StateHash> {
  const state = new StateHash();
  const walk = new AccountWalk(account, signal);
  for (const entity of entities) for await (const record of walk.records(entity)) state.add(entity, record);
  return state;
}

/** What a list shows only when it is asked to, at no price: the use that people make of a record. */
const askedFor: Partial<Record<Entity, string>> = {
  organization: 'email_messages_count',
  person: 'email_messages_count',
  deal: 'email_messages_count,participants_count,products_count',
};

/**
 * Every record that an account lists, archived ones too, each once: 10 tokens for 500, 20 for 500 notes or 100 files, 10
 * for the lines of 100 deals. Entities are asked for in the order of `entities`: the deals tell where lines are.
 */
export class AccountWalk {
  readonly #withLines: string[] = [];

  constructor(
    readonly account: Account,
    readonly signal: AbortSignal | undefined,
  ) {}

  async *records(entity: Entity): AsyncGenerator<RemoteRecord> {
    const rules = entityTable[entity];
    const fields = askedFor[entity];
    const query = { ...rules.everything, ...(fields === undefined ? {} : { include_fields: fields }) };
    const met = new Set<string>();
    for (const list of rules.archive ? [rules.list, rules.archive] : [rules.list])
      for (const walk of walksOver(rules, query, this.#withLines))
        for await (const page of this.account.pages({ ...rules, list }, walk, this.signal))
          for (const record of page) {
            const id = String(record.id);
            if (met.has(id)) continue;
            met.add(id);
            if (Number(record.products_count ?? 0) > 0) this.#withLines.push(id);
            yield record;
          }
  }
}
