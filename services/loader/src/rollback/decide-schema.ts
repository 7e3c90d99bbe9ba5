import type { FieldEntity } from '@octopipe/shared/domain/mapping/content';
import type { Entity } from '@octopipe/shared/domain/run/states';
import type { RemoteRecord } from '../destination/entity-table.js';
import { entityTable } from '../destination/entity-table.js';
import { isFlatName } from '../destination/flat-fields.js';
import { type AccountSchema, labelFieldOf, type RemoteField } from '../provision/account-schema.js';
import type { SchemaItem } from './schema-items.js';

export type SchemaDecision =
  | { action: 'delete' }
  | { action: 'gone' }
  | { action: 'keep'; reason: 'in_use' | 'renamed' | 'added_to' };

/** What the records that are left in the account still use of its schema. */
export class SchemaUse {
  /** `<entity of the fields>|<code>`, and with `|<option id>` the options of enum and set fields. */
  readonly #values = new Set<string>();
  /** `<entity>|<label id>`. */
  readonly #labels = new Set<string>();
  readonly #stages = new Set<string>();
  readonly #pipelines = new Set<string>();
  readonly #activityTypes = new Set<string>();

  add(entity: Entity, record: RemoteRecord): void {
    const { fieldsOf, fieldsOnRoot } = entityTable[entity];
    const custom = fieldsOnRoot
      ? Object.fromEntries(Object.entries(record).filter(([name]) => isFlatName(name)))
      : ((record.custom_fields ?? {}) as Record<string, unknown>);
    for (const [name, value] of Object.entries(custom)) this.#note(`${fieldsOf}|${name.slice(0, 40)}`, value);
    for (const label of Array.isArray(record.label_ids) ? record.label_ids : [])
      this.#labels.add(`${entity}|${label}`);
    if (entity === 'activity' && typeof record.type === 'string') this.#activityTypes.add(record.type);
    if (entity === 'deal') {
      this.#stages.add(String(record.stage_id));
      this.#pipelines.add(String(record.pipeline_id));
    }
  }

  #note(field: string, value: unknown): void {
    if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
      return;
    this.#values.add(field);
    const options = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value];
    for (const option of options) if (/^\d+$/.test(String(option))) this.#values.add(`${field}|${option}`);
  }

  of(item: SchemaItem, field: string): boolean {
    switch (item.kind) {
      case 'field':
        return this.#values.has(`${item.entity}|${item.remoteKey}`);
      case 'option':
        return this.#values.has(`${item.entity}|${field}|${item.remoteId}`);
      case 'label':
        return this.#labels.has(`${item.entity}|${item.remoteId}`);
      case 'stage':
        return this.#stages.has(String(item.remoteId));
      case 'pipeline':
        return this.#pipelines.has(String(item.remoteId));
      case 'activity_type':
        return this.#activityTypes.has(String(item.remoteKey));
    }
  }
}

/**
 * Whether an item that we made goes: it still stands, it says what we made it say, and nothing uses it. `options` are the
 * labels that we gave a field, `stages` the ids of those that we made and that go: a pipeline with any other stays.
 */
export function decideSchemaItem(
  item: SchemaItem,
  account: AccountSchema,
  use: SchemaUse,
  ours: { options: ReadonlySet<string>; stages: ReadonlySet<string> },
): SchemaDecision {
  const standing = findStanding(item, account);
  if (!standing) return { action: 'gone' };
  if (standing.name !== item.actualName) return { action: 'keep', reason: 'renamed' };
  if (standing.options?.some((option) => !ours.options.has(option.label)))
    return { action: 'keep', reason: 'added_to' };
  if (item.kind === 'pipeline' && hasForeignStage(item, account, ours.stages))
    return { action: 'keep', reason: 'added_to' };
  return use.of(item, standing.field ?? '') ? { action: 'keep', reason: 'in_use' } : { action: 'delete' };
}

/** Stages that came with the pipeline, in the same moment, are nobody's: an account may give a new pipeline some. */
function hasForeignStage(item: SchemaItem, account: AccountSchema, ours: ReadonlySet<string>): boolean {
  const born = Date.parse(account.pipelines.find((row) => String(row.id) === item.remoteId)?.add_time ?? '');
  return account.stages.some(
    (stage) =>
      String(stage.pipeline_id) === item.remoteId &&
      !ours.has(String(stage.id)) &&
      !(Math.abs(Date.parse(stage.add_time ?? '') - born) <= sameMomentMs),
  );
}

const sameMomentMs = 5_000;

/** How the account has it now; `field` is the code of the field that an option belongs to. */
function findStanding(
  item: SchemaItem,
  account: AccountSchema,
): { name: string; options?: Array<{ label: string }>; field?: string } | undefined {
  const fields: RemoteField[] = account.fields[item.entity as FieldEntity] ?? [];
  switch (item.kind) {
    case 'field': {
      const field = fields.find((row) => row.field_code === item.remoteKey);
      return field && { name: field.field_name, options: field.options ?? [] };
    }
    case 'option': {
      for (const field of fields) {
        const option = (field.options ?? []).find((row) => String(row.id) === item.remoteId);
        if (option) return { name: option.label, field: field.field_code };
      }
      return undefined;
    }
    case 'label':
      return labelsOf(item.entity, account).find((label) => String(label.id) === item.remoteId);
    case 'pipeline':
      return account.pipelines.find((row) => String(row.id) === item.remoteId);
    case 'stage':
      return account.stages.find((row) => String(row.id) === item.remoteId);
    case 'activity_type':
      return account.activityTypes.find(
        (row) => String(row.id) === item.remoteId && row.active_flag !== false,
      );
  }
}

function labelsOf(entity: string, account: AccountSchema): Array<{ id: number | string; name: string }> {
  if (entity === 'lead') return account.leadLabels;
  const options = labelFieldOf(account, entity as FieldEntity)?.options ?? [];
  return options.map(({ id, label }) => ({ id, name: label }));
}
