import type { Tx } from '@octopipe/shared/db/index';
import { findApiKey } from '@octopipe/shared/tenancy/api-key';
import { keyNotFound, viewKey } from './key-shapes.js';

/** The remembered answer of a bound key is its tenant's, and goes with it. */
export async function newKeyAnswer(tx: Tx, made: { id: string; secret: string }) {
  const row = await findApiKey(tx, made.id);
  if (!row) throw keyNotFound();
  return {
    status: 201,
    body: { ...viewKey(row), secret: made.secret },
    ...(row.tenantId === null ? {} : { tenantId: row.tenantId }),
  };
}
