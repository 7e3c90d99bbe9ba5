import { z } from 'zod';
import { hashOf } from '../../core/canonical-json.js';

/** Custom field types we create (pipedrive-api.md 5.3). */
export const FieldType = z.enum([
  'varchar',
  'text',
  'double',
  'monetary',
  'date',
  'enum',
  'set',
  'phone',
  'address',
  'time',
]);
export type FieldType = z.infer<typeof FieldType>;

/** The four entities that carry custom fields. */
export const FieldEntity = z.enum(['organization', 'person', 'product', 'deal']);
export type FieldEntity = z.infer<typeof FieldEntity>;

/** The entities that carry labels. */
export const LabelEntity = z.enum(['organization', 'person', 'deal', 'lead']);
export type LabelEntity = z.infer<typeof LabelEntity>;
/** Of labels of leads; Pipedrive colours all others itself. */
export const LabelColor = z.enum(['green', 'blue', 'red', 'yellow', 'purple', 'gray']);
export type LabelColor = z.infer<typeof LabelColor>;

/** What has to exist in the account before the first record: made by `provision`, found by name and type. */
export const DestinationSchema = z.object({
  fields: z.array(
    z.object({
      entity: FieldEntity,
      name: z.string().min(1).max(255),
      type: FieldType,
      options: z.array(z.string().min(1).max(255)).default([]),
      /** `marker` and roll-ups cannot be left out; `should` and `may` may be packed when the plan's cap is short. */
      rank: z.enum(['must', 'should', 'may']),
    }),
  ),
  pipelines: z.array(z.object({ name: z.string(), stages: z.array(z.string()).min(1) })),
  activityTypes: z.array(z.object({ name: z.string(), iconKey: z.string() })),
  /** Absent in versions that were confirmed before labels were carried over: theirs are text. */
  labels: z
    .array(z.object({ entity: LabelEntity, name: z.string().min(1).max(255), color: LabelColor.optional() }))
    .optional(),
});
export type DestinationSchema = z.infer<typeof DestinationSchema>;

/** Where one source column goes. `target` null: it does not migrate, and `note` says why. */
export const ColumnMapping = z.object({
  header: z.string(),
  /** The canonical field of the object, null for a column we do not know. */
  field: z.string().nullable(),
  target: z.object({ entity: z.string(), field: z.string(), custom: z.boolean() }).nullable(),
  confidence: z.number().min(0).max(1),
  evidence: z.string(),
  lossy: z.string().nullable(),
});
export type ColumnMapping = z.infer<typeof ColumnMapping>;

export const ObjectMapping = z.object({
  object: z.string(),
  rows: z.number().int(),
  /** Whether its rows become records. Where a person says no, they are left out by the rule `not_in_mapping`. */
  supported: z.boolean(),
  /** The inventory its rows stand in instead. Optional: versions from before there was a choice keep their hash. */
  inventory: z.string().optional(),
  columns: z.array(ColumnMapping),
});
export type ObjectMapping = z.infer<typeof ObjectMapping>;

/** Where a booking status leads. */
export const StatusTarget = z.object({
  status: z.enum(['open', 'won', 'lost']),
  stage: z.string(),
});

export type StatusTarget = z.infer<typeof StatusTarget>;

/** The entities of which a record of ours may be one that stands in the account already. */
export const matchedEntities = ['organization', 'person', 'product'] as const;
export const MatchedEntity = z.enum(matchedEntities);
export type MatchedEntity = z.infer<typeof MatchedEntity>;

/** Whose value a field of such a record has afterwards. E-mails and phones are never taken away: ours are added. */
export const ConflictPolicy = z.enum(['keep_theirs', 'take_ours', 'fill_empty']);
export type ConflictPolicy = z.infer<typeof ConflictPolicy>;

/** What happens to records of one entity that stand in the account already. */
export const ExistingRecords = z.object({
  /** `create`: ours are new, whatever stands there. `match`: one that is surely the same is used. */
  existing: z.enum(['create', 'match']),
  policy: ConflictPolicy,
  /** Fields with a policy of their own: Pipedrive's name, or the name of a custom field. */
  fields: z.record(z.string(), ConflictPolicy).default({}),
});
export type ExistingRecords = z.infer<typeof ExistingRecords>;

