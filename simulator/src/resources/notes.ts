import type { Account } from '../account/account.js';
import type { Entity, SimRecord } from '../account/entities.js';
import { fromSqlTime, sqlTime } from '../account/sim-clock.js';
import { ifSeen, seenOf } from '../account/visibility.js';
import { type Answer, asV1, ok, v1Failed } from '../api/answers.js';
import { type Call, jsonOf } from '../api/call.js';
import type { Draft, Json, JsonObject } from '../json.js';
import { isDate, isRfc3339 } from '../validate/formats.js';
import type { Query } from '../validate/query.js';
import { checkV1Body } from '../validate/v1-body.js';
import { commit, markDeleted } from './commit.js';
import { sanitised } from './note-html.js';
import { offsetPage, sortV1 } from './pages.js';
import { assertNotArchived, touchParents } from './references.js';

const LONGEST_PAGE = 500;

/** What a note can hang on. Projects and tasks do not exist here, so no id of one is ever right. */
const parents = [
  { property: 'deal_id', entity: 'deals', pin: 'pinned_to_deal_flag' },
  { property: 'person_id', entity: 'persons', pin: 'pinned_to_person_flag' },
  { property: 'org_id', entity: 'organizations', pin: 'pinned_to_organization_flag' },
  { property: 'lead_id', entity: 'leads', pin: 'pinned_to_lead_flag' },
  { property: 'project_id', pin: 'pinned_to_project_flag' },
  { property: 'task_id', pin: 'pinned_to_task_flag' },
] as const satisfies readonly { property: string; entity?: Entity; pin: string }[];

export const noteHandlers = {
  createNote(call: Call): Answer {
    const { account } = call;
    const given = checkV1Body(call.operation, jsonOf(call));
    const blanks = Object.fromEntries(
      parents.flatMap(({ property, pin }) => [
        [property, null],
        [pin, 0],
      ]),
    );
    const caller = account.caller().id;
    const draft: Draft = { ...blanks, user_id: caller, ...withoutNulls(given), last_update_user_id: null };
    settle(account, draft);
    const note = account.insert('notes', draft);
    touchParents(account, note);
    commit(call, 'create', 'notes', note);
    return ok(render(account, note));
  },
  updateNote(call: Call): Answer {
    const { account } = call;
    const note = find(call);
    const given = checkV1Body(call.operation, jsonOf(call));
    const draft: Draft = { ...note, ...given, last_update_user_id: account.caller().id };
    if (given.add_time === undefined || given.add_time === null) draft.add_time = sqlTime(note.add_time);
    settle(account, draft);
    Object.assign(note, draft, { update_time: account.now() });
    touchParents(account, note);
    commit(call, 'update', 'notes', note);
    return ok(render(account, note));
  },
  getNote: (call: Call) => ok(render(call.account, find(call))),
  getNotes({ account, query }: Call): Answer {
    const matching = [...seenOf(account, 'notes', account.all('notes'))].filter(matches(query));
    sortV1(matching, query.sort, [
      'id',
      'user_id',
      'deal_id',
      'person_id',
      'org_id',
      'content',
      'add_time',
      'update_time',
    ]);
    const { page, additional } = offsetPage(matching, query, LONGEST_PAGE);
    return ok(
      page.map((note) => render(account, note)),
      additional,
    );
  },
  deleteNote(call: Call): Answer {
    const note = find(call);
    markDeleted(call, note);
    touchParents(call.account, note);
    commit(call, 'delete', 'notes', note);
    return ok(true);
  },
};

/** Rules over the whole note, and the stored forms of content and add_time. */
function settle(account: Account, draft: Draft): void {
  const attached = parents.filter(({ property }) => draft[property] !== null);
  if (attached.length === 0)
    throw v1Failed(400, 'At least one of deal, person, organization or lead must be given.');
  for (const parent of attached) {
    const exists = 'entity' in parent && account.live(parent.entity, draft[parent.property]);
    if (!exists) throw v1Failed(400, `${parent.property} refers to a record that was not found.`);
  }
  asV1(() => assertNotArchived(account, draft));
  for (const { property, pin } of parents) {
    if (draft[pin] === 1 && draft[property] === null) throw v1Failed(400, `${pin} needs ${property}.`);
  }
  if (!account.live('users', draft.user_id))
    throw v1Failed(400, 'user_id refers to a user that was not found.');
  if (typeof draft.content === 'string') draft.content = sanitised(draft.content);
  if (typeof draft.add_time === 'string') draft.add_time = fromSqlTime(draft.add_time);
  else delete draft.add_time;
}

function find({ account, params }: Call): SimRecord {
  const note = ifSeen(account, 'notes', account.live('notes', Number(params.id)));
  if (!note) throw v1Failed(404, 'Note not found.');
  return note;
}

function matches(query: Query): (note: SimRecord) => boolean {
  const equal = ['user_id', ...parents.flatMap(({ property, pin }) => [property, pin])].filter(
    (name) => query[name] !== undefined,
  );
  const from = dateOf(query, 'start_date');
  const to = dateOf(query, 'end_date');
  const since = query.updated_since;
  if (since !== undefined && !(typeof since === 'string' && isRfc3339(since))) {
    throw v1Failed(400, 'updated_since must be in RFC 3339 format with whole seconds.');
  }
  return (note) =>
    equal.every((name) => note[name] === query[name]) &&
    (!from || note.add_time.slice(0, 10) >= from) &&
    (!to || note.add_time.slice(0, 10) <= to) &&
    (!since || Date.parse(note.update_time) >= Date.parse(since));
}

function dateOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !isDate(value)) throw v1Failed(400, `${name} must be a date.`);
  return value;
}

function render(account: Account, note: SimRecord): JsonObject {
  const { is_deleted, deleted_at, ...sent } = note;
  const author = account.table('users').get(Number(note.user_id));
  const flags = Object.fromEntries(parents.map(({ pin }) => [pin, note[pin] === 1]));
  return {
    ...sent,
    ...flags,
    active_flag: !is_deleted,
    add_time: sqlTime(note.add_time),
    update_time: sqlTime(note.update_time),
    deal: titled(account, 'deals', note.deal_id, 'title'),
    person: titled(account, 'persons', note.person_id, 'name'),
    organization: titled(account, 'organizations', note.org_id, 'name'),
    project: null,
    task: null,
    user: {
      email: author?.email ?? null,
      name: author?.name ?? null,
      icon_url: null,
      is_you: author?.id === account.caller().id,
    },
  };
}

function titled(account: Account, entity: Entity, id: Json | undefined, property: 'title' | 'name'): Json {
  const record = typeof id === 'number' ? account.table(entity).get(id) : undefined;
  return record ? { [property]: record[property] ?? null } : null;
}

function withoutNulls(given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}
