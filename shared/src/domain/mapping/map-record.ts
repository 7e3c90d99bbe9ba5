import { hashOf } from '../../core/canonical-json.js';
import { optionKey } from '../convert/list.js';
import { cutText } from '../convert/text.js';
import type { Finding, FindingCode } from '../findings.js';
import { type DestinationSchema, type FieldEntity, LabelEntity, type MappingContent } from './content.js';
import { type Converted, textLimits } from './convert-field.js';
import type {
  Draft,
  Mapping,
  ObjectDefinition,
  Refs,
  RowContext,
  Series,
  SourceRow,
} from './define-object.js';
import { labelKey, mostLabels, namesOf } from './labels.js';
import type { MappedRecord, Payload, PayloadValue, SourceLink, SourceOutcome } from './record.js';

/** Where custom values go that have no field of their own: the plan allows too few, or a person left the field out. */
export const packedFieldName = 'More details';

/** What one row became, ready to be stored. */
export interface MappedRow {
  outcome: SourceOutcome;
  records: Array<MappedRecord & { sourceObject: string; sortKey: string }>;
  links: SourceLink[];
  findings: Finding[];
}

/** Maps one row under a confirmed mapping. Pure: the same row, refs and content give the same payloads and hashes. */
export function mapRow(
  definition: ObjectDefinition,
  row: SourceRow,
  refs: Refs,
  mapping: { content: MappingContent; exportedAt: string },
): MappedRow {
  const findings: Finding[] = [];
  const ctx: RowContext = {
    settings: mapping.content.settings,
    content: mapping.content,
    exportedAt: mapping.exportedAt,
    find: (code, column, facts) => findings.push(findingOf(row, code, column, facts)),
  };
  const kept = (source: SourceRow) => withoutDropped(definition, source, mapping.content);
  const result: Mapping = definition.map(
    kept(row),
    {
      ...refs,
      series: (of) => seriesWith(kept, refs.series(of)),
      merged: (id) => mergedWith(kept, definition, refs.merged(id)),
    },
    ctx,
  );
  // Whoever lists what was rejected and whoever lists the findings count the same rows.
  if (result.outcome === 'rejected' && !findings.some(({ code }) => code === result.reason))
    findings.push(findingOf(row, result.reason as FindingCode, undefined, undefined));
  return {
    outcome: {
      object: row.object,
      rowNumber: row.rowNumber,
      sourceId: row.sourceId === '' ? null : row.sourceId,
      outcome: result.outcome,
      reason: result.reason,
    },
    records: result.drafts.map((draft) => ({
      ...layOut({ ...draft, native: withStandIns(draft.native, refs) }, mapping.content.schema, ctx),
      sourceObject: row.object,
      sortKey: draft.sortKey,
    })),
    links: result.links.map((link) => ({ ...link, targetKey: refs.standIn(link.targetKey) })),
    findings,
  };
}

/** The other bookings of a series are rows of the same object: what a person dropped is dropped in them, too. */
function seriesWith(kept: (row: SourceRow) => SourceRow, series: Series | undefined): Series | undefined {
  return series?.bookings ? { ...series, bookings: series.bookings.map(kept) } : series;
}

/** As of a series: but an address of a customer, say, drops columns of addresses, not of customers. */
function mergedWith(
  kept: (row: SourceRow) => SourceRow,
  definition: ObjectDefinition,
  rows: ReadonlyArray<SourceRow> | undefined,
): ReadonlyArray<SourceRow> | undefined {
  return rows?.map((row) => (row.object === definition.name ? kept(row) : row));
}

/** References as they are resolved: mappers name the deal of a booking, whether it has one of its own or not. */
function withStandIns(native: Payload, refs: Refs): Payload {
  const entries = Object.entries(native).map(
    ([name, value]) => [name, valueWithStandIns(value, refs)] as const,
  );
  return Object.fromEntries(entries);
}

function valueWithStandIns(value: PayloadValue, refs: Refs): PayloadValue {
  if (Array.isArray(value)) return value.map((item) => valueWithStandIns(item, refs));
  if (!isObject(value)) return value;
  if (typeof value.$ref === 'string') return { $ref: refs.standIn(value.$ref) };
  return withStandIns(value, refs);
}

/** The payload of a draft: custom values in the fields of the confirmed schema, the rest packed, `custom_fields` never empty. */
export function layOut(draft: Draft, schema: DestinationSchema, ctx: RowContext): MappedRecord {
  const home = fieldEntityOf(draft.entity);
  const fields = new Map(
    schema.fields.filter((field) => field.entity === home).map((field) => [field.name, field]),
  );
  const customFields: Record<string, PayloadValue> = {};
  const packed: string[] = [];
  const labels = labelsFor(draft, schema, ctx);
  // An organization has neither: its labels are those of its people, and stand as text on them.
  const hasRoom = fields.has('Labels') || fields.has(packedFieldName);
  for (const [name, converted] of [...draft.custom, ...(hasRoom ? labels.asText : [])]) {
    const field = fields.get(name);
    const { fits, rest } = field ? fitting(field, converted, ctx) : { fits: undefined, rest: converted.text };
    if (fits !== undefined) customFields[name] = fits;
    if (rest !== '') packed.push(`${name}: ${rest.replace(/\n/g, '\n  ')}`);
  }
  if (packed.length > 0) customFields[packedFieldName] = packedText(packed, ctx);
  const payload: Payload = {
    ...draft.native,
    ...(labels.known.length > 0 ? { label_ids: { $labels: labels.known } } : {}),
    ...(Object.keys(customFields).length > 0 ? { custom_fields: customFields } : {}),
  };
  return { targetKey: draft.targetKey, entity: draft.entity, payload, payloadHash: hashOf(payload) };
}

