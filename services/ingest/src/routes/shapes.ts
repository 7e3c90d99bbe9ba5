import { z } from 'zod';

export const MigrationPath = z.object({ id: z.uuid() });
export const ExportPath = z.object({ id: z.uuid(), exportId: z.uuid() });

export const anyRole = ['portal', 'operator', 'tenant_admin', 'viewer'] as const;

/** What the data does not say by itself. */
export const MigrationSettings = z
  .object({
    country: z.string().length(2).optional().meta({ description: 'ISO 3166, for phones and addresses.' }),
    currency: z.string().length(3).optional().meta({ description: 'ISO 4217.' }),
    time_zone: z
      .string()
      .max(60)
      .refine(isTimeZone, 'not a time zone of the IANA database')
      .optional()
      .meta({ description: 'Of the IANA database.' }),
    date_format: z.string().max(40).optional().meta({ description: '`iso` or e.g. `dd/MM/yyyy`.' }),
    include_deleted: z.boolean().optional(),
    inquiries: z
      .enum(['leads', 'deals'])
      .optional()
      .meta({ description: 'What an inquiry becomes that nothing came of (yet); leads when not said.' }),
    quote_deals: z
      .enum(['own', 'merged'])
      .optional()
      .meta({ description: 'A quote that became a booking: a deal of its own, or part of the booking’s.' }),
    recurring_series: z
      .enum(['booking', 'series'])
      .optional()
      .meta({ description: 'A recurring series: a deal for each booking, or one for all of them.' }),
    invoice_deals: z
      .enum(['enrich', 'own'])
      .optional()
      .meta({ description: 'An invoice of bookings: part of their deals, or a deal of its own.' }),
    deal_lines: z
      .enum(['text', 'products'])
      .optional()
      .meta({ description: 'Lines of bookings, quotes and invoices: text on the deal, or products on it.' }),
    include_automated_messages: z
      .boolean()
      .optional()
      .meta({ description: 'Messages that an automation sent are left out unless this is true.' }),
    match: z
      .array(z.enum(['organizations', 'persons', 'products']))
      .optional()
      .meta({ description: 'Of these, records that stand in the account already are used.' }),
    conflict_policy: z
      .enum(['keep_theirs', 'take_ours', 'fill_empty'])
      .optional()
      .meta({ description: 'Whose value a field of a matched record has afterwards; fill_empty.' }),
  })
  .strict()
  .meta({ id: 'MigrationSettings' });

export const Migration = z
  .object({
    id: z.uuid(),
    tenant: z.string(),
    reference: z.string(),
    name: z.string(),
    settings: z.unknown().meta({ description: 'See MigrationSettings.' }),
    stage: z
      .enum([
        'draft',
        'waiting_for_export',
        'staged',
        'assessed',
        'mapped',
        'rehearsed',
        'signed_off',
        'loading',
        'verified',
        'delivered',
        'rolled_back',
        'cancelled',
      ])
      .meta({
        description:
          'How far it is. `draft`, `signed_off`, `delivered` and `cancelled` are kept for the sign-off, and nothing leads there yet: do not wait for them.',
      }),
    exports: z.array(z.object({ id: z.uuid(), state: z.string().meta({ examples: ['assessed'] }) })),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Migration' });

export const ExportReceipt = z
  .object({
    id: z.uuid(),
    state: z.string().meta({ examples: ['received'] }),
    sha256: z.string(),
    bytes: z.number(),
  })
  .meta({ id: 'ExportReceipt' });

export const Export = z
  .object({
    id: z.uuid(),
    state: z
      .string()
      .meta({ description: 'received, staging, staged, assessed or failed', examples: ['assessed'] }),
    error_code: z.string().nullable(),
    error_detail: z.string().nullable(),
    files: z.array(
      z.object({
        path: z.string(),
        object: z.string().nullable(),
        kind: z.string().meta({ examples: ['table'] }),
        state: z.string().meta({ examples: ['staged'] }),
        bytes: z.number(),
        rows: z.number().nullable(),
        dropped_columns: z.unknown().meta({ description: 'Headers of columns with secrets: never kept.' }),
      }),
    ),
    objects: z.array(z.object({ object: z.string(), rows: z.number() })),
    findings: z.record(z.string(), z.number()).meta({ description: 'Count by code.' }),
  })
  .meta({ id: 'Export' });

export const Finding = z
  .object({
    code: z.string(),
    severity: z.string().meta({ description: 'block, warn or info' }),
    says: z.string(),
    object: z.string(),
    source_id: z.string().nullable(),
    file: z.string().nullable(),
    row_number: z.number().nullable(),
    column: z.string().nullable(),
    facts: z.unknown(),
  })
  .meta({ id: 'Finding' });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
