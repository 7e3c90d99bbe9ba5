import { describe, expect, test } from 'vitest';
import { codesOf, contentOf, mapIn, type Package, payloadsOf, row } from './fixtures.js';

const inquiry = row('inquiry', '604', {
  inquiry_id: '604',
  inquiry_number: 'INQ-604',
  customer_id: '1038',
  status: 'Follow Up',
  source: 'Referral',
  created: '2025-07-29T18:22:00+10:00',
  follow_up_date: '2025-11-24',
  owner_id: '11',
  services: '["303","Oven"]',
  address: '24 Bluegum Circuit, Chatswood NSW 2067',
  notes: 'Fortnightly clean,<br>three bedrooms 🧽 =HYPERLINK("x")',
});
const change = (fields: Record<string, string>, without: string[] = []) => {
  const changed: Record<string, string> = { ...inquiry.fields, ...fields };
  for (const field of without) delete changed[field];
  return row('inquiry', '604', changed);
};
const asDeals = { settings: { ...contentOf({}).settings, inquiries: 'deals' as const } };
const booking = row('booking', '10104', {
  booking_id: '10104',
  booking_number: 'BOK-104',
  customer_id: '1038',
});
const quote = row('quote', '404', {
  quote_id: '404',
  quote_number: 'EST-404',
  customer_id: '1038',
  status: 'Sent',
});
const payloadOf = (pack: Package, source = inquiry) => mapIn(pack, source).records.at(-1)?.payload;

