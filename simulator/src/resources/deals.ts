import { correctionsOf, type OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import { currencyCodes, DEFAULT_CURRENCY } from '../account/currencies.js';
import type { SimRecord } from '../account/entities.js';
import { fromSqlTime } from '../account/sim-clock.js';
import { badRequest, forbiddenPlainly, invalid, notAllowed } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type Draft, type JsonObject, objectOf } from '../json.js';
import { isRfc3339, isSqlTime } from '../validate/formats.js';
import { commonCounters, countChildren, countParticipants } from './child-counts.js';
import { assertRoom, assertRoomToUnarchive } from './deal-cap.js';
import { settleStage } from './deal-stage.js';
import { valueOfLines } from './deal-value.js';
import { assertExists, assertLabels, assertOwner, assertVisibility, touchParents } from './references.js';
import { crudHandlers, listRecords, type V2Resource } from './v2-crud.js';

const DELETED_KEPT_MS = 30 * 86_400_000;

export const deals: V2Resource = {
  entity: 'deals',
  fieldEntity: 'dealFields',
  blank: (account) => {
    const caller = account.caller().id;
    return {
      title: '',
      creator_user_id: caller,
      owner_id: caller,
      person_id: null,
      org_id: null,
      pipeline_id: null,
      stage_id: null,
      value: 0,
      currency: DEFAULT_CURRENCY,
      stage_change_time: null,
      status: 'open',
      is_archived: false,
      archive_time: null,
      probability: null,
      lost_reason: null,
      visible_to: account.limits().companyVisibility,
      close_time: null,
      won_time: null,
      lost_time: null,
      first_won_time: null,
      local_won_date: null,
      local_lost_date: null,
      local_close_date: null,
      expected_close_date: null,
      label_ids: [],
      origin: 'API',
      origin_id: null,
      channel: null,
      channel_id: null,
      source_lead_id: null,
      acv: null,
      arr: null,
      mrr: null,
      custom_fields: {},
    };
  },
  admit: (account) => assertRoom(account, 'deal'),
  settle(call, draft, given, before) {
    const { account } = call;
    if (before?.is_archived === true && given.is_archived !== false) {
      throw badRequest('The deal is archived. Unarchive it first.');
    }
    if (before) assertRoomToUnarchive(account, 'deal', before, draft);
    else settleAddTime(call, draft);
    assertOwner(account, given.owner_id);
    assertExists(account, 'persons', 'person_id', given.person_id);
    assertExists(account, 'organizations', 'org_id', given.org_id);
    assertVisibility(account, given.visible_to);
    assertLabels(account, 'dealFields', given.label_ids);
    if (typeof given.currency === 'string' && !currencyCodes.has(given.currency)) {
      throw badRequest(`Unknown currency '${given.currency}'.`);
    }
    if (given.is_deleted === true) throw badRequest("'is_deleted' cannot be set; use the delete call.");
    draft.is_deleted = false;
    settleStage(account, draft, given, before);
    settleClosing(account, draft, given, before);
    settleArchive(account, draft, given, before);
    // Where there are lines they are the value, whatever else was sent.
    if (before) draft.value = valueOfLines(account.linesOf(before.id), draft) ?? draft.value ?? 0;
  },
  filters: {
    // Deleted deals are chosen by `listed`; among them, status still is what it was.
    status: (wanted) => {
      const words = wanted as readonly string[];
      return (record) => words.includes(record.is_deleted ? 'deleted' : String(record.status));
    },
  },
  *listed({ account, query, operation }) {
    const archived = operation === 'getArchivedDeals';
    const withDeleted = Array.isArray(query.status) && query.status.includes('deleted');
    const oldest = account.nowMs() - DELETED_KEPT_MS;
    for (const deal of account.table('deals').values()) {
      if (deal.is_archived !== archived) continue;
      if (!deal.is_deleted || (withDeleted && Date.parse(deal.deleted_at ?? '') > oldest)) yield deal;
    }
  },
  optional(account) {
    const countsOf = countChildren(account, 'deal_id');
    const added = countParticipants(account);
    return (record) => ({
      ...commonCounters(countsOf(record.id)),
      first_won_time: record.first_won_time ?? null,
      products_count: account.linesOf(record.id).length,
      participants_count: (added.get(record.id) ?? 0) + (record.person_id === null ? 0 : 1),
      smart_bcc_email: `${account.company}+deal${record.id}@pipedrivemail.example`,
      source_lead_id: record.source_lead_id ?? null,
    });
  },
  hidden: ['first_won_time'],
  absentWhenNull: ['won_time', 'lost_time', 'expected_close_date', 'org_id'],
  mayDelete(_account, record) {
    if (record.is_archived === true) throw badRequest('The deal is archived. Unarchive it first.');
  },
  changed(account, record, op) {
    const { person_id, org_id } = record;
    touchParents(account, { person_id, org_id });
    // Lines die with their deal, and nobody deleted them one by one: no ledger line.
    if (op === 'delete') for (const line of account.linesOf(record.id)) line.is_deleted = true;
  },
};

