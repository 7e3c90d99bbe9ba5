import type { InventoryName } from '@octopipe/shared/domain/mapping/define-object';
import { findDefinition } from '@octopipe/shared/domain/objects/registry';
import type { RunKind } from '@octopipe/shared/domain/run/states';

/** The documents of a load, by name. `summary.json` last: the sweep takes its presence as "all are there". */
const loadDocuments = [
  'crosswalk.csv',
  'mapped.ndjson',
  'inventory-automations.html',
  'inventory-faqs.html',
  'inventory-forms-and-fields.html',
  'inventory-portal.html',
  'inventory-manual-review.html',
  'inventory-out-of-scope.html',
  'billing-disputes.html',
  'inventories.xlsx',
  'inventories.json',
  'reconciliation.json',
  'reconciliation.html',
  'summary.json',
] as const;
/** Of a load that found everything in place and wrote nothing. */
export const certificateDocuments = ['zero-write-certificate.html', 'zero-write-certificate.json'] as const;
const rollbackDocuments = ['rollback.json', 'rollback.html', 'summary.json'] as const;
const verifyDocuments = ['verification.json', 'verification.html', 'summary.json'] as const;

export type DocumentName =
  | (typeof loadDocuments)[number]
  | (typeof certificateDocuments)[number]
  | (typeof rollbackDocuments)[number]
  | (typeof verifyDocuments)[number];

export function documentNamesOf(kind: RunKind): ReadonlyArray<DocumentName> {
  if (kind === 'rollback') return rollbackDocuments;
  return kind === 'verify' ? verifyDocuments : loadDocuments;
}

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
  'inventories.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'inventories.json': 'application/json; charset=utf-8',
  'reconciliation.json': 'application/json; charset=utf-8',
  'reconciliation.html': 'text/html; charset=utf-8',
  'summary.json': 'application/json; charset=utf-8',
  'zero-write-certificate.html': 'text/html; charset=utf-8',
  'zero-write-certificate.json': 'application/json; charset=utf-8',
  'rollback.json': 'application/json; charset=utf-8',
  'rollback.html': 'text/html; charset=utf-8',
  'verification.json': 'application/json; charset=utf-8',
  'verification.html': 'text/html; charset=utf-8',
};

/** The document of each inventory. */
const inventoryDocuments: Record<InventoryName, DocumentName> = {
  automations: 'inventory-automations.html',
  faqs: 'inventory-faqs.html',
  'forms-and-fields': 'inventory-forms-and-fields.html',
  portal: 'inventory-portal.html',
  'manual-review': 'inventory-manual-review.html',
};

/** Where rows of an object stand that became no records; undefined for an object that is carried over. */
export function inventoryOf(object: string): DocumentName | undefined {
  const inventory = findDefinition(object)?.inventory ?? alsoListed.get(object);
  return inventory && inventoryDocuments[inventory.name];
}

/** Carried over, except for those of records without fields in Pipedrive. */
const alsoListed = new Map<string, { name: InventoryName }>([
  ['custom_field', { name: 'forms-and-fields' }],
  ['custom_field_option', { name: 'forms-and-fields' }],
  ['form', { name: 'forms-and-fields' }],
  ['form_field', { name: 'forms-and-fields' }],
  ['faq', { name: 'faqs' }],
]);
