import { matchedEntities } from '@octopipe/shared/domain/mapping/content';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type EntityCalls, entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import {
  type CallPurpose,
  probeCalls,
  schemaCalls,
  type TokenPhase,
} from '@octopipe/shared/pipedrive/planned-calls';

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
  not_read: 'The run ended before everything was read back, or less stood there to be read.',
  not_reached: 'The run ended before it came to this.',
  sent_again:
    'Calls were sent more than once: refused for their rate, not answered, tried again after a refusal or a restart, or one by one after all.',
  read_again:
    'Lists were read more than once: after a restart, to find out what became of a call without an answer, to find what was written before the database was restored, in the archive, or because others changed a list while it was read.',
  others_in_lists: 'Other records of the account fill further list pages when ours are read back.',
  asked_by_answers: 'What the account answered called for calls that no plan knows beforehand.',
  unexplained: 'Nothing that the run has noted accounts for it.',
} as const;
export type TokenReason = keyof typeof tokenReasons;

/** The ways of counting, each next to the one it is compared with. */
export const tokenSteps = ['mapping', 'account', 'sending'] as const;
export type TokenStep = (typeof tokenSteps)[number];

export interface ReasonFacts {
  ended: boolean;
  /** By entity: records of ours that turned out to stand in the account. */
  matched: Partial<Record<Entity, number>>;
  /** By operation, calls that were made for a purpose of their own, as noted when they were made. */
  noted: Readonly<Record<string, Readonly<Partial<Record<CallPurpose, number>>>>>;
  /** By entity, records for which no call left, or another than was planned. */
  records: Readonly<Partial<Record<Entity, RecordFacts>>>;
  /** By entity, the list pages that hold what its verification saw; null: it did not note them. Absent: not verified. */
  pages: Readonly<Partial<Record<Entity, number | null>>>;
  /** By operation, the calls that made parts of the account's schema; undefined until it is provisioned. */
  made: Readonly<Record<string, number>> | undefined;
}

export interface RecordFacts {
  /** Failed, or without an outcome. */
  unwritten: number;
  unchanged: number;
  /** Written before, as a walk found, and not sent by this run. */
  found: number;
  /** Written before with another content, and updated. */
  adopted: number;
}

export interface Reason {
  code: TokenReason;
  tokens: number;
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
export function reasonsOf(change: TokenChange, facts: ReasonFacts): Reason[] {
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
    // Plans from before the search for matches was in them.
    if (role?.part === 'list' && isMatched(role.entity)) return 'unexplained';
    if (role?.part === 'list') return difference > 0 ? 'deals_in_account' : 'nothing_to_add';
    return difference < 0 ? 'stands_in_account' : 'unexplained';
  }
  if (phase === 'load' && role?.part === 'create') return 'loaded_before';
  if (phase === 'load' && role?.part === 'update' && difference > 0) return 'changed_since_load';
  if (phase === 'verify' && isLook(operation) && difference > 0) return 'changed_since_load';
  return 'unexplained';
}

/**
 * Why a run spent other than it had planned. Each cause is bounded by what the run noted of itself: no more tokens are put
 * down to it than its calls cost. What is left has no cause that we know.
 */
function sendingReasons(change: TokenChange, difference: number, facts: ReasonFacts): Reason[] {
  const cost = tokenCost(change.operation);
  const causes = difference > 0 ? causesOfMore(change, facts) : causesOfLess(change, facts);
  let left = Math.abs(difference);
  const reasons: Reason[] = [];
  const explain = (code: TokenReason, most: number) => {
    const tokens = Math.min(left, Math.max(0, most));
    if (tokens > 0) reasons.push({ code, tokens: Math.sign(difference) * tokens });
    left -= tokens;
  };
  for (const { code, calls } of causes) explain(code, calls * cost);
  explain('unexplained', left);
  return reasons;
}

/** A cause, and how many calls it can have added, or saved. */
interface Cause {
  code: TokenReason;
  calls: number;
}

/** What is noted of a call when it is made, in the order in which it explains. */
const purposesOfMore = {
  searched_for_matches: 'searched_for_matches',
  sent_again: 'sent_again',
  read_again: 'read_again',
  read_before: 'read_again',
  asked_by_answers: 'asked_by_answers',
  probe_again: 'asked_by_answers',
} as const satisfies Partial<Record<CallPurpose, TokenReason>>;

function causesOfMore({ phase, operation, before }: TokenChange, facts: ReasonFacts): Cause[] {
  const role = roleOf(operation);
  const noted = facts.noted[operation] ?? {};
  const causes: Cause[] = [];
  // A record that was matched is patched where it differs; one that turned out to be ours already, too.
  if (phase === 'load' && role?.part === 'update')
    causes.push(
      { code: 'matched_in_account', calls: facts.matched[role.entity] ?? 0 },
      { code: 'asked_by_answers', calls: facts.records[role.entity]?.adopted ?? 0 },
    );
  if (phase === 'verify' && role?.part === 'list')
    causes.push({
      code: 'others_in_lists',
      // While they are read, what was read: nobody else's records are known before the end.
      calls:
        (facts.pages[role.entity] ?? noted.read_back ?? 0) +
        (noted.read_before ?? 0) -
        before / tokenCost(operation),
    });
  for (const [purpose, code] of Object.entries(purposesOfMore))
    causes.push({ code, calls: noted[purpose as CallPurpose] ?? 0 });
  return causes;
}

