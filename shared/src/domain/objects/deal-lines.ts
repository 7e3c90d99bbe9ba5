import { parseBool } from '../convert/bool.js';
import { plainText } from '../convert/html.js';
import { moneyText, parseMoney } from '../convert/money.js';
import type { MappingSettings } from '../mapping/content.js';
import { computed, cut } from '../mapping/convert-field.js';
import {
  type Catalogue,
  type Draft,
  linkOf,
  type Product,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { markerField, markerLine, type SourceLink, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { type LineLayout, type LineMoney, layOutLines, type StatedLine } from './line-money.js';
import { lineText, serviceName } from './service-lines.js';

/** Every line in Pipedrive stands on a product: those that name none of the catalogue stand on this one. */
export const adHocProductKey: TargetKey = 'product:ad-hoc';
const adHocName = 'Other (see comments)';

/** No limit is documented; the text of a line is short, and a refused line would be worse than a cut one. */
const commentLimit = 10_000;

export function wantsLines(settings: MappingSettings): boolean {
  return settings.dealLines === 'products';
}

/**
 * The lines of a deal as products on it. The deal's value is then what its lines come to, so they are made only where
 * they come to the confirmed value to the cent, with a line more for what the record states beside them (line-money.ts).
 * Elsewhere, and where the tenant has not asked for products, there are none: they stay text.
 */
export function linesOfDeal(
  deal: Draft,
  parent: SourceRow,
  lines: ReadonlyArray<SourceRow>,
  refs: Refs,
  ctx: RowContext,
): { drafts: Draft[]; links: SourceLink[] } {
  if (!wantsLines(ctx.settings) || lines.length === 0) return { drafts: [], links: [] };
  const { value } = deal.native;
  const layout =
    typeof value === 'string' &&
    layOutLines(
      value,
      lines.map((line) => statedOf(line, refs.catalogue, ctx)),
      chargesOf(parent, ctx),
      ctx.settings.currency,
    );
  if (!layout) {
    ctx.find('lines_stay_text', 'total', { lines: lines.length });
    return { drafts: [], links: [] };
  }
  const links: SourceLink[] = [];
  // Lines with an id of their own link themselves.
  const slotKey = (slot: string) => {
    const key = targetKeyOf(parent.object, parent.sourceId, slot);
    links.push(linkOf(parent, key, 'contributes', slot));
    return key;
  };
  const drafts = lines.map((line, index): Draft => {
    const key = line.sourceId === '' ? slotKey(`line${index + 1}`) : targetKeyOf(line.object, line.sourceId);
    const comments = commentOf(line, refs, ctx);
    const product = productOf(line, refs.catalogue);
    return draftOf(key, deal, index, product, layout, layout.lines[index] ?? nothing, comments);
  });
  if (layout.rest) {
    const { amount, says } = layout.rest;
    const money = { ...nothing, item_price: amount };
    const key = slotKey('adjustment');
    drafts.push(
      draftOf(key, deal, lines.length, adHocProductKey, layout, money, `Not in the lines: ${says}`),
    );
  }
  return { drafts, links };
}

const nothing: LineMoney = {
  item_price: '0',
  quantity: '1',
  discount: '0',
  discount_type: 'percentage',
  tax: '0',
  is_enabled: true,
};

function draftOf(
  key: TargetKey,
  deal: Draft,
  index: number,
  product: TargetKey,
  layout: LineLayout,
  money: LineMoney,
  comment: string,
): Draft {
  return {
    targetKey: key,
    entity: 'line',
    native: {
      deal_id: { $ref: deal.targetKey },
      product_id: { $ref: product },
      ...money,
      tax_method: layout.taxMethod,
      comments: `${comment}\n${markerLine(key)}`,
    },
    custom: new Map(),
    sortKey: `${deal.sortKey}${String(index).padStart(4, '0')}`,
  };
}

function statedOf(line: SourceRow, catalogue: Catalogue, ctx: RowContext): StatedLine {
  const amount = (text: string | undefined) => parseMoney(text, ctx.settings.currency);
  const { quantity, unit_price, discount, tax, line_total } = line.fields;
  const percent = /^(.*)%$/.exec(discount ?? '')?.[1];
  const off = amount(percent ?? discount);
  const rate = catalogue.sellable.get(productOf(line, catalogue))?.taxRate;
  return {
    quantity: amount(quantity),
    unitPrice: amount(unit_price),
    discount:
      off === undefined ? undefined : { kind: percent === undefined ? 'amount' : 'percentage', value: off },
    tax: amount(tax),
    total: amount(line_total),
    taxRate: amount(rate?.replace('%', '')),
  };
}

function chargesOf({ fields }: SourceRow, ctx: RowContext) {
  const amount = (text: string | undefined) => parseMoney(text, ctx.settings.currency);
  return {
    extra: amount(fields.extra_charges),
    discount: amount(fields.discount),
    tax: amount(fields.tax),
    taxInclusive: parseBool(fields.tax_inclusive),
  };
}

/** A deleted or inactive service cannot be put on deals: its lines are words, like those that name none. */
function productOf(line: SourceRow, catalogue: Catalogue): TargetKey {
  const { service_id, service_product_id, type } = line.fields;
  const object =
    service_id === undefined && /product|part|material/i.test(type ?? '') ? 'product' : 'service';
  const key = targetKeyOf(object, service_id ?? service_product_id ?? '');
  return catalogue.sellable.has(key) ? key : adHocProductKey;
}

/** What the source says of the line, in its own words: also what the fields of a line cannot hold. */
function commentOf(line: SourceRow, refs: Refs, ctx: RowContext): string {
  const tax = parseMoney(line.fields.tax, ctx.settings.currency);
  const words = [
    lineText(line, refs, ctx),
    ...(tax === undefined || tax === '0' ? [] : [`tax ${moneyText(tax, ctx.settings.currency)}`]),
  ].join(', ');
  const description = plainText(line.fields.description ?? '');
  const isSaid = description === '' || serviceName(line, refs) === description;
  return (
    cut([words, ...(isSaid ? [] : [description])].join('\n'), commentLimit, ctx, 'description')?.text ?? ''
  );
}

/** The product of lines without one. Belongs to the set only where a line refers to it. */
export function adHocProduct(): Draft {
  return {
    targetKey: adHocProductKey,
    entity: 'product',
    native: {
      name: adHocName,
      code: 'ad-hoc',
      description:
        'For lines that name no service or part of the catalogue. What a line was for is its comment.',
    },
    custom: new Map([markerField(adHocProductKey)]),
    sortKey: '',
  };
}

/** What the rows of an object become when they are lines of a deal. Laid out with their deal: `linesOfDeal`. */
export function lineProduct(
  object: string,
  columns: { deal: string; product: string; text: ReadonlyArray<string> },
  lossy: ReadonlyArray<string> = [],
): Product {
  return {
    entity: 'line',
    key: `${object}:<id>`,
    undo: 'delete',
    when: wantsLines,
    fields: [
      computed('deal_id', [columns.deal], 'reference'),
      computed(
        'product_id',
        [columns.product],
        'reference',
        `A line without a service or part of the catalogue, or with an inactive or deleted one, stands on the product ${adHocName}; its own words are its comment.`,
      ),
      computed(
        'item_price',
        ['unit_price', 'line_total'],
        'amount; the total where price and quantity do not come to it',
      ),
      computed('quantity', ['quantity'], 'number; a line taken back has a negative price'),
      computed('is_enabled', ['quantity'], 'off for a line of which nothing was taken'),
      computed('discount', ['discount'], 'percentage or amount'),
      computed('discount_type', ['discount'], 'percentage or amount'),
      computed(
        'tax',
        ['tax'],
        'rate that comes to the amount',
        'Tax of a line becomes a rate; where no rate comes to the amount it is named in the comment.',
      ),
      computed('tax_method', ['tax'], 'inclusive, exclusive or none, one for the deal'),
      computed('comments', columns.text, 'the line in its own words, with the marker'),
    ],
    lossy: [
      'Lines are products on the deal only where they come to its value; elsewhere they stay text.',
      'What is stated beside the lines (extra charges, discount, tax that no rate says, rounding) is one line more, which names it.',
      ...lossy,
    ],
  };
}
