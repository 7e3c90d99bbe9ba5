import type { DestinationSchema, MatchedEntity } from '@octopipe/shared/domain/mapping/content';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type EntityCalls, entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import {
  type Calls,
  type CallsByPhase,
  type EntityWork,
  type MissingItem,
  matchCalls,
  priceOf,
  probeCalls,
  recordCalls,
  schemaCalls,
  sumOfCalls,
} from '@octopipe/shared/pipedrive/planned-calls';

export type RecordCounts = Partial<Record<Entity, number>>;

/** Tokens and requests of one part of a migration. */
export interface Cost {
  tokens: number;
  requests: number;
}

export interface TokenModel {
  /** What the costs of provision, load and verify are the price of. */
  calls: CallsByPhase;
  provision: Cost;
  load: Cost;
  verify: Cost;
  /** Set aside for one delta: a share of the records changed once more, and everything read once more. */
  reserve_delta: Cost;
  /** What it would take to remove everything again. */
  reserve_rollback: Cost;
  by_entity: Record<string, Cost>;
}

/** Share of the records that a delta is reckoned to touch. */
export const deltaShare = 0.1;

/** As transform lays them out; the updates of one are looked at together. */
const recordsPerBatch = 100;

/** Items that provisioning makes on an account that has none of ours yet, as long as no mapping names them. */
export interface SchemaCounts {
  customFields: number;
  stages: number;
  activityTypes: number;
  leadLabels: number;
}

/** What is to be made of records; `byDeal`: how many lines each deal has, once they are mapped. */
export interface RecordWork {
  counts: RecordCounts;
  linesByDeal?: ReadonlyArray<number> | undefined;
}

/**
 * The calls of a load into an account that has nothing of ours yet, reckoned by the functions that plan a run
 * (shared/pipedrive/planned-calls.ts): an estimate of a mapped export differs from the plan only by what stands in the
 * account, and the plan from what was spent only by what the account answered. Both are told apart in token-reasons.ts.
 */
export function tokenModel(
  { counts, linesByDeal }: RecordWork,
  schema: { missing: ReadonlyArray<MissingItem>; hasLeadLabels: boolean },
  account: { standingDeals: number; matching: ReadonlyArray<MatchedEntity> },
): TokenModel {
  const counted = entities
    .map((entity) => ({ entity, count: Math.max(0, Math.round(counts[entity] ?? 0)) }))
    .filter(({ count }) => count > 0);
  const parts = counted.map(({ entity, count }) => ({
    entity,
    count,
    ...callsOfEntity(entity, count, linesByDeal),
  }));
  const load = sumOfCalls(...parts.map((part) => part.load));
  const verify = sumOfCalls(...parts.map((part) => part.verify));
  const countOf = (wanted: Entity) => counted.find(({ entity }) => entity === wanted)?.count ?? 0;
  const provision = sumOfCalls(
    schemaCalls(schema.missing, schema.hasLeadLabels),
    probeCalls(countOf('deal')),
    countOf('deal') + countOf('lead') > 0 ? dealRoomCalls(account.standingDeals) : {},
    matchCalls(account.matching),
  );
  return {
    calls: { provision, load, verify },
    provision: costOf(provision),
    load: costOf(load),
    verify: costOf(verify),
    reserve_delta: sum([
      costOf(verify),
      ...counted.flatMap(({ entity, count }) => {
        const { update, list, get }: EntityCalls = entityCalls[entity];
        const changed = Math.ceil(count * deltaShare);
        // Looked at before: one by one, or a batch at a time, each of which has some of them.
        const looks = get ? changed : Math.min(changed, Math.ceil(count / recordsPerBatch));
        return [timesCost(update, changed), timesCost(get ?? list, looks)];
      }),
    ]),
    reserve_rollback: sum([
      costOf(verify),
      ...counted.map(({ entity, count }) => timesCost(entityCalls[entity].remove, count)),
    ]),
    by_entity: Object.fromEntries(
      parts.map((part) => [part.entity, costOf(sumOfCalls(part.load, part.verify))]),
    ),
  };
}

function callsOfEntity(
  entity: Entity,
  count: number,
  linesByDeal: ReadonlyArray<number> | undefined,
): Pick<CallsByPhase, 'load' | 'verify'> {
  const work: EntityWork = { creates: count, updates: 0, total: count };
  if (entity !== 'line') return recordCalls({ [entity]: work });
  if (linesByDeal)
    return recordCalls({
      line: { ...work, byParent: linesByDeal.map((lines) => ({ creates: lines, total: lines })) },
    });
  // Which deal has how many is known after mapping: most have fewer than a call for several would pay for.
  const { create, list, pageSize } = entityCalls.line;
  return { load: { [create]: count }, verify: { [list]: Math.ceil(count / pageSize) } };
}

/** Leads and deals are counted before the first write: a list page each, also where there are none. */
function dealRoomCalls(standingDeals: number): Calls {
  const { deal, lead } = entityCalls;
  return { [deal.list]: Math.max(1, Math.ceil(standingDeals / deal.pageSize)), [lead.list]: 1 };
}

/** Everything that a confirmed mapping wants in the account. */
export function itemsOf({ fields, pipelines, activityTypes, labels = [] }: DestinationSchema): MissingItem[] {
  return [
    ...fields.map(({ entity }) => ({ kind: 'field', entity })),
    ...pipelines.flatMap(({ stages }) => [
      { kind: 'pipeline', entity: '' },
      ...stages.map(() => ({ kind: 'stage', entity: '' })),
    ]),
    ...activityTypes.map(() => ({ kind: 'activity_type', entity: '' })),
    ...labels.map(({ entity }) => ({ kind: 'label', entity })),
  ];
}

/** The same from numbers. Fields cost the same whatever they are of; labels of three entities take a call each. */
export function itemsOfCounts(counts: SchemaCounts): MissingItem[] {
  const times = (count: number, kind: string, entity = '') =>
    Array.from({ length: count }, () => ({ kind, entity }));
  return [
    ...times(counts.customFields, 'field', 'deal'),
    ...times(1, 'pipeline'),
    ...times(counts.stages, 'stage'),
    ...times(counts.activityTypes, 'activity_type'),
    ...(['person', 'organization', 'deal'] as const).map((entity) => ({ kind: 'label', entity })),
    ...times(counts.leadLabels, 'label', 'lead'),
  ];
}

export function sum(costs: ReadonlyArray<Cost>): Cost {
  return {
    tokens: costs.reduce((total, part) => total + part.tokens, 0),
    requests: costs.reduce((total, part) => total + part.requests, 0),
  };
}

function costOf(calls: Calls): Cost {
  return {
    tokens: priceOf(calls),
    requests: Object.values(calls).reduce((total, count) => total + count, 0),
  };
}

function timesCost(operation: OperationName, requests: number): Cost {
  return { tokens: tokenCost(operation) * requests, requests };
}
