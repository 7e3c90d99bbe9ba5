import { Readable } from 'node:stream';
import type { DocumentName } from '../reporter/document-names.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import { gatherAutomations } from './automations.js';
import { automationsHtml } from './automations-html.js';
import { billingCases } from './billing-disputes.js';
import { billingDisputesHtml } from './billing-disputes-html.js';
import { gatherCustomFields } from './custom-fields.js';
import { faqsHtml, gatherFaqs } from './faqs.js';
import { gatherForms } from './forms.js';
import { formsAndFieldsHtml } from './forms-and-fields-html.js';
import { type Inventories, inventoriesJson } from './inventories-json.js';
import { inventoriesXlsx } from './inventories-xlsx.js';
import { gatherManualReview } from './manual-review.js';
import { manualReviewHtml } from './manual-review-html.js';
import { gatherOutOfScope, outOfScopeHtml } from './out-of-scope.js';
import { gatherPortal, portalHtml } from './portal.js';
import type { InventorySource } from './read-definitions.js';

/** What does not move, written down for the people who rebuild it. */
export async function writeInventories(
  source: InventorySource,
  facts: ReportFacts,
  put: (name: DocumentName, content: Readable) => Promise<void>,
): Promise<void> {
  const { content } = facts.mapping;
  const inventories: Inventories = {
    automations: await gatherAutomations(source, content.settings, facts.connection.plan),
    faqs: await gatherFaqs(source),
    forms: await gatherForms(source, content),
    customFields: await gatherCustomFields(source, content),
    portal: await gatherPortal(source),
    manualReview: await gatherManualReview(source, facts.run),
    outOfScope: await gatherOutOfScope(source, content, facts.findings),
  };
  // Read three times rather than held once: an export may hold a hundred thousand cases.
  const cases = () => billingCases({ ...source, settings: content.settings });
  const bytes = (name: DocumentName, content: Buffer) => put(name, Readable.from([content]));
  const page = (name: DocumentName, text: string) => bytes(name, Buffer.from(text));
  await page('inventory-automations.html', automationsHtml(facts, inventories.automations));
  await page('inventory-faqs.html', faqsHtml(facts, inventories.faqs));
  await page(
    'inventory-forms-and-fields.html',
    formsAndFieldsHtml(facts, inventories.forms, inventories.customFields),
  );
  await page('inventory-portal.html', portalHtml(facts, inventories.portal));
  await page('inventory-manual-review.html', manualReviewHtml(facts, inventories.manualReview));
  await page('inventory-out-of-scope.html', outOfScopeHtml(facts, inventories.outOfScope));
  await page('billing-disputes.html', await billingDisputesHtml(facts, cases()));
  await bytes('inventories.xlsx', await inventoriesXlsx(facts, inventories, cases()));
  await put('inventories.json', inventoriesJson(facts, inventories, cases()));
}
