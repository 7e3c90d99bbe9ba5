import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import { sqlTime } from '../account/sim-clock.js';
import { ifSeen } from '../account/visibility.js';
import { type Answer, asV1, ok, v1Failed } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import type { Json, JsonObject } from '../json.js';
import { checkV1Body } from '../validate/v1-body.js';
import { commit, markDeleted } from './commit.js';
import { offsetPage } from './pages.js';
import { assertNotArchived, touchParents } from './references.js';

const LONGEST_PAGE = 500;

/** Only who was added here; the deal's own person is not listed. */
export const dealParticipantHandlers: Partial<Record<OperationName, Handler>> = {
  getDealParticipants(call: Call): Answer {
    const { account, query } = call;
    const { page, additional } = offsetPage(participantsOf(account, findDeal(call)), query, LONGEST_PAGE);
    return ok(
      page.map((participant) => render(account, participant)),
      additional,
    );
  },
  createDealParticipant(call: Call): Answer {
    const { account } = call;
    const deal = findOpenDeal(call);
    const { person_id } = checkV1Body(call.operation, jsonOf(call));
    if (!account.live('persons', person_id)) {
      throw v1Failed(400, 'person_id refers to a record that was not found.');
    }
    if (participantsOf(account, deal).some((known) => known.person_id === person_id)) {
      throw v1Failed(400, 'The person already is a participant of the deal.');
    }
    const participant = account.insert('dealParticipants', {
      deal_id: deal.id,
      person_id,
      added_by_user_id: account.caller().id,
    });
    touchParents(account, participant);
    commit(call, 'create', 'dealParticipants', participant);
    return ok(render(account, participant));
  },
  deleteDealParticipant(call: Call): Answer {
    const deal = findOpenDeal(call);
    const id = Number(call.params.deal_participant_id);
    const participant = participantsOf(call.account, deal).find((known) => known.id === id);
    if (!participant) throw v1Failed(404, 'Participant not found.');
    markDeleted(call, participant);
    touchParents(call.account, participant);
    commit(call, 'delete', 'dealParticipants', participant);
    return ok({ id });
  },
};

function participantsOf(account: Account, deal: SimRecord): SimRecord[] {
  return [...account.all('dealParticipants')].filter(({ deal_id }) => deal_id === deal.id);
}

function findDeal({ account, params }: Call): SimRecord {
  const deal = ifSeen(account, 'deals', account.live('deals', Number(params.id)));
  if (!deal) throw v1Failed(404, 'Deal not found.');
  return deal;
}

function findOpenDeal(call: Call): SimRecord {
  const deal = findDeal(call);
  asV1(() => assertNotArchived(call.account, { deal_id: deal.id }));
  return deal;
}

function render(account: Account, participant: SimRecord): JsonObject {
  const person = account.find('persons', participant.person_id);
  const deal = account.find('deals', participant.deal_id);
  const contact: JsonObject = {
    active_flag: person?.is_deleted === false,
    name: person?.name ?? null,
    email: person?.emails ?? [],
    phone: person?.phones ?? [],
    owner_id: person?.owner_id ?? null,
    company_id: account.companyId,
  };
  const personId: Json = participant.person_id ?? null;
  return {
    id: participant.id,
    person_id: { ...contact, value: personId },
    person: { ...contact, id: personId },
    add_time: sqlTime(participant.add_time),
    active_flag: !participant.is_deleted,
    related_item_type: 'deal',
    related_item_id: participant.deal_id ?? null,
    related_item_data: { deal_id: participant.deal_id ?? null, title: deal?.title ?? null },
    added_by_user_id: participant.added_by_user_id ?? null,
  };
}
