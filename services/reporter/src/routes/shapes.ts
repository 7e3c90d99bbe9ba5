import { z } from 'zod';

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
    balanced: z.boolean().meta({ description: 'Both equations hold and nothing waits.' }),
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

export const Document = z
  .object({ name: z.string(), media_type: z.string(), bytes: z.number(), sha256: z.string() })
  .meta({ id: 'Document' });
