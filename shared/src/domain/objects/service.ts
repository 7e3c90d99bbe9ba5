import { parseBool } from '../convert/bool.js';
import { plainText } from '../convert/html.js';
import { parseList } from '../convert/list.js';
import { parseMoney } from '../convert/money.js';
import { oneLine } from '../convert/text.js';
import {
  computed,
  computedCustom,
  convertTo,
  cut,
  minutesOf,
  textLimits,
  titleLimit,
} from '../mapping/convert-field.js';
import { customValues, longFormOf } from '../mapping/custom-values.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { block } from '../mapping/note-text.js';
import { markerField, markerFieldName, type Payload, targetKeyOf } from '../mapping/record.js';
import { faqField, faqFieldName, faqFile, questionsOf } from './faq.js';
import { fieldFileProducts, fieldFiles, pathsOfFields, readsOfFieldFiles } from './field-files.js';
import { sortKeyOf } from './sort-key.js';

/** A service is a product of the catalogue, with the questions that customers ask about it. */
export const service = defineObject({
  name: 'service',
  reads: [{ child: 'custom_field_value', of: 'service' }, ...readsOfFieldFiles('service')],
  produces: [
    {
      entity: 'product',
      key: 'service:<id>',
      undo: 'delete',
      fields: [
        computed('name', ['service_name'], 'text, one line'),
        computed('code', ['service_id'], 'id'),
        computed(
          'description',
          [
            'description',
            'brief',
            'category',
            'pricing_model',
            'minimum_price',
            'deposit',
            'price_tiers',
            'tax_inclusive',
            'locations',
          ],
          'readable block',
          'Tiers, minimum price and deposit have no place in a product: they stand in the description.',
        ),
        computed('unit', ['unit_label'], 'text, one line'),
        computed('tax', ['tax_rate'], 'percent'),
        computed('prices', ['price'], 'amount in the account currency'),
        computed('is_linkable', ['active'], 'inactive services cannot be put on deals'),
        computedCustom(markerFieldName, 'varchar', 'must', ['service_id'], { converter: 'target key' }),
        computedCustom('Service duration (minutes)', 'double', 'should', ['duration'], {
          converter: 'minutes',
        }),
        faqField,
      ],
      lossy: [
        'A product has one price for a currency: tiers, hourly and unit pricing are named in the description.',
      ],
    },
    faqFile,
    ...fieldFileProducts('service'),
  ],
  structure: { service_id: 'the key of the product' },
  notMigrated: {
    service_areas: 'Pipedrive products have no areas.',
    show_on_portal: 'A setting of the customer portal, which does not migrate.',
    created: 'Pipedrive dates products itself.',
    modified: 'Pipedrive dates products itself.',
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted services are excluded or migrated like the others.',
  },
  files: (row, refs) => pathsOfFields(row, longFormOf(row, refs), refs),
  map: mapService,
});

function mapService(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const { fields } = row;
  const key = targetKeyOf('service', row.sourceId);
  const price = parseMoney(fields.price, ctx.settings.currency);
  if (fields.price !== undefined && price === undefined) ctx.find('unparseable_number', 'price');
  const tax = convertTo('double', fields.tax_rate, ctx, 'tax_rate');
  const description = cut(descriptionOf(row), textLimits.text, ctx, 'description')?.text;
  const isActive = parseBool(fields.active);
  if (fields.service_name === undefined) ctx.find('missing_name', 'service_name');
  const native: Payload = {
    name:
      cut(oneLine(fields.service_name ?? `Service ${row.sourceId}`), titleLimit, ctx, 'service_name')?.text ??
      key,
    code: row.sourceId,
    ...(description ? { description } : {}),
    ...(fields.unit_label ? { unit: oneLine(fields.unit_label) } : {}),
    ...(tax ? { tax: tax.value } : {}),
    ...(price === undefined ? {} : { prices: [{ currency: ctx.settings.currency, price }] }),
    ...(isActive === false ? { is_linkable: false } : {}),
  };
  const draft: Draft = {
    targetKey: key,
    entity: 'product',
    native,
    custom: new Map(),
    sortKey: sortKeyOf(row),
  };
  draft.custom.set(...markerField(key));
  const duration = minutesOf(fields.duration, ctx, 'duration');
  if (duration) draft.custom.set('Service duration (minutes)', duration);
  const longForm = longFormOf(row, refs);
  for (const [name, value] of customValues(row, longForm, refs, ctx)) draft.custom.set(name, value);
  const place = { deal: null, lead: null, activity: null, product: key, person: null, organization: null };
  const files = fieldFiles(row, longForm, { ...place, label: undefined }, refs, ctx);
  const links = [linkOf(row, key, 'primary'), ...files.links];
  const questions = questionsOf(row, refs);
  if (questions) draft.custom.set(faqFieldName, questions.field);
  if (questions?.file) links.push(linkOf(row, questions.file.targetKey, 'contributes', 'faq'));
  const drafts = [draft, ...files.drafts, ...(questions?.file ? [questions.file] : [])];
  return { outcome: 'mapped', reason: '', drafts, links };
}

function descriptionOf(row: SourceRow): string {
  const { fields } = row;
  const facts = block([
    ['Category', fields.category],
    ['Pricing', fields.pricing_model && `by ${fields.pricing_model}`],
    ['Minimum price', fields.minimum_price],
    ['Deposit', fields.deposit],
    ['Tax inclusive', fields.tax_inclusive],
    ['Price tiers', tiersText(fields.price_tiers)],
    ['Locations', parseList(fields.locations).join(', ')],
  ]);
  return [plainText(fields.brief ?? ''), plainText(fields.description ?? ''), facts]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** `1 bed 385.00, 2 bed 495.00`; the cell as it is when it has another form. */
function tiersText(cell: string | undefined): string | undefined {
  if (!cell?.startsWith('[')) return cell;
  try {
    const tiers: unknown = JSON.parse(cell);
    if (!Array.isArray(tiers)) return cell;
    return tiers
      .map((tier: unknown) =>
        typeof tier === 'object' && tier !== null ? Object.values(tier).join(' ') : String(tier),
      )
      .join(', ');
  } catch {
    return cell;
  }
}
