import { luxonFormat } from '../convert/date.js';
import { optionKey } from '../convert/list.js';
import {
  classify,
  fallbackTarget,
  knownStatuses,
  normaliseStatus,
  stages,
} from '../objects/booking-status.js';
import { findDefinition, registry } from '../objects/registry.js';
import {
  type ColumnMapping,
  ConflictPolicy,
  type DestinationSchema,
  type DuplicateCustomers,
  type FieldEntity,
  MappingContent,
  type MappingSettings,
  type MatchedEntity,
  matchedEntities,
  type ObjectMapping,
  type StatusTarget,
} from './content.js';
import { cleanLabel } from './convert-field.js';
import {
  customHeader,
  definitionOf,
  entityOfOwnFields,
  isSignature,
  lossOf,
  optionsFor,
  parseCustomHeader,
  targetType,
} from './custom-values.js';
import type {
  CustomFieldDefinition,
  FieldRule,
  ObjectDefinition,
  Product,
  SourceRow,
} from './define-object.js';
import { mostGroups } from './duplicate-customers.js';
import { fieldEntityOf, isFieldEntity, packedFieldName } from './map-record.js';
import { type LabelFacts, proposeLabels } from './propose-labels.js';
import { markerFieldName } from './record.js';
import { lossesOfSharedTypes, type SharedActivityType } from './shared-activity-types.js';

/** How many custom fields may be proposed over all entities, and for which plan of the account, where one is known. */
export interface FieldRoom {
  plan: string | null;
  fields: number;
}

/** What the smallest plan allows (pipedrive-api.md 5.4). */
export const smallestFieldRoom: FieldRoom = { plan: null, fields: 30 };

/** All that the proposal rests on: facts about the export, no rows. */
export interface ProposalFacts {
  /** `ingest.migration.settings`; they win over the manifest. */
  given: {
    country?: unknown;
    currency?: unknown;
    time_zone?: unknown;
    date_format?: unknown;
    include_deleted?: unknown;
    quote_deals?: unknown;
    invoice_deals?: unknown;
    recurring_series?: unknown;
    deal_lines?: unknown;
    inquiries?: unknown;
    include_automated_messages?: unknown;
    /** Plural names of the entities to be looked for in the account: `["persons"]`. */
    match?: unknown;
    conflict_policy?: unknown;
  };
  manifestTenant: { country?: unknown; currency?: unknown; time_zone?: unknown; date_format?: unknown };
  objects: ReadonlyArray<{
    object: string;
    rows: number;
    columns: ReadonlyArray<{ header: string; field: string | null }>;
  }>;
  /** Cells that are not empty, by object and header. Absent: not counted, taken as filled. */
  filled(object: string, header: string): number | undefined;
  customFields: ReadonlyMap<string, CustomFieldDefinition>;
  labels: LabelFacts;
  /** Rows of booking_status. */
  statuses: ReadonlyArray<SourceRow>;
  /** Status texts that occur in bookings. */
  statusesFound: ReadonlyArray<string>;
  /** Values that occur in the tenant's own choice fields, by `customHeader`; and which of those occur in the long form. */
  valuesFound: ReadonlyMap<string, ReadonlyArray<string>>;
  longFormFields: ReadonlyMap<string, number>;
  /** Tables of the package that are no object of the export, by path. */
  outOfScope: ReadonlyArray<{ path: string; rows: number }>;
  /** Customers that look alike, the surest first, with what a person has said of them before. */
  duplicates: ReadonlyArray<DuplicateCustomers>;
}

export type Proposal = { content: MappingContent } | { missing: Array<{ setting: string; says: string }> };

/**
 * The default mapping of an export, for a person to confirm. Pure: the same facts give the same content and hash.
 * `shared`: the kinds of activity for which an account of the tenant had no type left.
 */
