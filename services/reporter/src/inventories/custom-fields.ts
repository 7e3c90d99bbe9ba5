import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { optionKey } from '@octopipe/shared/domain/convert/list';
import type { ColumnMapping, FieldType, MappingContent } from '@octopipe/shared/domain/mapping/content';
import { parseCustomHeader, targetType } from '@octopipe/shared/domain/mapping/custom-values';
import { packedFieldName } from '@octopipe/shared/domain/mapping/map-record';
import { objectOfWord } from '@octopipe/shared/octopuspro/canonical-fields';
import { sql } from 'kysely';
import { cellsOf } from './cells.js';
import { type Definition, type InventorySource, readDefinitions } from './read-definitions.js';

/** What became of a field: `own` a Pipedrive field, `packed` into the text of many, `not_carried`, or `never_filled`. */
export type Fate = 'own' | 'packed' | 'not_carried' | 'never_filled';

export interface CustomField {
  id: string;
  label: string;
  type: string;
  appliesTo: string;
  group: string;
  helperText: string;
  mandatory: boolean | null;
  active: boolean | null;
  dependsOn: string;
  services: string;
  options: Array<{ label: string; priceEffect: string; minutesEffect: string; active: boolean | null }>;
  filled: number;
  /** Records that could have a value. */
  of: number;
  fate: Fate;
  /** The field in Pipedrive, with the record it is on. */
  target: { entity: string; field: string; type: FieldType | null } | null;
  /** Why it was not carried, or what it loses. */
  why: string;
}

export interface CustomFieldInventory {
  fields: CustomField[];
  all: number;
  unread: Array<{ path: string; why: string }>;
}

export async function gatherCustomFields(
  source: InventorySource,
  content: MappingContent,
): Promise<CustomFieldInventory> {
  const found = await readDefinitions(source, 'custom_field');
  const options = await readDefinitions(source, 'custom_field_option');
  const counts = await fillCounts(source);
  return {
    fields: found.rows.map((row) =>
      fieldOf(
        row,
        options.rows.filter((option) => option.fields.field_id === row.id),
        content,
        counts,
      ),
    ),
    all: found.all,
    unread: [...found.unread, ...options.unread],
  };
}

interface FillCounts {
  /** By object, then header. */
  columns: ReadonlyArray<{ object: string; header: string; filled: number }>;
  /** Rows of custom_field_value by field id, or by label in lower case. */
  longForm: ReadonlyMap<string, number>;
  rows: ReadonlyMap<string, number>;
}

function fieldOf(
  { id, fields }: Definition,
  options: ReadonlyArray<Definition>,
  content: MappingContent,
  counts: FillCounts,
): CustomField {
  const object = objectOfWord(fields.applies_to ?? '') ?? fields.applies_to ?? '';
  const label = fields.label ?? '';
  const column = columnOf(content, object, id, label);
  const inColumns = counts.columns
    .filter((candidate) => candidate.object === object && isHeaderOf(candidate.header, id, label))
    .reduce((sum, candidate) => sum + candidate.filled, 0);
  const filled = inColumns + (counts.longForm.get(id) ?? counts.longForm.get(optionKey(label)) ?? 0);
  return {
    id,
    label,
    type: fields.type ?? '',
    appliesTo: fields.applies_to ?? '',
    group: fields.group ?? '',
    helperText: fields.helper_text ?? '',
    mandatory: parseBool(fields.mandatory) ?? null,
    active: parseBool(fields.active) ?? null,
    dependsOn: fields.depends_on ?? '',
    services: fields.services ?? '',
    options: options.map(({ fields: option }) => ({
      label: option.label ?? '',
      priceEffect: option.price_effect ?? '',
      minutesEffect: option.minutes_effect ?? '',
      active: parseBool(option.active) ?? null,
    })),
    filled,
    of: counts.rows.get(object) ?? 0,
    ...fateOf(column, object, filled, content, targetType(fields.type ?? '', options.length) === null),
  };
}

function fateOf(
  column: ColumnMapping | undefined,
  object: string,
  filled: number,
  content: MappingContent,
  holdsFiles: boolean,
): Pick<CustomField, 'fate' | 'target' | 'why'> {
  if (filled === 0)
    return { fate: 'never_filled', target: null, why: 'No record of the export has a value in it.' };
  const mapped = content.objects.find((candidate) => candidate.object === object);
  if (column?.target) {
    const { entity, field } = column.target;
    const own = content.schema.fields.find(
      (candidate) => candidate.entity === entity && candidate.name === field,
    );
    if (own) return { fate: 'own', target: { entity, field, type: own.type }, why: column.lossy ?? '' };
    const packs = content.schema.fields.some(
      (candidate) => candidate.entity === entity && candidate.name === packedFieldName,
    );
    return packs
      ? {
          fate: 'packed',
          target: { entity, field: packedFieldName, type: 'text' },
          why: holdsFiles
            ? (column.lossy ?? '')
            : 'The plan or the mapping left no room for a field of its own.',
        }
      : { fate: 'not_carried', target: null, why: 'The mapping has no field for it.' };
  }
  // A pet, vehicle or site has no record with fields: all that is known of it stands in its note.
  if (object === 'customer_property' && mapped?.supported === true)
    return {
      fate: 'packed',
      target: { entity: 'note', field: 'the note of the property', type: null },
      why: 'Pipedrive has no properties of a customer: each is a note.',
    };
  const why =
    column?.lossy ??
    (mapped?.supported === false || !mapped
      ? `Records of the kind “${object.replaceAll('_', ' ')}” are not carried over yet.`
      : 'Records of this kind have no fields in Pipedrive: the values stay in the export.');
  return { fate: 'not_carried', target: null, why };
}

function columnOf(
  content: MappingContent,
  object: string,
  id: string,
  label: string,
): ColumnMapping | undefined {
  return content.objects
    .find((candidate) => candidate.object === object)
    ?.columns.find((column) => column.field === null && isHeaderOf(column.header, id, label));
}

/** `cf:701:Gate code` is the column of field 701; without ids the label decides. */
function isHeaderOf(header: string, id: string, label: string): boolean {
  const parsed = parseCustomHeader(header);
  return parsed !== undefined && (parsed.id === id || optionKey(parsed.id) === optionKey(label));
}

async function fillCounts(source: InventorySource): Promise<FillCounts> {
  const { tx, tenantId, exportId } = source;
  const columns = await tx
    .selectFrom('ingest.fieldProfile')
    .select(['object', 'header', 'filled'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('header', 'like', 'cf:%')
    .execute();
  const objects = await sql<{ object: string; rows: number }>`
    select object, coalesce(sum(row_count), 0)::int as rows from ingest.export_file
    where tenant_id = ${tenantId} and export_id = ${exportId} and object is not null
    group by object`.execute(tx);
  const cells = await cellsOf(tx, tenantId, exportId, 'custom_field_value', ['field_id', 'label', 'value']);
  const longForm = cells
    ? await sql<{ field: string; filled: number }>`
        select coalesce(c0, lower(c1), '') as field, count(*)::int as filled
        from ${cells} where c2 is not null group by 1`.execute(tx)
    : { rows: [] };
  return {
    columns,
    longForm: new Map(longForm.rows.map((row) => [row.field, row.filled])),
    rows: new Map(objects.rows.map((row) => [row.object, row.rows])),
  };
}
