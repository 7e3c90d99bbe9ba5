import { entities } from '@octopipe/shared/domain/run/states';
import { canonicalObjects } from '@octopipe/shared/octopuspro/canonical-fields';
import { planNames } from '@octopipe/shared/pipedrive/plans';
import { z } from 'zod';
import type { Choices } from '../estimates/choices.js';
import type { EstimateInput } from '../estimates/estimate.js';
import type { ExportFacts } from '../estimates/read-facts.js';

const objectNames = canonicalObjects.map(({ object }) => object);

const count = z.number().int().min(0).max(1_000_000_000);

/** What the tenant chooses. Without a migration everything has a default; with one, what is left out is taken from it. */
const choices = {
  inquiries: z.enum(['leads', 'deals']),
  deal_lines: z.enum(['text', 'products']),
  matching: z.boolean(),
};
const matchingSays = 'Match with records that stand in the account';
const ofMigration =
  'Left out: as the confirmed mapping says, else as the migration has ordered, else the default; `assumptions` says which.';

/** What an estimate is asked with besides the rows; everything has a default. */
export const EstimateTerms = {
  plan: z.enum(planNames).default('lite'),
  seats: z.number().int().min(1).max(10_000).default(1),
  reserve_share: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .meta({ description: "Share of each day's tokens that is left to the customer's other integrations." }),
  additional_deltas: z.number().int().min(0).max(50).default(0),
  standing_deals: count
    .default(0)
    .meta({ description: 'Leads and deals that the account has already, archived ones apart.' }),
  billing: z
    .object({
      model: z.enum(['booking_fee', 'commission']),
      bookings_per_month: count,
      value_per_month: z.string().regex(/^\d{1,15}(\.\d{1,2})?$/, 'a decimal, e.g. "41000.00"'),
    })
    .strict()
    .optional()
    .meta({ description: 'How OctopusPro bills the customer: what a parallel run costs follows from it.' }),
};

export const EstimateRequest = z
  .object({
    rows: z
      .partialRecord(z.enum(objectNames), count)
      .meta({ description: 'Rows by object of the export; what is not named is taken as none.' }),
    inquiries: choices.inquiries.default('leads'),
    deal_lines: choices.deal_lines.default('text'),
    matching: choices.matching
      .default(false)
      .meta({ description: `${matchingSays}: organizations, persons and products.` }),
    ...EstimateTerms,
  })
  .meta({
    examples: [
      {
        rows: {
          customer: 1_800,
          booking: 5_000,
          appointment: 7_500,
          invoice: 4_250,
          payment: 4_500,
          note: 8_000,
        },
        plan: 'growth',
        seats: 5,
      },
    ],
  });

export const ExportEstimateRequest = z
  .object({
    export_id: z.uuid(),
    inquiries: choices.inquiries.optional().meta({ description: `leads by default. ${ofMigration}` }),
    deal_lines: choices.deal_lines.optional().meta({ description: `text by default. ${ofMigration}` }),
    matching: choices.matching
      .optional()
      .meta({ description: `${matchingSays}, of those the migration names, or all. ${ofMigration}` }),
    ...EstimateTerms,
  })
  .meta({
    examples: [{ export_id: '6f1c2a5e-3b1d-4a77-9a3c-0f5f6f0a9b11', plan: 'growth', seats: 5 }],
  });

const Cost = z.object({ tokens: z.number(), requests: z.number() });

export const Estimate = z
  .object({
    records: z.record(z.string(), z.number()).meta({ description: 'Records to be made, by entity.' }),
    rows: z.number(),
    tokens: z.object({
      total: z.number().meta({ description: 'Provision, load and verify; the reserves come on top.' }),
      requests: z.number(),
      phases: z.object({
        provision: Cost,
        load: Cost,
        verify: Cost,
        reserve_delta: Cost,
        reserve_rollback: Cost,
      }),
      by_entity: z.record(z.string(), Cost),
    }),
    time: z.object({
      plan: z.enum(planNames),
      seats: z.number(),
      tokens_per_day: z.number(),
      days: z.number(),
      shortest_seconds: z.number().meta({ description: 'At full burst, if a day had no limit.' }),
      options: z.array(
        z.object({
          kind: z.enum(['wait', 'top_up', 'upgrade']),
          plan: z.enum(planNames),
          top_up_tokens: z.number(),
          days: z.number(),
        }),
      ),
      timeline: z.object({ working_days_from: z.number(), working_days_to: z.number() }),
    }),
    warnings: z.array(z.object({ code: z.string(), says: z.string() })),
    compatibility: z.array(
      z.object({
        object: z.string(),
        rows: z.number(),
        kind: z.enum(['one_to_one', 'one_to_many', 'lossy', 'inventory_only', 'part_of_others']),
        becomes: z.array(z.enum(entities)),
        losses: z.array(z.string()),
      }),
    ),
    complexity: z.object({
      grade: z.enum(['A', 'B', 'C', 'D']),
      score: z.number(),
      says: z.string(),
      contributions: z.record(z.string(), z.object({ value: z.number(), weight: z.number() })),
    }),
    price: z.object({
      rule_book: z.string(),
      currency: z.string(),
      total: z.string().nullable(),
      lines: z.array(z.object({ says: z.string(), amount: z.string() })),
      scoped_individually: z.boolean(),
    }),
    billing: z.object({ model: z.string(), says: z.string() }).nullable(),
    assumptions: z.array(z.string()),
  })
  .meta({ id: 'Estimate' });

type Terms = z.infer<z.ZodObject<typeof EstimateTerms>>;

export function inputOf(terms: Terms, chosen: Choices, facts: ExportFacts): EstimateInput {
  return {
    ...facts,
    ...chosen,
    plan: terms.plan,
    seats: terms.seats,
    reserveShare: terms.reserve_share,
    additionalDeltas: terms.additional_deltas,
    standingDeals: terms.standing_deals,
    billing: terms.billing,
  };
}
