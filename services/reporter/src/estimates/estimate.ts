import type { DestinationSchema, MatchedEntity } from '@octopipe/shared/domain/mapping/content';
import { findDefinition } from '@octopipe/shared/domain/objects/registry';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import {
  dailyTokens,
  dealCap,
  dealCapOfAnyPlan,
  type PlanName,
  planNames,
  plans,
  whatHolds,
} from '@octopipe/shared/pipedrive/plans';
import { count } from '../html/wording.js';
import { complexityOf, magnitude } from './complexity.js';
import { priceOf } from './price-book.js';
import {
  type Cost,
  deltaShare,
  itemsOf,
  itemsOfCounts,
  type RecordCounts,
  sum,
  type TokenModel,
  tokenModel,
} from './token-model.js';
import { inventoryOnly, seldom, yields } from './yields.js';

export interface EstimateInput {
  plan: PlanName;
  seats: number;
  /** Rows by source object, as exported. */
  rows: Readonly<Record<string, number>>;
  /** Records by entity when an export is mapped already: these are used instead of the yields. */
  planned?: RecordCounts | undefined;
  /** How many lines each deal has, once they are mapped. */
  linesByDeal?: ReadonlyArray<number> | undefined;
  /** What the confirmed mapping wants in the account, when there is one: used instead of the counts below. */
  schema?: DestinationSchema | undefined;
  /** Share of each day's tokens that is left to the customer's other integrations. */
  reserveShare: number;
  inquiries: 'leads' | 'deals';
  dealLines: 'text' | 'products';
  customFields: number;
  statuses: number;
  /** The entities of which records may stand in the account already. */
  matching: ReadonlyArray<MatchedEntity>;
  additionalDeltas: number;
  standingDeals: number;
  billing?:
    | { model: 'booking_fee' | 'commission'; bookings_per_month: number; value_per_month: string }
    | undefined;
}

/** Fields that are ours on every account: markers, statuses, money. */
const ownFields = 25;
const stagesMade = 8;
const activityTypesMade = 12;
/** Records of one entity that are loaded together (transform/mapping/finish-set.ts). */
const batchSize = 100;
/** Statuses of inquiries and a few labels of their own. */
const leadLabelsMade = 8;

/** Everything that is known before the first write, from counts alone. Pure: the same input gives the same estimate. */
export function estimateOf(input: EstimateInput) {
  const { records, assumptions } = recordsOf(input);
  const model = modelOf(input, records);
  const total = sum([model.provision, model.load, model.verify]);
  const perDay = shareOf(input.plan, input);
  const rowCount = Object.values(input.rows).reduce((all, rows) => all + rows, 0);
  const recordCount = Object.values(records).reduce((all, count) => all + count, 0);
  const compatibility = compatibilityOf(input.rows);
  const warnings = warningsOf(input, records);
  const complexity = complexityOf({
    compatibility: average(
      compatibility.map(({ kind }) => (kind === 'one_to_one' ? 0 : kind === 'inventory_only' ? 0.8 : 0.5)),
    ),
    mapping_clarity: (magnitude(input.customFields, 5, 120) + magnitude(input.statuses, 8, 30)) / 2,
    api_constraints: Math.min(1, warnings.length * 0.3 + magnitude(total.tokens / perDay, 1, 30) * 0.7),
    volume: magnitude(rowCount, 5_000, 2_000_000),
  });
  const days = daysFor(total, input.plan, input);
  return {
    records,
    rows: rowCount,
    tokens: {
      total: total.tokens,
      requests: total.requests,
      phases: {
        provision: model.provision,
        load: model.load,
        verify: model.verify,
        reserve_delta: model.reserve_delta,
        reserve_rollback: model.reserve_rollback,
      },
      by_entity: model.by_entity,
    },
    time: {
      plan: input.plan,
      seats: input.seats,
      tokens_per_day: perDay,
      days,
      shortest_seconds: shortestSeconds(total, input.plan),
      options: optionsFor(total, input, days),
      timeline: timelineOf(complexity.grade, days),
    },
    warnings,
    compatibility,
    complexity,
    price: priceOf(complexity.grade, {
      records: recordCount,
      inventories: compatibility.filter(({ kind }) => kind === 'inventory_only').length,
      matching: input.matching.length > 0,
      additionalDeltas: input.additionalDeltas,
    }),
    billing: input.billing ? billingEffects(input.billing) : null,
    assumptions: [
      ...assumptions,
      schemaAssumption(input, records),
      ...matchingAssumption(input, records),
      `A delta is taken to change ${deltaShare * 100} % of the records once more.`,
      `${Math.round(input.reserveShare * 100)} % of each day's tokens are left to the company's other integrations.`,
      'Prices are the published token costs per operation; refused requests are taken to cost the same.',
      'An account without records of an earlier run; a second run of the same data writes nothing.',
    ],
  };
}

export type Estimate = ReturnType<typeof estimateOf>;

/** The calls behind an estimate, by phase and operation. */
export function estimatedCalls(input: EstimateInput): TokenModel['calls'] {
  return modelOf(input, recordsOf(input).records).calls;
}

