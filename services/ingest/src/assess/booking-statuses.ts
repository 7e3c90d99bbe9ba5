import { sql } from 'kysely';
import type { FindingsList } from './findings-list.js';
import { filledCells } from './row-verdicts.js';
import type { StagedExport } from './staged-export.js';

/** The statuses that OctopusPro is known to ship or that are likely (1.3.1), normalised. */
const documented = new Set(
  [
    ...['To Do', 'To Visit', 'Quoted', 'Pending', 'New', 'Confirmed', 'In Progress', 'Awaiting Update'],
    ...['Completed', 'Complete', 'Failed', 'Cancelled', 'Canceled', 'Declined', 'On Hold', 'Tentative'],
    ...['Rescheduled', 'Awaiting Approval', 'No Show'],
  ].map(statusKey),
);

/** Statuses are the tenant's own words: one that is neither in its list nor shipped has to be mapped by a person. */
export async function findUnknownStatuses(staged: StagedExport, findings: FindingsList): Promise<void> {
  const listed = await filledCells(staged, 'booking_status', 'name', sql`true`);
  const known = new Set([...documented, ...listed.map((row) => statusKey(row.cell))]);
  const statuses = await filledCells(staged, 'booking', 'status', sql`true`);
  for (const row of statuses) {
    if (!known.has(statusKey(row.cell))) findings.addRow('unknown_status', row, { column: row.header });
  }
}

/** `To-Do`, `TO DO` and `to do ` are one status. */
function statusKey(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
