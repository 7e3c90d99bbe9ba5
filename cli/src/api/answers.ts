import { runStatuses } from '@octopipe/shared/domain/run/states';
import { z } from 'zod';

/** What the command line reads from the API's answers (docs/api.md); everything else in them is let pass. */

export const Migration = z.object({ id: z.string(), settings: z.unknown() });
export type Migration = z.infer<typeof Migration>;

export const ExportAccepted = z.object({ id: z.string(), state: z.string() });
export type ExportAccepted = z.infer<typeof ExportAccepted>;

export const ExportStatus = z.object({
  id: z.string(),
  state: z.enum(['received', 'staging', 'staged', 'assessed', 'failed']),
  error_code: z.string().nullish(),
  error_detail: z.string().nullish(),
  files: z.array(z.object({ path: z.string(), state: z.string(), rows: z.number().nullish() })).default([]),
  objects: z.array(z.object({ object: z.string(), rows: z.number() })).default([]),
  findings: z.record(z.string(), z.number()).default({}),
});
export type ExportStatus = z.infer<typeof ExportStatus>;

export const Connection = z.object({
  id: z.string(),
  base_url: z.string(),
  company_domain: z.string().nullish(),
  plan: z.string(),
  seats: z.number(),
  plan_source: z.string().nullish(),
});
export type Connection = z.infer<typeof Connection>;

/**
 * The parts of a mapping's content that the summary prints (shared/src/domain/mapping/content.ts has all of it). Loose,
 * because the whole is saved for a person to read, edit and send back.
 */
export const Mapping = z.looseObject({
  id: z.string(),
  number: z.number().nullish(),
  state: z.enum(['proposed', 'confirmed', 'superseded']),
  content_hash: z.string(),
  confirmed_by: z.string().nullish(),
  content: z.looseObject({
    settings: z.record(z.string(), z.unknown()).default({}),
    schema: z
      .looseObject({
        fields: z
          .array(z.looseObject({ entity: z.string(), name: z.string(), type: z.string() }))
          .default([]),
        pipelines: z.array(z.looseObject({ name: z.string(), stages: z.array(z.string()) })).default([]),
        activityTypes: z.array(z.looseObject({ name: z.string() })).default([]),
        labels: z.array(z.looseObject({ entity: z.string(), name: z.string() })).default([]),
      })
      .default({ fields: [], pipelines: [], activityTypes: [], labels: [] }),
    objects: z
      .array(
        z.looseObject({
          object: z.string(),
          rows: z.number(),
          supported: z.boolean(),
          inventory: z.string().optional(),
          columns: z.array(z.looseObject({ target: z.unknown() })).default([]),
        }),
      )
      .default([]),
    bookingStatuses: z
      .record(z.string(), z.looseObject({ status: z.string(), stage: z.string() }))
      .default({}),
    duplicates: z
      .array(
        z.looseObject({
          customers: z.array(z.string()),
          grade: z.enum(['sure', 'likely']),
          mergeInto: z.string().nullable(),
        }),
      )
      .optional(),
    lossy: z.array(z.looseObject({ object: z.string(), says: z.string() })).default([]),
  }),
});
export type Mapping = z.infer<typeof Mapping>;

export const RunPhase = z.object({
  phase: z.string(),
  entity: z.string().nullish(),
  state: z.string(),
  planned: z.number().default(0),
  created: z.number().default(0),
  updated: z.number().default(0),
  unchanged: z.number().default(0),
  failed: z.number().default(0),
  waiting: z.number().default(0),
  /** Of a rollback. */
  deleted: z.number().default(0),
  restored: z.number().default(0),
  gone: z.number().default(0),
  kept: z.number().default(0),
});
export type RunPhase = z.infer<typeof RunPhase>;

export const Waiver = z.object({ gate: z.string(), actor: z.string() });
export type Waiver = z.infer<typeof Waiver>;