export const MappingSettings = z.object({
  country: z.string().length(2),
  currency: z.string().length(3),
  timeZone: z.string(),
  /** `iso` or a luxon format, e.g. `dd/MM/yyyy`. */
  dateFormat: z.string(),
  pipeline: z.string(),
  dealValue: z.enum(['booking_total', 'invoice_total', 'amount_paid']),
  includeDeleted: z.boolean(),
  /**
   * A quote that became a booking: a deal of its own (the default), or merged into the booking's deal. Optional, like
   * the next: versions that were confirmed before there was a choice keep their hash.
   */
  quoteDeals: z.enum(['own', 'merged']).optional(),
  /** An invoice of bookings: adds to their deals (the default), or is a deal of its own. */
  invoiceDeals: z.enum(['enrich', 'own']).optional(),
  /** A recurring series: a deal for each booking (the default), or one for all of them. */
  recurringSeries: z.enum(['booking', 'series']).optional(),
  /** An inquiry that nothing came of (yet): a lead (the default), or a deal in the first stage. */
  inquiries: z.enum(['leads', 'deals']).optional(),
  /** Lines of bookings, quotes and invoices: text on the deal (the default), or products on it. */
  dealLines: z.enum(['text', 'products']).optional(),
  /** Messages that an automation sent: left out unless this is true. */
  includeAutomatedMessages: z.boolean().optional(),
  /** The account's plan, where it was known when fields were chosen; absent: chosen for the smallest. */
  plan: z.string().optional(),
  /** By entity; one that is not named is created, as before there was a choice. */
  matching: z
    .object({
      organization: ExistingRecords.optional(),
      person: ExistingRecords.optional(),
      product: ExistingRecords.optional(),
    })
    .optional(),
});
export type MappingSettings = z.infer<typeof MappingSettings>;

/** What two customers have in common once it is normalised: the kinds, never the values. */
export const SharedSignal = z.enum(['name', 'email', 'phone', 'address']);
export type SharedSignal = z.infer<typeof SharedSignal>;

/** Customers of the export that look like one and the same, and what a person says of them. */
export const DuplicateCustomers = z.object({
  /** Source ids, lowest first. */
  customers: z.array(z.string().min(1)).min(2),
  /** How sure we are. It decides nothing: no grade merges by itself. */
  grade: z.enum(['sure', 'likely']),
  evidence: z.array(
    z.object({ customers: z.tuple([z.string(), z.string()]), same: z.array(SharedSignal).min(1) }),
  ),
  /** The one that the others are merged into. Null: they are kept apart. */
  mergeInto: z.string().min(1).nullable(),
});
export type DuplicateCustomers = z.infer<typeof DuplicateCustomers>;

/**
 * A mapping version: everything the mapper needs besides the rows, and everything a person confirms.
 * Immutable once confirmed; the hash is what the confirmation is bound to.
 */
export const MappingContent = z.object({
  settings: MappingSettings,
  schema: DestinationSchema,
  objects: z.array(ObjectMapping),
  /** Normalised source status → deal status and stage. */
  bookingStatuses: z.record(z.string(), StatusTarget),
  /** Absent where no customers look alike, and in versions from before we looked: nobody is merged. */
  duplicates: z.array(DuplicateCustomers).optional(),
  /** Sentences that say openly what cannot be carried over in full. */
  lossy: z.array(z.object({ object: z.string(), says: z.string() })),
});
export type MappingContent = z.infer<typeof MappingContent>;

/** The entities whose records are to be looked for in the account. */
export function entitiesToMatch(settings: MappingSettings): MatchedEntity[] {
  return matchedEntities.filter((entity) => settings.matching?.[entity]?.existing === 'match');
}

/** Customers that look alike and are kept apart: by a person's word, or because nobody has looked. */
export function keptApart({ duplicates }: Pick<MappingContent, 'duplicates'>): DuplicateCustomers[] {
  return (duplicates ?? []).filter(({ mergeInto }) => mergeInto === null);
}

export function contentHash(content: MappingContent): string {
  return hashOf(content);
}