export const dealHandlers: Partial<Record<OperationName, Handler>> = {
  ...crudHandlers(deals, {
    create: 'createDeal',
    get: 'getDeal',
    list: 'getDeals',
    update: 'updateDeal',
    delete: 'deleteDeal',
  }),
  getArchivedDeals: (call) => listRecords(deals, call),
};

/** Open question #1, one switch position per possible answer. */
function settleAddTime(call: Call, draft: Draft): void {
  const undecided = correctionsOf('createDeal').some(
    (row) => row.kind === 'undecided' && row.property === 'add_time',
  );
  const given = objectOf(jsonOf(call)).add_time;
  if (!undecided || given === undefined) return;
  switch (call.account.switches.deal_add_time) {
    case 'dropped':
      return;
    case 'rejected':
      throw notAllowed('add_time');
    case 'honoured':
      draft.add_time = readDealTime(call.account, 'add_time', given);
  }
}

const closedBy = { won: 'won_time', lost: 'lost_time' } as const;

/**
 * won_time belongs to won, lost_time and lost_reason to lost, close_time to either. A deal that is closed without a time
 * is closed now; one that is opened again forgets all of them, except first_won_time.
 */
function settleClosing(
  account: Account,
  draft: Draft,
  given: JsonObject,
  before: SimRecord | undefined,
): void {
  const status = draft.status;
  for (const [closing, property] of Object.entries(closedBy)) {
    if (given[property] && status !== closing) {
      throw badRequest(`'${property}' can only be set together with status '${closing}'.`);
    }
  }
  if (given.close_time && status === 'open')
    throw badRequest("'close_time' can only be set on a closed deal.");
  if (given.lost_reason && status !== 'lost')
    throw badRequest("'lost_reason' can only be set with status 'lost'.");

  for (const property of ['won_time', 'lost_time', 'close_time'] as const) {
    if (given[property]) draft[property] = readDealTime(account, property, given[property]);
  }
  if (status !== 'won') draft.won_time = null;
  if (status !== 'lost') Object.assign(draft, { lost_time: null, lost_reason: null });
  if (status === 'won' || status === 'lost') {
    const property = closedBy[status];
    // Without a time of its own, the closing time follows the won or lost time.
    const moved = before?.status !== status || given[property];
    if (moved && !given.close_time) draft.close_time = draft[property] ?? null;
    draft[property] ??= draft.close_time ?? account.now();
    draft.close_time ??= draft[property];
  } else draft.close_time = null;
  if (status === 'won') draft.first_won_time ??= draft.won_time;
  draft.local_won_date = dayOf(draft.won_time);
  draft.local_lost_date = dayOf(draft.lost_time);
  draft.local_close_date = dayOf(draft.close_time);
}

function dayOf(time: unknown): string | null {
  return typeof time === 'string' ? time.slice(0, 10) : null;
}

/** Open question #2: only the form of the switch is taken. */
function readDealTime(account: Account, property: string, given: unknown): string {
  const sql = account.switches.deal_time_format === 'sql';
  if (typeof given !== 'string' || !(sql ? isSqlTime(given) : isRfc3339(given))) {
    throw invalid(property, `Expected the format ${sql ? 'YYYY-MM-DD HH:MM:SS' : 'YYYY-MM-DDTHH:MM:SSZ'}`);
  }
  return sql ? fromSqlTime(given) : new Date(given).toISOString().replace('.000Z', 'Z');
}

function settleArchive(
  account: Account,
  draft: Draft,
  given: JsonObject,
  before: SimRecord | undefined,
): void {
  if (given.archive_time && draft.is_archived !== true) {
    throw badRequest("'archive_time' can only be set on an archived deal.");
  }
  if (typeof given.archive_time === 'string') {
    if (!isSqlTime(given.archive_time))
      throw invalid('archive_time', 'Expected the format YYYY-MM-DD HH:MM:SS');
    draft.archive_time = fromSqlTime(given.archive_time);
  } else if (draft.is_archived === true) draft.archive_time = before?.archive_time ?? account.now();
  else draft.archive_time = null;
  if (draft.is_archived === null) throw forbiddenPlainly("'is_archived' must be true or false.");
}
