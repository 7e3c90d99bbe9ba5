import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { plainText } from '@octopipe/shared/domain/convert/html';
import { parseList } from '@octopipe/shared/domain/convert/list';
import { faqFieldName } from '@octopipe/shared/domain/objects/faq';
import { rowsById } from '@octopipe/shared/staging/read-staged';
import { type Html, html } from '../html/html.js';
import { linked, facts as pairs, yesNoUnknown } from '../html/parts.js';
import { counted } from '../html/wording.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import { inventoryPage, leftOut, nothingFound } from './inventory-page.js';
import { type InventorySource, readDefinitions } from './read-definitions.js';

export interface Faq {
  id: string;
  question: string;
  /** As text; web addresses are kept. */
  answer: string;
  services: string[];
  onPortal: boolean | null;
  order: string;
  active: boolean | null;
}

export interface FaqInventory {
  faqs: Faq[];
  all: number;
  unread: Array<{ path: string; why: string }>;
}

/** In the order in which customers saw them. */
export async function gatherFaqs(source: InventorySource): Promise<FaqInventory> {
  const found = await readDefinitions(source, 'faq');
  const faqs = found.rows.map(({ id, fields }) => ({
    id,
    question: plainText(fields.question ?? ''),
    answer: plainText(fields.answer ?? ''),
    services: parseList(fields.services),
    onPortal: parseBool(fields.show_on_portal) ?? null,
    order: fields.order ?? '',
    active: parseBool(fields.active) ?? null,
  }));
  const names = await serviceNames(
    source,
    faqs.flatMap((faq) => faq.services),
  );
  return {
    faqs: faqs
      .map((faq) => ({ ...faq, services: faq.services.map((service) => names.get(service) ?? service) }))
      .sort((a, b) => orderOf(a) - orderOf(b)),
    all: found.all,
    unread: found.unread,
  };
}

/** Some exports name services, some give their ids. */
export async function serviceNames(
  source: InventorySource,
  services: ReadonlyArray<string>,
): Promise<Map<string, string>> {
  const rows = await rowsById(source.tx, source.tenantId, source.exportId, 'service', [...new Set(services)]);
  return new Map(
    [...rows].flatMap(([id, row]) => (row.fields.service_name ? [[id, row.fields.service_name]] : [])),
  );
}

export function faqsHtml(facts: ReportFacts, { faqs, all, unread }: FaqInventory): string {
  return inventoryPage(facts, {
    title: 'Questions and answers',
    lead: [
      'The questions and answers of your customer portal. Pipedrive has no portal, so they stand here to be used again: on your website, in a knowledge base, in e-mail templates.',
      ...(isOnProducts(facts)
        ? [
            `Each stands on the products of its services, too, in the field “${faqFieldName}”; a question for all services on every one of them.`,
          ]
        : []),
      ...(all > 0
        ? [
            `${counted(all, 'question')}, ${counted(faqs.filter((faq) => faq.onPortal === true).length, 'of them', 'of them')} shown on the portal.`,
          ]
        : []),
    ],
    body: [
      faqs.length === 0 && nothingFound('questions and answers', 'faqs.csv'),
      leftOut({ rows: faqs.length, all, unread }),
      ...faqs.map(faqSection),
    ],
  });
}

function isOnProducts({ mapping }: ReportFacts): boolean {
  return mapping.content.schema.fields.some(
    ({ entity, name }) => entity === 'product' && name === faqFieldName,
  );
}

function faqSection(faq: Faq): Html {
  return html`<section><h2>${faq.question}</h2>
<p>${linked(faq.answer)}</p>
${pairs([
  ['Services', faq.services.join(', ') || 'all'],
  ['Shown on the portal', yesNoUnknown(faq.onPortal)],
  ['Active', yesNoUnknown(faq.active)],
  ['Order', faq.order],
  ['Number in OctopusPro', faq.id],
])}</section>`;
}

function orderOf(faq: Faq): number {
  const order = Number(faq.order);
  return faq.order === '' || Number.isNaN(order) ? Number.MAX_SAFE_INTEGER : order;
}
