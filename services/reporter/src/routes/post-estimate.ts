import { defineRoute } from '@octopipe/shared/http/route';
import type { ReporterContext } from '../context.js';
import { choicesAsked } from '../estimates/choices.js';
import { estimateOf } from '../estimates/estimate.js';
import { Estimate, EstimateRequest, inputOf } from './estimate-shapes.js';

export const postEstimate = defineRoute({
  method: 'post',
  path: '/v1/estimates',
  access: { roles: ['portal', 'operator'], scope: 'installation', ids: {} },
  summary: 'What a migration would take, from row counts alone: tokens, days, caps, losses, grade and price.',
  body: EstimateRequest,
  answers: { 200: Estimate },
  // No row is read or written: the answer is the same for the same question, and takes no time.
  async handle(_ctx: ReporterContext, { body }) {
    const rows = body.rows as Record<string, number>;
    const facts = {
      rows,
      customFields: rows.custom_field ?? 0,
      statuses: rows.booking_status ?? 0,
    };
    return { status: 200, body: estimateOf(inputOf(body, choicesAsked(body), facts)) };
  },
});
