import type { Tx } from '@octopipe/shared/db/index';
import {
  type CompanySignals,
  companySignals,
  groupCompanies,
  mergeCompanies,
} from '@octopipe/shared/domain/mapping/group-companies';
import { targetKeyOf } from '@octopipe/shared/domain/mapping/record';
import { allRows } from './all-rows.js';
import { allAliases } from './merge-customers.js';
import type { SetScope } from './set-scope.js';
import { writeLinks } from './write-slice.js';

/**
 * Decides, over all customers, which of them are one organization, and stores the answer as links: the pages after
 * this need only look it up. The one step that holds more than a page in memory: name and signals of customers with a
 * business name, some 300 bytes each (22 % of customers: 66 MB for a million of them).
 */
export async function groupCustomers(tx: Tx, scope: SetScope, country: string): Promise<void> {
  const aliases = await allAliases(tx, scope);
  const survivors = new Set(aliases.values());
  const companies: CompanySignals[] = [];
  const parts = new Map<string, CompanySignals[]>();
  for await (const row of allRows(tx, scope.tenantId, scope.exportId, 'customer')) {
    const company = companySignals(row, country);
    if (!company) continue;
    const into = aliases.get(row.sourceId) ?? row.sourceId;
    if (survivors.has(into)) parts.set(into, [...(parts.get(into) ?? []), company]);
    else companies.push(company);
  }
  for (const [customerId, found] of parts) companies.push(mergeCompanies(customerId, found));
  const groups = groupCompanies(companies);
  const links = [...groups].map(([customerId, lowest]) => ({
    object: 'customer',
    sourceId: customerId,
    slot: 'org',
    targetKey: targetKeyOf('customer', lowest, 'org'),
    role: customerId === lowest ? ('primary' as const) : ('merged' as const),
  }));
  // The company of a merged customer is that of the one it went into.
  const ofMerged = [...aliases].flatMap(([sourceId, into]) => {
    const lowest = groups.get(into);
    return lowest === undefined
      ? []
      : [
          {
            object: 'customer',
            sourceId,
            slot: 'org',
            targetKey: targetKeyOf('customer', lowest, 'org'),
            role: 'merged' as const,
          },
        ];
  });
  const all = [...links, ...ofMerged];
  for (let from = 0; from < all.length; from += 5_000)
    await writeLinks(tx, scope, all.slice(from, from + 5_000));
}
