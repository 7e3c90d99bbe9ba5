import { parseList } from '../convert/list.js';
import type { DestinationSchema, MappingContent } from '../mapping/content.js';
import type { Catalogue, CustomFieldDefinition, Refs, SourceRow } from '../mapping/define-object.js';
import { mergesOf, standsInOf } from '../mapping/duplicate-customers.js';
import { compareIds } from '../mapping/group-companies.js';
import { isFieldEntity, type MappedRow, mapRow, packedFieldName } from '../mapping/map-record.js';
import { targetKeyOf } from '../mapping/record.js';
import { knownStatuses, stages } from './booking-status.js';
import { quoteLabels } from './quote.js';
import { findDefinition, registry } from './registry.js';
import { seriesKeyOf } from './series.js';

/** Everything here is for the tests of mapping: a small package in memory, mapped without a database. */

let rowNumbers = 0;

export function row(
  object: string,
  sourceId: string,
  fields: Record<string, string>,
  extra: Record<string, string> = {},
): SourceRow {
  rowNumbers += 1;
  return { object, rowNumber: rowNumbers, sourceId, fields, extra };
}

export interface Package {
  rows?: ReadonlyArray<SourceRow>;
  /** What became of customers; by default each has a person `customer:<id>`. */
  customers?: Record<string, { person: string | null; organization: string | null }>;
  /** Keys that are not in the set although their row is there. */
  notMapped?: ReadonlyArray<string>;
  files?: Record<string, { bytes: number; sha256: string }>;
  customFields?: ReadonlyArray<CustomFieldDefinition>;
  content?: Partial<MappingContent>;
}

/** Maps one row with the package around it. */
export function mapIn(pack: Package, source: SourceRow): MappedRow {
  const definition = findDefinition(source.object);
  if (!definition) throw new Error(`no definition of ${source.object}`);
  rowNumbers = 0;
  const content = contentOf(pack);
  const first = { ...source, rowNumber: 1 };
  return mapRow(definition, first, refsOf(pack, [first, ...(pack.rows ?? [])]), {
    content,
    exportedAt: '2025-11-17T07:00:00Z',
  });
}

/** Payloads by target key: what most tests look at. */
export function payloadsOf(mapped: MappedRow): Record<string, unknown> {
  return Object.fromEntries(
    mapped.records.map((record) => [`${record.entity} ${record.targetKey}`, record.payload]),
  );
}

export function codesOf(mapped: MappedRow): string[] {
  return mapped.findings.map((finding) => `${finding.code} ${finding.column ?? ''}`.trim());
}

export function contentOf(pack: Package): MappingContent {
  return {
    settings: {
      country: 'AU',
      currency: 'AUD',
      timeZone: 'Australia/Sydney',
      dateFormat: 'dd/MM/yyyy',
      pipeline: 'Bookings',
      dealValue: 'booking_total',
      includeDeleted: false,
    },
    schema: {
      fields: schemaFields(),
      pipelines: [{ name: 'Bookings', stages: [...stages] }],
      activityTypes: [],
      labels: schemaLabels(),
    },
    objects: [],
    bookingStatuses: { ...knownStatuses },
    lossy: [],
    ...pack.content,
  };
}

/** A tenant's few labels, and those we make ourselves, on everything that has any. */
function schemaLabels(): NonNullable<DestinationSchema['labels']> {
  const names = ['VIP', 'Commercial', 'Dispute', 'Website lead', 'Nursery, upstairs', ...quoteLabels];
  const statuses = ['New', 'Follow Up', 'Closed', 'Converted', 'Hot prospect'];
  return (['organization', 'person', 'deal', 'lead'] as const).flatMap((entity) =>
    [...names, ...(entity === 'lead' ? statuses : [])].map((name) => ({ entity, name })),
  );
}

/** Fields that must or should be; the rest is packed, as on the smallest plan. */
function schemaFields(): DestinationSchema['fields'] {
  const fields = registry.flatMap((definition) =>
    definition.produces.flatMap((product) =>
      product.fields.flatMap((rule) => {
        if (!rule.custom || rule.custom.rank === 'may' || !isFieldEntity(product.entity)) return [];
        const options =
          rule.target === 'Booking status'
            ? ['To Do', 'Completed', 'Cancelled', 'Parked']
            : [...rule.custom.options];
        return [
          {
            entity: product.entity,
            name: rule.target,
            type: rule.custom.type,
            options,
            rank: rule.custom.rank,
          },
        ];
      }),
    ),
  );
  const packs = (['person', 'deal'] as const).map((entity) => ({
    entity,
    name: packedFieldName,
    type: 'text' as const,
    options: [],
    rank: 'must' as const,
  }));
  return [...fields, ...packs];
}

const catalogue: Catalogue = {
  workers: new Map([
    ['fieldworker:41', { name: 'Maeve D.', email: 'maeve@harbourhome.example' }],
    ['fieldworker:43', { name: 'Priya R.', email: 'priya@harbourhome.example' }],
    ['user:11', { name: 'Rowena Castellane', email: 'rowena@harbourhome.example' }],
  ]),
  services: new Map([['303', 'Deep clean']]),
  sellable: new Map([['service:303', { taxRate: undefined }]]),
  faqs: [],
  customFields: new Map(),
};

