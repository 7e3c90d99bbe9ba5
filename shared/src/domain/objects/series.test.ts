import { describe, expect, test } from 'vitest';
import type { MappingSettings } from '../mapping/content.js';
import type { SourceRow } from '../mapping/define-object.js';
import { codesOf, contentOf, mapIn, payloadsOf, row } from './fixtures.js';

/** One deal for a recurring series: `recurringSeries: series`. */
const inSeries = (more: Partial<MappingSettings> = {}) => ({
  settings: { ...contentOf({}).settings, recurringSeries: 'series' as const, ...more },
});
const booking = (id: string, fields: Record<string, string> = {}) =>
  row('booking', id, {
    booking_id: id,
    booking_number: `BOK-${id}`,
    customer_id: '1053',
    series_id: 'S-A',
    recurrence: 'weekly',
    services: 'Deep clean',
    status: 'Completed',
    start: `2025-01-${id.padStart(2, '0')} 09:00`,
    end: `2025-01-${id.padStart(2, '0')} 11:00`,
    created: '2024-12-01 08:00',
    total: '100.00',
    description: 'Key under the mat',
    ...fields,
  });
const map = (rows: SourceRow[], of: SourceRow | undefined, more: Partial<MappingSettings> = {}) => {
  if (!of) throw new Error('nothing to map');
  return mapIn({ rows: rows.filter((other) => other !== of), content: inSeries(more) }, of);
};
const dealOf = (rows: SourceRow[], more: Partial<MappingSettings> = {}) =>
  payloadsOf(map(rows, rows[0], more))['deal series:S-A#1053'] as Record<string, unknown>;

