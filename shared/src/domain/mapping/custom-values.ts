import { optionKey } from '../convert/list.js';
import type { FieldType } from './content.js';
import { type Converted, convertTo, yesNo } from './convert-field.js';
import type { CustomFieldDefinition, Refs, RowContext, SourceRow } from './define-object.js';

/**
 * The values of the tenant's own fields (`cf:<id>:<label>` columns and rows of custom_field_value), by the name of the
 * target field that the mapping gives to each.
 */
export function customValues(
  row: SourceRow,
  longForm: ReadonlyArray<SourceRow>,
  refs: Refs,
  ctx: RowContext,
): Map<string, Converted> {
  const columns = ctx.content.objects.find((object) => object.object === row.object)?.columns ?? [];
  const values = new Map<string, Converted>();
  for (const column of columns) {
    if (column.target === null || column.field !== null) continue;
    const raw = row.extra[column.header] ?? longFormValue(longForm, column.header);
    if (raw === undefined) continue;
    const definition = definitionOf(column.header, row.object, refs.catalogue.customFields);
    const type = definition ? targetType(definition.type, definition.options.length) : 'text';
    const converted = type && convertTo(type, raw, ctx, column.header, optionsFor(type, definition));
    if (converted) values.set(column.target.field, converted);
  }
  return values;
}

/** `cf:701:Gate code`; `id` may be a label where the export has no ids. */
export function parseCustomHeader(header: string): { id: string; label: string } | undefined {
  const match = /^cf:([^:]+)(?::(.*))?$/i.exec(header.trim());
  return match
    ? { id: match[1]?.trim() ?? '', label: match[2]?.trim() || (match[1]?.trim() ?? '') }
    : undefined;
}

export function customHeader(id: string, label: string): string {
  return `cf:${id}:${label}`;
}

export function definitionOf(
  header: string,
  object: string,
  definitions: ReadonlyMap<string, CustomFieldDefinition>,
): CustomFieldDefinition | undefined {
  const parsed = parseCustomHeader(header);
  if (!parsed) return undefined;
  const byId = definitions.get(parsed.id);
  if (byId) return byId;
  return [...definitions.values()].find(
    (definition) =>
      definition.appliesTo === object && optionKey(definition.label) === optionKey(parsed.label),
  );
}

/** The Pipedrive type of an OctopusPro field type (data sheet 1.5); null for files and signatures, which are no field values. */
export function targetType(sourceType: string, options: number): FieldType | null {
  const type = sourceType.toLowerCase().trim();
  if (/signature|esign|image|photo|file|upload/.test(type)) return null;
  if (/multi|list|checkbox group/.test(type)) return 'set';
  // A checkbox with options is a list of them; alone it is a yes or no.
  if (/checkbox/.test(type)) return options > 0 ? 'set' : 'enum';
  if (/toggle|switch|dropdown|radio|button group|select/.test(type)) return 'enum';
  if (/number|integer|decimal|temperature|formula|\(\+\/-\)|stepper|quantity|percent/.test(type))
    return 'double';
  if (/money|currency|price/.test(type)) return 'monetary';
  if (/date.?time/.test(type)) return 'varchar';
  if (/date/.test(type)) return 'date';
  if (/time/.test(type)) return 'time';
  if (/address/.test(type)) return 'address';
  if (/phone|mobile/.test(type)) return 'phone';
  if (/area|long|html|rich/.test(type)) return 'text';
  return 'varchar';
}

/** A toggle or a lone checkbox has no options of its own. */
export function optionsFor(
  type: FieldType,
  definition: { options: ReadonlyArray<string> } | undefined,
): ReadonlyArray<string> {
  const options = definition?.options ?? [];
  return type === 'enum' && options.length === 0 ? yesNo : options;
}

/** What a field type loses on its way; null when nothing. */
export function lossOf(sourceType: string, options: number): string | null {
  const type = sourceType.toLowerCase();
  if (/signature|esign/.test(type)) return 'A signature is a file; its legal value does not move with it.';
  if (/image|photo|file|upload/.test(type))
    return 'The field names a file: the file itself migrates where the list of attachments has it.';
  if (/formula/.test(type)) return 'The computed number moves, the formula does not.';
  if (/temperature/.test(type)) return 'The number moves without its unit.';
  if (/toggle|switch|checkbox/.test(type) && options === 0)
    return 'Pipedrive has no yes/no field: it becomes a choice of Yes and No.';
  return null;
}

function longFormValue(rows: ReadonlyArray<SourceRow>, header: string): string | undefined {
  const wanted = parseCustomHeader(header);
  return rows.find((row) =>
    row.fields.field_id === undefined
      ? optionKey(row.fields.label ?? '') === optionKey(wanted?.label ?? '')
      : row.fields.field_id === wanted?.id,
  )?.fields.value;
}
