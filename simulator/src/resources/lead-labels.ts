import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { SimRecord } from '../account/entities.js';
import { type Answer, leadNotFound, ok } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type JsonObject, listOf } from '../json.js';
import { assertClearable, checkV1Body } from '../validate/v1-body.js';
import { commit, markDeleted } from './commit.js';
import { withMilliseconds } from './leads.js';

export const leadLabelHandlers: Partial<Record<OperationName, Handler>> = {
  // Unpaginated.
  getLeadLabels: ({ account }: Call) => ok([...account.all('leadLabels')].map(render)),
  createLeadLabel(call: Call): Answer {
    const label = call.account.insert('leadLabels', { ...checkV1Body(call.operation, jsonOf(call)) });
    commit(call, 'create', 'leadLabels', label);
    return ok(render(label));
  },
  updateLeadLabel(call: Call): Answer {
    const label = find(call);
    const given = checkV1Body(call.operation, jsonOf(call));
    assertClearable(call.operation, given);
    Object.assign(label, given, { update_time: call.account.now() });
    commit(call, 'update', 'leadLabels', label);
    return ok(render(label));
  },
  deleteLeadLabel(call: Call): Answer {
    const label = find(call);
    markDeleted(call, label);
    // Leads lose it silently, without a line in the ledger.
    for (const lead of call.account.all('leads')) {
      lead.label_ids = listOf(lead.label_ids).filter((id) => id !== label.uuid);
    }
    commit(call, 'delete', 'leadLabels', label);
    return ok({ id: label.uuid ?? '' });
  },
};

function find({ account, params }: Call): SimRecord {
  const label = account.live('leadLabels', params.id);
  if (!label) throw leadNotFound('requested lead label not found');
  return label;
}

function render(label: SimRecord): JsonObject {
  return {
    id: label.uuid ?? '',
    name: label.name ?? null,
    color: label.color ?? null,
    add_time: withMilliseconds(label.add_time),
    update_time: withMilliseconds(label.update_time),
  };
}
