import { slicesOf } from '../core/slices.js';
import type { FieldEntity, MatchedEntity } from '../domain/mapping/content.js';
import { type Entity, entities } from '../domain/run/states.js';
import { tokenCost } from './costs.js';
import { type EntityCalls, entityCalls } from './entity-calls.js';
import type { OperationName } from './facts/index.js';

/** How often each operation is called. */
export type Calls = Partial<Record<OperationName, number>>;

/**
 * The parts of a load that tokens are reckoned by. What is asked of the account before the first record (the probe, the
 * count of the deals that stand there, the first page of what is looked through for matches) belongs to `provision`, also where its operations load and verify records later.
 */
export const tokenPhases = ['provision', 'load', 'verify'] as const;
export type TokenPhase = (typeof tokenPhases)[number];
export type CallsByPhase = Record<TokenPhase, Calls>;

/**
 * What a call is for, where that is noted with its tokens (`loader.token_use.purposes`): `probe`, `read_before` and
 * `read_back` are planned, once; everything else is a cause for which more is spent than was planned. Most calls are noted without: they
 * are the plan.
 */
export const callPurposes = [
  'probe',
  'probe_again',
  'read_before',
  'read_back',
  'sent_again',
  'read_again',
  'searched_for_matches',
  'asked_by_answers',
] as const;
export type CallPurpose = (typeof callPurposes)[number];

/** What is to be written of an entity. `byParent`: of records under others, for each parent in the order of the lists. */
export interface EntityWork {
  creates: number;
  updates: number;
  total: number;
  /** Records of the account that are none of ours: what reads ours back goes past them, as far as they are known. */
  foreign?: number;
  /** The calls that look at records before they are updated. */
  looks?: number;
  byParent?: ReadonlyArray<{ creates: number; total: number }>;
}

/** A part of the account's schema that has to be made, as far as its price goes. */
export interface MissingItem {
  kind: string;
  /** Of fields and labels. */
  entity: string;
}

/** The calls that make and list custom fields, by entity. */
export const fieldOperations: Record<
  FieldEntity,
  { list: OperationName; create: OperationName; addOptions: OperationName }
> = {
  organization: {
    list: 'getOrganizationFields',
    create: 'createOrganizationField',
    addOptions: 'addOrganizationFieldOptions',
  },
  person: { list: 'getPersonFields', create: 'createPersonField', addOptions: 'addPersonFieldOptions' },
  product: { list: 'getProductFields', create: 'createProductField', addOptions: 'addProductFieldOptions' },
  deal: { list: 'getDealFields', create: 'createDealField', addOptions: 'addDealFieldOptions' },
};

export const fieldEntities = Object.keys(fieldOperations) as FieldEntity[];

/** The writes of the records, and the reads: a look before updates, and the list pages that read each once. */
export function recordCalls(
  work: Partial<Record<Entity, EntityWork>>,
): Pick<CallsByPhase, 'load' | 'verify'> {
  const load: Calls = {};
  const verify: Calls = {};
  for (const entity of entities) {
    const rules: EntityCalls = entityCalls[entity];
    const { updates, total, creates, byParent, foreign = 0, looks = 0 } = work[entity] ?? nothing;
    const parents = byParent ?? [{ creates, total }];
    for (const parent of parents) {
      const calls = createCalls(rules, parent.creates);
      if (rules.bulk) add(load, rules.bulk.create, calls.bulk);
      add(load, rules.create, calls.single);
    }
    add(load, rules.update, updates);
    add(verify, rules.get ?? rules.list, looks);
    for (const listed of slicesOf(parents, rules.parentsAtOnce ?? 1)) {
      const records = listed.reduce((sum, parent) => sum + parent.total, 0);
      add(verify, rules.list, listPages(rules, records, foreign));
    }
  }
  return { load, verify };
}

const nothing: EntityWork = { creates: 0, updates: 0, total: 0 };

/** The pages of the walk that finds so many records of ours among those of the account; none where there is nothing to find. */
export function listPages(
  { pageSize }: Pick<EntityCalls, 'pageSize'>,
  ours: number,
  foreign: number,
): number {
  return ours === 0 ? 0 : Math.ceil((ours + foreign) / pageSize);
}

/** How many calls it takes to create so many records under one parent. */
export function createCalls(
  { bulk }: Pick<EntityCalls, 'bulk'>,
  creates: number,
): { bulk: number; single: number } {
  if (!bulk) return { bulk: 0, single: creates };
  const full = Math.floor(creates / bulk.most);
  const rest = creates % bulk.most;
  return rest >= bulk.from ? { bulk: full + 1, single: 0 } : { bulk: full, single: rest };
}

/** What stands is listed first, then what is missing is made. Labels of leads are listed only when a mapping has some. */
export function schemaCalls(missing: ReadonlyArray<MissingItem>, hasLeadLabels: boolean): Calls {
  const calls: Calls = {};
  const count = (kind: string, entity?: string) =>
    missing.filter((item) => item.kind === kind && (entity === undefined || item.entity === entity)).length;
  for (const operation of ['getPipelines', 'getStages', 'getActivityTypes', 'getUsers'] as const)
    add(calls, operation, 1);
  for (const entity of fieldEntities) {
    add(calls, fieldOperations[entity].list, 1);
    add(calls, fieldOperations[entity].create, count('field', entity));
    // The labels of one entity are added by one call.
    add(calls, fieldOperations[entity].addOptions, Math.min(1, count('label', entity)));
  }
  add(calls, 'createPipeline', count('pipeline'));
  add(calls, 'createStage', count('stage'));
  add(calls, 'createActivityType', count('activity_type'));
  add(calls, 'getLeadLabels', hasLeadLabels ? 1 : 0);
  add(calls, 'createLeadLabel', count('label', 'lead'));
  return calls;
}

/** One deal that is made, read in the answer, and removed. A run without deals needs no answers about them. */
export function probeCalls(deals: number): Calls {
  return deals > 0 ? { createDeal: 1, deleteDeal: 1 } : {};
}

/**
 * The lists that are looked through for records that stand in the account already: a page of each, which is read however
 * few those are. Further pages are known once they were read.
 */
export function matchCalls(matching: ReadonlyArray<MatchedEntity>): Calls {
  const calls: Calls = {};
  for (const entity of matching) add(calls, entityCalls[entity].list, 1);
  return calls;
}

export function sumOfCalls(...parts: ReadonlyArray<Calls>): Calls {
  const sum: Calls = {};
  for (const part of parts)
    for (const [operation, count] of Object.entries(part)) add(sum, operation as OperationName, count);
  return sum;
}

export function priceOf(calls: Calls): number {
  return Object.values(tokensOf(calls)).reduce((sum, tokens) => sum + tokens, 0);
}

/** Tokens by operation, in alphabetical order. */
export function tokensOf(calls: Calls): Record<string, number> {
  return Object.fromEntries(
    Object.entries(calls)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([operation, count]) => [operation, count * tokenCost(operation as OperationName)]),
  );
}

function add(calls: Calls, operation: OperationName, count: number): void {
  if (count > 0) calls[operation] = (calls[operation] ?? 0) + count;
}