describe('inquiry', () => {
  test('a lead that is not new to anybody, with its number, time and words in fields of deals', () => {
    const customers = { '1038': { person: 'customer:1038', organization: 'customer:1038#org' } };
    const mapped = mapIn({ customers }, inquiry);
    expect(mapped.outcome.outcome).toBe('mapped');
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "lead inquiry:604": {
          "custom_fields": {
            "Inquiry created": "2025-07-29T08:22:00Z",
            "Inquiry number": "INQ-604",
            "Job address": {
              "value": "24 Bluegum Circuit, Chatswood NSW 2067",
            },
            "More details": "Inquiry status: Follow Up
      Follow up date: 2025-11-24
      Description: Fortnightly clean,
        three bedrooms 🧽 =HYPERLINK("x")",
            "OctopusPro ID": "inquiry:604",
            "Services": "Deep clean
      Oven",
            "Source": "Referral",
          },
          "label_ids": {
            "$labels": [
              "Follow Up",
            ],
          },
          "organization_id": {
            "$ref": "customer:1038#org",
          },
          "origin_id": "inquiry:604",
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "person_id": {
            "$ref": "customer:1038",
          },
          "title": "Deep clean, Oven · INQ-604",
          "was_seen": true,
        },
      }
    `);
  });

  test('the settings wish it: a deal in the first stage', () => {
    const mapped = mapIn({ content: asDeals }, inquiry);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "deal inquiry:604#deal": {
          "add_time": "2025-07-29T08:22:00Z",
          "custom_fields": {
            "Inquiry created": "2025-07-29T08:22:00Z",
            "Inquiry number": "INQ-604",
            "Job address": {
              "value": "24 Bluegum Circuit, Chatswood NSW 2067",
            },
            "More details": "Inquiry status: Follow Up
      Follow up date: 2025-11-24
      Description: Fortnightly clean,
        three bedrooms 🧽 =HYPERLINK("x")",
            "OctopusPro ID": "inquiry:604#deal",
            "Services": "Deep clean
      Oven",
            "Source": "Referral",
          },
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "person_id": {
            "$ref": "customer:1038",
          },
          "stage_id": {
            "$stage": {
              "pipeline": "Bookings",
              "stage": "Inquiry",
            },
          },
          "status": "open",
          "title": "Deep clean, Oven · INQ-604",
        },
      }
    `);
  });

  test.each([
    ['New', { status: 'open', stage: 'Inquiry' }],
    ['FOLLOW-UP', { status: 'open', stage: 'Inquiry' }],
    ['', { status: 'open', stage: 'Inquiry' }],
    [
      'Closed',
      { status: 'lost', stage: 'Inquiry', lost_reason: 'Closed', lost_time: '2025-07-29T08:22:00Z' },
    ],
    // What it became is not in the export: nobody is to take it for won or lost.
    ['Converted', { status: 'open', stage: 'Needs review' }],
    ['constructor', { status: 'open', stage: 'Needs review', codes: ['unknown_status status'] }],
  ])('as a deal, %s', (status, { stage, codes = [], ...expected }: Record<string, unknown>) => {
    const source = status === '' ? change({}, ['status']) : change({ status });
    const mapped = mapIn({ content: asDeals }, source);
    expect(mapped.records[0]?.payload).toMatchObject({
      ...expected,
      stage_id: { $stage: { pipeline: 'Bookings', stage } },
    });
    expect(codesOf(mapped)).toEqual(codes);
  });

  test('as a lead a status of the tenant’s own is no finding: it is kept as it is', () => {
    const mapped = mapIn({}, change({ status: 'Hot prospect' }));
    expect(codesOf(mapped)).toEqual([]);
    expect(JSON.stringify(mapped.records[0]?.payload)).toContain('Inquiry status: Hot prospect');
  });

  test.each([
    ['it names the booking', { booking_id: '10104' }, [booking], ['booking:10104']],
    [
      'the booking names it',
      {},
      [{ ...booking, fields: { ...booking.fields, inquiry_id: '604' } }],
      ['booking:10104'],
    ],
    ['it names the quote', { quote_id: '404' }, [quote], ['quote:404']],
    ['the quote names it', {}, [{ ...quote, fields: { ...quote.fields, inquiry_id: '604' } }], ['quote:404']],
    [
      'first a quote, then a booking: it stands on both',
      { quote_id: '404', booking_id: '10104' },
      [quote, booking],
      ['booking:10104', 'quote:404'],
    ],
  ])('%s: that deal goes on in its place, whatever the settings', (_, fields, rows, keys) => {
    for (const content of [{}, asDeals]) {
      const mapped = mapIn({ rows, content }, change({ status: 'Converted', ...fields }));
      expect([mapped.outcome.outcome, mapped.records]).toEqual(['merged', []]);
      expect(mapped.links.map((link) => `${link.targetKey} ${link.role}`)).toEqual(
        keys.map((key) => `${key} merged`),
      );
    }
  });

  test('the booking it became was set aside: an inquiry after all', () => {
    const mapped = mapIn(
      { rows: [booking], notMapped: ['booking:10104'] },
      change({ status: 'Converted', booking_id: '10104' }),
    );
    expect(payloadsOf(mapped)).toHaveProperty('lead inquiry:604');
  });

  test('its quote was merged into the booking: it goes there, too', () => {
    const content = { settings: { ...contentOf({}).settings, quoteDeals: 'merged' as const } };
    const its = row('quote', '404', { ...quote.fields, booking_id: '10104' });
    const pack = { rows: [its, booking], notMapped: ['quote:404'], content };
    const mapped = mapIn(pack, change({ quote_id: '404' }));
    expect(mapped.links.map((link) => link.targetKey)).toEqual(['booking:10104']);
    const deal = mapIn({ ...pack, rows: [its, change({ quote_id: '404' })] }, booking).records[0]?.payload;
    expect(deal?.custom_fields).toMatchObject({ 'Inquiry number': 'INQ-604' });
  });

  test('the deal it became says all of it, once, and no amount comes with it', () => {
    const its = row('booking', '10104', { ...booking.fields, inquiry_id: '604', quote_id: '404' });
    const pack = { rows: [change({ booking_id: '10104', quote_id: '404' }), quote] };
    const deal = mapIn(pack, its).records[0]?.payload;
    expect(deal?.custom_fields).toMatchInlineSnapshot(`
      {
        "Booking number": "BOK-104",
        "Inquiry number": "INQ-604",
        "More details": "Inquiry: Number: INQ-604
        Status: Follow Up
        Source: Referral
        Created: 2025-07-29 18:22
        Follow up: 2025-11-24
        Services: Deep clean, Oven
        Address: 24 Bluegum Circuit, Chatswood NSW 2067
        
        Fortnightly clean,
        three bedrooms 🧽 =HYPERLINK("x")",
        "OctopusPro ID": "booking:10104",
        "Quote number": "EST-404",
      }
    `);
    expect(deal).not.toHaveProperty('value');
    expect(mapIn(pack, quote).records[0]?.payload.custom_fields).toMatchObject({
      'Inquiry number': 'INQ-604',
    });
  });

  test('somebody who is no customer: a person of their own behind the lead', () => {
    const caller = change(
      { customer_name: 'Zoë O’Brien', email: 'ZOE@kelpmail.example; n/a', phone: '0491 570 156' },
      ['customer_id'],
    );
    const mapped = mapIn({}, caller);
    expect(mapped.records.map((record) => [record.entity, record.targetKey])).toEqual([
      ['person', 'inquiry:604#person'],
      ['lead', 'inquiry:604'],
    ]);
    expect(mapped.records[0]?.payload).toMatchInlineSnapshot(`
      {
        "add_time": "2025-07-29T08:22:00Z",
        "custom_fields": {
          "OctopusPro ID": "inquiry:604#person",
        },
        "emails": [
          {
            "label": "home",
            "primary": true,
            "value": "zoe@kelpmail.example",
          },
        ],
        "name": "Zoë O’Brien",
        "owner_id": {
          "$owner": [
            "user:11",
          ],
        },
        "phones": [
          {
            "label": "home",
            "primary": true,
            "value": "+61491570156",
          },
        ],
      }
    `);
    expect(mapped.records[1]?.payload).toMatchObject({ person_id: { $ref: 'inquiry:604#person' } });
  });

  test.each([
    [{ email: 'a@kelpmail.example' }, 'a@kelpmail.example'],
    [{ phone: 'call me' }, 'call me'],
    [{}, 'Inquiry INQ-604'],
  ])('without a name and with %j the person is called %s', (fields, name) => {
    const mapped = mapIn({}, change(fields, ['customer_id']));
    expect(mapped.records[0]?.payload.name).toBe(name);
    expect(codesOf(mapped)).toContain('missing_name customer_name');
  });

  test('everything empty: still a lead with a person behind it', () => {
    const mapped = mapIn({}, row('inquiry', '9', { inquiry_id: '9' }));
    expect(payloadsOf(mapped)).toMatchObject({
      'person inquiry:9#person': { name: 'Inquiry 9' },
      'lead inquiry:9': { title: 'Inquiry · 9', person_id: { $ref: 'inquiry:9#person' } },
    });
  });

  test('a company without a person: the lead is the organization’s', () => {
    const customers = { '1038': { person: null, organization: 'customer:1038#org' } };
    const payload = payloadOf({ customers });
    expect(payload).toMatchObject({ organization_id: { $ref: 'customer:1038#org' } });
    expect(payload).not.toHaveProperty('person_id');
  });

  test.each([
    ['its customer was set aside', change({ customer_id: '1999' }), 'rejected', 'orphan_reference'],
    ['deleted by its status', change({ status: 'Deleted' }), 'excluded', 'deleted'],
  ])('%s', (_, source, outcome, reason) => {
    expect(mapIn({}, source).outcome).toMatchObject({ outcome, reason });
  });

  test('deleted ones are wished: lost', () => {
    const content = { settings: { ...asDeals.settings, includeDeleted: true } };
    expect(payloadOf({ content }, change({ status: 'Deleted' }))).toMatchObject({ status: 'lost' });
  });

  test('a date that does not exist is told and left out; a title too long keeps its number', () => {
    const mapped = mapIn({}, change({ created: '2025-02-31', services: 'x'.repeat(400) }));
    expect(codesOf(mapped)).toEqual(['value_too_long services', 'unparseable_date created']);
    const payload = mapped.records[0]?.payload;
    expect(String(payload?.title)).toHaveLength(255);
    expect(String(payload?.title).endsWith('… · INQ-604')).toBe(true);
    expect(payload?.custom_fields).not.toHaveProperty('Inquiry created');
  });

  test('the tenant’s own fields come along, as columns or in the long form', () => {
    const urgency = { id: '708', label: 'Urgency', appliesTo: 'inquiry', type: 'Text box', options: [] };
    const header = 'cf:708:Urgency';
    const content = {
      objects: [
        {
          object: 'inquiry',
          rows: 1,
          supported: true,
          columns: [
            {
              header,
              field: null,
              target: { entity: 'deal', field: 'Urgency', custom: true },
              confidence: 1,
              evidence: '',
              lossy: null,
            },
          ],
        },
      ],
    };
    const long = row('custom_field_value', '', {
      object: 'inquiry',
      record_id: '604',
      field_id: '708',
      value: 'High',
    });
    const pack = { content, customFields: [urgency] };
    const details = (payload: unknown) => JSON.stringify(payload);
    expect(details(payloadOf(pack, row('inquiry', '604', inquiry.fields, { [header]: 'Low' })))).toContain(
      'Urgency: Low',
    );
    expect(details(payloadOf({ ...pack, rows: [long] }))).toContain('Urgency: High');
    expect(mapIn({ ...pack, rows: [inquiry] }, long).links.map((link) => link.targetKey)).toEqual([]);
    expect(mapIn({ ...pack, rows: [inquiry] }, long).outcome.outcome).toBe('merged');
    // On the deal it became, too.
    const its = row('booking', '10104', { ...booking.fields, inquiry_id: '604' });
    expect(details(mapIn({ ...pack, rows: [inquiry, long] }, its).records[0]?.payload)).toContain(
      'Urgency: High',
    );
  });
});

