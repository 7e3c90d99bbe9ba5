import { optionKey, parseList } from '../convert/list.js';
import type { ColumnMapping, FieldEntity, FieldType } from './content.js';
import { type Converted, convertTo, yesNo } from './convert-field.js';
import type { CustomFieldDefinition, PageRows, RowContext, SourceRow } from './define-object.js';

/** Objects whose own fields become fields in Pipedrive, and of which entity; leads show the fields of deals. */
export const entityOfOwnFields: ReadonlyMap<string, FieldEntity> = new Map([
  ['customer', 'person'],
  ['booking', 'deal'],
  ['quote', 'deal'],
  ['inquiry', 'deal'],
  ['service', 'product'],
]);

/** A filled field of the tenant's own, by its column; `definition` undefined where the export does not define it. */
export interface OwnCell {
  column: ColumnMapping & { target: NonNullable<ColumnMapping['target']> };
  definition: CustomFieldDefinition | undefined;
  raw: string;
}

/** The tenant's own fields (`cf:<id>:<label>` columns and rows of custom_field_value) that the mapping carries over. */
export function ownCells(
  row: SourceRow,
  longForm: ReadonlyArray<SourceRow>,
  { catalogue }: PageRows,
  ctx: RowContext,
): OwnCell[] {
  const columns = ctx.content.objects.find((object) => object.object === row.object)?.columns ?? [];
  return columns.flatMap((column) => {
    const { target } = column;
    if (target === null || column.field !== null) return [];
    const raw = row.extra[column.header] ?? longFormValue(longForm, column.header);
    if (raw === undefined) return [];
    const definition = definitionOf(column.header, row.object, catalogue.customFields);
    return [{ column: { ...column, target }, definition, raw }];
  });
}

/** Values of a record's own fields that come in rows of their own (custom_field_value, which has to be read with it). */
export function longFormOf(row: SourceRow, refs: PageRows): ReadonlyArray<SourceRow> {
  return refs.children('custom_field_value', row.object, row.sourceId);
}

/** Their values, by the name of the target field that the mapping gives to each. */
export function customValues(
  row: SourceRow,
  longForm: ReadonlyArray<SourceRow>,
  refs: PageRows,
  ctx: RowContext,
): Map<string, Converted> {
  const values = new Map<string, Converted>();
  for (const { column, definition, raw } of ownCells(row, longForm, refs, ctx)) {
    const type = definition ? targetType(definition.type, definition.options.length) : 'text';
    const converted =
      type === null ? fileNames(raw) : convertTo(type, raw, ctx, column.header, optionsFor(type, definition));
    if (converted) values.set(column.target.field, converted);
  }
  return values;
}

/** A field that holds files names them; the files themselves are records of their own (objects/field-files.ts). */
function fileNames(raw: string): Converted | undefined {
  const names = pathsOf(raw).map((path) => path.split(/[\\/]/).at(-1) ?? path);
  const text = names.join(', ');
  return text === '' ? undefined : { value: text, text };
}

/** The paths, names or links in a cell of a field that holds files. */
export function pathsOf(raw: string): string[] {
  return parseList(raw).map((path) => path.replaceAll('\\', '/').replace(/^\.\//, ''));
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
  if (isSignature(type) || /image|photo|file|upload/.test(type)) return null;
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

export function isSignature(sourceType: string): boolean {
  return /signature|e-?sign/i.test(sourceType);
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
  if (isSignature(type))
    return 'A signature becomes a file and an activity that names it; its legal value does not move with it. New ones belong into Smart Docs.';
  if (/image|photo|file|upload/.test(type))
    return 'The file becomes a file of the record; the field says its name in More details.';
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
