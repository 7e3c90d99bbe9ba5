import { parseBool } from '../convert/bool.js';
import { plainText } from '../convert/html.js';
import { optionKey, parseList } from '../convert/list.js';
import { oneLine } from '../convert/text.js';
import { type Converted, computed, computedCustom } from '../mapping/convert-field.js';
import {
  type Catalogue,
  type Draft,
  defineObject,
  excluded,
  linkOf,
  type Mapping,
  merged,
  type PageRows,
  type Product,
  type Refs,
  type SourceRow,
} from '../mapping/define-object.js';
import { fileNameWithMarker, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { textFile } from '../mapping/text-file.js';
import { sortKeyOf } from './sort-key.js';

/**
 * A question with its answer stands on the products of its services, because a product can carry neither notes nor
 * activities. A question that names no service is general: it stands on every service, after the service's own.
 */
export const faq = defineObject({
  name: 'faq',
  needs: ['service'],
  structure: {
    faq_id: 'the key',
    question: 'in the field Questions and answers of the product',
    answer: 'in the field Questions and answers of the product',
    services: 'finds the products; none: all of them',
    order: 'the order in the field',
    active: 'questions that were switched off are marked',
  },
  notMigrated: {
    show_on_portal: 'A setting of the customer portal: it stands in the inventory of questions.',
  },
  asks: (row, refs) => productsOf(row, refs),
  map: mapFaq,
});

export const faqFieldName = 'Questions and answers';

export const faqField = computedCustom(faqFieldName, 'text', 'should', ['faq.question', 'faq.answer'], {
  converter: 'each question above its answer',
  lossy:
    'Questions and answers become text in a field of the product: Pipedrive has no notes on products and no portal to show them.',
});

/** What does not fit into the field. */
export const faqFile: Product = {
  entity: 'file',
  key: 'service:<id>#faq',
  undo: 'delete',
  fields: [
    computed('file', ['faq.question', 'faq.answer'], 'text file with all questions of the service'),
    computed('name', [], 'fixed name with the marker'),
    computed('product_id', [], 'reference'),
  ],
  lossy: ['Questions that do not fit into the field stand in a text file on the product, with all others.'],
};

function mapFaq(row: SourceRow, refs: Refs): Mapping {
  const products = productsOf(row, refs).filter((key) => refs.isMapped(key));
  // Its services are gone, or the export has none: the inventory of questions has it all the same.
  if (products.length === 0) return excluded('no_target_record');
  return merged(products.map((key) => linkOf(row, key, 'contributes')));
}

function productsOf(row: SourceRow, { catalogue }: PageRows): TargetKey[] {
  return servicesOf(row, catalogue).map((id) => targetKeyOf('service', id));
}

/** Services are named by id or by name (D23); a name may hold the list's own separator. */
function servicesOf(row: SourceRow, { services }: Catalogue): string[] {
  const named = parseList(row.fields.services, [...services.values()]);
  if (named.length === 0) return [...services.keys()];
  const ids = named.flatMap((name) => (services.has(name) ? [name] : idsByName(name, services)));
  return [...new Set(ids)];
}

function idsByName(name: string, services: Catalogue['services']): string[] {
  return [...services].flatMap(([id, service]) => (optionKey(service) === optionKey(name) ? [id] : []));
}

/** What the product of a service gets of its questions: the field, and the file when the field cannot hold them all. */
export function questionsOf(
  service: SourceRow,
  refs: Refs,
): { field: Converted; file: Draft | undefined } | undefined {
  const entries = faqsOf(service.sourceId, refs.catalogue).map(entryText);
  if (entries.length === 0) return undefined;
  const all = entries.join('\n\n');
  if (all.length <= fieldRoom) return { field: { value: all, text: all }, file: undefined };
  const key = targetKeyOf('service', service.sourceId, 'faq');
  const short = whatFits(entries);
  return {
    field: { value: short, text: short },
    file: {
      targetKey: key,
      entity: 'file',
      native: {
        file: textFile(`${all}\n`),
        name: fileNameWithMarker(`${faqFieldName}.txt`, key),
        product_id: { $ref: targetKeyOf('service', service.sourceId) },
      },
      custom: new Map(),
      sortKey: `service${sortKeyOf(service, 'faq')}`,
    },
  };
}

/**
 * A text field takes 65,000 characters. On the smallest plan the questions may have to share `More details` with other
 * values, indented, so that they keep to less: nothing is cut silently there.
 */
const fieldRoom = 50_000;

/** Whole entries only; the last line says where the rest is. */
function whatFits(entries: ReadonlyArray<string>): string {
  const told = (left: number) => `${left} more in the file “${faqFieldName}” on this product.`;
  const kept: string[] = [];
  let room = fieldRoom - told(entries.length).length;
  for (const entry of entries) {
    room -= entry.length + 2;
    if (room < 0) break;
    kept.push(entry);
  }
  return [...kept, told(entries.length - kept.length)].join('\n\n');
}

function entryText({ fields }: SourceRow): string {
  const question = oneLine(plainText(fields.question ?? ''));
  const isOff = parseBool(fields.active) === false;
  return [`${question}${isOff ? ' (switched off in OctopusPro)' : ''}`, plainText(fields.answer ?? '')]
    .filter((part) => part !== '')
    .join('\n');
}

/** The service's own questions first, then the general ones; each in the order in which customers saw them. */
function faqsOf(serviceId: string, catalogue: Catalogue): ReadonlyArray<SourceRow> {
  const known = byService.get(catalogue) ?? indexOf(catalogue);
  byService.set(catalogue, known);
  return known.get(serviceId) ?? [];
}

/** A catalogue is read once per job and never changes: names are looked up once, not once for each service. */
const byService = new WeakMap<Catalogue, Map<string, SourceRow[]>>();

function indexOf(catalogue: Catalogue): Map<string, SourceRow[]> {
  const isGeneral = (row: SourceRow) => parseList(row.fields.services).length === 0;
  const place = ({ fields }: SourceRow) =>
    /^\d{1,9}$/.test(fields.order ?? '') ? Number(fields.order) : Number.MAX_SAFE_INTEGER;
  const sorted = [...catalogue.faqs].sort(
    (a, b) => Number(isGeneral(a)) - Number(isGeneral(b)) || place(a) - place(b) || a.rowNumber - b.rowNumber,
  );
  const index = new Map<string, SourceRow[]>();
  for (const row of sorted)
    for (const id of servicesOf(row, catalogue)) index.set(id, [...(index.get(id) ?? []), row]);
  return index;
}
