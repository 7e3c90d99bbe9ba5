import { describe, expect, test } from 'vitest';
import { problemsOf } from '../mapping/check-content.js';
import { codesOf, contentOf, mapIn, type Package, payloadsOf, row } from './fixtures.js';

const products = { content: { settings: { ...contentOf({}).settings, dealLines: 'products' as const } } };
const linesOf = (mapped: ReturnType<typeof mapIn>) =>
  Object.fromEntries(Object.entries(payloadsOf(mapped)).filter(([key]) => key.startsWith('line ')));
const dealOf = (mapped: ReturnType<typeof mapIn>) => mapped.records.find(({ entity }) => entity === 'deal');

const booking = row('booking', '10117', {
  booking_id: '10117',
  customer_id: '1001',
  booking_number: 'BOK-117',
  status: 'Completed',
  extra_charges: '13.20',
  tax: '50.45',
  total: '555.00',
});
const item = (
  id: string,
  fields: Record<string, string>,
  object = 'booking_service',
  parent = 'booking_id',
) =>
  row(object, id, { [`${object}_id`]: id, [parent]: parent === 'booking_id' ? '10117' : '403', ...fields });
const deepClean = item('20017', {
  service_id: '303',
  service_name: 'Deep clean',
  description: 'Behind the couch <b>too</b>.',
  quantity: '1.5',
  unit_price: '260.00',
  discount: '10%',
  tax: '31.91',
  line_total: '351.00',
});
const freeText = item('20018', {
  description: 'Key collection',
  quantity: '1',
  unit_price: '240.80',
  tax: '21.89',
});
const retired = item('20019', { service_id: '9', service_name: 'Old plan', line_total: '-50.00' });
const notTaken = item('20020', { service_id: '303', quantity: '0', unit_price: '99.00', line_total: '0' });
const rows = [
  deepClean,
  freeText,
  retired,
  notTaken,
  row('service', '9', { service_name: 'Old plan', active: 'false' }),
];
const pack: Package = { ...products, rows };

describe('the lines of a booking as products', () => {
  test('services, free text, an inactive service, a negative line, one not taken, and what the lines do not say', () => {
    const mapped = mapIn(pack, booking);
    expect(linesOf(mapped)).toMatchInlineSnapshot(`
      {
        "line booking:10117#adjustment": {
          "comments": "Not in the lines: extra charges AUD 13.20
      OctopusPro booking:10117#adjustment",
          "deal_id": {
            "$ref": "booking:10117",
          },
          "discount": "0",
          "discount_type": "percentage",
          "is_enabled": true,
          "item_price": "13.2",
          "product_id": {
            "$ref": "product:ad-hoc",
          },
          "quantity": "1",
          "tax": "0",
          "tax_method": "inclusive",
        },
        "line booking_service:20017": {
          "comments": "Deep clean: 1.5 × AUD 260.00 = AUD 351.00, tax AUD 31.91
      Behind the couch too.
      OctopusPro booking_service:20017",
          "deal_id": {
            "$ref": "booking:10117",
          },
          "discount": "10",
          "discount_type": "percentage",
          "is_enabled": true,
          "item_price": "260",
          "product_id": {
            "$ref": "service:303",
          },
          "quantity": "1.5",
          "tax": "10",
          "tax_method": "inclusive",
        },
        "line booking_service:20018": {
          "comments": "Key collection: 1 × AUD 240.80, tax AUD 21.89
      OctopusPro booking_service:20018",
          "deal_id": {
            "$ref": "booking:10117",
          },
          "discount": "0",
          "discount_type": "percentage",
          "is_enabled": true,
          "item_price": "240.8",
          "product_id": {
            "$ref": "product:ad-hoc",
          },
          "quantity": "1",
          "tax": "10",
          "tax_method": "inclusive",
        },
        "line booking_service:20019": {
          "comments": "Old plan: = AUD -50.00
      OctopusPro booking_service:20019",
          "deal_id": {
            "$ref": "booking:10117",
          },
          "discount": "0",
          "discount_type": "percentage",
          "is_enabled": true,
          "item_price": "-50",
          "product_id": {
            "$ref": "product:ad-hoc",
          },
          "quantity": "1",
          "tax": "0",
          "tax_method": "inclusive",
        },
        "line booking_service:20020": {
          "comments": "Deep clean: 0 × AUD 99.00 = AUD 0.00
      OctopusPro booking_service:20020",
          "deal_id": {
            "$ref": "booking:10117",
          },
          "discount": "0",
          "discount_type": "percentage",
          "is_enabled": false,
          "item_price": "99",
          "product_id": {
            "$ref": "service:303",
          },
          "quantity": "1",
          "tax": "0",
          "tax_method": "inclusive",
        },
      }
    `);
    expect(
      mapped.links.map(({ sourceId, slot, targetKey, role }) => [sourceId, slot, targetKey, role].join(' ')),
    ).toEqual(['10117  booking:10117 primary', '10117 adjustment booking:10117#adjustment contributes']);
    expect(mapped.findings).toEqual([]);
    // What is a product is not text, too.
    expect(dealOf(mapped)?.payload.custom_fields).not.toHaveProperty('Services');
  });

  test('a row that became a line is mapped by itself, under its own key', () => {
    const child = mapIn({ ...products, rows: [booking, ...rows] }, deepClean);
    expect([child.outcome.outcome, child.links, child.records]).toEqual([
      'mapped',
      [
        {
          object: 'booking_service',
          sourceId: '20017',
          slot: '',
          targetKey: 'booking_service:20017',
          role: 'primary',
        },
      ],
      [],
    ]);
  });

  test('lines that nothing makes up to the value stay text, and it is said', () => {
    const mapped = mapIn(pack, { ...booking, fields: { ...booking.fields, total: '999.00' } });
    expect(linesOf(mapped)).toEqual({});
    expect(codesOf(mapped)).toEqual(['lines_stay_text total']);
    expect(dealOf(mapped)?.payload.custom_fields).toHaveProperty('Services');
    expect(dealOf(mapped)?.payload.value).toBe('999');
    const child = mapIn(
      { ...pack, rows: [booking, ...rows], notMapped: ['booking_service:20017'] },
      deepClean,
    );
    expect([child.outcome.outcome, child.links[0]?.targetKey]).toEqual(['merged', 'booking:10117']);
  });

  test('without the wish nothing changes', () => {
    const mapped = mapIn({ rows }, booking);
    expect(linesOf(mapped)).toEqual({});
    expect(dealOf(mapped)?.payload.custom_fields).toHaveProperty('Services');
  });
});

