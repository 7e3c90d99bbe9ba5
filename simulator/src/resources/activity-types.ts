import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import { sqlTime } from '../account/sim-clock.js';
import { type Answer, forbiddenPlainly, ok, v1Failed } from '../api/answers.js';
import { type Call, jsonOf } from '../api/call.js';
import type { JsonObject } from '../json.js';
import { checkV1Body } from '../validate/v1-body.js';
import { commit, markDeleted } from './commit.js';

export const activityTypeHandlers = {
  // Unpaginated; types switched off stay in the list with active_flag false.
  getActivityTypes: ({ account }: Call) => ok([...account.table('activityTypes').values()].map(render)),
  createActivityType(call: Call): Answer {
    const { account } = call;
    const given = checkV1Body(call.operation, jsonOf(call));
    const active = [...account.all('activityTypes')].length;
    if (active >= account.switches.activity_types) {
      throw forbiddenPlainly(
        "Couldn't add activity type. You've reached the activity type per company limit.",
      );
    }
    const type = account.insert('activityTypes', {
      color: null,
      ...given,
      key_string: freeKey(account, String(given.name)),
      order_nr: active + 1,
      active_flag: true,
      is_custom_flag: true,
    });
    commit(call, 'create', 'activityTypes', type);
    return ok(render(type));
  },
  updateActivityType(call: Call): Answer {
    const type = find(call);
    Object.assign(type, checkV1Body(call.operation, jsonOf(call)), { update_time: call.account.now() });
    commit(call, 'update', 'activityTypes', type);
    return ok(render(type));
  },
  deleteActivityType(call: Call): Answer {
    const type = find(call);
    markDeleted(call, type);
    type.active_flag = false;
    commit(call, 'delete', 'activityTypes', type);
    return ok(render(type));
  },
};

function find({ account, params }: Call): SimRecord {
  const type = account.live('activityTypes', Number(params.id));
  if (!type) throw v1Failed(404, 'Activity type not found.');
  return type;
}

/** Made from the name once and never changed; a taken key gets a number. */
function freeKey(account: Account, name: string): string {
  const base =
    name
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '_')
      .replace(/^_|_$/g, '') || 'type';
  const taken = new Set([...account.table('activityTypes').values()].map(({ key_string }) => key_string));
  let key = base;
  for (let count = 1; taken.has(key); count += 1) key = `${base}_${count}`;
  return key;
}

function render(type: SimRecord): JsonObject {
  const { is_deleted, deleted_at, ...sent } = type;
  return { ...sent, add_time: sqlTime(type.add_time), update_time: sqlTime(type.update_time) };
}
