import { inSystemTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { rotateApiKey } from '@octopipe/shared/tenancy/api-key';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { KeyPath, keyAccess, keyNotFound, NewApiKey } from './key-shapes.js';
import { newKeyAnswer } from './new-key-answer.js';

const Body = z
  .object({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(30 * 86_400)
      .default(86_400)
      .meta({ description: 'How long the former secret works on.' }),
  })
  .meta({ examples: [{ overlap_seconds: 3600 }] });

export const postKeyRotate = defineRoute({
  method: 'post',
  path: '/v1/keys/:keyId/rotate',
  access: keyAccess,
  summary: 'A new secret for the same role, tenant and limits; the former one works on for the overlap.',
  params: KeyPath,
  body: Body,
  answers: { 201: NewApiKey },
  problems: ['key_not_found'],
  async handle(ctx: IngestContext, { body, caller, params, remember }) {
    return inSystemTransaction(ctx.db, async (tx) => {
      const made = await rotateApiKey(tx, params.keyId, {
        overlapSeconds: body.overlap_seconds,
        createdBy: caller.label,
      });
      if (!made) throw keyNotFound();
      return remember(tx, await newKeyAnswer(tx, made));
    });
  },
});