/** The labels that the mapping makes, at most as many as a record takes; the others as text, like a field without a place. */
function labelsFor(
  draft: Draft,
  schema: DestinationSchema,
  ctx: RowContext,
): { known: string[]; asText: Array<[string, Converted]> } {
  const given = draft.labels ?? [];
  const entity = LabelEntity.safeParse(draft.entity).data;
  if (given.length === 0 || !entity) return { known: [], asText: [] };
  const names = namesOf(schema, entity);
  const known = [...new Set(given.flatMap((label) => names.get(labelKey(label)) ?? []))];
  const unknown = [...new Set(given.filter((label) => !names.has(labelKey(label))))].join(', ');
  if (known.length > mostLabels)
    ctx.find('too_many_labels', 'labels', { count: known.length, limit: mostLabels });
  return {
    known: known.slice(0, mostLabels),
    asText: unknown === '' ? [] : [['Labels', { value: unknown, text: unknown }]],
  };
}

type SchemaField = DestinationSchema['fields'][number];

/** What of a value the confirmed field takes, and what is left over as text. */
function fitting(
  field: SchemaField,
  converted: Converted,
  ctx: RowContext,
): { fits: PayloadValue | undefined; rest: string } {
  const { value, text } = converted;
  switch (field.type) {
    case 'enum': {
      const label = labelIn(field, isOption(value) ? value.$option : text);
      return label === undefined ? { fits: undefined, rest: text } : { fits: { $option: label }, rest: '' };
    }
    case 'set': {
      const wanted = isOptions(value) ? value.$options : [text];
      const known = wanted.flatMap((label) => labelIn(field, label) ?? []);
      const unknown = wanted.filter((label) => labelIn(field, label) === undefined);
      return { fits: known.length > 0 ? { $options: known } : undefined, rest: unknown.join(', ') };
    }
    case 'varchar':
    case 'text': {
      const { text: short, cut } = cutText(text, textLimits[field.type]);
      if (cut) ctx.find('value_too_long', field.name, { length: text.length, limit: textLimits[field.type] });
      return { fits: short, rest: '' };
    }
    default:
      // A person changed the field's type in the mapping: what does not have that form goes as text.
      return hasForm(field.type, value) ? { fits: value, rest: '' } : { fits: undefined, rest: text };
  }
}

function labelIn(field: SchemaField, label: string): string | undefined {
  return field.options.find((option) => optionKey(option) === optionKey(label));
}

function hasForm(type: SchemaField['type'], value: PayloadValue): boolean {
  switch (type) {
    case 'double':
      return typeof value === 'number';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
    case 'phone':
      return typeof value === 'string';
    case 'monetary':
      return isObject(value) && 'currency' in value;
    case 'address':
      return isObject(value) && typeof value.value === 'string' && !('timezone_name' in value);
    case 'time':
      return isObject(value) && 'timezone_name' in value;
    default:
      return false;
  }
}

function isObject(value: PayloadValue): value is { [key: string]: PayloadValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOption(value: PayloadValue): value is { $option: string } {
  return isObject(value) && typeof value.$option === 'string';
}

function isOptions(value: PayloadValue): value is { $options: string[] } {
  return isObject(value) && Array.isArray(value.$options);
}

function packedText(lines: ReadonlyArray<string>, ctx: RowContext): string {
  const text = lines.join('\n');
  const { text: short, cut } = cutText(text, textLimits.text);
  if (cut) ctx.find('value_too_long', packedFieldName, { length: text.length, limit: textLimits.text });
  return short;
}

/** A column whose target a person took away in the mapping is as if it were empty. Columns of the structure stay. */
function withoutDropped(definition: ObjectDefinition, row: SourceRow, content: MappingContent): SourceRow {
  const dropped = droppedFields(definition, content).filter((field) => field in row.fields);
  if (dropped.length === 0) return row;
  const fields = { ...row.fields };
  for (const field of dropped) delete fields[field];
  return { ...row, fields };
}

/** The same for every row of an object; a content never changes. */
const droppedOf = new WeakMap<MappingContent, Map<string, string[]>>();

function droppedFields(definition: ObjectDefinition, content: MappingContent): string[] {
  const known = droppedOf.get(content) ?? new Map<string, string[]>();
  droppedOf.set(content, known);
  const found = known.get(definition.name);
  if (found) return found;
  const columns = content.objects.find((object) => object.object === definition.name)?.columns ?? [];
  const fields = columns.flatMap(({ target, field }) =>
    target === null && field !== null && !(field in definition.structure) ? [field] : [],
  );
  known.set(definition.name, fields);
  return fields;
}

function findingOf(
  row: SourceRow,
  code: FindingCode,
  column: string | undefined,
  facts: Record<string, string | number> | undefined,
): Finding {
  return {
    code,
    object: row.object,
    rowNumber: row.rowNumber,
    ...(row.sourceId ? { sourceId: row.sourceId } : {}),
    ...(column ? { column } : {}),
    ...(facts ? { facts } : {}),
  };
}

/** For typing only: the entities a schema field may belong to are a subset of all. */
export function isFieldEntity(entity: string): entity is FieldEntity {
  return ['organization', 'person', 'product', 'deal'].includes(entity);
}

/** The entity that defines the custom fields of this one: leads show those of deals. */
export function fieldEntityOf(entity: string): FieldEntity | undefined {
  if (entity === 'lead') return 'deal';
  return isFieldEntity(entity) ? entity : undefined;
}
