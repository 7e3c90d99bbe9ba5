import { factsOf, type OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import { currencyCodes } from '../account/currencies.js';
import type { SimRecord } from '../account/entities.js';
import { ifSeen, seenOf } from '../account/visibility.js';
import { type Answer, asV1, badRequest, leadNotFound, ok, v1Failed } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type Draft, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { isRfc3339 } from '../validate/formats.js';
import type { Query } from '../validate/query.js';
import { assertClearable, checkV1Body } from '../validate/v1-body.js';
import { checkV1CustomFields } from '../validate/v1-custom-fields.js';
import { commit, markDeleted } from './commit.js';
import { assertRoom, assertRoomToUnarchive } from './deal-cap.js';
import { leadPage, sortV1 } from './pages.js';
import { assertExists, assertOwner, assertVisibility, touchParents } from './references.js';

const LONGEST_PAGE = 500;

export const leadHandlers: Partial<Record<OperationName, Handler>> = {
  createLead(call: Call): Answer {
    const { account } = call;
    const given = readBody(call, undefined);
    asV1(() => assertRoom(account, 'lead'));
    const draft: Draft = { ...blankLead(account), ...withoutNulls(given) };
    asV1(() => settle(account, draft, given));
    const lead = account.insert('leads', draft);
    touchContacts(account, lead);
    commit(call, 'create', 'leads', lead);
    return ok(rendererOf(account)(lead), undefined, factsOf(call.operation).successStatus);
  },
  updateLead(call: Call): Answer {
    const { account } = call;
    const lead = find(call);
    const given = readBody(call, lead);
    assertClearable(call.operation, given);
    const draft: Draft = { ...lead, ...given };
    asV1(() => {
      if (given.is_archived !== false) assertEditable(lead);
      assertRoomToUnarchive(account, 'lead', lead, draft);
      settle(account, draft, given);
    });
    Object.assign(lead, draft, { update_time: account.now() });
    touchContacts(account, lead);
    commit(call, 'update', 'leads', lead);
    return ok(rendererOf(account)(lead));
  },
  getLead: (call: Call) => ok(rendererOf(call.account)(find(call))),
  getLeads: (call: Call) => listLeads(call, false),
  getArchivedLeads: (call: Call) => listLeads(call, true),
  deleteLead(call: Call): Answer {
    const lead = find(call);
    asV1(() => assertEditable(lead));
    markDeleted(call, lead);
    touchContacts(call.account, lead);
    commit(call, 'delete', 'leads', lead);
    return ok({ id: lead.uuid ?? '' });
  },
  // The list is fixed.
  getLeadSources: () => ok(sources.map((name) => ({ name }))),
};

const sources = [
  'Manually created',
  'Deal',
  'Web forms',
  'Prospector',
  'Leadbooster',
  'Live chat',
  'Import',
  'Website visitors',
  'Workflow automation',
  'API',
];

export function blankLead(account: Account): Draft {
  const caller = account.caller().id;
  return {
    title: '',
    owner_id: caller,
    creator_id: caller,
    label_ids: [],
    person_id: null,
    organization_id: null,
    source_name: 'API',
    origin: 'API',
    origin_id: null,
    channel: null,
    channel_id: null,
    source_deal_id: null,
    is_archived: false,
    was_seen: false,
    value: null,
    expected_close_date: null,
    visible_to: String(account.limits().companyVisibility),
    custom_fields: {},
  };
}

/** Known to the other call only. Unknown keys are ignored; these would be lost although they look right. */
const misplaced: Partial<Record<OperationName, string>> = {
  createLead: 'is_archived',
  updateLead: 'origin_id',
};

function readBody(call: Call, before: SimRecord | undefined): JsonObject {
  const body = jsonOf(call);
  const given = checkV1Body(call.operation, body);
  const elsewhere = misplaced[call.operation];
  if (elsewhere && elsewhere in objectOf(body)) throw v1Failed(400, `${elsewhere} is not allowed.`);
  const custom_fields = asV1(() =>
    checkV1CustomFields(call.account, 'dealFields', objectOf(body), objectOf(before?.custom_fields)),
  );
  return { ...given, custom_fields };
}

function settle(account: Account, draft: Draft, given: JsonObject): void {
  if (draft.person_id === null && draft.organization_id === null) {
    throw badRequest('A lead must be linked to a person or an organization.');
  }
  assertOwner(account, given.owner_id);
  assertExists(account, 'persons', 'person_id', given.person_id);
  assertExists(account, 'organizations', 'organization_id', given.organization_id);
  if (given.visible_to) assertVisibility(account, Number(given.visible_to));
  for (const id of listOf(given.label_ids)) {
    if (!account.live('leadLabels', id)) throw badRequest(`Lead label ${String(id)} does not exist.`);
  }
  const { currency } = objectOf(given.value);
  if (currency !== undefined && !currencyCodes.has(String(currency))) {
    throw badRequest(`Unknown currency '${String(currency)}'.`);
  }
  assertChannel(account, given.channel);
}

/** Channels are the options of the deal's built-in field. */
function assertChannel(account: Account, channel: Json | undefined): void {
  if (channel === undefined || channel === null) return;
  const field = [...account.all('dealFields')].find(({ field_code }) => field_code === 'channel');
  const known = listOf(field?.options).some((option) => objectOf(option).id === channel);
  if (!known) throw badRequest(`Channel ${String(channel)} does not exist.`);
}

function assertEditable(lead: SimRecord): void {
  if (lead.is_archived === true) throw badRequest('The lead is archived. Unarchive it first.');
}

function touchContacts(account: Account, { person_id, organization_id }: SimRecord): void {
  touchParents(account, { person_id, org_id: organization_id });
}

function find({ account, params }: Call): SimRecord {
  const lead = ifSeen(account, 'leads', account.live('leads', params.id));
  if (!lead) throw leadNotFound('requested lead not found');
  return lead;
}

function listLeads({ account, query }: Call, archived: boolean): Answer {
  const nextActivityOf = nextActivities(account);
  const matching = [...seenOf(account, 'leads', account.all('leads'))]
    .filter((lead) => lead.is_archived === archived)
    .filter(matches(query))
    .map((lead): SimRecord => ({ ...lead, next_activity_id: nextActivityOf(lead) }));
  // From oldest to newest without a sort; by id that is the same order.
  sortV1(matching, query.sort, [
    'id',
    'title',
    'owner_id',
    'creator_id',
    'was_seen',
    'expected_close_date',
    'next_activity_id',
    'add_time',
    'update_time',
  ]);
  const { page, additional } = leadPage(matching, query, LONGEST_PAGE);
  return ok(page.map(rendererOf(account)), additional);
}

function matches(query: Query): (lead: SimRecord) => boolean {
  const equal = ['owner_id', 'person_id', 'organization_id'].filter((name) => query[name] !== undefined);
  const since = query.updated_since;
  if (since !== undefined && !(typeof since === 'string' && isRfc3339(since))) {
    throw v1Failed(400, 'updated_since must be in RFC 3339 format with whole seconds.');
  }
  return (lead) =>
    equal.every((name) => lead[name] === query[name]) &&
    (!since || Date.parse(lead.update_time) >= Date.parse(since));
}

/** One pass over the activities, however many leads are shown. */
function nextActivities(account: Account): (lead: SimRecord) => number | null {
  const byLead = new Map<Json | undefined, number>();
  for (const { lead_id, done, id } of account.all('activities')) {
    if (lead_id !== null && done !== true && !byLead.has(lead_id)) byLead.set(lead_id, id);
  }
  return ({ uuid }) => byLead.get(uuid) ?? null;
}

/** Custom values stand on the root, and only those that are set. */
function rendererOf(account: Account): (lead: SimRecord) => JsonObject {
  const nextActivityOf = nextActivities(account);
  return (lead) => {
    const { is_deleted, deleted_at, uuid, custom_fields, ...sent } = lead;
    return {
      ...sent,
      id: uuid ?? '',
      next_activity_id: nextActivityOf(lead),
      add_time: withMilliseconds(lead.add_time),
      update_time: withMilliseconds(lead.update_time),
      cc_email: `${account.company}+lead${uuid}@pipedrivemail.example`,
      ...objectOf(custom_fields),
    };
  };
}

/** Leads and their labels write times with milliseconds. */
export function withMilliseconds(time: string): string {
  return new Date(time).toISOString();
}

function withoutNulls(given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}
