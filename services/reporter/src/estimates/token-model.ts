import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type EntityCalls, entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';

export type RecordCounts = Partial<Record<Entity, number>>;

/** Tokens and requests of one part of a migration. */
export interface Cost {
  tokens: number;
  requests: number;
}

export interface TokenModel {
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
const deltaShare = 0.1;

/** Items that provisioning makes on an account that has none of ours yet. */
export interface SchemaCounts {
  customFields: number;
  stages: number;
  activityTypes: number;
  leadLabels: number;
}

/**
 * The same prices and the same operations as the loader's plan of a run (plan-tokens.ts): an estimate differs from a
 * plan only by its counts, and a plan from what was spent only by retries.
 */
export function tokenModel(
  records: RecordCounts,
  schema: SchemaCounts,
  callsOf: Readonly<Record<Entity, EntityCalls>> = entityCalls,
): TokenModel {
  const cost = (operation: OperationName, requests: number): Cost => ({
    tokens: tokenCost(operation) * requests,
    requests,
  });
  const counted = entities
    .map((entity) => ({ entity, count: Math.max(0, Math.round(records[entity] ?? 0)) }))
    .filter(({ count }) => count > 0);
  const load = counted.map(({ entity, count }) => ({ entity, ...cost(callsOf[entity].create, count) }));
  const verify = counted.map(({ entity, count }) => ({
    entity,
    ...cost(callsOf[entity].list, Math.ceil(count / callsOf[entity].pageSize)),
  }));
  const verified = sum(verify);
  return {
    provision: sum([
      // What stands is listed first: four kinds of fields, pipelines, stages, activity types and users.
      ...(['getDealFields', 'getPersonFields', 'getOrganizationFields', 'getProductFields'] as const).map(
        (operation) => cost(operation, 1),
      ),
      ...(['getPipelines', 'getStages', 'getActivityTypes', 'getUsers'] as const).map((operation) =>
        cost(operation, 1),
      ),
      cost('createDealField', schema.customFields),
      cost('createPipeline', 1),
      cost('createStage', schema.stages),
      cost('createActivityType', schema.activityTypes),
      // Labels of persons, organizations and deals are options, added by a call for each of the three.
      ...(['addPersonFieldOptions', 'addOrganizationFieldOptions', 'addDealFieldOptions'] as const).map(
        (operation) => cost(operation, 1),
      ),
      cost('getLeadLabels', schema.leadLabels > 0 ? 1 : 0),
      cost('createLeadLabel', schema.leadLabels),
      // The probe: one deal is made, read in the answer, and removed.
      cost('createDeal', 1),
      cost('deleteDeal', 1),
    ]),
    load: sum(load),
    verify: verified,
    reserve_delta: sum([
      verified,
      ...counted.map(({ entity, count }) => cost(callsOf[entity].update, Math.ceil(count * deltaShare))),
    ]),
    reserve_rollback: sum([
      verified,
      ...counted.map(({ entity, count }) => cost(callsOf[entity].remove, count)),
    ]),
    by_entity: Object.fromEntries(
      counted.map(({ entity }) => [
        entity,
        sum([...load, ...verify].filter((part) => part.entity === entity)),
      ]),
    ),
  };
}

export function sum(costs: ReadonlyArray<Cost>): Cost {
  return {
    tokens: costs.reduce((total, part) => total + part.tokens, 0),
    requests: costs.reduce((total, part) => total + part.requests, 0),
  };
}