function modelOf(input: EstimateInput, records: RecordCounts): TokenModel {
  const { schema, linesByDeal, standingDeals, matching } = input;
  const hasLeadLabels = schema
    ? (schema.labels ?? []).some(({ entity }) => entity === 'lead')
    : (records.lead ?? 0) > 0;
  const missing = schema
    ? itemsOf(schema)
    : itemsOfCounts({
        customFields: Math.min(plans[input.plan].customFields, fieldsOf(input)),
        stages: stagesMade,
        activityTypes: activityTypesMade,
        leadLabels: hasLeadLabels ? leadLabelsMade : 0,
      });
  return tokenModel(
    { counts: records, linesByDeal },
    { missing, hasLeadLabels },
    { standingDeals, matching },
  );
}

/** Custom fields that are wanted in the account. */
function fieldsOf({ schema, customFields }: Pick<EstimateInput, 'schema' | 'customFields'>): number {
  return schema ? schema.fields.length : ownFields + customFields;
}

/** What provisioning is reckoned from. */
function schemaAssumption({ schema }: EstimateInput, records: RecordCounts): string {
  if (schema) return 'Fields, stages, types and labels are those of the confirmed mapping.';
  const labels = `labels of persons, organizations and deals${(records.lead ?? 0) > 0 ? ` and ${leadLabelsMade} of leads` : ''}`;
  return `No mapping yet: ${ownFields} fields of ours beside the export's own, a pipeline of ${stagesMade} stages, ${activityTypesMade} activity types, ${labels}.`;
}

/** What matching costs depends on records that nobody has counted: the least of it is reckoned, and how it grows is said. */
function matchingAssumption({ matching }: EstimateInput, records: RecordCounts): string[] {
  if (matching.length === 0) return [];
  const lists = matching.map((entity) => {
    const { list, pageSize } = entityCalls[entity];
    return { page: tokenCost(list), pageSize, batches: Math.ceil((records[entity] ?? 0) / batchSize) };
  });
  const [{ page, pageSize } = { page: 0, pageSize: 0 }] = lists;
  const ofBatches = lists.reduce((sum, { batches }) => sum + batches * page, 0);
  return [
    `Matching of ${matching.map((entity) => `${entity}s`).join(', ')} is reckoned for an account that has none: a list page of each, ${page} tokens. Every further ${pageSize} that stand there take a page more, and as much again when ours are read back; every batch of ${batchSize} with a match in it takes a page, ${count(ofBatches)} tokens at most. A record that is matched is updated for the price of creating it.`,
  ];
}

function recordsOf(input: EstimateInput): { records: Record<string, number>; assumptions: string[] } {
  if (input.planned)
    return {
      records: Object.fromEntries(
        entities.flatMap((entity) => {
          const count = input.planned?.[entity] ?? 0;
          return count > 0 ? [[entity, count]] : [];
        }),
      ),
      assumptions: ['Records are counted from the mapped export.'],
    };
  const records = new Map<Entity, number>();
  const assumptions: string[] = [];
  for (const [object, rows] of Object.entries(input.rows)) {
    for (const { entity, perRow, from } of yields[object] ?? []) {
      if (entity === 'line' && input.dealLines === 'text') continue;
      const target = entity === 'lead' && input.inquiries === 'deals' ? 'deal' : entity;
      records.set(target, (records.get(target) ?? 0) + rows * perRow);
      if (perRow !== 1 && rows > 0) assumptions.push(`${object}: ${perRow} ${target} per row (${from}).`);
    }
  }
  if ((records.get('line') ?? 0) > 0)
    assumptions.push('line: a call for each; deals with more lines than a few take fewer calls.');
  const rare = Object.keys(seldom).filter((object) => (input.rows[object] ?? 0) > 0);
  if (rare.length > 0)
    assumptions.push(
      `Not counted, for fewer than one row in fifty has it: ${rare.map((object) => `${seldom[object]?.join(', ')} of ${object}`).join('; ')}.`,
    );
  return {
    records: Object.fromEntries(
      entities.flatMap((entity) => {
        const count = Math.round(records.get(entity) ?? 0);
        return count > 0 ? [[entity, count]] : [];
      }),
    ),
    assumptions,
  };
}

function shareOf(plan: PlanName, input: Pick<EstimateInput, 'seats' | 'reserveShare'>): number {
  return Math.floor(dailyTokens(plan, input.seats) * (1 - input.reserveShare));
}

/** At full burst, if a day had no limit. */
function shortestSeconds({ requests }: Cost, plan: PlanName): number {
  return Math.ceil((requests * 2) / plans[plan].burstPer2s);
}

/** The days that the requests alone take: no token shortens them. */
function burstDays(total: Cost, plan: PlanName): number {
  return Math.ceil(shortestSeconds(total, plan) / 86_400);
}

/** By the tokens of a day and by the requests of a second, whichever takes longer; what asks for nothing takes none. */
function daysFor(total: Cost, plan: PlanName, input: Pick<EstimateInput, 'seats' | 'reserveShare'>): number {
  return Math.max(Math.ceil(total.tokens / shareOf(plan, input)), burstDays(total, plan));
}

