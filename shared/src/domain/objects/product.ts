import { parseBool } from '../convert/bool.js';
import { plainText } from '../convert/html.js';
import { addPercent, parseMoney } from '../convert/money.js';
import { oneLine } from '../convert/text.js';
import {
  computed,
  computedCustom,
  convertTo,
  cut,
  textLimits,
  titleLimit,
} from '../mapping/convert-field.js';
import {
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { block } from '../mapping/note-text.js';
import { markerField, markerFieldName, type Payload, targetKeyOf } from '../mapping/record.js';
import { sortKeyOf } from './sort-key.js';

/** A part or material is a product of the catalogue, beside the services. */
export const product = defineObject({
  name: 'product',
  produces: [
    {
      entity: 'product',
      key: 'product:<id>',
      undo: 'delete',
      fields: [
        computed('name', ['product_name'], 'text, one line'),
        computed('code', ['item_code'], 'text, one line'),
        computed('description', ['description', 'markup'], 'readable block'),
        computed('tax', ['tax_rate'], 'percent'),
        computed(
          'prices',
          ['price', 'cost', 'markup'],
          'price and cost in the account currency',
          'A part without a price is priced at its cost plus the markup.',
        ),
        computed('is_linkable', ['active'], 'inactive parts cannot be put on deals'),
        computedCustom(markerFieldName, 'varchar', 'must', ['product_id'], { converter: 'target key' }),
      ],
      lossy: ['Pipedrive works no markup out: the percentage stands in the description.'],
    },
  ],
  structure: { product_id: 'the key of the product' },
  notMigrated: {
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted parts are excluded or migrated like the others.',
  },
  map: mapProduct,
});

function mapProduct(row: SourceRow, _refs: Refs, ctx: RowContext): Mapping {
  // The list of parts needs no ids in OctopusPro; without one, and without an item code, it could not be found again.
  if (row.sourceId === '') {
    ctx.find('missing_key', 'product_id');
    return rejected('missing_key');
  }
  const { fields } = row;
  const key = targetKeyOf('product', row.sourceId);
  if (fields.product_name === undefined) ctx.find('missing_name', 'product_name');
  const name = cut(oneLine(fields.product_name ?? ''), titleLimit, ctx, 'product_name');
  const code = cut(oneLine(fields.item_code ?? ''), titleLimit, ctx, 'item_code');
  const description = cut(descriptionOf(row), textLimits.text, ctx, 'description');
  const tax = convertTo('double', fields.tax_rate, ctx, 'tax_rate');
  const native: Payload = {
    name: name?.text ?? `Part ${row.sourceId}`,
    ...(code ? { code: code.text } : {}),
    ...(description ? { description: description.text } : {}),
    ...(tax ? { tax: tax.value } : {}),
    ...pricesOf(row, ctx),
    ...(parseBool(fields.active) === false ? { is_linkable: false } : {}),
  };
  const draft = {
    targetKey: key,
    entity: 'product' as const,
    native,
    custom: new Map([markerField(key)]),
    sortKey: `product${sortKeyOf(row)}`,
  };
  return { outcome: 'mapped', reason: '', drafts: [draft], links: [linkOf(row, key, 'primary')] };
}

/** OctopusPro keeps cost and markup; a price of its own wins over what they come to. */
function pricesOf(row: SourceRow, ctx: RowContext): Payload {
  const amount = (field: string) => {
    const value = parseMoney(row.fields[field], ctx.settings.currency);
    if (value === undefined && row.fields[field] !== undefined) ctx.find('unparseable_number', field);
    return value;
  };
  const [stated, cost] = [amount('price'), amount('cost')];
  const markup = convertTo('double', row.fields.markup, ctx, 'markup')?.value;
  const price = stated ?? (cost === undefined ? undefined : addPercent(cost, Number(markup ?? 0)));
  if (price === undefined) return {};
  const { currency } = ctx.settings;
  return { prices: [{ currency, price, ...(cost === undefined ? {} : { cost }) }] };
}

function descriptionOf(row: SourceRow): string {
  const { markup, description } = row.fields;
  const percent = markup && (/^[\d.,\s]+$/.test(markup) ? `${markup} %` : oneLine(markup));
  return [plainText(description ?? ''), block([['Markup', percent]])]
    .filter((part) => part !== '')
    .join('\n\n');
}
