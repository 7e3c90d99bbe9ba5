import { describe, expect, test } from 'vitest';
import { codesOf, mapIn, payloadsOf, row } from './fixtures.js';

const booking = row('booking', '10101', {
  booking_id: '10101',
  booking_number: 'BOK-101',
  customer_id: '1053',
});

describe('form_response', () => {
  const rows = [
    booking,
    row('form', '82', { form_id: '82', name: 'Completion checklist' }),
    row('form_field', '821', {
      form_field_id: '821',
      form_id: '82',
      label: 'All rooms done',
      type: 'Toggle',
    }),
    row('form_field', '822', {
      form_field_id: '822',
      form_id: '82',
      label: 'Rooms skipped',
      type: 'List',
      options: '["Study","Nursery, upstairs","Garage"]',
    }),
    row('form_field', '824', { form_field_id: '824', form_id: '82', label: 'After photo', type: 'Image' }),
    row('attachment', '60027', { attachment_id: '60027', file_name: 'after-1.png' }),
  ];
  const answer = (
    form_field_id: string,
    value: string,
    rowNumber: number,
    more: Record<string, string> = {},
  ) => ({
    ...row('form_response', '', {
      response_id: '8002',
      form_id: '82',
      booking_id: '10101',
      submitted_by: 'Maeve D.',
      submitted_at: '2025-01-01T04:08:00+11:00',
      form_field_id,
      ...(value === '' ? {} : { value }),
      ...more,
    }),
    rowNumber,
  });
  const first = answer('821', 'true', 1);
  const skipped = answer('822', 'Nursery, upstairs; Study', 2);
  const photo = answer('824', 'after-1.png', 3, { attachment_ids: '["60027"]' });

  test('all answers of a response are one done activity on the deal; the first row makes it', () => {
    const mapped = mapIn({ rows: [...rows, skipped, photo] }, first);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "activity form_response:8002#10101": {
          "deal_id": {
            "$ref": "booking:10101",
          },
          "done": true,
          "due_date": "2024-12-31",
          "due_time": "17:08",
          "note": "Form: Completion checklist<br>Booking: BOK-101<br>Submitted by: Maeve D.<br>Submitted: 2025-01-01 04:08<br><br>All rooms done: Yes<br>Rooms skipped: Nursery, upstairs; Study<br>After photo: after-1.png<br><br>OctopusPro form_response:8002#10101 · BOK-101",
          "owner_id": {
            "$owner": [
              "fieldworker:41",
            ],
          },
          "participants": [
            {
              "person_id": {
                "$ref": "customer:1053",
              },
              "primary": true,
            },
          ],
          "subject": "Completion checklist · BOK-101",
          "type": {
            "$activityType": "Form",
          },
        },
      }
    `);
    expect(mapped.links).toEqual([
      {
        object: 'form_response',
        sourceId: '8002',
        slot: '',
        targetKey: 'form_response:8002#10101',
        role: 'primary',
      },
    ]);
    expect(mapIn({ rows: [...rows, { ...skipped, rowNumber: 0 }] }, photo).outcome.outcome).toBe('merged');
  });

  test('a response id of any form: within its booking, without blanks', () => {
    const odd = answer('821', 'no', 1, { response_id: 'Visit 1 <a·b>' });
    const [record] = mapIn({ rows }, odd).records;
    expect(record?.targetKey).toBe('form_response:Visit%201%20%3Ca%C2%B7b%3E#10101');
    expect(record?.payload.note).toContain('All rooms done: No');
  });

  test('nothing answered, by nobody, at no time: still one activity', () => {
    const { submitted_at: _, ...fields } = answer('821', '', 1).fields;
    const mapped = mapIn({ rows }, row('form_response', '', { ...fields, submitted_by: 'A stranger' }));
    expect(mapped.records[0]?.payload.note).toContain('No question was answered.');
    expect(mapped.records[0]?.payload).not.toHaveProperty('due_date');
  });

  test('of a booking that was set aside', () => {
    expect(mapIn({ rows, notMapped: ['booking:10101'] }, first).outcome.reason).toBe('orphan_reference');
  });
});

describe('customer_property', () => {
  test('is a note on the customer with all that is known of it, the tenant’s own fields too', () => {
    const property = row(
      'customer_property',
      '2001',
      {
        property_id: '2001',
        customer_id: '1001',
        property_type: 'pet',
        name: 'Biscuit',
        created: '2025-03-01',
        notes: '<b>Bites</b>',
      },
      { 'cf:751:Care notes': 'Kelpie cross, friendly', Mystery: '=1+1' },
    );
    const value = row('custom_field_value', '', {
      object: 'property',
      record_id: '2001',
      label: 'Chip',
      value: '9 00 4',
    });
    const long = { ...value, fields: { ...value.fields, object: 'customer_property' } };
    expect(payloadsOf(mapIn({ rows: [long] }, property))).toMatchInlineSnapshot(`
      {
        "note customer_property:2001": {
          "add_time": "2025-02-28T13:00:00Z",
          "content": "Property: Biscuit<br>Kind: pet<br>Care notes: Kelpie cross, friendly<br>Mystery: =1+1<br>Chip: 9 00 4<br><br>Bites<br><br>OctopusPro customer_property:2001",
          "person_id": {
            "$ref": "customer:1001",
          },
        },
      }
    `);
    expect(mapIn({ rows: [property] }, value).outcome.outcome).toBe('merged');
  });

  test('is named on the deal of a booking', () => {
    const property = row('customer_property', '2001', {
      property_id: '2001',
      property_type: 'pet',
      name: 'Biscuit',
    });
    const with2 = row('booking', '10101', { ...booking.fields, customer_property_ids: '2001; 2999' });
    expect(mapIn({ rows: [property] }, with2).records[0]?.payload.custom_fields).toMatchObject({
      'More details': 'Properties: pet Biscuit, 2999',
    });
  });

  test('without its customer it is set aside; a date that cannot be read is told', () => {
    const orphan = row('customer_property', '1', { property_id: '1', customer_id: '1999' });
    expect(mapIn({}, orphan).outcome.reason).toBe('orphan_reference');
    const odd = row('customer_property', '2', { property_id: '2', customer_id: '1', created: '31/02/2025' });
    expect(codesOf(mapIn({}, odd))).toEqual(['unparseable_date created']);
  });
});

describe('customer_address', () => {
  const customer = row('customer', '1005', {
    customer_id: '1005',
    street_number: '14',
    street_address: 'Wattlebird Street',
    suburb: 'Manly',
  });
  const address = (id: string, fields: Record<string, string>) =>
    row('customer_address', id, { customer_id: '1005', ...fields });
  const other = {
    unit: '3',
    street_address: '54 Lemon Myrtle Avenue',
    label: 'Parents’ flat',
    type: 'service',
  };

  test('another place is a note', () => {
    const mapped = mapIn(
      { rows: [customer] },
      address('3103', { ...other, latitude: '-33.8', is_primary: 'false' }),
    );
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "note customer_address:3103": {
          "content": "Address: 3, 54 Lemon Myrtle Avenue<br>Label: Parents’ flat<br>Kind: service<br>Position: -33.8<br><br>OctopusPro customer_address:3103",
          "person_id": {
            "$ref": "customer:1005",
          },
        },
      }
    `);
  });

  test('the place the customer has anyway, however it is spelt, is in the person', () => {
    const same = address('3001', {
      street_address: '14 WATTLEBIRD  STREET',
      suburb: 'manly',
      is_primary: 'true',
    });
    const mapped = mapIn({ rows: [customer] }, same);
    expect([mapped.outcome.outcome, mapped.links[0]?.targetKey]).toEqual(['merged', 'customer:1005']);
    expect(mapIn({ rows: [customer] }, address('3002', { label: 'Empty' })).outcome.outcome).toBe('merged');
  });

  test('addresses without ids are told apart by their place among those of the customer', () => {
    const second = { ...address('', { ...other, suburb: 'Leichhardt' }), rowNumber: 2 };
    expect(mapIn({ rows: [customer, second] }, address('', other)).records[0]?.targetKey).toBe(
      'customer_address:1005#1',
    );
    const before = { ...second, rowNumber: 0 };
    expect(mapIn({ rows: [customer, before] }, address('', other)).records[0]?.targetKey).toBe(
      'customer_address:1005#2',
    );
  });
});