function causesOfLess({ phase, operation, before }: TokenChange, facts: ReasonFacts): Cause[] {
  const planned = before / tokenCost(operation);
  const role = roleOf(operation);
  if (phase === 'provision') return [lessProvisioned(operation, planned, facts)];
  if (phase === 'verify') {
    const pages = role && facts.pages[role.entity];
    return [{ code: 'not_read', calls: typeof pages === 'number' ? planned - pages : planned }];
  }
  if (!role) return [];
  const { unwritten = 0, unchanged = 0, found = 0, adopted = 0 } = facts.records[role.entity] ?? {};
  if (role.part === 'update') return [{ code: 'not_written', calls: unwritten + unchanged }];
  // What should have left together and went one by one.
  const { create, bulk }: EntityCalls = entityCalls[role.entity];
  const alone = operation === bulk?.create ? (facts.noted[create]?.sent_again ?? 0) : 0;
  return [
    { code: 'matched_in_account', calls: facts.matched[role.entity] ?? 0 },
    { code: 'not_written', calls: unwritten + found + adopted },
    { code: 'sent_again', calls: alone },
  ];
}

function lessProvisioned(operation: string, planned: number, { made, noted }: ReasonFacts): Cause {
  if (made === undefined) return { code: 'not_reached', calls: planned };
  const isProbe = operation in probeCalls(1);
  // An account is probed once, whichever run does it.
  if (isProbe) return { code: 'known_before', calls: noted.createDeal?.probe ? 0 : planned };
  const role = roleOf(operation);
  // The search for matches comes after the rest of it.
  if (role?.part === 'list' && isMatched(role.entity)) return { code: 'not_reached', calls: planned };
  const isList = operation.startsWith('get');
  return { code: 'known_before', calls: isList ? 0 : planned - (made[operation] ?? 0) };
}

function isMatched(entity: Entity): boolean {
  return matchedEntities.some((matched) => matched === entity);
}

/** Records that are updated are looked at before: by a list, or each by itself. */
function isLook(operation: string): boolean {
  return Object.values(entityCalls).some(({ list, get }: EntityCalls) => operation === (get ?? list));
}

/** What an operation is to the records of an entity; undefined for those that are not about records. */
function roleOf(operation: string): Role | undefined {
  return roles.get(operation);
}

interface Role {
  entity: Entity;
  part: 'create' | 'update' | 'list' | 'archive';
}

const roles: ReadonlyMap<string, Role> = new Map(
  Object.entries(entityCalls).flatMap(([entity, calls]: [string, EntityCalls]) =>
    (
      [
        [calls.create, 'create'],
        [calls.bulk?.create, 'create'],
        [calls.update, 'update'],
        [calls.list, 'list'],
        [calls.archive, 'archive'],
      ] as const
    ).flatMap(([operation, part]) =>
      operation === undefined ? [] : [[operation as string, { entity: entity as Entity, part }] as const],
    ),
  ),
);

type Tokens = Readonly<Record<string, number>>;
export type TokensByPhase = Record<TokenPhase, Record<string, number>>;

/**
 * Tokens by operation, by the phase that they belong to. Three things are asked of the account with operations that load
 * and verify use as well: the probe's deals, so many, and the count of standing deals and the search for matches, which
 * come first: their pages are those that were foreseen for them.
 */
export function splitByPhase(tokens: Tokens, foreseen: Tokens, probeDeals: number): TokensByPhase {
  const split: TokensByPhase = { provision: {}, load: {}, verify: {} };
  const { deal } = entityCalls;
  for (const [operation, spent] of Object.entries(tokens)) {
    const first =
      operation === deal.create ? probeDeals * tokenCost(deal.create) : (foreseen[operation] ?? 0);
    const main = phaseOf(operation);
    const early = main === 'provision' ? spent : Math.min(spent, first);
    if (early > 0) split.provision[operation] = early;
    if (spent > early) split[main][operation] = spent - early;
  }
  return split;
}

function phaseOf(operation: string): TokenPhase {
  const role = roleOf(operation);
  if (role) return role.part === 'list' || role.part === 'archive' ? 'verify' : 'load';
  return schemaOperations.has(operation) || !/^(get|download)/.test(operation) || operation.includes('Field')
    ? 'provision'
    : 'verify';
}

const schemaOperations: ReadonlySet<string> = new Set(Object.keys(schemaCalls([], true)));
