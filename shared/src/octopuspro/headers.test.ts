import { describe, expect, test } from 'vitest';
import { canonicalObject, canonicalObjects, fieldOfHeader, objectOfWord } from './canonical-fields.js';
import { matchHeaders, normaliseHeader, objectOfFileName } from './headers.js';

const matched = (object: string, headers: string[]) =>
  matchHeaders(canonicalObject(object), headers).columns.map((column) =>
    column.secret ? '(secret)' : column.field,
  );

test('every documented header of every object is matched to its own field', () => {
  for (const definition of canonicalObjects) {
    const headers = definition.fields.map((field) => field.header);
    const { columns, missing } = matchHeaders(definition, headers);
    const expected = definition.fields.map((field) => (field.type === 'secret' ? null : field.field));
    expect({ object: definition.object, fields: columns.map((column) => column.field) }).toEqual({
      object: definition.object,
      fields: expected,
    });
    expect(missing).toEqual([]);
    expect(columns.filter((column) => column.secret).map((column) => column.header)).toEqual(
      definition.fields.filter((field) => field.type === 'secret').map((field) => field.header),
    );
  }
});

test('the table holds together: keys, display fields and parents name what exists', () => {
  for (const { object, key, display, parents, fields } of canonicalObjects) {
    const names = fields.map((field) => field.field);
    expect({ object, twice: names.filter((name, index) => names.indexOf(name) !== index) }).toEqual({
      object,
      twice: [],
    });
    for (const name of [key, display]) if (name !== null) expect(names).toContain(name);
    for (const parent of parents) {
      expect(names).toContain(parent.field);
      if (typeof parent.object === 'string') expect(canonicalObject(parent.object).key).not.toBeNull();
      else expect(names).toContain(parent.object.field);
    }
  }
});

describe('matching', () => {
  test('aliases, context and the words of other trades', () => {
    expect(matched('booking', ['Job ID', 'Client ID', 'booking_status', 'Job Number', 'Price'])).toEqual([
      'booking_id',
      'customer_id',
      'status',
      'booking_number',
      'total',
    ]);
    expect(matched('customer', ['* First Name', 'E-mail', 'Surname', 'ZIP'])).toEqual([
      'first_name',
      'email',
      'last_name',
      'postcode',
    ]);
    expect(matched('fieldworker', ['Technician ID', 'Name', 'Login'])).toEqual([
      'fieldworker_id',
      'display_name',
      'email',
    ]);
  });

  test('one column for one field: the documented name wins over an alias that stands before it', () => {
    expect(matched('customer', ['Name', 'Full name', 'Customer ID', 'ID'])).toEqual([
      null,
      'full_name',
      'customer_id',
      null,
    ]);
  });

  test('custom fields and unknown columns keep their header, doubled and empty ones get a name', () => {
    const { columns } = matchHeaders(canonicalObject('booking'), [
      'Booking ID',
      'cf:701:Status',
      'Shoe size',
      'Shoe size',
      '',
      '__proto__',
    ]);
    expect(columns.map(({ header, field }) => [header, field])).toEqual([
      ['Booking ID', 'booking_id'],
      ['cf:701:Status', null],
      ['Shoe size', null],
      ['Shoe size (2)', null],
      ['column 5', null],
      ['__proto__', null],
    ]);
  });

  test('credentials and card data are secret wherever they stand; harmless neighbours are not', () => {
    expect(
      matched('customer', [
        'Password',
        'Card Number',
        'CVV',
        'cf:9:Bank account',
        'PAN',
        'card_expiry',
        'IBAN',
      ]),
    ).toEqual(Array(7).fill('(secret)'));
    expect(matched('payment', ['Card last4', 'Reference'])).toEqual(['card_last4', 'reference']);
    expect(matched('booking', ['cf:701:Gate code', 'cf:1:Oven pan'])).toEqual([null, null]);
  });

  test('missing required columns are named; a display number stands in for a missing id', () => {
    expect(matchHeaders(canonicalObject('booking'), ['Booking ID']).missing).toEqual([
      'Customer ID',
      'Status',
    ]);
    expect(matchHeaders(canonicalObject('quote'), ['Quote number', 'Customer ID', 'Status']).missing).toEqual(
      [],
    );
  });
});

test.each([
  ['customers.csv', 'customer'],
  ['Customers (2).csv', 'customer'],
  ['customers_1.csv', 'customer'],
  ['export-customers-2025-11-17.csv', 'customer'],
  ['clients.csv', 'customer'],
  ['Work Orders.csv', 'booking'],
  ['booking-list.csv', 'booking'],
  ['technicians_part3.csv', 'fieldworker'],
  ['custom_field_values.csv', 'custom_field_value'],
  ['booking_statuses.csv', 'booking_status'],
  ['customer_addresses.csv', 'customer_address'],
  ['status_history.csv', 'status_history'],
  ['estimate lines.csv', 'quote_item'],
  ['service_areas.json', 'service_area'],
  ['readme.csv', undefined],
])('%s is of %s', (path, object) => {
  expect(objectOfFileName(path)?.object).toBe(object);
});

test('every documented file name leads to its object', () => {
  for (const { file, object } of canonicalObjects)
    expect(objectOfFileName(`${file}.csv`)?.object).toBe(object);
});

test('field names and object words', () => {
  expect(
    ['Booking ID(s)', 'SHA-256', 'email2', 'Service/Product ID', 'Check-in lat/long'].map(fieldOfHeader),
  ).toEqual(['booking_ids', 'sha_256', 'email2', 'service_product_id', 'check_in_lat_long']);
  expect(['booking', 'Bookings', 'property', 'Estimate', 'constructor', ''].map(objectOfWord)).toEqual([
    'booking',
    'booking',
    'customer_property',
    'quote',
    undefined,
    undefined,
  ]);
  expect(normaliseHeader('Price (inc GST)')).not.toBe(normaliseHeader('Price (ex GST)'));
});
