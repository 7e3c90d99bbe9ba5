import type { MergedRow } from '@octopipe/shared/staging/read-staged';
import { readStatedMerges } from '@octopipe/shared/staging/stated-merges';
import type { FindingsList } from './findings-list.js';
import type { StagedExport } from './staged-export.js';

/** A customer that OctopusPro has merged, and who it lives on in: itself, where its merge leads nowhere. */
export interface MergedCustomer extends MergedRow {
  livesOnIn: string;
}

/**
 * Who the merged customers live on in. Nothing is decided here but what is wrong: the mapping follows the same merges over
 * the rows that are left (transform, mapping/merge-customers.ts), and ends at the same customers.
 */
export async function followMergedCustomers(
  staged: StagedExport,
  findings: FindingsList,
): Promise<MergedCustomer[]> {
  const { tx, tenantId, exportId } = staged;
  const { rows, survivors, astray } = await readStatedMerges(tx, tenantId, exportId);
  for (const row of rows)
    if (astray.has(row.sourceId)) findings.addRow('merge_leads_nowhere', row, { column: 'Merged into ID' });
  return rows.map((row) => ({ ...row, livesOnIn: survivors.get(row.sourceId) ?? row.sourceId }));
}
