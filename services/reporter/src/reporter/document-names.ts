/** The documents of a run, by name. `summary.json` last: the sweep takes its presence as "all are there". */
export const documentNames = [
  'crosswalk.csv',
  'mapped.ndjson',
  'inventory-automations.html',
  'inventory-faqs.html',
  'inventory-forms-and-fields.html',
  'inventory-portal.html',
  'inventory-manual-review.html',
  'inventory-out-of-scope.html',
  'billing-disputes.html',
  'inventories.json',
  'reconciliation.json',
  'reconciliation.html',
  'summary.json',
] as const;
export type DocumentName = (typeof documentNames)[number];

export const mediaTypes: Record<DocumentName, string> = {
  'crosswalk.csv': 'text/csv; charset=utf-8',
  'mapped.ndjson': 'application/x-ndjson; charset=utf-8',
  'inventory-automations.html': 'text/html; charset=utf-8',
  'inventory-faqs.html': 'text/html; charset=utf-8',
  'inventory-forms-and-fields.html': 'text/html; charset=utf-8',
  'inventory-portal.html': 'text/html; charset=utf-8',
  'inventory-manual-review.html': 'text/html; charset=utf-8',
  'inventory-out-of-scope.html': 'text/html; charset=utf-8',
  'billing-disputes.html': 'text/html; charset=utf-8',
  'inventories.json': 'application/json; charset=utf-8',
  'reconciliation.json': 'application/json; charset=utf-8',
  'reconciliation.html': 'text/html; charset=utf-8',
  'summary.json': 'application/json; charset=utf-8',
};
