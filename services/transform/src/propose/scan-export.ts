import type { Tx } from '@octopipe/shared/db/index';
import { optionKey, parseList } from '@octopipe/shared/domain/convert/list';
import { definitionOf, entityOfOwnFields, targetType } from '@octopipe/shared/domain/mapping/custom-values';
import type { Catalogue, SourceRow } from '@octopipe/shared/domain/mapping/define-object';
import { labelKey, labelsIn } from '@octopipe/shared/domain/mapping/labels';
import { type ProposalFacts, statedSetting } from '@octopipe/shared/domain/mapping/propose';
import {
  getExport,
  getMigration,
  listOutOfScope,
  listStagedObjects,
  type StagedColumn,
} from '@octopipe/shared/staging/read-staged';
import { allRows } from '../mapping/all-rows.js';
import { loadCatalogue } from '../mapping/catalogue.js';
import { scanDuplicates } from './scan-duplicates.js';

/** Gathers what a proposal rests on: columns, fill, definitions, and the values that occur in statuses and choices. */
export async function scanExport(
  tx: Tx,
  tenantId: string,
  migrationId: string,
  exportId: string,
): Promise<ProposalFacts> {
  const migration = await getMigration(tx, tenantId, migrationId);
  const found = await getExport(tx, tenantId, exportId);
  const objects = await listStagedObjects(tx, tenantId, exportId);
  const catalogue = await loadCatalogue(tx, tenantId, exportId);
  const definitions = await rowsOf(tx, tenantId, exportId, 'label');
  const values = new ValueCollector(
    catalogue,
    definitions.flatMap((row) => row.fields.name ?? []),
  );
  for (const { object } of objects.filter(hasValues))
    for await (const row of allRows(tx, tenantId, exportId, object)) values.see(row);
  for await (const row of allRows(tx, tenantId, exportId, 'custom_field_value')) values.seeLongForm(row);
  const filled = await fillOf(tx, tenantId, exportId);
  const stated = {
    given: record(migration.settings),
    manifestTenant: record(record(found.manifest).tenant),
  };
  const country = statedSetting(stated, 'country') ?? '';
  return {
    ...stated,
    objects,
    filled: (object, header) => filled.get(`${object}\n${header}`),
    customFields: catalogue.customFields,
    labels: {
      definitions,
      found: new Map([...values.labels].map(([object, names]) => [object, [...names.values()]])),
      inquiryStatuses: [...values.inquiryStatuses],
    },
    statuses: await rowsOf(tx, tenantId, exportId, 'booking_status'),
    statusesFound: [...values.statuses],
    valuesFound: new Map([...values.options].map(([header, labels]) => [header, [...labels.values()]])),
    longFormFields: values.longForm,
    outOfScope: await listOutOfScope(tx, tenantId, exportId),
    duplicates: await scanDuplicates(tx, { tenantId, migrationId, exportId }, country),
  };
}

/** Objects whose rows hold statuses, choices or labels: the others need not be read for a proposal. */
function hasValues({ object, columns }: { object: string; columns: StagedColumn[] }): boolean {
  return (
    entityOfOwnFields.has(object) || (object === 'invoice' && columns.some(({ field }) => field === 'labels'))
  );
}

/** A field with more values than this is no choice, whatever its definition says; the rest is packed as text. */
const maxOptions = 500;

class ValueCollector {
  readonly statuses = new Set<string>();
  readonly options = new Map<string, Map<string, string>>();
  readonly longForm = new Map<string, number>();
  readonly inquiryStatuses = new Set<string>();
  /** By object, then by what makes two of them the same. */
  readonly labels = new Map<string, Map<string, string>>();

  constructor(
    private readonly catalogue: Catalogue,
    private readonly definedLabels: ReadonlyArray<string>,
  ) {}

  see(row: SourceRow): void {
    if (row.object === 'booking' && row.fields.status !== undefined) this.statuses.add(row.fields.status);
    if (row.object === 'inquiry' && row.fields.status !== undefined && this.inquiryStatuses.size < maxOptions)
      this.inquiryStatuses.add(row.fields.status);
    if (row.fields.labels !== undefined) this.addLabels(row);
    for (const [header, text] of Object.entries(row.extra)) this.addChoice(row.object, header, text);
  }

  private addLabels(row: SourceRow): void {
    const names = this.labels.get(row.object) ?? new Map<string, string>();
    this.labels.set(row.object, names);
    for (const name of labelsIn(row, this.definedLabels))
      if (names.size < maxOptions && !names.has(labelKey(name))) names.set(labelKey(name), name);
  }

  seeLongForm(row: SourceRow): void {
    const { field_id: id, value } = row.fields;
    if (id === undefined || value === undefined) return;
    this.longForm.set(id, (this.longForm.get(id) ?? 0) + 1);
    const definition = this.catalogue.customFields.get(id);
    if (definition) this.addChoice(definition.appliesTo, `cf:${id}:${definition.label}`, value);
  }

  private addChoice(object: string, header: string, text: string): void {
    const definition = definitionOf(header, object, this.catalogue.customFields);
    if (!definition) return;
    const type = targetType(definition.type, definition.options.length);
    // Without defined options it is a yes or no, whose answers are fixed.
    if ((type !== 'enum' && type !== 'set') || definition.options.length === 0) return;
    const labels = this.options.get(header) ?? new Map<string, string>();
    this.options.set(header, labels);
    for (const label of type === 'set' ? parseList(text, definition.options) : [text]) {
      if (labels.size < maxOptions && !labels.has(optionKey(label))) labels.set(optionKey(label), label);
    }
  }
}

async function rowsOf(tx: Tx, tenantId: string, exportId: string, object: string): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of allRows(tx, tenantId, exportId, object)) rows.push(row);
  return rows;
}

async function fillOf(tx: Tx, tenantId: string, exportId: string): Promise<Map<string, number>> {
  const rows = await tx
    .selectFrom('ingest.fieldProfile')
    .select(['object', 'header', 'filled'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .execute();
  return new Map(rows.map((row) => [`${row.object}\n${row.header}`, row.filled]));
}

/** jsonb that others wrote: anything but an object counts as empty. */
function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
