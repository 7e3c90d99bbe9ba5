import { describe, expect, test } from 'vitest';
import type { MappingContent } from '../mapping/content.js';
import { codesOf, mapIn, type Package, payloadsOf, row } from './fixtures.js';

const definitions = [
  { id: '716', label: 'Customer sign-off', type: 'Signature' },
  { id: '717', label: 'Before / after', type: 'Image' },
  { id: '701', label: 'Gate code', type: 'Text box' },
];
const png = { bytes: 2718, sha256: 'a'.repeat(64) };

/** Every own field is carried, as the proposal has it: a text in a field or packed, a file packed by its name. */
function packOf(object: string, more: Package): Package {
  const columns = definitions.map(({ id, label, type }) => ({
    header: `cf:${id}:${label}`,
    field: null,
    target: { entity: 'deal', field: label, custom: true },
    confidence: 1,
    evidence: `defined as ${type}`,
    lossy: null,
  }));
  const objects: MappingContent['objects'] = [{ object, rows: 1, supported: true, columns }];
  return {
    customFields: definitions.map((field) => ({ ...field, appliesTo: object, options: [] })),
    content: { objects },
    ...more,
  };
}

describe('files in the tenant’s own fields', () => {
  const base = {
    customer_id: '1053',
    status: 'Completed',
    booking_number: 'BOK-104',
    actual_end: '2025-01-18T15:10:00+11:00',
  };
  const signed = row('booking', '10104', base, {
    'cf:716:Customer sign-off': 'attachments/bookings/10104/signature.png',
    'cf:717:Before / after': '["kitchen.png", "oven.png", "https://photos.example/3.png"]',
    'cf:701:Gate code': '4711',
  });

  test('a signature is an activity with its file; pictures are files of the deal; More details names them', () => {
    const files = {
      'attachments/bookings/10104/signature.png': png,
      // Named without its folder: it lies where the package keeps the files of a booking.
      'attachments/bookings/10104/oven.png': png,
    };
    const mapped = mapIn(packOf('booking', { files }), signed);
    expect(codesOf(mapped)).toEqual(['missing_file cf:717:Before / after']);
    const { 'deal booking:10104': deal, ...rest } = payloadsOf(mapped);
    expect((deal as { custom_fields: object }).custom_fields).toMatchObject({
      'More details':
        'Customer sign-off: signature.png\nBefore / after: kitchen.png, oven.png, 3.png\nGate code: 4711',
    });
    expect(rest).toMatchInlineSnapshot(`
      {
        "activity booking:10104#signature-716": {
          "deal_id": {
            "$ref": "booking:10104",
          },
          "done": true,
          "due_date": "2025-01-18",
          "note": "Signature: Customer sign-off<br>File: signature.png<br><br>Signed in OctopusPro; its legal value does not move with it. New signatures belong into Smart Docs.<br><br>OctopusPro booking:10104#signature-716 · BOK-104",
          "participants": [
            {
              "person_id": {
                "$ref": "customer:1053",
              },
              "primary": true,
            },
          ],
          "subject": "Signature: Customer sign-off · BOK-104",
          "type": {
            "$activityType": "Form",
          },
        },
        "file booking:10104#field-716": {
          "activity_id": {
            "$ref": "booking:10104#signature-716",
          },
          "deal_id": {
            "$ref": "booking:10104",
          },
          "file": {
            "$file": {
              "bytes": 2718,
              "path": "attachments/bookings/10104/signature.png",
              "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            },
          },
          "name": "Customer sign-off - signature (OctopusPro booking-10104~field-716).png",
        },
        "file booking:10104#field-717-2": {
          "deal_id": {
            "$ref": "booking:10104",
          },
          "file": {
            "$file": {
              "bytes": 2718,
              "path": "attachments/bookings/10104/oven.png",
              "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            },
          },
          "name": "Before - after - oven (OctopusPro booking-10104~field-717-2).png",
        },
      }
    `);
    expect(mapped.links.map(({ slot, role }) => `${slot} ${role}`)).toEqual([
      ' primary',
      'signature-716 contributes',
      'field-716 contributes',
      'field-717-2 contributes',
    ]);
  });

  test('a file that the list of attachments has is not sent twice; one of nothing is not sent at all', () => {
    const listed = row('attachment', '60011', {
      object: 'booking',
      object_id: '10104',
      file_name: 'signature.png',
      path: 'attachments/bookings/10104/signature.png',
    });
    const files = {
      'attachments/bookings/10104/signature.png': png,
      'attachments/bookings/10104/oven.png': { ...png, bytes: 0 },
      'attachments/bookings/10104/kitchen.png': png,
    };
    const mapped = mapIn(packOf('booking', { rows: [listed], files }), signed);
    expect(codesOf(mapped)).toEqual([]);
    expect(Object.keys(payloadsOf(mapped))).toEqual([
      'deal booking:10104',
      'activity booking:10104#signature-716',
      'file booking:10104#field-717',
    ]);
  });

  test('of a customer without a person they stand on the organization; a service has files, but no activity', () => {
    const customer = row(
      'customer',
      '1050',
      { business_name: 'Beacon Point Strata' },
      { 'cf:716:Customer sign-off': 'a.pdf' },
    );
    const customers = { 1050: { person: null, organization: 'customer:1050#org' } };
    const ofCustomer = payloadsOf(
      mapIn(packOf('customer', { customers, files: { 'a.pdf': png } }), customer),
    );
    expect(ofCustomer['activity customer:1050#signature-716']).toMatchObject({
      subject: 'Signature: Customer sign-off',
      org_id: { $ref: 'customer:1050#org' },
    });
    expect(ofCustomer['file customer:1050#field-716']).toMatchObject({
      activity_id: { $ref: 'customer:1050#signature-716' },
      org_id: { $ref: 'customer:1050#org' },
    });
    const service = row('service', '303', { service_name: 'Clean' }, { 'cf:716:Customer sign-off': 'a.pdf' });
    const ofService = payloadsOf(mapIn(packOf('service', { files: { 'a.pdf': png } }), service));
    expect(Object.keys(ofService)).toEqual(['product service:303', 'file service:303#field-716']);
    expect(ofService['file service:303#field-716']).toMatchObject({ product_id: { $ref: 'service:303' } });
  });

  test('a column that the confirmed mapping does not carry makes no records', () => {
    const pack = packOf('booking', { files: { 'attachments/bookings/10104/signature.png': png } });
    const objects = (pack.content?.objects ?? []).map((object) => ({
      ...object,
      columns: object.columns.map((column) => ({ ...column, target: null })),
    }));
    expect(Object.keys(payloadsOf(mapIn({ ...pack, content: { objects } }, signed)))).toEqual([
      'deal booking:10104',
    ]);
  });
});

