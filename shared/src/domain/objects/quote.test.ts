import { describe, expect, test } from 'vitest';
import { codesOf, contentOf, mapIn, payloadsOf, row } from './fixtures.js';

const booking = row('booking', '10130', {
  booking_id: '10130',
  booking_number: 'BOK-130',
  customer_id: '1021',
  status: 'Cancelled',
  total: '1138.50',
  created: '2025-03-27T09:00:00+11:00',
  modified: '2025-09-01T09:00:00+10:00',
});
const quote = row('quote', '402', {
  quote_id: '402',
  quote_number: 'EST-402',
  customer_id: '1021',
  status: 'Accepted',
  quote_date: '2025-03-21',
  expiry_date: '2025-04-20',
  sent_at: '2025-03-21T10:32:00+11:00',
  accepted_at: '2025-03-26T15:28:00+11:00',
  total: '1138.50',
  signed_by: 'Viktor Halász',
  signed_at: '2025-03-26T15:28:00+11:00',
  booking_id: '10130',
  owner_id: '11',
  address: '19 Ironbark Street, Cremorne NSW 2090',
  description: 'Two-day garden makeover\nwith chipper',
  labels: '["Website lead"]',
  created: '2025-03-21T10:02:00+11:00',
});
const item = row('quote_item', '40002', {
  quote_item_id: '40002',
  quote_id: '402',
  service_name: 'Garden tidy-up',
  quantity: '16',
  unit_price: '66.00',
  line_total: '1056.00',
});
const merged = { settings: { ...contentOf({}).settings, quoteDeals: 'merged' as const } };
const change = (fields: Record<string, string>) => {
  const { booking_id: _, accepted_at: __, signed_at: ___, ...rest } = quote.fields;
  return row('quote', '402', { ...rest, ...fields });
};

describe('quote', () => {
  test('that became a booking: won when it was accepted, without a value, and each deal names the other', () => {
    expect(payloadsOf(mapIn({ rows: [booking, item] }, quote))).toMatchInlineSnapshot(`
      {
        "deal quote:402": {
          "add_time": "2025-03-20T23:02:00Z",
          "currency": "AUD",
          "custom_fields": {
            "Booking number": "BOK-130",
            "Job address": {
              "value": "19 Ironbark Street, Cremorne NSW 2090",
            },
            "More details": "Quote date: 2025-03-21
      Quote valid until: 2025-04-20
      Description: Two-day garden makeover
        with chipper
      Quote total: AUD 1138.50
      Quote status: Accepted
      Quote sent: 2025-03-21 10:32
      Quote accepted: 2025-03-26 15:28
      Quote signed: Viktor Halász, 2025-03-26 15:28",
            "OctopusPro ID": "quote:402",
            "Quote number": "EST-402",
            "Services": "Garden tidy-up: 16 × AUD 66.00 = AUD 1056.00",
          },
          "label_ids": {
            "$labels": [
              "Website lead",
              "Quote accepted",
            ],
          },
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "person_id": {
            "$ref": "customer:1021",
          },
          "stage_id": {
            "$stage": {
              "pipeline": "Bookings",
              "stage": "Quoting",
            },
          },
          "status": "won",
          "title": "Two-day garden makeover · EST-402",
          "won_time": "2025-03-26T04:28:00Z",
        },
      }
    `);
    const deal = mapIn({ rows: [quote] }, booking).records[0]?.payload;
    expect(deal?.custom_fields).toMatchObject({ 'Quote number': 'EST-402' });
    expect(deal?.value).toBe('1138.5');
  });

  test('only the booking names the quote: the same', () => {
    const naming = row('booking', '10130', { ...booking.fields, status: 'To Do', quote_id: '402' });
    const payload = mapIn({ rows: [naming] }, change({ status: 'Sent' })).records[0]?.payload;
    expect(payload).toMatchObject({ status: 'won', won_time: '2025-03-26T22:00:00Z' });
    expect(payload).not.toHaveProperty('value');
    expect(payload?.custom_fields).toMatchObject({ 'Booking number': 'BOK-130' });
  });

  test.each([
    ['Sent', 'Completed', { status: 'won' }],
    ['Sent', 'Cancelled', { status: 'lost', lost_reason: 'Booking: Cancelled' }],
    ['Sent', 'Quoted', { status: 'open' }],
    ['Draft', 'Parked', { status: 'open' }],
    ['Expired', 'Confirmed', { status: 'won' }],
    ['Expired', 'Quoted', { status: 'lost', lost_reason: 'Expired' }],
    ['Declined', 'Completed', { status: 'lost', lost_reason: 'Declined' }],
    ['Accepted', 'Cancelled', { status: 'won' }],
  ])(
    '%s, and its booking is %s: what was answered stays, the rest goes with the booking',
    (status, of, expected) => {
      const its = row('booking', '10130', { ...booking.fields, status: of });
      const payload = mapIn({ rows: [its] }, row('quote', '402', { ...quote.fields, status })).records[0]
        ?.payload;
      expect(payload).toMatchObject(expected);
      expect(payload).not.toHaveProperty('value');
    },
  );

  test('the booking was set aside: nobody else counts the sale, so the quote does', () => {
    const payload = mapIn({ rows: [booking], notMapped: ['booking:10130'] }, quote).records[0]?.payload;
    expect(payload).toMatchObject({ status: 'won', value: '1138.5' });
    expect(payload?.custom_fields).not.toHaveProperty('Booking number');
  });

  test('invoiced without a booking: the invoice’s deal counts', () => {
    const invoice = row('invoice', '5', { invoice_id: '5', quote_id: '402', customer_id: '1021' });
    expect(mapIn({ rows: [invoice] }, change({ status: 'Accepted' })).records[0]?.payload).not.toHaveProperty(
      'value',
    );
  });

  test.each([
    ['Sent', {}, { status: 'open', expected_close_date: '2025-04-20', value: '1138.5' }],
    [
      'Declined',
      { declined_at: '2025-03-24', decline_reason: 'Too\nexpensive' },
      { status: 'lost', lost_reason: 'Too expensive', lost_time: '2025-03-23T13:00:00Z' },
    ],
    ['EXPIRED', {}, { status: 'lost', lost_reason: 'EXPIRED', lost_time: '2025-04-19T14:00:00Z' }],
    [
      'Converted',
      { accepted_at: '2025-03-24' },
      { status: 'won', value: '1138.5', won_time: '2025-03-23T13:00:00Z' },
    ],
  ])('%s', (status, fields, expected) => {
    expect(mapIn({}, change({ status, ...fields })).records[0]?.payload).toMatchObject(expected);
  });

  test('a status nobody knows is open and visible; dates and amounts that cannot be read are told', () => {
    const mapped = mapIn(
      {},
      change({ status: 'constructor', total: 'ask me', sent_at: '2025-02-31', created: 'n/a' }),
    );
    expect(codesOf(mapped)).toEqual([
      'unparseable_number total',
      'unknown_status status',
      'unparseable_date sent_at',
    ]);
    expect(mapped.records[0]?.payload).toMatchObject({
      status: 'open',
      stage_id: { $stage: { pipeline: 'Bookings', stage: 'Needs review' } },
    });
  });

  test('merged: no deal of its own, its facts on the booking’s deal, its lines linked there', () => {
    const mapped = mapIn({ rows: [booking], content: merged }, quote);
    expect([mapped.outcome.outcome, mapped.links[0]?.targetKey, mapped.links[0]?.role]).toEqual([
      'merged',
      'booking:10130',
      'merged',
    ]);
    const deal = mapIn({ rows: [quote, item], content: merged }, booking).records[0]?.payload;
    expect(deal?.custom_fields).toMatchObject({
      'More details':
        'Quote date: 2025-03-21\nQuote valid until: 2025-04-20\nQuote total: AUD 1138.50\nQuote status: Accepted\nQuote sent: 2025-03-21 10:32\nQuote accepted: 2025-03-26 15:28\nQuote signed: Viktor Halász, 2025-03-26 15:28\nQuote lines: Garden tidy-up: 16 × AUD 66.00 = AUD 1056.00\nQuote description: Two-day garden makeover\n  with chipper',
    });
    const line = mapIn({ rows: [quote, booking], notMapped: ['quote:402'], content: merged }, item);
    expect([line.outcome.outcome, line.links[0]?.targetKey]).toEqual(['merged', 'booking:10130']);
  });

  test('merged, but its booking was set aside: a deal of its own after all', () => {
    const mapped = mapIn({ rows: [booking], notMapped: ['booking:10130'], content: merged }, quote);
    expect(mapped.outcome.outcome).toBe('mapped');
  });

  test('a line of a quote that was set aside goes with it', () => {
    expect(mapIn({ rows: [quote], notMapped: ['quote:402'] }, item).outcome.reason).toBe('orphan_reference');
  });
});

