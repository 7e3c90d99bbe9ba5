import { Problem } from '@octopipe/shared/core/errors';
import type { Tx } from '@octopipe/shared/db/index';
import { getExport } from '@octopipe/shared/staging/read-staged';

/** The export, when it is one of this migration; otherwise it answers like an absent one. */
export async function exportOfMigration(tx: Tx, tenantId: string, migrationId: string, exportId: string) {
  const found = await getExport(tx, tenantId, exportId);
  if (found.migrationId !== migrationId)
    throw new Problem(404, 'export_not_found', 'There is no such export for this tenant.');
  return found;
}