export function proposeMapping(
  facts: ProposalFacts,
  room = smallestFieldRoom,
  shared: ReadonlyArray<SharedActivityType> = [],
): Proposal {
  const settings = settingsOf(facts, room);
  if ('missing' in settings) return settings;
  const names = new FieldNames(settings);
  const objects = [
    ...facts.objects.map((staged) => objectMapping(staged, facts, settings, names)),
    ...facts.outOfScope.map(({ path, rows }) => ({ object: path, rows, supported: false, columns: [] })),
  ];
  const bookingStatuses = statusMap(facts);
  const types = activityTypes(facts);
  const content: MappingContent = {
    settings,
    schema: {
      fields: chooseFields(
        candidates(objects, facts, settings),
        entitiesOfFiles(objects, facts),
        room.fields,
      ),
      pipelines: [{ name: settings.pipeline, stages: stagesOf(bookingStatuses, objects, settings) }],
      activityTypes: types,
      labels: proposeLabels(
        facts.labels,
        facts.objects.map((staged) => staged.object),
        settings,
        hasCompanies(facts),
      ),
    },
    objects,
    bookingStatuses,
    ...duplicatesOf(facts),
    lossy: [
      ...lossesOf(objects, settings),
      ...lossesOfSharedTypes({ activityTypes: types }, shared),
      ...notListed(facts),
    ],
  };
  return { content: MappingContent.parse(content) };
}

/** Only when there are some: the mapping of everybody else says what it always said. */
function duplicatesOf({ duplicates }: ProposalFacts): Pick<MappingContent, 'duplicates'> {
  return duplicates.length === 0 ? {} : { duplicates: duplicates.slice(0, mostGroups) };
}

function notListed({ duplicates }: ProposalFacts): MappingContent['lossy'] {
  const more = duplicates.length - mostGroups;
  return more <= 0
    ? []
    : [
        {
          object: 'customer',
          says: `${more} more groups of customers look alike than the ${mostGroups} that the mapping lists: they are kept apart.`,
        },
      ];
}

function settingsOf(
  facts: ProposalFacts,
  room: FieldRoom,
): MappingSettings | { missing: Array<{ setting: string; says: string }> } {
  const pick = (name: Stated) => statedSetting(facts, name);
  const country = pick('country')?.toUpperCase();
  const currency = pick('currency')?.toUpperCase();
  const timeZone = pick('time_zone');
  const missing = [
    ...(country?.length === 2 ? [] : [missingSetting('country', 'to read phone numbers', 'AU')]),
    ...(currency?.length === 3 ? [] : [missingSetting('currency', 'for every amount', 'AUD')]),
    ...(timeZone && isTimeZone(timeZone)
      ? []
      : [missingSetting('time_zone', 'to read times without an offset', 'Australia/Sydney')]),
  ];
  if (missing.length > 0 || !country || !currency || !timeZone) return { missing };
  return {
    country,
    currency,
    timeZone,
    dateFormat: luxonFormat(pick('date_format') ?? 'iso'),
    pipeline: 'Bookings',
    dealValue: 'booking_total',
    includeDeleted: facts.given.include_deleted === true,
    quoteDeals: facts.given.quote_deals === 'merged' ? 'merged' : 'own',
    ...(facts.given.invoice_deals === 'own' ? { invoiceDeals: 'own' as const } : {}),
    ...(facts.given.recurring_series === 'series' ? { recurringSeries: 'series' as const } : {}),
    inquiries: facts.given.inquiries === 'deals' ? 'deals' : 'leads',
    dealLines: facts.given.deal_lines === 'products' ? 'products' : 'text',
    includeAutomatedMessages: facts.given.include_automated_messages === true,
    ...(room.plan === null ? {} : { plan: room.plan }),
    ...matchingOf(facts.given),
  };
}

type Stated = 'country' | 'currency' | 'time_zone' | 'date_format';