describe('status_history', () => {
  const at = (to: string, changed_at: string, rowNumber: number) => ({
    ...row('status_history', '', { object: 'booking', object_id: '10130', to, changed_at }),
    rowNumber,
  });
  const cancelled = at('Canceled', '2025-05-02T10:00:00+10:00', 20);
  const earlier = at('Cancelled', '2025-04-02T10:00:00+11:00', 19);

  test('the change that closed a booking is the time its deal was lost, not the last change of anything', () => {
    const deal = mapIn({ rows: [cancelled, earlier] }, booking).records[0]?.payload;
    expect(deal?.lost_time).toBe('2025-05-02T00:00:00Z');
    expect(mapIn({ rows: [booking, earlier] }, cancelled).outcome.outcome).toBe('merged');
  });

  test('work that really ended is better than the moment somebody ticked it off; a plan is not', () => {
    const done = at('Done', '2025-05-02T10:00:00+10:00', 20);
    const completed = (fields: Record<string, string>) =>
      row('booking', '10130', {
        ...booking.fields,
        status: 'Completed',
        end: '2025-05-01T12:00:00+10:00',
        ...fields,
      });
    const wonTime = (fields: Record<string, string>) =>
      mapIn({ rows: [done] }, completed(fields)).records[0]?.payload.won_time;
    expect(wonTime({ actual_end: '2025-05-01T13:00:00+10:00' })).toBe('2025-05-01T03:00:00Z');
    expect(wonTime({})).toBe('2025-05-02T00:00:00Z');
  });

  test.each([
    ['an earlier change', earlier, [booking, cancelled], 'excluded', 'history_not_needed'],
    [
      'a change to another status',
      at('Confirmed', '2025-05-03T10:00:00+10:00', 21),
      [booking, cancelled],
      'excluded',
      'history_not_needed',
    ],
    ['without a readable time', at('Cancelled', 'soon', 21), [booking], 'excluded', 'history_not_needed'],
    [
      'of something else',
      row('status_history', '', { object: 'quote', object_id: '402', to: 'Sent' }),
      [],
      'excluded',
      'history_not_needed',
    ],
    ['of a booking that was set aside', cancelled, [], 'rejected', 'orphan_reference'],
  ])('%s', (_, source, rows, outcome, reason) => {
    expect(mapIn({ rows }, source).outcome).toMatchObject({ outcome, reason });
  });
});
