import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import { badRequest } from '../api/answers.js';
import { type Draft, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { completeAddress } from './addresses.js';
import { assertExists, assertNotArchived, assertOwner, touchParents } from './references.js';
import { crudHandlers, type V2Resource } from './v2-crud.js';

export const activities: V2Resource = {
  entity: 'activities',
  blank: (account) => {
    const caller = account.caller().id;
    return {
      subject: null,
      type: null,
      owner_id: caller,
      creator_user_id: caller,
      deal_id: null,
      lead_id: null,
      person_id: null,
      org_id: null,
      project_id: null,
      due_date: account.now().slice(0, 10),
      due_time: null,
      duration: null,
      busy: false,
      done: false,
      marked_as_done_time: null,
      location: null,
      participants: [],
      attendees: [],
      conference_meeting_client: null,
      conference_meeting_url: null,
      conference_meeting_id: null,
      public_description: null,
      priority: null,
      note: null,
      outcome: null,
    };
  },
  settle({ account }, draft, given, before) {
    assertOwner(account, given.owner_id);
    assertExists(account, 'deals', 'deal_id', given.deal_id);
    assertExists(account, 'organizations', 'org_id', given.org_id);
    assertExists(account, 'leads', 'lead_id', given.lead_id);
    assertNotArchived(account, given);
    // There are no projects here, so no id of one can be right.
    if (given.project_id) throw badRequest("'project_id' refers to a record that was not found.");
    // Only one of deal and lead is kept, and the deal comes first.
    if (draft.deal_id !== null) draft.lead_id = null;
    settleType(account, draft);
    if (given.participants !== undefined) settleParticipants(account, draft, given);
    if (given.location !== undefined) draft.location = completeAddress(given.location);
    for (const property of ['due_time', 'duration'] as const) draft[property] = withSeconds(draft[property]);
    if (draft.done !== true) draft.marked_as_done_time = null;
    else if (before?.done !== true) draft.marked_as_done_time = account.now();
  },
  optional: () => (record) => ({ attendees: record.attendees ?? [] }),
  hidden: ['attendees'],
  changed: touchActivityParents,
};

export const activityHandlers = crudHandlers(activities, {
  create: 'createActivity',
  get: 'getActivity',
  list: 'getActivities',
  update: 'updateActivity',
  delete: 'deleteActivity',
});

/** The type is a key_string of an active type; without a subject the type's name is the subject. */
function settleType(account: Account, draft: Draft): void {
  const types = [...account.all('activityTypes')].sort((a, b) => Number(a.order_nr) - Number(b.order_nr));
  draft.type ??= types[0]?.key_string ?? null;
  const type = types.find(({ key_string }) => key_string === draft.type);
  if (!type) throw badRequest(`Activity type '${String(draft.type)}' does not exist.`);
  draft.subject ??= type.name ?? null;
}

/** The primary participant is the activity's person; without one there is no person. */
function settleParticipants(account: Account, draft: Draft, given: JsonObject): void {
  const participants = listOf(given.participants).map(objectOf);
  for (const { person_id } of participants) {
    if (person_id === undefined || person_id === null) throw badRequest("A participant needs a 'person_id'.");
    assertExists(account, 'persons', 'participants', person_id);
  }
  const primary = participants.find((participant) => participant.primary === true);
  draft.participants = participants.map((participant) => ({
    person_id: participant.person_id ?? null,
    primary: participant === primary,
  }));
  draft.person_id = primary?.person_id ?? null;
}

function withSeconds(time: Json | undefined): Json {
  if (typeof time !== 'string') return null;
  return time.split(':').length === 2 ? `${time}:00` : time;
}

function touchActivityParents(account: Account, record: SimRecord): void {
  const { deal_id, lead_id, org_id } = record;
  touchParents(account, { deal_id, lead_id, org_id });
  for (const participant of listOf(record.participants)) {
    touchParents(account, { person_id: objectOf(participant).person_id });
  }
}
