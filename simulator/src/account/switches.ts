import { z } from 'zod';
import { ACTIVITY_TYPES_PER_COMPANY } from '../limits/plans.js';

/**
 * What the documentation leaves open and our software must survive either way: one switch per question.
 * Numbers are those of the probe list in the facts sheet; the first value is what we code against.
 */
export const Switches = z.strictObject({
  /** #1: what v2 POST /deals does with add_time. */
  deal_add_time: z.enum(['dropped', 'honoured', 'rejected']).default('dropped'),
  /** #2: the form in which won_time, lost_time and close_time are accepted. */
  deal_time_format: z.enum(['rfc3339', 'sql']).default('rfc3339'),
  /** #4: whether answers carry the x-daily-ratelimit-token-* headers. */
  daily_headers: z.enum(['present', 'absent']).default('present'),
  /** #6: whether requests answered with 4xx or 5xx take tokens. */
  charge_failed: z.enum(['yes', 'no']).default('yes'),
  /** #7: whether x-daily-requests-left (10,000 POST/PUT a day) is sent; never enforced here. */
  daily_requests_left: z.enum(['absent', 'present']).default('absent'),
  /** #12: how many activity types a company may have; documented is only that it is too many then (403). */
  activity_types: z.int().min(1).max(100).default(ACTIVITY_TYPES_PER_COMPANY),
  /** #15: whether the v2 option calls work on the built-in label field. */
  label_options: z.enum(['accepted', 'refused']).default('accepted'),
  /** #16: whether a pipeline created by the API comes with stages. */
  new_pipeline_stages: z.enum(['none', 'five']).default('none'),
  /** #20: bulk deal lines with one bad line: nothing is stored, or the good ones are. */
  bulk_lines: z.enum(['atomic', 'partial']).default('atomic'),
  /** #25: unarchiving a deal or lead while the plan's leads and deals are used up. */
  unarchive_over_cap: z.enum(['refused', 'accepted']).default('refused'),
  /** Section 7.2 "read deleted": what GET by id says about a deleted record. */
  get_deleted: z.enum(['not_found', 'record']).default('not_found'),
});
export type Switches = z.infer<typeof Switches>;
