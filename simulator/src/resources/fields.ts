import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import { type FieldEntity, fieldEntities, type SimRecord } from '../account/entities.js';
import { newField } from '../account/new-field.js';
import { type Answer, badRequest, forbidden, gone, invalid, notFound, ok } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type Draft, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { OPTIONS_PER_FIELD } from '../limits/plans.js';
import { checkV2Body, checkV2List } from '../validate/body.js';
import { commit, markDeleted } from './commit.js';
import { cursorPage } from './pages.js';

export const singular = {
  dealFields: 'DealField',
  personFields: 'PersonField',
  organizationFields: 'OrganizationField',
  productFields: 'ProductField',
} as const satisfies Record<FieldEntity, string>;

function handlersOf(entity: FieldEntity): Partial<Record<OperationName, Handler>> {
  const name = singular[entity];
  return {
    [`create${name}`]: (call: Call) => createField(entity, call),
    [`get${name}`]: (call: Call) => ok(render(find(entity, call), call)),
    [`get${name}s`]: (call: Call) => listFields(entity, call),
    [`update${name}`]: (call: Call) => updateField(entity, call),
    [`delete${name}`]: (call: Call) => deleteField(entity, call),
    [`add${name}Options`]: (call: Call) => addOptions(entity, call),
    [`update${name}Options`]: (call: Call) => updateOptions(entity, call),
    [`delete${name}Options`]: (call: Call) => deleteOptions(entity, call),
  };
}

export const fieldHandlers: Partial<Record<OperationName, Handler>> = {
  ...Object.assign({}, ...fieldEntities.map(handlersOf)),
  getActivityFields: (call: Call) => listFields('activityFields', call),
};

function createField(entity: FieldEntity, call: Call): Answer {
  const { account } = call;
  const given = checkV2Body(call.operation, jsonOf(call));
  assertFieldCap(account);
  const type = String(given.field_type);
  const takesOptions = type === 'enum' || type === 'set';
  const labels = listOf(given.options).map((option) => objectOf(option).label);
  if (takesOptions && labels.length === 0)
    throw invalid('options', `Options are required for type '${type}'`);
  if (!takesOptions && given.options) throw invalid('options', `Options are not allowed for type '${type}'`);
  const options = takesOptions
    ? newOptions(
        account,
        labels.map((label) => ({ label })),
        0,
      )
    : null;
  const { ui_visibility, important_fields, required_fields, description } = given;
  const field = newField({
    code: account.nextFieldCode(),
    name: String(given.field_name),
    type,
    options,
    custom: true,
  });
  Object.assign(field, present({ ui_visibility, important_fields, required_fields, description }));
  const record = account.insert(entity, field);
  commit(call, 'create', entity, record, String(record.field_code));
  return ok(withSettings(record));
}

/** All entities together count towards the plan's custom fields. The code of the answer is not documented. */
function assertFieldCap(account: Account): void {
  let count = 0;
  for (const entity of fieldEntities)
    for (const field of account.all(entity)) if (field.is_custom_field) count += 1;
  if (count >= account.limits().customFields) {
    throw forbidden("Couldn't add the field. You've reached the custom fields limit of your plan.");
  }
}

function listFields(entity: FieldEntity | 'activityFields', call: Call): Answer {
  const { page, additional } = cursorPage(call.account.all(entity), call.query);
  return ok(
    page.map((field) => render(field, call)),
    additional,
  );
}

function updateField(entity: FieldEntity, call: Call): Answer {
  const field = findCustom(entity, call);
  const given = checkV2Body(call.operation, jsonOf(call));
  Object.assign(field, given, { update_time: call.account.now() });
  commit(call, 'update', entity, field, String(field.field_code));
  return ok(withSettings(field));
}

function deleteField(entity: FieldEntity, call: Call): Answer {
  const known = [...call.account.table(entity).values()].find(
    ({ field_code }) => field_code === call.params.field_code,
  );
  if (known?.is_deleted) throw gone();
  const field = findCustom(entity, call);
  markDeleted(call, field);
  commit(call, 'delete', entity, field, String(field.field_code));
  return ok(withoutSettings(field));
}

function addOptions(entity: FieldEntity, call: Call): Answer {
  const field = findWithOptions(entity, call);
  const given = checkV2List(call.operation, jsonOf(call));
  const existing = listOf(field.options);
  const added = newOptions(call.account, given, existing.length);
  return storeOptions(entity, call, field, [...existing, ...added], added);
}

