import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { type FieldEntity, fieldEntities, type SimRecord } from '../account/entities.js';
import { sqlTime } from '../account/sim-clock.js';
import { type Answer, asV1, ok, v1Failed } from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { checkV1Body } from '../validate/v1-body.js';
import { commit } from './commit.js';
import { newOptions, singular } from './fields.js';
import { offsetPage } from './pages.js';

const LONGEST_PAGE = 500;

/** The documented way to the options of a label field: its whole list by PUT, under the number of the field. */
export const v1FieldHandlers: Partial<Record<OperationName, Handler>> = Object.assign(
  {},
  ...fieldEntities.map((entity) => ({
    [`get${singular[entity]}sV1`]: (call: Call) => listFields(entity, call),
    [`update${singular[entity]}V1`]: (call: Call) => updateField(entity, call),
  })),
);

function listFields(entity: FieldEntity, { account, query }: Call): Answer {
  const rows = [...account.all(entity)].map((field, index) => render(field, index + 1));
  const { page, additional } = offsetPage(rows, query, LONGEST_PAGE);
  return ok(page, additional);
}

function updateField(entity: FieldEntity, call: Call): Answer {
  const { account } = call;
  const fields = [...account.all(entity)];
  const field = account.live(entity, Number(call.params.id));
  if (!field) throw v1Failed(404, 'Field not found.');
  const given = checkV1Body(call.operation, jsonOf(call));
  const hasOwnOptions = optionFields.has(String(field.field_code));
  if (field.is_custom_field !== true && (!hasOwnOptions || typeof given.name === 'string')) {
    throw v1Failed(400, 'Built-in fields cannot be changed.');
  }
  const before = listOf(field.options).map(objectOf);
  if (given.options) field.options = optionsOf(call, field, listOf(given.options));
  if (typeof given.name === 'string') field.field_name = given.name;
  if (typeof given.add_visible_flag === 'boolean') {
    field.ui_visibility = { ...objectOf(field.ui_visibility), add_visible_flag: given.add_visible_flag };
  }
  field.update_time = account.now();
  commit(call, 'update', entity, field, String(field.field_code));
  const kept = new Set(listOf(field.options).map((option) => objectOf(option).id));
  const options_deleted = before.filter(({ id }) => !kept.has(id)).map(renderOption);
  return ok({
    ...render(field, fields.indexOf(field) + 1),
    ...(options_deleted.length > 0 && { options_deleted }),
  });
}

/** Built-in fields whose options are the customer's own. */
const optionFields: ReadonlySet<string> = new Set(['label_ids', 'category']);

/** The list as sent: known ids keep their place in it, labels without an id are new, what is left out is gone. */
function optionsOf(call: Call, field: SimRecord, given: readonly Json[]): readonly JsonObject[] {
  if (field.options === null) throw v1Failed(400, 'The field has no options.');
  const known = new Map(
    listOf(field.options).map((option): [Json | undefined, JsonObject] => [
      objectOf(option).id,
      objectOf(option),
    ]),
  );
  return given.map(objectOf).map((option, index) => {
    const { id, label } = option;
    if (id === undefined || id === null) {
      return objectOf(asV1(() => newOptions(call.account, [option], index))[0]);
    }
    const existing = known.get(id);
    if (!existing) throw v1Failed(400, `Option ${String(id)} does not exist.`);
    return typeof label === 'string' ? { ...existing, label } : existing;
  });
}

/** v2 gave some fields another name. */
const v1Keys: Readonly<Record<string, string>> = { label_ids: 'label', emails: 'email', phones: 'phone' };

function render(field: SimRecord, order: number): JsonObject {
  const code = String(field.field_code);
  const custom = field.is_custom_field === true;
  return {
    id: field.id,
    key: v1Keys[code] ?? code,
    name: field.field_name ?? null,
    order_nr: order,
    field_type: field.field_type ?? null,
    add_time: sqlTime(field.add_time),
    update_time: sqlTime(field.update_time),
    last_updated_by_user_id: null,
    created_by_user_id: null,
    active_flag: true,
    edit_flag: custom,
    index_visible_flag: true,
    details_visible_flag: true,
    add_visible_flag: objectOf(field.ui_visibility).add_visible_flag ?? false,
    important_flag: false,
    bulk_edit_allowed: true,
    searchable_flag: false,
    filtering_allowed: true,
    sortable_flag: true,
    mandatory_flag: false,
    options: field.options === null ? null : listOf(field.options).map(objectOf).map(renderOption),
  };
}

function renderOption({ id, label }: JsonObject): JsonObject {
  return { id, label };
}
