import { Problem } from '@octopipe/shared/core/errors';
import { inSystemTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { findApiKey, revokeApiKey } from '@octopipe/shared/tenancy/api-key';
import type { IngestContext } from '../context.js';
import { ApiKey, KeyPath, keyAccess, keyNotFound, viewKey } from './key-shapes.js';

export const deleteKey = defineRoute({
  method: 'delete',
  path: '/v1/keys/:keyId',
  access: keyAccess,
  summary: 'Revokes a key at once and for good; it stays in the list.',
  params: KeyPath,
  answers: { 200: ApiKey },
  problems: ['key_not_found', 'last_operator_key'],
  async handle(ctx: IngestContext, { params }) {
    return inSystemTransaction(ctx.db, async (tx) => {
      if (!(await findApiKey(tx, params.keyId))) throw keyNotFound();
      if (!(await revokeApiKey(tx, params.keyId)))
        throw new Problem(
          409,
          'last_operator_key',
          'This is the last operator key that does not expire: without it nobody could make another. Make one first.',
        );
      const row = await findApiKey(tx, params.keyId);
      if (!row) throw keyNotFound();
      return { status: 200, body: viewKey(row) };
    });
  },
});