function updateOptions(entity: FieldEntity, call: Call): Answer {
  const field = findWithOptions(entity, call);
  const given = checkV2List(call.operation, jsonOf(call));
  assertOptionsExist(field, given);
  const now = call.account.now();
  const changes = new Map(
    given.map((option): [Json | undefined, JsonObject] => [option.id, { ...option, update_time: now }]),
  );
  const options: JsonObject[] = listOf(field.options).map((option) => ({
    ...objectOf(option),
    ...changes.get(objectOf(option).id),
  }));
  return storeOptions(
    entity,
    call,
    field,
    options,
    options.filter(({ id }) => changes.has(id)),
  );
}

function deleteOptions(entity: FieldEntity, call: Call): Answer {
  const field = findWithOptions(entity, call);
  const given = checkV2List(call.operation, jsonOf(call));
  assertOptionsExist(field, given);
  const ids = new Set(given.map(({ id }) => id));
  const options = listOf(field.options).map(objectOf);
  const kept = options.filter(({ id }) => !ids.has(id));
  return storeOptions(
    entity,
    call,
    field,
    kept,
    options.filter(({ id }) => ids.has(id)),
  );
}

/** All or nothing, and the answer holds only the options concerned. */
function storeOptions(
  entity: FieldEntity,
  call: Call,
  field: SimRecord,
  options: readonly Json[],
  concerned: readonly JsonObject[],
): Answer {
  field.options = options;
  field.update_time = call.account.now();
  commit(call, 'update', entity, field, String(field.field_code));
  return ok(concerned.map((option) => ({ ...option })));
}

export function newOptions(account: Account, given: readonly JsonObject[], existing: number): JsonObject[] {
  if (existing + given.length > OPTIONS_PER_FIELD) {
    throw invalid('options', `A field can have at most ${OPTIONS_PER_FIELD} options`);
  }
  return given.map(({ label }) => {
    if (typeof label !== 'string' || label.trim() === '' || label.length > 255) {
      throw invalid('options', 'A label has 1 to 255 characters');
    }
    const now = account.now();
    return { id: account.nextId('options'), label, add_time: now, update_time: now };
  });
}

function assertOptionsExist(field: SimRecord, given: readonly JsonObject[]): void {
  const known = new Set(listOf(field.options).map((option) => objectOf(option).id));
  for (const { id } of given) if (!known.has(id)) throw badRequest(`Option ${String(id)} does not exist.`);
}

function find(entity: FieldEntity, call: Call): SimRecord {
  const field = [...call.account.all(entity)].find(({ field_code }) => field_code === call.params.field_code);
  if (!field) throw notFound();
  return field;
}

function findCustom(entity: FieldEntity, call: Call): SimRecord {
  const field = find(entity, call);
  if (field.is_custom_field !== true) throw badRequest('Built-in fields cannot be changed.');
  return field;
}

/** Open question #15 is about the built-in label field; no other built-in field takes options here. */
function findWithOptions(entity: FieldEntity, call: Call): SimRecord {
  const field = find(entity, call);
  const isLabel = field.field_code === 'label_ids' && call.account.switches.label_options === 'accepted';
  const isCategory = field.field_code === 'category';
  if (field.is_custom_field !== true && !isLabel && !isCategory) {
    throw badRequest('The options of this field cannot be changed.');
  }
  if (field.options === null) throw badRequest('The field has no options.');
  return field;
}

const settings = ['ui_visibility', 'important_fields', 'required_fields'];

function withSettings(field: SimRecord): JsonObject {
  const { id, add_time, update_time, is_deleted, deleted_at, ...sent } = field;
  return sent;
}

function withoutSettings(field: SimRecord): JsonObject {
  return Object.fromEntries(Object.entries(withSettings(field)).filter(([name]) => !settings.includes(name)));
}

function render(field: SimRecord, call: Call): JsonObject {
  const included = Array.isArray(call.query.include_fields)
    ? (call.query.include_fields as readonly string[])
    : [];
  const asked = included
    .filter((name) => settings.includes(name))
    .map((name) => [name, field[name]] as const);
  return { ...withoutSettings(field), ...Object.fromEntries(asked) };
}

function present(values: Draft): Draft {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
