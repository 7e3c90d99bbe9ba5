import { tokenPhases } from '@octopipe/shared/pipedrive/planned-calls';
import { z } from 'zod';
import { type TokenReason, tokenReasons, tokenSteps } from '../estimates/token-reasons.js';

export const RunPath = z.object({ runId: z.uuid() });

/** `summary.json`, see reporter/summary.ts. */
export const Summary = z
  .looseObject({
    migration_id: z.uuid(),
    run_id: z.uuid(),
    status: z.string(),
    source: z.record(z.string(), z.unknown()).meta({
      description: 'By object: rows = mapped + merged + excluded (by rule) + rejected (by finding).',
    }),
    target: z.record(z.string(), z.unknown()).meta({
      description: 'By entity: planned = created + updated + unchanged + failed + waiting.',
    }),
    balanced: z
      .boolean()
      .meta({ description: 'Both equations hold, nothing waits, and every file with data was read.' }),
    verified: z.object({ records: z.number(), fields: z.number(), differences: z.number() }),
    findings: z.record(z.string(), z.number()),
    tokens: z.looseObject({
      planned: z.number().nullable(),
      spent: z.number(),
      floor: z.number().nullable(),
    }),
    waivers: z.array(z.unknown()),
    duration_ms: z.number().nullable(),
    documents: z.array(z.string()),
  })
  .meta({ id: 'Summary' });

const ended = {
  migration_id: z.uuid(),
  run_id: z.uuid(),
  of_run_id: z.uuid(),
  status: z.string(),
  tokens: z.looseObject({ spent: z.number() }),
  duration_ms: z.number(),
  documents: z.array(z.string()),
};

/** `summary.json` of a rollback, see reporter/rollback-json.ts. */
export const RollbackSummary = z
  .looseObject({
    ...ended,
    kind: z.literal('rollback'),
    balanced: z
      .boolean()
      .meta({ description: 'Every record is deleted, put back, gone or kept; none failed.' }),
    records: z.record(z.string(), z.unknown()).meta({
      description: 'By entity: planned = deleted + restored + gone + kept + failed + waiting.',
    }),
    kept: z.record(z.string(), z.number()).meta({ description: 'By reason.' }),
    schema: z.looseObject({ removed: z.number(), kept: z.array(z.unknown()) }),
    others: z.looseObject({ unchanged: z.boolean().nullable() }).meta({
      description: 'The state hash of the records that are not ours, before and after.',
    }),
  })
  .meta({ id: 'RollbackSummary' });

/** `summary.json` of a verify run, see reporter/verification-json.ts. */
export const VerificationSummary = z
  .looseObject({
    ...ended,
    kind: z.literal('verify'),
    verified: z.object({ records: z.number(), fields: z.number(), differences: z.number() }),
    by_kind: z.record(z.string(), z.number()),
    by_entity: z.record(z.string(), z.unknown()),
    cost_share: z.number().nullable().meta({ description: "Of the load's tokens; 0.01 is one per cent." }),
  })
  .meta({ id: 'VerificationSummary' });

const tokenCounts = {
  reckoned: z
    .number()
    .nullable()
    .meta({ description: 'From the rows of the export alone, as before there was a mapping.' }),
  estimated: z.number().nullable().meta({
    description: 'From the mapped records, for an account that has nothing of ours; null until mapped.',
  }),
  planned: z.number().nullable().meta({ description: 'By the run, once it has seen the account.' }),
  spent: z.number(),
};

export const TokenComparison = z
  .object({
    run_id: z.uuid(),
    ...tokenCounts,
    phases: z.array(
      z.object({
        phase: z.enum(tokenPhases),
        ...tokenCounts,
        differences: z
          .array(
            z.object({
              step: z.enum(tokenSteps),
              tokens: z.number(),
              reasons: z.array(
                z.object({
                  code: z.enum(Object.keys(tokenReasons) as [TokenReason, ...TokenReason[]]),
                  tokens: z.number(),
                  says: z.string(),
                }),
              ),
            }),
          )
          .meta({
            description:
              'mapping: reckoned → estimated, account: estimated → planned, sending: planned → spent. The reasons add up to the tokens.',
          }),
        by_operation: z.array(z.object({ operation: z.string(), ...tokenCounts })),
      }),
    ),
  })
  .meta({ id: 'TokenComparison' });

export const Document = z
  .object({ name: z.string(), media_type: z.string(), bytes: z.number(), sha256: z.string() })
  .meta({ id: 'Document' });
