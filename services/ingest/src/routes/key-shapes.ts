import { Problem } from '@octopipe/shared/core/errors';
import { type ApiKey as KeyRow, roles } from '@octopipe/shared/tenancy/api-key';
import { z } from 'zod';

export const KeyPath = z.object({ keyId: z.uuid() });

/** Keys belong to the installation: only an operator whose key is bound to no tenant may see or make them. */
export const keyAccess = { roles: ['operator'], scope: 'installation', ids: { keyId: 'api_key' } } as const;

const key = {
  id: z.uuid(),
  family_id: z.uuid().meta({ description: 'The same for a key and what it was rotated into.' }),
  hint: z.string().meta({ description: 'The first characters, to recognise it by.' }),
  role: z.enum(roles),
  tenant: z.string().nullable(),
  label: z.string(),
  created_by: z.string().nullable(),
  requests_per_minute: z.number().nullable().meta({ description: "Null: the role's limit." }),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable().meta({ description: 'To within a minute.' }),
};

export const ApiKey = z.object(key).meta({ id: 'ApiKey' });
export const NewApiKey = z
  .object({ ...key, secret: z.string().meta({ description: 'Shown this once; only its hash is kept.' }) })
  .meta({ id: 'NewApiKey' });

export function viewKey(row: KeyRow) {
  return {
    id: row.id,
    family_id: row.familyId,
    hint: row.hint,
    role: row.role,
    tenant: row.tenant,
    label: row.label,
    created_by: row.createdBy,
    requests_per_minute: row.requestsPerMinute,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
  };
}

export function keyNotFound(): Problem {
  return new Problem(404, 'key_not_found', 'There is no such key.');
}
