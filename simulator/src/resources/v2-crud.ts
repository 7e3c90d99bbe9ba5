import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { factsOf } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import type { Entity, FieldEntity, SimRecord } from '../account/entities.js';
import { rfc3339 } from '../account/sim-clock.js';
import { ifSeen, seenOf } from '../account/visibility.js';
import { type Answer, gone, notFound, ok } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type Draft, isObject, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { checkV2Body } from '../validate/body.js';
import { checkCustomFields, customFieldsOf } from '../validate/custom-fields.js';
import type { Query, QueryValue } from '../validate/query.js';
import { commit, markDeleted } from './commit.js';
import { cursorPage } from './pages.js';

/** Looks at the parameter once, then at every record. */
export type Filter = (value: QueryValue, account: Account) => (record: SimRecord) => boolean;

/** What is particular about one entity of v2; everything else is the same for all and comes from the facts table. */
export interface V2Resource {
  readonly entity: Entity;
  /** Present when the entity has custom fields. */
  readonly fieldEntity?: FieldEntity;
  /** Every property of a new record that the caller did not set. */
  blank(account: Account): Draft;
  /** May this record be created at all (plan limits)? */
  admit?(account: Account): void;
  /** Rules over the checked body; throws a Refusal, and completes or normalises `draft` in place. */
  settle(call: Call, draft: Draft, given: JsonObject, before: SimRecord | undefined): void;
  /** Filters of the list beyond equality of the property of the same name. */
  readonly filters?: Readonly<Record<string, Filter>>;
  /** Which records a list shows; by default all that are not deleted. */
  listed?(call: Call): Iterable<SimRecord>;
  /** Values for include_fields. */
  optional?(account: Account): (record: SimRecord) => Readonly<Record<string, Json>>;
  /** Stored properties that are never sent unless asked for by include_fields. */
  readonly hidden?: readonly string[];
  /** Properties that are left out of an answer while they are null. */
  readonly absentWhenNull?: readonly string[];
  mayDelete?(account: Account, record: SimRecord): void;
  /** After a change was stored: side effects on other records. */
  changed?(account: Account, record: SimRecord, op: 'create' | 'update' | 'delete'): void;
}

export type CrudOperations = Readonly<Record<'create' | 'get' | 'list' | 'update' | 'delete', OperationName>>;

export function crudHandlers(
  resource: V2Resource,
  names: CrudOperations,
): Partial<Record<OperationName, Handler>> {
  return {
    [names.create]: (call: Call) => createRecord(resource, call),
    [names.get]: (call: Call) => getRecord(resource, call),
    [names.list]: (call: Call) => listRecords(resource, call),
    [names.update]: (call: Call) => updateRecord(resource, call),
    [names.delete]: (call: Call) => deleteRecord(resource, call),
  };
}

function createRecord(resource: V2Resource, call: Call): Answer {
  const { account } = call;
  const given = checkBody(resource, call);
  resource.admit?.(account);
  const draft: Draft = { ...resource.blank(account), ...withoutNulls(given) };
  resource.settle(call, draft, given, undefined);
  const record = account.insert(resource.entity, draft);
  resource.changed?.(account, record, 'create');
  commit(call, 'create', resource.entity, record);
  return ok(renderWhole(resource, account, record), undefined, factsOf(call.operation).successStatus);
}

function updateRecord(resource: V2Resource, call: Call): Answer {
  const { account } = call;
  const record = find(resource, call);
  if (record.is_deleted) throw notFound();
  const given = checkBody(resource, call);
  const draft: Draft = { ...record, ...given };
  if (resource.fieldEntity) draft.custom_fields = mergedCustomFields(record, given);
  resource.settle(call, draft, given, record);
  Object.assign(record, draft, { update_time: account.now() });
  resource.changed?.(account, record, 'update');
  commit(call, 'update', resource.entity, record);
  return ok(renderWhole(resource, account, record));
}

function deleteRecord(resource: V2Resource, call: Call): Answer {
  const record = find(resource, call);
  if (record.is_deleted) throw gone();
  resource.mayDelete?.(call.account, record);
  markDeleted(call, record);
  resource.changed?.(call.account, record, 'delete');
  commit(call, 'delete', resource.entity, record);
  return ok({ id: record.id });
}

function getRecord(resource: V2Resource, call: Call): Answer {
  const record = find(resource, call);
  if (record.is_deleted && call.account.switches.get_deleted === 'not_found') throw notFound();
  return ok(rendererOf(resource, call.account, call.query)(record));
}

export function listRecords(resource: V2Resource, call: Call): Answer {
  const { account, query } = call;
  const matching = filtered(
    resource,
    account,
    query,
    seenOf(account, resource.entity, resource.listed?.(call) ?? account.all(resource.entity)),
  );
  const { page, additional } = cursorPage(matching, query);
  return ok(page.map(rendererOf(resource, account, query)), additional);
}

