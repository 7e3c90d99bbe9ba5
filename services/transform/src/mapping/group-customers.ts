import type { Tx } from '@octopipe/shared/db/index';
import {
  type CompanySignals,
  companySignals,
  groupCompanies,
} from '@octopipe/shared/domain/mapping/group-companies';
import { targetKeyOf } from '@octopipe/shared/domain/mapping/record';
import { allRows } from './all-rows.js';
import type { SetScope } from './load-refs.js';
import { writeLinks } from './write-slice.js';

/**
 * Decides, over all customers, which of them are one organization, and stores the answer as links: the pages after
 * this need only look it up. The one step that holds more than a page in memory: name and signals of customers with a
 * business name, some 300 bytes each (22 % of customers: 66 MB for a million of them).
 */
export async function groupCustomers(tx: Tx, scope: SetScope, country: string): Promise<void> {
  const companies: CompanySignals[] = [];
  for await (const row of allRows(tx, scope.tenantId, scope.exportId, 'customer')) {
    const company = companySignals(row, country);
    if (company) companies.push(company);
  }
  const groups = groupCompanies(companies);
  const links = [...groups].map(([customerId, lowest]) => ({
    object: 'customer',
    sourceId: customerId,
    slot: 'org',
    targetKey: targetKeyOf('customer', lowest, 'org'),
    role: customerId === lowest ? ('primary' as const) : ('merged' as const),
  }));
  for (let from = 0; from < links.length; from += 5_000)
    await writeLinks(tx, scope, links.slice(from, from + 5_000));
}
