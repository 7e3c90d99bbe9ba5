import type { Entity } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type EntityCalls, entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { schemaCalls, type TokenPhase } from '@octopipe/shared/pipedrive/planned-calls';

/** Why tokens differ between two ways to count them, in words for whoever pays them. */
export const tokenReasons = {
  records_of_mapping:
    'The mapping decides how many records the rows become; before it, shares seen on other exports are taken.',
  schema_of_mapping:
    'The mapping decides which fields, stages, types and labels are wanted; before it, usual numbers are taken.',
  stands_in_account: 'It stands in the account already, so it is not made.',
  deals_in_account: 'The leads and deals of the account fill further list pages when they are counted.',
  nothing_to_add: 'The run adds no leads or deals, so those of the account are not counted.',
  loaded_before: 'An earlier run has loaded these records.',
  changed_since_load: 'An earlier run has loaded these records and they have changed since.',
  not_yet_spent: 'The run has not ended.',
  matched_in_account: 'Records of the account turned out to be the same: they are used instead of made.',
  searched_for_matches: 'Lists of the account were read to find records that are the same.',
  known_before: 'The account held it, or had answered it, by the time the run came to it.',
  not_written:
    'Records failed, were left to wait, or were found to be written already, before a call was sent for them.',
  not_read: 'The run ended before everything was read back.',
  sent_again:
    'Calls were sent more than once: refused for their rate, not answered, or one by one after all.',
  read_again:
    'Lists were read more than once: after a restart, to find out what became of a call without an answer, to find what was written before the database was restored, or in the archive.',
  asked_by_answers: 'What the account answered called for operations that no plan knows beforehand.',
  unexplained: 'No cause is known to us.',
} as const;
export type TokenReason = keyof typeof tokenReasons;

/** The ways of counting, each next to the one it is compared with. */
export const tokenSteps = ['mapping', 'account', 'sending'] as const;
export type TokenStep = (typeof tokenSteps)[number];

export interface ReasonFacts {
  ended: boolean;
  /** By entity: records of ours that turned out to stand in the account. */
  matched: Partial<Record<Entity, number>>;
  /** Entities that were searched for such. */
  searched: ReadonlyArray<string>;
}

/** One operation of one phase, with what was counted before the step and what after it. */
export interface TokenChange {
  step: TokenStep;
  phase: TokenPhase;
  operation: OperationName;
  before: number;
  after: number;
}

/** The reasons of one change; their tokens add up to it. */
export function reasonsOf(
  change: TokenChange,
  facts: ReasonFacts,
): Array<{ code: TokenReason; tokens: number }> {
  const difference = change.after - change.before;
  if (difference === 0) return [];
  if (change.step === 'mapping')
    return [
      { code: change.phase === 'provision' ? 'schema_of_mapping' : 'records_of_mapping', tokens: difference },
    ];
  if (change.step === 'account') return [{ code: accountReason(change, difference), tokens: difference }];
  if (difference < 0 && !facts.ended) return [{ code: 'not_yet_spent', tokens: difference }];
  return sendingReasons(change, difference, facts);
}

function accountReason({ phase, operation }: TokenChange, difference: number): TokenReason {
  const role = roleOf(operation);
  if (phase === 'provision') {
    if (role?.part === 'list') return difference > 0 ? 'deals_in_account' : 'nothing_to_add';
    return difference < 0 ? 'stands_in_account' : 'unexplained';
  }
  if (phase === 'load' && role?.part === 'create') return 'loaded_before';
  if (phase === 'load' && role?.part === 'update' && difference > 0) return 'changed_since_load';
  return 'unexplained';
}

/** Of a run that has ended with less than it planned. */
const fewerSent: Record<TokenPhase, TokenReason> = {
  provision: 'known_before',
  load: 'not_written',
  verify: 'not_read',
};

function sendingReasons(
  { phase, operation, before }: TokenChange,
  difference: number,
  { matched, searched }: ReasonFacts,
): Array<{ code: TokenReason; tokens: number }> {
  const role = roleOf(operation);
  const rest = (tokens: number): TokenReason => {
    if (tokens < 0) return fewerSent[phase];
    if (role?.part === 'list') return searched.includes(role.entity) ? 'searched_for_matches' : 'read_again';
    if (before === 0) return 'asked_by_answers';
    return operation.startsWith('get') ? 'read_again' : 'sent_again';
  };
  const same = phase === 'load' && role ? (matched[role.entity] ?? 0) * tokenCost(operation) : 0;
  // A record that was matched is not made, and patched where it differs.
  const byMatching =
    role?.part === 'create' && difference < 0
      ? -Math.min(same, -difference)
      : role?.part === 'update' && difference > 0
        ? Math.min(same, difference)
        : 0;
  const left = difference - byMatching;
  return [
    ...(byMatching === 0 ? [] : [{ code: 'matched_in_account' as const, tokens: byMatching }]),
    ...(left === 0 ? [] : [{ code: rest(left), tokens: left }]),
  ];
}

/** What an operation is to the records of an entity; undefined for those that are not about records. */
function roleOf(operation: string): { entity: Entity; part: 'create' | 'update' | 'list' } | undefined {
  return roles.get(operation);
}

const roles = new Map(
  Object.entries(entityCalls).flatMap(([entity, calls]: [string, EntityCalls]) =>
    (
      [
        [calls.create, 'create'],
        [calls.bulk?.create, 'create'],
        [calls.update, 'update'],
        [calls.list, 'list'],
        [calls.archive, 'list'],
      ] as const
    ).flatMap(([operation, part]) =>
      operation === undefined ? [] : [[operation as string, { entity: entity as Entity, part }] as const],
    ),
  ),
);

type Tokens = Readonly<Record<string, number>>;
export type TokensByPhase = Record<TokenPhase, Record<string, number>>;

/**
 * Tokens by operation, by the phase that they belong to. Two things are asked of the account with operations that load
 * and verify use as well: the probe's deal, of which each is deleted again (nothing else of a load is), and the count of
 * standing deals, which comes first: its pages are those that were foreseen for it.
 */
export function splitByPhase(tokens: Tokens, foreseen: Tokens): TokensByPhase {
  const split: TokensByPhase = { provision: {}, load: {}, verify: {} };
  const { deal } = entityCalls;
  for (const [operation, spent] of Object.entries(tokens)) {
    const first =
      operation === deal.create
        ? ((tokens[deal.remove] ?? 0) / tokenCost(deal.remove)) * tokenCost(deal.create)
        : (foreseen[operation] ?? 0);
    const main = phaseOf(operation);
    const early = main === 'provision' ? spent : Math.min(spent, first);
    if (early > 0) split.provision[operation] = early;
    if (spent > early) split[main][operation] = spent - early;
  }
  return split;
}

function phaseOf(operation: string): TokenPhase {
  const role = roleOf(operation);
  if (role) return role.part === 'list' ? 'verify' : 'load';
  return schemaOperations.has(operation) || !/^(get|download)/.test(operation) || operation.includes('Field')
    ? 'provision'
    : 'verify';
}

const schemaOperations: ReadonlySet<string> = new Set(Object.keys(schemaCalls([], true)));