describe('what hangs on an inquiry', () => {
  const onInquiry = {
    note: row('note', '1', { note_id: '1', object: 'enquiry', object_id: '604', body: 'Called' }),
    communication: row('communication', '2', {
      message_id: '2',
      channel: 'SMS',
      object: 'inquiry',
      object_id: '604',
      body: 'When?',
    }),
    complaint: row('complaint', '3', { complaint_id: '3', object: 'inquiry', object_id: '604' }),
    attachment: row('attachment', '4', {
      attachment_id: '4',
      object: 'inquiry',
      object_id: '604',
      path: 'roof.png',
    }),
  };
  const files = { 'roof.png': { bytes: 3, sha256: 'f' } };

  test.each(Object.entries(onInquiry))('a %s stands on the lead', (_, source) => {
    const payload = mapIn({ rows: [inquiry], files }, source).records[0]?.payload;
    expect(payload).toMatchObject({ lead_id: { $ref: 'inquiry:604' } });
    expect(payload).not.toHaveProperty('deal_id');
    expect(payload).not.toHaveProperty('person_id');
  });

  test.each(Object.entries(onInquiry))('a %s stands on the deal, where inquiries are deals', (_, source) => {
    const payload = mapIn({ rows: [inquiry], files, content: asDeals }, source).records[0]?.payload;
    expect(payload).toMatchObject({ deal_id: { $ref: 'inquiry:604#deal' } });
    expect(payload).not.toHaveProperty('lead_id');
  });

  test.each(Object.entries(onInquiry))('a %s goes with an inquiry that became a booking', (_, source) => {
    const rows = [change({ booking_id: '10104' }), booking];
    const payload = mapIn({ rows, files }, source).records[0]?.payload;
    expect(payload).toMatchObject({ deal_id: { $ref: 'booking:10104' } });
    expect(payload).not.toHaveProperty('lead_id');
  });

  test('of an inquiry that was left out: on its customer', () => {
    const payload = mapIn({ rows: [inquiry], notMapped: ['inquiry:604'] }, onInquiry.note).records[0]
      ?.payload;
    expect(payload).toMatchObject({ person_id: { $ref: 'customer:1038' } });
  });
});
