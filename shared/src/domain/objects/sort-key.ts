import type { SourceRow } from '../mapping/define-object.js';

/** Load batches follow the order of the export: neighbours in the source are neighbours in the account. */
export function sortKeyOf(row: SourceRow, slot = ''): string {
  return `${String(row.rowNumber).padStart(9, '0')}${slot}`;
}