/** Wait, buy tokens, or take a larger plan for the time: what each means in days. */
function optionsFor(total: Cost, input: EstimateInput, days: number) {
  const upgrades = planNames
    .filter((plan) => plans[plan].dailyTokensPerSeat > plans[input.plan].dailyTokensPerSeat)
    .map((plan) => ({
      kind: 'upgrade' as const,
      plan,
      top_up_tokens: 0,
      days: daysFor(total, plan, input),
    }));
  const withTopUp = burstDays(total, input.plan);
  // Each of those days brings its own tokens as well.
  const missing = Math.max(0, total.tokens - withTopUp * shareOf(input.plan, input));
  return [
    { kind: 'wait' as const, plan: input.plan, top_up_tokens: 0, days },
    ...(missing > 0
      ? [{ kind: 'top_up' as const, plan: input.plan, top_up_tokens: missing, days: withTopUp }]
      : []),
    ...upgrades.filter((option) => option.days < days),
  ];
}

function warningsOf(input: EstimateInput, records: RecordCounts) {
  const cap = dealCap(input.plan, input.seats);
  const deals = (records.deal ?? 0) + (records.lead ?? 0) + input.standingDeals;
  const fieldCap = plans[input.plan].customFields;
  return [
    ...(cap !== null && deals > cap
      ? [
          {
            code: 'deal_cap',
            says: `${count(deals)} leads and deals${input.standingDeals > 0 ? `, ${count(input.standingDeals)} of them in the account already` : ''}; ${input.plan} with ${input.seats} seat(s) holds ${count(cap)} that are not archived: ${count(deals - cap)} too many. ${whatHelps(deals, deals - cap, input)} A run that finds no room is refused before its first write.`,
          },
        ]
      : []),
    ...(fieldsOf(input) > fieldCap
      ? [
          {
            code: 'custom_field_cap',
            says: `${fieldsOf(input)} custom fields are wanted, ${input.plan} holds ${fieldCap}: the rest goes together into one text field per entity.`,
          },
        ]
      : []),
  ];
}

function whatHelps(deals: number, over: number, { plan, seats, standingDeals }: EstimateInput): string {
  const larger = whatHolds(deals, plan, seats);
  const grow = [
    ...(larger.plan ? [`plan ${larger.plan.name} (${count(larger.plan.holds)})`] : []),
    ...(larger.seats ? [`${larger.seats.count} seats (${count(larger.seats.holds)})`] : []),
  ];
  const less = [
    ...(standingDeals >= over ? [`archiving ${count(over)} of those in the account`] : []),
    'exporting fewer years',
  ];
  return grow.length > 0
    ? `It takes ${grow.join(' or ')}, or ${less.join(' or ')}.`
    : `No plan of Pipedrive holds more than ${count(dealCapOfAnyPlan)}; what helps is ${less.join(' or ')}.`;
}

type CompatibilityKind = 'one_to_one' | 'one_to_many' | 'lossy' | 'inventory_only' | 'part_of_others';

/** How each object of the export fits Pipedrive; the losses are the sentences of the mapping itself. */
function compatibilityOf(rows: Readonly<Record<string, number>>) {
  return Object.entries(rows)
    .filter(([, count]) => count > 0)
    .map(([object, count]) => {
      const definition = findDefinition(object);
      const products = definition?.produces ?? [];
      const losses = [
        ...(definition?.lossy ?? []),
        ...products.flatMap(({ lossy, fields }) => [
          ...lossy,
          ...fields.flatMap((field) => (field.lossy === null ? [] : [field.lossy])),
        ]),
      ];
      const kind: CompatibilityKind = inventoryOnly.has(object)
        ? 'inventory_only'
        : products.length === 0
          ? 'part_of_others'
          : losses.length > 0
            ? 'lossy'
            : products.length > 1
              ? 'one_to_many'
              : 'one_to_one';
      return {
        object,
        rows: count,
        kind,
        becomes: [...new Set(products.map(({ entity }) => entity))],
        losses: [...new Set(losses)],
      };
    });
}

/** Working days from the export to the hand-over: people's part by grade, plus the days of loading. */
const peopleDays = { A: [3, 5], B: [5, 10], C: [10, 20], D: [20, 40] } as const;

function timelineOf(grade: keyof typeof peopleDays, loadingDays: number) {
  const [from, to] = peopleDays[grade];
  return { working_days_from: from + loadingDays, working_days_to: to + 2 * loadingDays };
}

function billingEffects(billing: NonNullable<EstimateInput['billing']>) {
  return billing.model === 'booking_fee'
    ? {
        model: billing.model,
        says: `Every booking made while both systems run costs a fee: about ${Math.ceil(billing.bookings_per_month / 30)} a day. Keep the parallel run short and avoid test bookings.`,
      }
    : {
        model: billing.model,
        says: `Commission is charged on ${billing.value_per_month} a month while both systems run. Deal values are taken gross, as the customer paid.`,
      };
}

const average = (values: ReadonlyArray<number>) =>
  values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;