export const Run = z.object({
  id: z.string(),
  kind: z.string().nullish(),
  status: z.enum(runStatuses),
  phase: z.string().nullish(),
  reason_code: z.string().nullish(),
  reason: z.string().nullish(),
  resume_at: z.string().nullish(),
  phases: z.array(RunPhase).default([]),
  tokens: z
    .object({
      planned: z.number().nullish(),
      spent: z.number().default(0),
      floor: z.number().nullish(),
      spent_today: z.number().nullish(),
      /** What we may take of the day's tokens; the rest is left to the customer's own integrations. */
      daily_share: z.number().nullish(),
      daily_limit: z.number().nullish(),
    })
    .default({ spent: 0 }),
  /** Of a dry run, and of a run that was started with the hash of one. */
  plan: z
    .object({
      hash: z.string(),
      by_operation: z.record(z.string(), z.number()),
      not_yet_known: z.array(z.string()).default([]),
    })
    .nullish(),
  /** Workers of the export against the account's users, once that was looked at. */
  owners: z
    .object({
      matched: z.number(),
      unmatched: z.number(),
      records: z.number(),
      workers: z.array(
        z.object({ source_key: z.string(), name: z.string(), why: z.string(), records: z.number() }),
      ),
    })
    .nullish(),
  waivers: z.array(Waiver).default([]),
  /** Of a rollback, once it has looked at the account. */
  rollback: z
    .object({
      entities: z.record(
        z.string(),
        z.object({
          delete: z.number(),
          restore: z.number(),
          restored: z.number(),
          gone: z.number(),
          keep: z.record(z.string(), z.number()),
        }),
      ),
      schema_items: z.number(),
      days: z.number().nullish(),
    })
    .nullish(),
  verified: z.object({ records: z.number(), fields: z.number(), differences: z.number() }).nullish(),
  started_at: z.string().nullish(),
  finished_at: z.string().nullish(),
  documents_ready: z.boolean().default(false),
});
export type Run = z.infer<typeof Run>;

const Reasons = z.record(z.string(), z.number());

export const SourceCounts = z.object({
  rows: z.number(),
  mapped: z.number(),
  merged: z.number(),
  excluded: Reasons,
  rejected: Reasons,
});
export type SourceCounts = z.infer<typeof SourceCounts>;

export const TargetCounts = z.object({
  planned: z.number(),
  created: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  failed: z.number(),
  waiting: z.number(),
});
export type TargetCounts = z.infer<typeof TargetCounts>;

/** summary.json of a run. */
export const Summary = z.looseObject({
  status: z.string(),
  source: z.record(z.string(), SourceCounts),
  target: z.record(z.string(), TargetCounts),
  balanced: z.boolean(),
  verified: z.object({ records: z.number(), fields: z.number(), differences: z.number() }),
  findings: z.record(z.string(), z.number()),
  tokens: z.looseObject({
    planned: z.number().nullish(),
    spent: z.number(),
    floor: z.number().nullish(),
  }),
  waivers: z.array(Waiver),
  duration_ms: z.number().nullish(),
});
export type Summary = z.infer<typeof Summary>;

/** summary.json of a rollback. */
export const RollbackSummary = z.looseObject({
  status: z.string(),
  balanced: z.boolean(),
  records: z.record(
    z.string(),
    z.object({
      planned: z.number(),
      deleted: z.number(),
      restored: z.number(),
      gone: z.number(),
      kept: z.number(),
      failed: z.number(),
      waiting: z.number(),
    }),
  ),
  kept: z.record(z.string(), z.number()),
  schema: z.object({ removed: z.number(), kept: z.array(z.unknown()) }),
  others: z.object({ unchanged: z.boolean().nullable() }),
  tokens: z.looseObject({ planned: z.number().nullish(), spent: z.number() }),
  duration_ms: z.number().nullish(),
});
export type RollbackSummary = z.infer<typeof RollbackSummary>;

/** summary.json of a verify run. */
export const VerificationSummary = z.looseObject({
  status: z.string(),
  verified: z.object({ records: z.number(), fields: z.number(), differences: z.number() }),
  by_kind: z.record(z.string(), z.number()),
  cost_share: z.number().nullable(),
  tokens: z.looseObject({ spent: z.number() }),
  duration_ms: z.number().nullish(),
});
export type VerificationSummary = z.infer<typeof VerificationSummary>;

export const DocumentEntry = z.object({
  name: z.string(),
  media_type: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});
export type DocumentEntry = z.infer<typeof DocumentEntry>;

export const DocumentList = z.object({
  items: z.array(DocumentEntry),
  next_cursor: z.string().nullish(),
});

export const ProblemBody = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
});