function find(resource: V2Resource, call: Call): SimRecord {
  const { account, params } = call;
  const stored = account.table(resource.entity).get(Number(params.id));
  const record = ifSeen(account, resource.entity, stored);
  if (!record) throw notFound();
  return record;
}

function checkBody(resource: V2Resource, call: Call): JsonObject {
  const given = checkV2Body(call.operation, jsonOf(call));
  if (!resource.fieldEntity || !isObject(given.custom_fields)) return given;
  return {
    ...given,
    custom_fields: checkCustomFields(call.account, resource.fieldEntity, given.custom_fields),
  };
}

/** An empty object (and null) was reported to clear every value; that trap is kept. */
function mergedCustomFields(record: SimRecord, given: JsonObject): JsonObject {
  if (given.custom_fields === undefined) return objectOf(record.custom_fields);
  const changes = objectOf(given.custom_fields);
  if (Object.keys(changes).length === 0) return {};
  return { ...objectOf(record.custom_fields), ...changes };
}

function withoutNulls(given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

/** Parameters of a list that select no records. */
const shaping = new Set([
  'limit',
  'cursor',
  'sort_by',
  'sort_direction',
  'include_fields',
  'custom_fields',
  'include_option_labels',
  'include_labels',
]);

function* filtered(
  resource: V2Resource,
  account: Account,
  query: Query,
  records: Iterable<SimRecord>,
): Generator<SimRecord> {
  const tests = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined || shaping.has(name)) return [];
    const filter = resource.filters?.[name] ?? commonFilters[name] ?? equals(name);
    return [filter(value, account)];
  });
  for (const record of records) if (tests.every((test) => test(record))) yield record;
}

const equals =
  (property: string): Filter =>
  (value) =>
  (record) =>
    record[property] === value;

const commonFilters: Readonly<Record<string, Filter>> = {
  ids: (ids) => {
    const wanted = new Set(ids as readonly string[]);
    return (record) => wanted.has(String(record.id));
  },
  // Stored times are whole seconds in UTC and sort as text; the parameter may carry another offset.
  updated_since: (time) => {
    const since = rfc3339(Date.parse(String(time)));
    return (record) => record.update_time >= since;
  },
  updated_until: (time) => {
    const until = rfc3339(Date.parse(String(time)));
    return (record) => record.update_time < until;
  },
};

/** Answers to writes carry every property, optional ones aside. */
function renderWhole(resource: V2Resource, account: Account, record: SimRecord): JsonObject {
  return rendererOf(resource, account, {})(record);
}

function rendererOf(resource: V2Resource, account: Account, query: Query): (record: SimRecord) => JsonObject {
  const included = listOfNames(query.include_fields);
  const optional = included.length > 0 ? resource.optional?.(account) : undefined;
  const fields = resource.fieldEntity ? customFieldsOf(account, resource.fieldEntity) : [];
  const wanted = listOfNames(query.custom_fields);
  const shown =
    wanted.length > 0 ? fields.filter((field) => wanted.includes(String(field.field_code))) : fields;
  return (record) => {
    const { deleted_at: _internal, ...sent } = record;
    const view: Draft = sent;
    if (resource.fieldEntity)
      view.custom_fields = renderCustomFields(record, shown, query.include_option_labels === true);
    for (const name of resource.hidden ?? []) if (!included.includes(name)) delete view[name];
    for (const name of resource.absentWhenNull ?? []) if (view[name] === null) delete view[name];
    const values = optional?.(record);
    for (const name of included) if (values && name in values) view[name] = values[name];
    if (query.include_labels === true) view.labels = labelsOf(resource, account, record);
    return view;
  };
}

/** The live object holds every defined field, null where it is empty. */
function renderCustomFields(
  record: SimRecord,
  fields: readonly SimRecord[],
  withLabels: boolean,
): JsonObject {
  const stored = objectOf(record.custom_fields);
  return Object.fromEntries(
    fields.map((field) => {
      const value = stored[String(field.field_code)] ?? null;
      return [String(field.field_code), withLabels ? labelled(field, value) : value];
    }),
  );
}

function labelled(field: SimRecord, value: Json): Json {
  const named = (id: Json): Json => ({ id, label: optionLabel(field, id) });
  if (value === null) return null;
  if (field.field_type === 'enum') return named(value);
  return field.field_type === 'set' ? listOf(value).map(named) : value;
}

function optionLabel(field: SimRecord | undefined, id: Json): Json {
  return objectOf(listOf(field?.options).find((option) => objectOf(option).id === id)).label ?? null;
}

function labelsOf(resource: V2Resource, account: Account, record: SimRecord): Json {
  if (!resource.fieldEntity) return [];
  const field = [...account.all(resource.fieldEntity)].find(({ field_code }) => field_code === 'label_ids');
  return listOf(record.label_ids).map((id) => ({ id, label: optionLabel(field, id) }));
}

function listOfNames(value: QueryValue | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