/** Children are found by the columns that name their parent, as ingest finds them. */
function refsOf(pack: Package, rows: ReadonlyArray<SourceRow>): Refs {
  const notMapped = new Set(pack.notMapped ?? []);
  return {
    children: (child, parent, parentId) =>
      rows.filter((candidate) => candidate.object === child && pointsAt(candidate, parent, parentId)),
    row: (object, id) => rows.find((candidate) => candidate.object === object && candidate.sourceId === id),
    isMapped: (key) =>
      !notMapped.has(key) &&
      isRecord(key, contentOf(pack), rows) &&
      rows.some(({ object, sourceId }) => `${key}#`.startsWith(`${targetKeyOf(object, sourceId)}#`)),
    customer: (id) =>
      id === undefined || id === '1999'
        ? undefined
        : (pack.customers?.[id] ?? { person: `customer:${id}`, organization: null }),
    series: (booking) => {
      const key = standIn(booking, contentOf(pack));
      if (key === undefined) return undefined;
      const bookings = rows
        .filter((candidate) => candidate.object === 'booking' && standIn(candidate, contentOf(pack)) === key)
        .sort((a, b) => compareIds(a.sourceId, b.sourceId));
      return { key, bookings: bookings[0]?.sourceId === booking.sourceId ? bookings : null };
    },
    merged: (id) => mergedRows(id, contentOf(pack), rows),
    standIn: (key) => {
      const merge = mergesOf(contentOf(pack)).find(({ from }) => standsInOf(from).includes(key));
      if (merge) return standsInOf(merge.into)[standsInOf(merge.from).indexOf(key)] ?? key;
      const booking = rows.find(
        ({ object, sourceId }) => object === 'booking' && key === targetKeyOf('booking', sourceId),
      );
      return (booking && standIn(booking, contentOf(pack))) ?? key;
    },
    members: (organization) =>
      rows
        .filter((candidate) => candidate.object === 'customer')
        .filter((candidate) => pack.customers?.[candidate.sourceId]?.organization === organization)
        .sort((a, b) => compareIds(a.sourceId, b.sourceId)),
    file: (path) => pack.files?.[path],
    catalogue: {
      ...catalogue,
      services: new Map([
        ...catalogue.services,
        ...rows
          .filter(({ object }) => object === 'service')
          .map(({ sourceId, fields }) => [sourceId, fields.service_name ?? ''] as const),
      ]),
      sellable: new Map([
        ...catalogue.sellable,
        ...rows
          .filter(
            ({ object, fields }) => ['service', 'product'].includes(object) && fields.active !== 'false',
          )
          .map((row) => [targetKeyOf(row.object, row.sourceId), { taxRate: row.fields.tax_rate }] as const),
      ]),
      faqs: rows.filter(({ object }) => object === 'faq'),
      customFields: new Map((pack.customFields ?? []).map((definition) => [definition.id, definition])),
    },
  };
}

function mergedRows(id: string | undefined, content: MappingContent, rows: ReadonlyArray<SourceRow>) {
  const merges = mergesOf(content);
  const into = merges.find(({ from }) => from === id)?.into ?? id;
  const gone = merges.filter((merge) => merge.into === into).map(({ from }) => from);
  if (into === undefined || gone.length === 0) return undefined;
  return [into, ...gone.sort(compareIds)].flatMap(
    (one) => rows.find(({ object, sourceId }) => object === 'customer' && sourceId === one) ?? [],
  );
}

function standIn(booking: SourceRow, { settings }: MappingContent): string | undefined {
  return settings.recurringSeries === 'series' ? seriesKeyOf(booking) : undefined;
}

/** An inquiry is a lead or a deal, never both; lines, and invoices of bookings, are records only where the tenant wishes it. */
function isRecord(key: string, { settings }: MappingContent, rows: ReadonlyArray<SourceRow>): boolean {
  const invoice = rows.find(
    ({ object, sourceId }) => object === 'invoice' && key === targetKeyOf('invoice', sourceId),
  );
  const isOfBooking = rows.some(
    ({ object, fields }) =>
      object === 'booking' && parseList(fields.invoice_ids).includes(invoice?.sourceId ?? ''),
  );
  if (invoice && (isOfBooking || parseList(invoice.fields.booking_ids).length > 0))
    return settings.invoiceDeals === 'own';
  if (/^(booking_service|quote_item|invoice_item):/.test(key)) return settings.dealLines === 'products';
  if (!key.startsWith('inquiry:')) return true;
  return key.endsWith('#deal') === (settings.inquiries === 'deals');
}

function pointsAt(candidate: SourceRow, parent: string, parentId: string): boolean {
  const { fields } = candidate;
  if (fields.object === parent) return fields.object_id === parentId || fields.record_id === parentId;
  return [`${parent}_id`, `${parent}_ids`].some((field) => parseList(fields[field]).includes(parentId));
}
