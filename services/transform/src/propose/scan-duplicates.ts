import type { Tx } from '@octopipe/shared/db/index';
import type { DuplicateCustomers } from '@octopipe/shared/domain/mapping/content';
import {
  type CustomerSignals,
  customerSignals,
  findDuplicates,
  keysOf,
} from '@octopipe/shared/domain/mapping/duplicate-customers';
import { findConfirmedOfMigration } from '@octopipe/shared/mapped/read-mapped-set';
import { readStatedMerges } from '@octopipe/shared/staging/stated-merges';
import { allRows } from '../mapping/all-rows.js';

/**
 * The customers of an export that look alike. Read twice: the first time only counts what occurs more than once, in
 * 16 MB whatever the size of the export, so that the second holds no more in memory than those that share something.
 */
export async function scanDuplicates(
  tx: Tx,
  scope: { tenantId: string; migrationId: string; exportId: string },
  country: string,
): Promise<DuplicateCustomers[]> {
  const { tenantId, migrationId, exportId } = scope;
  const earlier = (await findConfirmedOfMigration(tx, tenantId, migrationId))?.content.duplicates ?? [];
  const named = new Set(earlier.flatMap(({ customers }) => customers));
  const seen = new Repeats();
  for await (const row of allRows(tx, tenantId, exportId, 'customer'))
    for (const key of keysOf(customerSignals(row, country))) seen.add(key);
  const customers: CustomerSignals[] = [];
  for await (const row of allRows(tx, tenantId, exportId, 'customer')) {
    const signals = customerSignals(row, country);
    if (named.has(row.sourceId) || keysOf(signals).some((key) => seen.isRepeated(key)))
      customers.push(signals);
  }
  const { survivors } = await readStatedMerges(tx, tenantId, exportId);
  return findDuplicates(customers, earlier, survivors);
}

/** What was added more than once. Two keys in one place are taken as one: then a customer too many is compared, never one too few. */
class Repeats {
  private readonly counts = new Uint8Array(1 << 24);

  add(key: string): void {
    const place = placeOf(key);
    this.counts[place] = Math.min(2, (this.counts[place] ?? 0) + 1);
  }

  isRepeated(key: string): boolean {
    return (this.counts[placeOf(key)] ?? 0) > 1;
  }
}

/** FNV-1a, folded to 24 bits. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return ((hash >>> 24) ^ hash) & 0xffffff;
}
