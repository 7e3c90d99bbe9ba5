import type { Entity } from '../domain/run/states.js';
import type { OperationName } from './facts/index.js';

/**
 * The operations an entity is written and read by: the cheapest among those with equal fidelity, v2 where it exists, list
 * pages over single gets. The loader works by this table and the reporter reckons by it, so that they cannot disagree.
 */
export interface EntityCalls {
  create: OperationName;
  update: OperationName;
  remove: OperationName;
  list: OperationName;
  /** Where the list cannot be asked for ids: what reads one record. */
  get?: OperationName;
  /** The list of what `list` leaves out because it is archived. */
  archive?: OperationName;
  /** Records on one page of the list. */
  pageSize: number;
  /** One call for several records of one parent: from how many on it is cheaper, and how many it takes. */
  bulk?: { create: OperationName; from: number; most: number };
  /** Of records that are listed by what they stand under: how many parents one list takes. */
  parentsAtOnce?: number;
}

export const entityCalls = {
  organization: v2('Organization', 'getOrganizations'),
  person: v2('Person', 'getPersons'),
  product: v2('Product', 'getProducts'),
  deal: { ...v2('Deal', 'getDeals'), archive: 'getArchivedDeals' },
  lead: {
    create: 'createLead',
    update: 'updateLead',
    remove: 'deleteLead',
    list: 'getLeads',
    get: 'getLead',
    archive: 'getArchivedLeads',
    pageSize: 500,
  },
  line: {
    create: 'createDealProduct',
    update: 'updateDealProduct',
    remove: 'deleteDealProduct',
    list: 'getProductsOfDeals',
    pageSize: 500,
    // 25 tokens for up to 100 against 5 for each.
    bulk: { create: 'createDealProducts', from: 6, most: 100 },
    parentsAtOnce: 100,
  },
  activity: v2('Activity', 'getActivities'),
  note: {
    create: 'createNote',
    update: 'updateNote',
    remove: 'deleteNote',
    list: 'getNotes',
    get: 'getNote',
    pageSize: 500,
  },
  // A page of files holds 100 since 2025-01-15.
  file: {
    create: 'uploadFile',
    update: 'updateFile',
    remove: 'deleteFile',
    list: 'getFiles',
    get: 'getFile',
    pageSize: 100,
  },
} satisfies Record<Entity, EntityCalls>;

function v2<N extends 'Organization' | 'Person' | 'Product' | 'Deal' | 'Activity'>(
  name: N,
  list: OperationName,
) {
  return {
    create: `create${name}`,
    update: `update${name}`,
    remove: `delete${name}`,
    list,
    pageSize: 500,
  } as const;
}