describe('a recurring series as one deal', () => {
  test('of a won, a cancelled and an open booking: open, their sum without the cancelled one, a note for each', () => {
    const rows = [
      booking('1', { labels: '["VIP"]', owner_id: '11' }),
      booking('2', {
        status: 'Cancelled',
        cancel_reason: 'Rain',
        modified: '2025-01-02 07:00',
        labels: '["Commercial"]',
      }),
      booking('3', { status: 'To Do', description: 'Dog in the yard', start: '2025-12-03 09:00', end: '' }),
    ];
    const mapped = map(rows, rows[0]);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "activity booking:1#visit": {
          "deal_id": {
            "$ref": "series:S-A#1053",
          },
          "done": true,
          "due_date": "2024-12-31",
          "due_time": "22:00",
          "duration": "02:00",
          "note": "Time: 2025-01-01 09:00 to 2025-01-01 11:00 Australia/Sydney<br>Status: Completed<br><br>OctopusPro booking:1#visit · BOK-1",
          "owner_id": {
            "$owner": [
              "user:11",
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
          "subject": "Appointment · BOK-1",
          "type": {
            "$activityType": "Appointment",
          },
        },
        "deal series:S-A#1053": {
          "add_time": "2024-11-30T21:00:00Z",
          "currency": "AUD",
          "custom_fields": {
            "Booking created": "2024-11-30T21:00:00Z",
            "Booking number": "BOK-1, BOK-2, BOK-3",
            "Booking status": {
              "$option": "To Do",
            },
            "More details": "Series: S-A
      Recurrence: weekly",
            "OctopusPro ID": "series:S-A#1053",
            "Services": "Deep clean",
          },
          "expected_close_date": "2025-12-03",
          "label_ids": {
            "$labels": [
              "VIP",
              "Commercial",
            ],
          },
          "owner_id": {
            "$owner": [
              "user:11",
            ],
          },
          "person_id": {
            "$ref": "customer:1053",
          },
          "stage_id": {
            "$stage": {
              "pipeline": "Bookings",
              "stage": "Scheduled",
            },
          },
          "status": "open",
          "title": "Deep clean · Series S-A",
          "value": "200",
        },
        "note booking:1#occurrence": {
          "add_time": "2024-11-30T21:00:00Z",
          "content": "Booking of the series: Deep clean · BOK-1<br>Outcome: won<br>Closed: 2025-01-01T00:00:00Z<br>Value: AUD 100<br>Booking status: Completed<br>Booking number: BOK-1<br>Description: Key under the mat<br><br>OctopusPro booking:1#occurrence · BOK-1",
          "deal_id": {
            "$ref": "series:S-A#1053",
          },
        },
        "note booking:2#occurrence": {
          "add_time": "2024-11-30T21:00:00Z",
          "content": "Booking of the series: Deep clean · BOK-2<br>Outcome: lost<br>Closed: 2025-01-01T20:00:00Z<br>Reason: Rain<br>Value: AUD 100<br>Booking status: Cancelled<br>Booking number: BOK-2<br>Description: Key under the mat<br><br>OctopusPro booking:2#occurrence · BOK-2",
          "deal_id": {
            "$ref": "series:S-A#1053",
          },
        },
        "note booking:3#occurrence": {
          "add_time": "2024-11-30T21:00:00Z",
          "content": "Booking of the series: Deep clean · BOK-3<br>Outcome: open<br>Value: AUD 100<br>Booking number: BOK-3<br>Description: Dog in the yard<br><br>OctopusPro booking:3#occurrence · BOK-3",
          "deal_id": {
            "$ref": "series:S-A#1053",
          },
        },
      }
    `);
    expect(
      mapped.links.map((link) => `${link.sourceId} ${link.role} ${link.targetKey}`),
    ).toMatchInlineSnapshot(`
      [
        "1 contributes booking:1#occurrence",
        "2 contributes booking:2#occurrence",
        "3 contributes booking:3#occurrence",
        "1 contributes booking:1#visit",
      ]
    `);
  });

  test('a row that does not make the deal is its visit; with appointments of its own it lives on in the deal', () => {
    const rows = [booking('1'), booking('2')];
    const other = map(rows, rows[1]);
    expect(Object.keys(payloadsOf(other))).toEqual(['activity booking:2#visit']);
    expect(payloadsOf(other)['activity booking:2#visit']).toMatchObject({
      deal_id: { $ref: 'series:S-A#1053' },
      due_date: '2025-01-01',
    });
    const visit = row('appointment', '7', { booking_id: '2', start: '2025-01-02 09:00' });
    expect(map([...rows, visit], rows[1]).outcome).toMatchObject({ outcome: 'merged' });
    expect(payloadsOf(map([...rows, visit], visit))['activity appointment:7']).toMatchObject({
      deal_id: { $ref: 'series:S-A#1053' },
    });
  });

  test('closes with the last: won when one was won, lost when all were', () => {
    const cancelled = (id: string) => booking(id, { status: 'Cancelled', modified: `2025-02-0${id} 07:00` });
    expect(dealOf([booking('1'), booking('2'), cancelled('3')])).toMatchObject({
      status: 'won',
      won_time: '2025-01-02T00:00:00Z',
      value: '200',
    });
    expect(dealOf([cancelled('1'), cancelled('2')])).toMatchObject({
      status: 'lost',
      lost_time: '2025-02-01T20:00:00Z',
      lost_reason: 'Cancelled',
      value: '200',
    });
  });

  test('the same series id of another customer, and a booking that stands alone, are other deals', () => {
    const rows = [booking('1'), booking('2', { customer_id: '1054' }), booking('3', { series_id: '' })];
    const alone = { ...booking('3'), fields: { booking_id: '3', customer_id: '1053', status: 'To Do' } };
    expect(dealOf(rows)).toMatchObject({ value: '100' });
    expect(Object.keys(payloadsOf(map(rows, rows[1])))).toContain('deal series:S-A#1054');
    expect(Object.keys(payloadsOf(map([booking('1')], alone)))).toEqual(['deal booking:3']);
  });

  test('invoices and payments of its bookings add up on it, a consolidated invoice once', () => {
    const both = row('invoice', '9', {
      invoice_id: '9',
      invoice_number: 'INV-9',
      customer_id: '1053',
      booking_ids: '["1","2"]',
      status: 'Open',
      total: '200.00',
    });
    const paid = row('payment', '4', {
      payment_id: '4',
      invoice_id: '9',
      amount: '150.00',
      payment_date: '2025-01-09',
      method: 'Card',
    });
    const rows = [booking('1'), booking('2'), both, paid];
    expect(dealOf(rows).custom_fields).toMatchObject({
      'Invoice number': 'INV-9',
      'Invoice status': { $option: 'Partially paid' },
      'Invoice total': { value: '200' },
      'Amount paid': { value: '150' },
      'Balance due': { value: '50' },
      'Payment methods': 'Card',
    });
    const invoiced = map(rows, both);
    expect(payloadsOf(invoiced)['activity invoice:9#activity']).toMatchObject({
      deal_id: { $ref: 'series:S-A#1053' },
    });
    expect(new Set(invoiced.links.map(({ targetKey }) => targetKey))).toEqual(
      new Set(['invoice:9#activity', 'series:S-A#1053']),
    );
    // Where invoices are deals, nothing is left for the deal of the series.
    const own = dealOf(rows, { invoiceDeals: 'own' });
    expect([own.value, own.custom_fields]).toEqual([
      undefined,
      expect.not.objectContaining({ 'Amount paid': expect.anything() }),
    ]);
  });

  test('what cannot be read is said by the row that has it, once; lines stay text without a complaint', () => {
    const line = row('booking_service', '8', {
      booking_id: '2',
      service_name: 'Deep clean',
      quantity: '1',
      line_total: '7.00',
    });
    const rows = [booking('1'), booking('2', { total: 'n/a', created: 'yesterday' }), line];
    expect(codesOf(map(rows, rows[0], { dealLines: 'products' }))).toEqual([]);
    expect(codesOf(map(rows, rows[1], { dealLines: 'products' }))).toEqual([
      'unparseable_number total',
      'unparseable_date created',
    ]);
    const around = { rows, content: inSeries(), notMapped: ['booking_service:8'] };
    expect(mapIn(around, line).links).toMatchObject([{ targetKey: 'series:S-A#1053' }]);
  });

  test('a booking without a time is an activity without one; a customer that was set aside takes the series along', () => {
    const rows = [booking('1'), booking('2', { start: '', end: '' })];
    expect(payloadsOf(map(rows, rows[1]))['activity booking:2#visit']).not.toHaveProperty('due_date');
    const lost = [booking('1', { customer_id: '1999' }), booking('2', { customer_id: '1999' })];
    expect(map(lost, lost[0]).outcome).toMatchObject({ outcome: 'rejected', reason: 'orphan_reference' });
  });
});