test('own fields of quotes and services are fields of their deal and product, from the long form, too', () => {
  const value = (object: string, id: string) =>
    row('custom_field_value', '', { object, record_id: id, field_id: '701', value: '4711' });
  const quote = row('quote', '401', { quote_id: '401', customer_id: '1053', booking_id: '10104' });
  const service = row('service', '303', { service_name: 'Clean' });
  const ofQuote = packOf('quote', { rows: [value('Estimates', '401')] });
  const more = (payload: unknown) =>
    (payload as { custom_fields: { 'More details': string } }).custom_fields['More details'];
  expect(
    more(payloadsOf(mapIn({ ...ofQuote, rows: [value('quote', '401')] }, quote))['deal quote:401']),
  ).toBe('Gate code: 4711');
  const ofService = packOf('service', { rows: [value('service', '303')] });
  expect(more(payloadsOf(mapIn(ofService, service))['product service:303'])).toBe('Gate code: 4711');
  // A value is merged where its record is: the quote's own deal, or the booking's when it has none.
  const linkOf = (notMapped: string[]) =>
    mapIn(
      { ...packOf('quote', {}), rows: [quote, row('booking', '10104', {})], notMapped },
      value('Estimates', '401'),
    ).outcome;
  expect(linkOf([])).toMatchObject({ outcome: 'merged' });
  expect(linkOf(['quote:401'])).toMatchObject({ outcome: 'merged' });
  expect(linkOf(['quote:401', 'booking:10104'])).toMatchObject({
    outcome: 'rejected',
    reason: 'orphan_reference',
  });
});
