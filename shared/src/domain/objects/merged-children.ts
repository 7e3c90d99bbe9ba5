import { objectOfWord } from '../convert/object-word.js';
import { entityOfOwnFields } from '../mapping/custom-values.js';
import {
  defineObject,
  excluded,
  linkOf,
  type Mapping,
  merged,
  type ObjectDefinition,
  type PageRows,
  type Refs,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { type TargetKey, targetKeyOf } from '../mapping/record.js';
import { lineProduct } from './deal-lines.js';
import { dealsFromInquiry, dealsOfQuote, keysOfInquiry } from './deal-of.js';
import { readsOfInquiries, readsOfQuotes } from './place.js';

/** Rows that are read with their parent and live on in its records. They fall with a parent that was set aside. */

export const bookingService = mergedInto(
  'booking_service',
  'booking',
  (row) => targetKeyOf('booking', row.fields.booking_id ?? ''),
  {
    produces: [
      lineProduct('booking_service', {
        deal: 'booking_id',
        product: 'service_id',
        text: ['service_name', 'description'],
      }),
    ],
    structure: {
      booking_service_id: 'the key',
      booking_id: 'finds the deal',
      service_id: 'names the service',
      service_name: 'in title and Services',
      quantity: 'in Services',
      unit_price: 'in Services',
      discount: 'in Services',
      line_total: 'in Services',
      description: 'names a line without service',
    },
    notMigrated: {
      hours: 'The quantity says it.',
      tax: 'The deal carries the tax of the booking.',
      fieldworker_share: 'On the manual-review list: pay does not migrate.',
    },
  },
);

export const invoiceItem = mergedInto(
  'invoice_item',
  'invoice',
  (row) => targetKeyOf('invoice', row.fields.invoice_id ?? '', 'activity'),
  {
    produces: [
      lineProduct(
        'invoice_item',
        { deal: 'invoice_id', product: 'service_product_id', text: ['service_name', 'description'] },
        [
          'Lines of an invoice are products only where the invoice is a deal itself: on the deal of a booking the amount would count twice.',
        ],
      ),
    ],
    structure: {
      invoice_item_id: 'the key',
      invoice_id: 'finds the invoice',
      booking_id: 'shares a consolidated invoice out',
      description: 'in the note of the invoice',
      service_name: 'in the note of the invoice',
      type: 'in the note of the invoice',
      quantity: 'in the note of the invoice',
      unit_price: 'in the note of the invoice',
      discount: 'in the note of the invoice',
      line_total: 'in the note of the invoice',
    },
    notMigrated: { service_product_id: 'The line names it.', tax: 'The invoice carries its tax.' },
  },
);

export const paymentAllocation = mergedInto(
  'payment_allocation',
  'payment',
  (row) => targetKeyOf('payment', row.fields.payment_id ?? ''),
  {
    structure: {
      payment_id: 'finds the payment',
      invoice_id: 'finds the deal',
      amount: 'in the sums of the deal',
    },
  },
);

/** Lines of a quote, on its deal; merged quotes have their lines on the booking's deal. */
export const quoteItem = defineObject({
  name: 'quote_item',
  needs: ['quote'],
  reads: [{ parent: 'quote', of: 'quote_item', by: 'quote_id' }, ...readsOfQuotes],
  produces: [
    lineProduct(
      'quote_item',
      { deal: 'quote_id', product: 'service_id', text: ['service_name', 'description'] },
      [
        'Lines of a quote that became a booking or an invoice stay text: as products the amount would count twice.',
      ],
    ),
  ],
  structure: {
    quote_item_id: 'the key',
    quote_id: 'finds the deal',
    service_id: 'names the service',
    service_name: 'in title and Services',
    quantity: 'in Services',
    unit_price: 'in Services',
    discount: 'in Services',
    line_total: 'in Services',
    description: 'names a line without service',
  },
  notMigrated: { tax: 'The deal carries the tax of the quote.' },
  asks: (row, refs) => [lineOf(row), ...dealsOfItem(row, refs)],
  map(row, refs) {
    if (refs.isMapped(lineOf(row))) return asLine(row);
    const deal = dealsOfItem(row, refs).find((key) => refs.isMapped(key));
    return deal === undefined ? rejected('orphan_reference') : merged(linksTo(row, deal));
  },
});

function dealsOfItem(row: SourceRow, refs: PageRows): TargetKey[] {
  const quote = refs.row('quote', row.fields.quote_id);
  return quote ? dealsOfQuote(quote, refs) : [];
}

/** The long form of the tenant's own fields. */
export const customFieldValue = defineObject({
  name: 'custom_field_value',
  needs: ['customer', 'customer_property', 'booking', 'quote', 'inquiry', 'service', 'custom_field'],
  reads: [
    ...['inquiry', 'quote'].map((parent) => ({
      parent,
      of: 'custom_field_value',
      by: 'record_id',
      when: (row: SourceRow) => objectOf(row) === parent,
    })),
    ...readsOfInquiries,
  ],
  structure: {
    object: 'what the value belongs to',
    record_id: 'what the value belongs to',
    field_id: 'which field',
    label: 'which field',
    value: 'the value',
  },
  lossy: ['Values of fields of workers stay in the export: users of Pipedrive have no fields.'],
  asks: (row, refs) => keysOfValue(row, refs),
  map(row, refs) {
    if (!carriers.has(objectOf(row) ?? '')) return excluded('no_target_record');
    const found = keysOfValue(row, refs).find((key) => refs.isMapped(key));
    return found === undefined ? rejected('orphan_reference') : merged(linksTo(row, found));
  },
});

/** Records that carry the tenant's own fields: as fields, or, of a property, in its note. */
const carriers = new Set([...entityOfOwnFields.keys(), 'customer_property']);

function objectOf(row: SourceRow): string | undefined {
  return objectOfWord(row.fields.object);
}

function keysOfValue(row: SourceRow, refs: PageRows): TargetKey[] {
  const object = objectOf(row) ?? '';
  const id = row.fields.record_id ?? '';
  // A company without a person carries its values in its note.
  if (object === 'customer') return [targetKeyOf('customer', id), targetKeyOf('customer', id, 'note')];
  if (object === 'inquiry') {
    const inquiry = refs.row('inquiry', id);
    const { lead, deal } = keysOfInquiry({ ...row, sourceId: id });
    return [...(inquiry ? dealsFromInquiry(inquiry, refs) : []), lead, deal];
  }
  if (object === 'quote') {
    const quote = refs.row('quote', id);
    return quote ? dealsOfQuote(quote, refs) : [];
  }
  return carriers.has(object) ? [targetKeyOf(object, id)] : [];
}

/** Definitions: become the fields of the schema. */
export const customField = defineObject({
  name: 'custom_field',
  structure: {
    field_id: 'the key',
    label: 'the name of the field',
    applies_to: 'the entity of the field',
    type: 'the type of the field',
  },
  notMigrated: {
    group: 'Pipedrive groups fields by hand.',
    helper_text: 'Goes with the form, not with the value.',
    mandatory: 'Pipedrive sets required fields by hand.',
    hidden_portal: 'A setting of the customer portal.',
    hidden_invoice: 'A setting of the invoice layout.',
    services: 'Fields belong to all deals.',
    depends_on: 'Pipedrive has dependent fields only by hand.',
    order: 'Pipedrive orders fields by hand.',
    active: 'Values of inactive fields are kept too.',
  },
  map: (row, refs) => definitionOutcome(row.sourceId, refs),
});

export const customFieldOption = defineObject({
  name: 'custom_field_option',
  needs: ['custom_field'],
  structure: { option_id: 'the key', field_id: 'which field', label: 'the option' },
  notMigrated: {
    price_effect: 'Pipedrive options have no price.',
    minutes_effect: 'Pipedrive options have no duration.',
    order: 'Options keep the order of the file.',
    active: 'Values of inactive options are kept too.',
  },
  lossy: ['Options lose their effect on price and duration.'],
  map: (row, refs) => definitionOutcome(row.fields.field_id, refs),
});

/** Fields of records that have none in Pipedrive (workers) stand in the inventory of forms and fields. */
function definitionOutcome(fieldId: string | undefined, refs: Refs): Mapping {
  const definition = refs.catalogue.customFields.get(fieldId ?? '');
  return !definition || carriers.has(definition.appliesTo) ? merged([]) : excluded('inventory_only');
}

function mergedInto(
  name: string,
  parent: string,
  keyOf: (row: SourceRow, refs: PageRows) => TargetKey,
  more: Partial<ObjectDefinition>,
): ObjectDefinition {
  return defineObject({
    name,
    needs: [parent],
    asks: (row, refs) => [lineOf(row), keyOf(row, refs)],
    map(row, refs): Mapping {
      if (refs.isMapped(lineOf(row))) return asLine(row);
      const key = keyOf(row, refs);
      return refs.isMapped(key) ? merged(linksTo(row, key)) : rejected('orphan_reference');
    },
    ...more,
  });
}

/** The record that a row is when its deal took it as a product (deal-lines.ts). */
function lineOf(row: SourceRow): TargetKey {
  return targetKeyOf(row.object, row.sourceId);
}

function asLine(row: SourceRow): Mapping {
  return { outcome: 'mapped', reason: '', drafts: [], links: [linkOf(row, lineOf(row), 'primary')] };
}

/** Rows without an id of their own have no entry in the crosswalk; they are found by their parent. */
function linksTo(row: SourceRow, key: TargetKey) {
  return row.sourceId === '' ? [] : [linkOf(row, key, 'contributes')];
}