describe('the lines of quotes and invoices', () => {
  const quote = row('quote', '403', {
    quote_id: '403',
    customer_id: '1001',
    quote_number: 'EST-403',
    status: 'Declined',
    total: '110.00',
    tax: '10.00',
  });
  const quoted = item(
    '',
    { service_name: 'Deep clean', quantity: '1', unit_price: '100.00', tax: '10.00', line_total: '100.00' },
    'quote_item',
    'quote_id',
  );

  test('a quote with a value of its own; a line without an id has its place for a key', () => {
    const mapped = mapIn({ ...products, rows: [quoted] }, quote);
    expect(linesOf(mapped)).toMatchObject({
      'line quote:403#line1': { tax: '10', tax_method: 'exclusive', product_id: { $ref: 'product:ad-hoc' } },
    });
  });

  test('a quote that became a booking keeps them as text: its amount counts there', () => {
    const became = { ...quote, fields: { ...quote.fields, booking_id: '10117' } };
    const mapped = mapIn({ ...products, rows: [quoted, booking] }, became);
    expect(linesOf(mapped)).toEqual({});
    expect(dealOf(mapped)?.payload).not.toHaveProperty('value');
    expect(mapped.findings).toEqual([]);
  });

  const invoice = (bookings: Record<string, string>) =>
    row('invoice', '403', {
      invoice_id: '403',
      customer_id: '1001',
      invoice_number: 'INV-403',
      status: 'Open',
      total: '24.70',
      tax_inclusive: 'true',
      ...bookings,
    });
  const part = item(
    '50010',
    {
      service_product_id: '504',
      type: 'product',
      description: 'Butt hinge 100 mm',
      quantity: '2',
      unit_price: '12.35',
      tax: '2.25',
      line_total: '24.70',
    },
    'invoice_item',
    'invoice_id',
  );

  test('an invoice that is a deal itself: its parts are products of the catalogue', () => {
    const mapped = mapIn(
      { ...products, rows: [part, row('product', '504', { tax_rate: '10' })] },
      invoice({}),
    );
    expect(linesOf(mapped)).toMatchInlineSnapshot(`
      {
        "line invoice_item:50010": {
          "comments": "Butt hinge 100 mm: 2 × AUD 12.35 = AUD 24.70, tax AUD 2.25
      OctopusPro invoice_item:50010",
          "deal_id": {
            "$ref": "invoice:403",
          },
          "discount": "0",
          "discount_type": "percentage",
          "is_enabled": true,
          "item_price": "12.35",
          "product_id": {
            "$ref": "product:504",
          },
          "quantity": "2",
          "tax": "10",
          "tax_method": "inclusive",
        },
      }
    `);
  });

  test('an invoice of a booking has none: the booking has its lines', () => {
    const mapped = mapIn({ ...products, rows: [part, booking] }, invoice({ booking_ids: '["10117"]' }));
    expect(linesOf(mapped)).toEqual({});
  });
});

test('a mapping for products needs the marker of products, also without services', () => {
  const content = contentOf(products);
  const fields = content.schema.fields.filter(({ entity }) => entity !== 'product');
  expect(problemsOf({ ...content, schema: { ...content.schema, fields } })).toContain(
    'The field "OctopusPro ID" of product is needed: lines without a service stand on a product of ours.',
  );
});
