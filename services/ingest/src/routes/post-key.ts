import { Problem } from '@octopipe/shared/core/errors';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { insertApiKey, roles, tenantRoles } from '@octopipe/shared/tenancy/api-key';
import { findTenant } from '@octopipe/shared/tenancy/tenant';
import { z } from 'zod';
import type { IngestContext } from '../context.js';
import { NewApiKey } from './key-shapes.js';
import { newKeyAnswer } from './new-key-answer.js';

const Body = z
  .object({
    role: z.enum(roles),
    label: z.string().min(1).max(120).meta({ description: 'Who uses it; shown wherever it acted.' }),
    tenant: z
      .string()
      .max(80)
      .optional()
      .meta({ description: 'Binds the key to this tenant; tenant_admin and viewer keys must be bound.' }),
    expires_in_days: z.number().int().min(1).max(3650).optional().meta({ description: 'Left out: never.' }),
    requests_per_minute: z.number().int().min(1).max(1_000_000).optional(),
  })
  .meta({
    examples: [
      {
        role: 'tenant_admin',
        label: 'Olive at Harbour',
        tenant: 'harbour-home-services',
        expires_in_days: 90,
      },
    ],
  });

/** The one effect that would double if a repeat ran again: the key and the remembered answer commit together. */
export const postKey = defineRoute({
  method: 'post',
  path: '/v1/keys',
  access: { roles: ['operator'], scope: 'installation', ids: {} },
  summary: 'Makes an API key and shows its secret, this once.',
  body: Body,
  answers: { 201: NewApiKey },
  problems: ['tenant_not_found'],
  async handle(ctx: IngestContext, { body, caller, remember }) {
    if (body.tenant === undefined && tenantRoles.includes(body.role))
      throw new Problem(422, 'invalid_request', `A ${body.role} key is bound to a tenant; name it.`, [
        { pointer: '/tenant', message: `needed for the role ${body.role}` },
      ]);
    return inSystemTransaction(ctx.db, async (tx) => {
      const made = await insertApiKey(tx, {
        role: body.role,
        label: body.label,
        createdBy: caller.label,
        ...(body.tenant === undefined ? {} : { tenantId: (await findTenant(tx, body.tenant)).id }),
        ...(body.expires_in_days === undefined ? {} : { expiresAt: inDays(body.expires_in_days) }),
        ...(body.requests_per_minute === undefined ? {} : { requestsPerMinute: body.requests_per_minute }),
      });
      return remember(tx, await newKeyAnswer(tx, made));
    });
  },
});

function inDays(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}