/** What the migration's settings say, else the manifest. */
export function statedSetting(
  { given, manifestTenant }: Pick<ProposalFacts, 'given' | 'manifestTenant'>,
  name: Stated,
): string | undefined {
  const value = given[name] ?? manifestTenant[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Of a migration's settings: the entities to be looked for in the account. */
export function orderedMatches({ match }: Pick<ProposalFacts['given'], 'match'>): MatchedEntity[] {
  return matchedEntities.filter((entity) => Array.isArray(match) && match.includes(`${entity}s`));
}

/** Only when something is to be matched: the mapping of everybody else says what it always said. */
function matchingOf(given: ProposalFacts['given']): Pick<MappingSettings, 'matching'> {
  const wanted = orderedMatches(given);
  if (wanted.length === 0) return {};
  const policy = ConflictPolicy.catch('fill_empty').parse(given.conflict_policy);
  return {
    matching: Object.fromEntries(
      wanted.map((entity) => [entity, { existing: 'match' as const, policy, fields: {} }]),
    ),
  };
}

function missingSetting(setting: string, why: string, example: string) {
  return {
    setting,
    says: `The ${setting.replace('_', ' ')} is needed ${why} and is neither in the migration's settings nor in the manifest: send settings.${setting}, e.g. "${example}".`,
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function objectMapping(
  staged: ProposalFacts['objects'][number],
  facts: ProposalFacts,
  settings: MappingSettings,
  names: FieldNames,
): ObjectMapping {
  const definition = findDefinition(staged.object);
  const base = { object: staged.object, rows: staged.rows };
  if (!definition || definition.inventory) {
    const evidence = definition?.inventory
      ? `It stands in the inventory “${words(definition.inventory.name)}”.`
      : 'The object is not carried over yet.';
    const columns = staged.columns.map((column) => ({
      ...column,
      target: null,
      confidence: 1,
      evidence,
      lossy: null,
    }));
    return {
      ...base,
      supported: false,
      ...(definition?.inventory ? { inventory: definition.inventory.name } : {}),
      columns,
    };
  }
  const headers = new Set(staged.columns.map((column) => column.header));
  const longForm = ownFieldHeaders(staged.object, facts).filter((header) => !headers.has(header));
  const columns = [...staged.columns, ...longForm.map((header) => ({ header, field: null }))];
  return {
    ...base,
    supported: true,
    columns: columns.map((column) => columnMapping(column, definition, facts, settings, names)),
  };
}

/** Fields whose values come in custom_field_value rows only. */
function ownFieldHeaders(object: string, facts: ProposalFacts): string[] {
  return [...facts.customFields.values()]
    .filter((definition) => definition.appliesTo === object && facts.longFormFields.has(definition.id))
    .map((definition) => customHeader(definition.id, definition.label));
}

function columnMapping(
  { header, field }: { header: string; field: string | null },
  definition: ObjectDefinition,
  facts: ProposalFacts,
  settings: MappingSettings,
  names: FieldNames,
): ColumnMapping {
  if (field === null) return ownColumn(header, definition, facts, names);
  const base = { header, field, ...evidenceOf(header, field) };
  for (const product of productsOf(definition, settings)) {
    const rule = product.fields.find((candidate) => candidate.from.includes(field));
    if (!rule) continue;
    const target = { entity: product.entity, field: rule.target, custom: rule.custom !== null };
    return { ...base, target, lossy: rule.lossy };
  }
  const use = definition.structure[field];
  if (use !== undefined)
    return { ...base, target: null, evidence: `${base.evidence}; used: ${use}`, lossy: null };
  const why = definition.notMigrated[field] ?? 'The column has no target yet.';
  return { ...base, target: null, lossy: why };
}

function evidenceOf(header: string, field: string): { confidence: number; evidence: string } {
  const plain = header
    .replace('(s)', 's')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return plain === field
    ? { confidence: 1, evidence: 'documented column' }
    : { confidence: 0.95, evidence: `known name of ${field}` };
}

/** A column of the tenant's own, or one we do not know. */
function ownColumn(
  header: string,
  definition: ObjectDefinition,
  facts: ProposalFacts,
  names: FieldNames,
): ColumnMapping {
  const base = { header, field: null, target: null, confidence: 1 };
  if (ownFieldsInNote.has(definition.name)) return { ...base, evidence: 'in the note', lossy: null };
  const entity = entityOfOwnFields.get(definition.name);
  const parsed = parseCustomHeader(header);
  if (!parsed)
    return { ...base, confidence: 0, evidence: 'unknown column', lossy: 'The column has no target yet.' };
  if (!entity)
    return {
      ...base,
      evidence: 'field of the tenant',
      lossy: withoutFields.get(definition.name) ?? noFields,
    };
  const own = definitionOf(header, definition.name, facts.customFields);
  const type = own ? targetType(own.type, own.options.length) : 'text';
  const field = names.give(definition.name, entity, cleanLabel(own?.label ?? parsed.label), type ?? 'file');
  const target = { entity, field, custom: true };
  return own
    ? { ...base, target, evidence: `defined as ${own.type}`, lossy: lossOf(own.type, own.options.length) }
    : { ...base, target, confidence: 0.6, evidence: 'not defined in the export; taken as text', lossy: null };
}

/** Objects without fields in Pipedrive, whose own columns stand in a note. */
const ownFieldsInNote = new Set(['customer_property']);

const noFields = 'Records of this kind have no fields in Pipedrive: the values stay in the export.';
const withoutFields = new Map([
  ['fieldworker', 'Users of Pipedrive have no fields: the values stay in the export.'],
  ['user', 'Users of Pipedrive have no fields: the values stay in the export.'],
]);

/**
 * Names of the tenant's own fields. Two fields of one name cannot be told apart when the loader looks them up: ours keep
 * theirs. A field of bookings and one of quotes that have the same name and type are one field of deals.
 */
class FieldNames {
  private readonly taken = new Map<string, { type: string; objects: Set<string> }>();

  constructor(settings: MappingSettings) {
    const ours = [
      ...registry.flatMap((definition) =>
        productsOf(definition, settings).flatMap(({ entity, fields }) =>
          fields.map(({ target }) => keyOf(entity, target)),
        ),
      ),
      ...[...entityOfOwnFields.values()].map((entity) => keyOf(entity, packedFieldName)),
    ];
    for (const key of ours) this.taken.set(key, { type: '', objects: new Set() });
  }

  give(object: string, entity: FieldEntity, label: string, type: string): string {
    const base = label === '' ? 'Custom field' : label;
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? base : `${base} (${n})`;
      const known = this.taken.get(keyOf(entity, name));
      if (known && (known.type !== type || known.objects.has(object))) continue;
      this.taken.set(keyOf(entity, name), { type, objects: new Set([...(known?.objects ?? []), object]) });
      return name;
    }
  }
}

function keyOf(entity: string, field: string): string {
  return `${entity}\n${field}`;
}

function words(name: string): string {
  return name.replaceAll('-', ' ');
}

interface Candidate {
  field: DestinationSchema['fields'][number];
  filled: number;
  /** The tenant's own fields come before our optional ones. */
  isOwn: boolean;
}

function candidates(
  objects: ReadonlyArray<ObjectMapping>,
  facts: ProposalFacts,
  settings: MappingSettings,
): Candidate[] {
  const found = new Map<string, Candidate>();
  const add = (candidate: Candidate) => {
    const key = keyOf(candidate.field.entity, candidate.field.name);
    const known = found.get(key);
    if (!known) return found.set(key, candidate);
    const options = unionOfOptions(known.field.options, candidate.field.options);
    const fuller = known.filled < candidate.filled ? candidate : known;
    return found.set(key, { ...fuller, field: { ...fuller.field, options } });
  };
  for (const definition of registry) {
    if (!objects.some((object) => object.object === definition.name)) continue;
    for (const product of productsOf(definition, settings)) {
      const entity = fieldEntityOf(product.entity);
      if (!entity) continue;
      for (const rule of product.fields) {
        const filled = filledBy(rule, definition, facts);
        if (!rule.custom || (filled === 0 && rule.target !== markerFieldName)) continue;
        const options = rule.target === 'Booking status' ? statusOptions(facts) : [...rule.custom.options];
        add({
          field: {
            entity,
            name: rule.target,
            type: rule.custom.type,
            options,
            rank: rule.custom.rank,
          },
          filled,
          isOwn: false,
        });
      }
    }
  }
  // Also without services: lines without one stand on a product of ours, which is found again by its marker.
  if (settings.dealLines === 'products')
    add({
      field: { entity: 'product', name: markerFieldName, type: 'varchar', options: [], rank: 'must' },
      filled: 0,
      isOwn: false,
    });
  for (const candidate of ownCandidates(objects, facts)) add(candidate);
  return [...found.values()];
}

/** The fullest of the columns that feed a field; 0 when none of them is in the export. */
function filledBy(rule: FieldRule, definition: ObjectDefinition, facts: ProposalFacts): number {
  const counts = rule.from.map((from) => {
    const [object, field] = from.includes('.') ? from.split('.') : [definition.name, from];
    const staged = facts.objects.find((candidate) => candidate.object === object);
    const column = staged?.columns.find((candidate) => candidate.field === field);
    return staged && column ? (facts.filled(staged.object, column.header) ?? staged.rows) : 0;
  });
  return Math.max(0, ...counts);
}

function ownCandidates(objects: ReadonlyArray<ObjectMapping>, facts: ProposalFacts): Candidate[] {
  return objects.flatMap((object) =>
    object.columns.flatMap((column) => {
      if (column.field !== null || column.target === null || !isFieldEntity(column.target.entity)) return [];
      const own = definitionOf(column.header, object.object, facts.customFields);
      const type = own ? targetType(own.type, own.options.length) : 'text';
      const filled =
        facts.filled(object.object, column.header) ?? facts.longFormFields.get(own?.id ?? '') ?? object.rows;
      if (type === null || filled === 0) return [];
      const isChoice = type === 'enum' || type === 'set';
      const options = isChoice
        ? unionOfOptions(optionsFor(type, own), facts.valuesFound.get(column.header) ?? [])
        : [];
      return [
        {
          field: {
            entity: column.target.entity,
            name: column.target.field,
            type,
            options,
            rank: 'may' as const,
          },
          filled,
          isOwn: true,
        },
      ];
    }),
  );
}

/** Fields that hold files have no field of their own: their names are packed, which needs the field for that. */
function entitiesOfFiles(objects: ReadonlyArray<ObjectMapping>, facts: ProposalFacts): FieldEntity[] {
  return objects.flatMap(({ object, columns }) =>
    columns.flatMap(({ header, field, target }) => {
      const own = field === null ? definitionOf(header, object, facts.customFields) : undefined;
      const holdsFiles = own !== undefined && targetType(own.type, own.options.length) === null;
      return holdsFiles && target !== null && isFieldEntity(target.entity) ? [target.entity] : [];
    }),
  );
}

/** Defined labels first, then the values that occur beyond them: unique by what makes two labels the same. */
function unionOfOptions(defined: ReadonlyArray<string>, found: ReadonlyArray<string>): string[] {
  const byKey = new Map<string, string>();
  for (const label of [...defined, ...found].map(cleanLabel)) {
    if (label !== '' && !byKey.has(optionKey(label))) byKey.set(optionKey(label), label);
  }
  return [...byKey.values()];
}

function statusOptions(facts: ProposalFacts): string[] {
  return unionOfOptions(
    facts.statuses.flatMap((status) => status.fields.name ?? []),
    facts.statusesFound,
  );
}

/**
 * Ranked choice under the plan's cap: all that must and should be, then the fullest of the rest. What finds no room is
 * packed, readable, into one text field of its entity (map-record.ts), which therefore has to be there.
 */
function chooseFields(
  all: ReadonlyArray<Candidate>,
  packing: ReadonlyArray<FieldEntity>,
  cap: number,
): DestinationSchema['fields'] {
  const firm = all.filter((candidate) => candidate.field.rank !== 'may');
  const optional = all
    .filter((candidate) => candidate.field.rank === 'may')
    .sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || b.filled - a.filled);
  const entities = [...new Set([...optional.map((candidate) => candidate.field.entity), ...packing])];
  const room = Math.max(0, cap - firm.length - entities.length);
  const packs = entities.map((entity) => ({
    entity,
    name: packedFieldName,
    type: 'text' as const,
    options: [],
    rank: 'must' as const,
  }));
  return [...firm, ...optional.slice(0, room)].map((candidate) => candidate.field).concat(packs);
}

function statusMap(facts: ProposalFacts): Record<string, StatusTarget> {
  const map: Record<string, StatusTarget> = {};
  for (const status of facts.statuses) {
    if (status.fields.name !== undefined) map[normaliseStatus(status.fields.name)] = classify(status);
  }
  // A status that is in no list stays out of the map: its bookings go to the fallback with a finding.
  for (const text of facts.statusesFound) {
    const known = knownStatuses[normaliseStatus(text)];
    if (known) map[normaliseStatus(text)] ??= known;
  }
  return map;
}

function stagesOf(
  statuses: Record<string, StatusTarget>,
  objects: ReadonlyArray<ObjectMapping>,
  settings: MappingSettings,
): string[] {
  const has = (name: string) => objects.some((object) => object.object === name);
  const used = new Set([
    ...(settings.inquiries === 'deals' && has('inquiry') ? ['Inquiry'] : []),
    ...(has('quote') ? ['Quoting'] : []),
    ...(settings.invoiceDeals === 'own' && has('invoice') ? ['Invoiced'] : []),
    ...Object.values(statuses).map((target) => target.stage),
    fallbackTarget.stage,
    'Done',
  ]);
  return stages.filter((stage) => used.has(stage));
}

function activityTypes(facts: ProposalFacts): DestinationSchema['activityTypes'] {
  const isStaged = (...objects: string[]) => facts.objects.some((staged) => objects.includes(staged.object));
  return [
    ...(isStaged('booking', 'appointment') ? [{ name: 'Appointment', iconKey: 'calendar' }] : []),
    ...(isStaged('invoice') ? [{ name: 'Invoice', iconKey: 'document' }] : []),
    ...(isStaged('payment')
      ? [
          { name: 'Payment', iconKey: 'pricetag' },
          { name: 'Partial payment', iconKey: 'cart' },
          { name: 'Deposit', iconKey: 'key' },
        ]
      : []),
    ...(isStaged('payment', 'refund') ? [{ name: 'Refund', iconKey: 'loop' }] : []),
    // Call and Email are in every account: they are found by name, not made.
    ...(isStaged('communication')
      ? [
          { name: 'Call', iconKey: 'call' },
          { name: 'Email', iconKey: 'email' },
          { name: 'SMS', iconKey: 'smartphone' },
          { name: 'Message', iconKey: 'bubble' },
        ]
      : []),
    ...(isStaged('form_response') || hasSignatures(facts) ? [{ name: 'Form', iconKey: 'checkbox' }] : []),
    ...(isStaged('complaint') ? [{ name: 'Complaint', iconKey: 'signpost' }] : []),
  ];
}

function hasSignatures({ customFields }: ProposalFacts): boolean {
  return [...customFields.values()].some(
    ({ type, appliesTo }) => isSignature(type) && entityOfOwnFields.has(appliesTo),
  );
}

function hasCompanies(facts: ProposalFacts): boolean {
  const header = facts.objects
    .find((staged) => staged.object === 'customer')
    ?.columns.find((column) => column.field === 'business_name')?.header;
  return header !== undefined && facts.filled('customer', header) !== 0;
}

function lossesOf(objects: ReadonlyArray<ObjectMapping>, settings: MappingSettings): MappingContent['lossy'] {
  return objects.flatMap((object) => {
    const definition = findDefinition(object.object);
    if (!definition || definition.inventory)
      return object.rows > 0 ? [{ object: object.object, says: fateOfRows(object, definition) }] : [];
    const sentences = [
      ...definition.lossy,
      ...productsOf(definition, settings).flatMap((product) => product.lossy),
      ...rulesOf(definition, settings).flatMap((rule) => rule.lossy ?? []),
      ...object.columns.filter((column) => column.field === null).flatMap((column) => column.lossy ?? []),
    ];
    return [...new Set(sentences)].map((says) => ({ object: object.object, says }));
  });
}

function fateOfRows({ object, rows }: ObjectMapping, definition: ObjectDefinition | undefined): string {
  const counted = rows === 1 ? '1 row' : `${rows} rows`;
  if (definition?.inventory)
    return `${counted}, not carried over but written down in the inventory “${words(definition.inventory.name)}”. ${definition.inventory.why}`;
  // Names of objects have no dot; what has one is the path of a file that we do not know.
  return object.includes('.')
    ? `${counted} of a file that is no part of an OctopusPro export as we know it: they stay in the package.`
    : `${counted}, not carried over yet.`;
}

function rulesOf(definition: ObjectDefinition, settings: MappingSettings): FieldRule[] {
  return productsOf(definition, settings).flatMap((product) => product.fields);
}

function productsOf(definition: ObjectDefinition, settings: MappingSettings): Product[] {
  return definition.produces.filter((product) => product.when?.(settings) ?? true);
}
