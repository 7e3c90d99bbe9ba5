import { describe, expect, test } from 'vitest';
import { codesOf, mapIn, payloadsOf, row } from './fixtures.js';

const base = {
  booking_id: '10101',
  booking_number: 'BOK-101',
  customer_id: '1053',
  status: 'Completed',
  title: 'Kitchen deep clean',
  fieldworker_ids: '["41","43"]',
  start: '2025-01-01T00:30:00+11:00',
  end: '2025-01-01T04:00:00+11:00',
  actual_end: '2025-01-01T04:08:00+11:00',
  street_number: '19',
  street_address: 'Wharf Steps',
  suburb: 'Manly',
  total: '477.00',
  owner_id: '11',
  created: '2024-12-29T10:12:00+11:00',
  modified: '2025-01-02T09:00:00+11:00',
};
const lines = [
  row('booking_service', '20001', {
    booking_id: '10101',
    service_id: '303',
    service_name: 'Deep clean',
    quantity: '1',
    unit_price: '389.00',
    line_total: '389.00',
  }),
  row('booking_service', '20002', {
    booking_id: '10101',
    description: 'Loading',
    quantity: '2',
    unit_price: '50',
    discount: '12',
    line_total: '88',
  }),
];
const visit = row('appointment', '30001', {
  booking_id: '10101',
  fieldworker_ids: '["41","43"]',
  responses: '["Declined","Accepted"]',
  end: '2025-01-01T04:00:00+11:00',
});

describe('booking', () => {
  test('a completed booking with lines, two invoices, a void one, payments and a refund is a won deal with exact sums', () => {
    const rows = [
      ...lines,
      visit,
      row('invoice', '5701', {
        invoice_id: '5701',
        invoice_number: 'INV-5701',
        booking_ids: '["10101"]',
        status: 'Closed',
        total: '300.00',
        invoice_date: '2025-01-01',
        due_date: '2025-01-15',
      }),
      row('invoice', '5702', {
        invoice_id: '5702',
        invoice_number: 'INV-5702',
        booking_ids: '10101',
        status: 'Open',
        total: '177.00',
        invoice_date: '2025-01-05',
        due_date: '2025-01-20',
      }),
      row('invoice', '5703', {
        invoice_id: '5703',
        invoice_number: 'INV-5703',
        booking_ids: '10101',
        status: 'Voided',
        total: '477.00',
      }),
      row('payment', '1', {
        payment_id: '1',
        invoice_id: '5701',
        amount: '300.10',
        status: 'Approved',
        payment_date: '2025-01-13T08:29:00+11:00',
        method: 'Credit card',
      }),
      row('payment', '2', {
        payment_id: '2',
        invoice_id: '5702',
        amount: '$77.20',
        status: 'Approved',
        payment_date: '2025-01-20',
        method: 'Cash',
      }),
      row('payment', '3', {
        payment_id: '3',
        invoice_id: '5702',
        amount: '99.80',
        status: 'Unapproved',
        payment_date: '2025-02-01',
        method: 'Cheque',
      }),
      row('refund', '9', { refund_id: '9', payment_id: '1', amount: '0.30', status: 'Approved' }),
    ];
    const mapped = mapIn(
      { rows, customers: { 1053: { person: 'customer:1053', organization: 'customer:1053#org' } } },
      row('booking', '10101', base),
    );
    expect(mapped.findings).toEqual([]);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "deal booking:10101": {
          "add_time": "2024-12-28T23:12:00Z",
          "currency": "AUD",
          "custom_fields": {
            "Amount paid": {
              "currency": "AUD",
              "value": "377",
            },
            "Balance due": {
              "currency": "AUD",
              "value": "100",
            },
            "Booking created": "2024-12-28T23:12:00Z",
            "Booking number": "BOK-101",
            "Booking status": {
              "$option": "Completed",
            },
            "Fieldworkers": "Priya R., Maeve D.",
            "Invoice date": "2025-01-01",
            "Invoice due date": "2025-01-20",
            "Invoice number": "INV-5701, INV-5702, INV-5703",
            "Invoice status": {
              "$option": "Partially paid",
            },
            "Invoice total": {
              "currency": "AUD",
              "value": "477",
            },
            "Job address": {
              "locality": "Manly",
              "route": "Wharf Steps",
              "street_number": "19",
              "value": "19 Wharf Steps, Manly",
            },
            "Last payment": "2025-01-20",
            "More details": "Job title: Kitchen deep clean",
            "OctopusPro ID": "booking:10101",
            "Payment methods": "Credit card, Cash",
            "Services": "Deep clean: 1 × AUD 389.00 = AUD 389.00
      Loading: 2 × AUD 50.00 less AUD 12.00 = AUD 88.00",
          },
          "org_id": {
            "$ref": "customer:1053#org",
          },
          "owner_id": {
            "$owner": [
              "user:11",
              "fieldworker:43",
            ],
          },
          "person_id": {
            "$ref": "customer:1053",
          },
          "stage_id": {
            "$stage": {
              "pipeline": "Bookings",
              "stage": "Done",
            },
          },
          "status": "won",
          "title": "Deep clean, Loading · BOK-101",
          "value": "477",
          "won_time": "2024-12-31T17:08:00Z",
        },
      }
    `);
  });

  test('a cancelled booking is lost with its reason and time; a worker who declined is not the owner', () => {
    const booking = row('booking', '10101', {
      ...base,
      status: 'Canceled ',
      cancel_reason: 'Found a friend\nwith a drill',
      owner_id: '',
    });
    const payload = payloadsOf(mapIn({ rows: [visit] }, booking))['deal booking:10101'];
    expect(payload).toMatchObject({
      status: 'lost',
      lost_time: '2025-01-01T22:00:00Z',
      lost_reason: 'Found a friend with a drill',
      stage_id: { $stage: { pipeline: 'Bookings', stage: 'Done' } },
      owner_id: { $owner: ['fieldworker:43'] },
    });
    expect(payload).not.toHaveProperty('won_time');
  });

  test('an open booking closes on its start day in the tenant’s zone; without appointments it has a visit', () => {
    const booking = row('booking', '10101', {
      ...base,
      status: 'TO-DO',
      start: '2025-12-02T08:00:00+11:00',
      end: '2025-12-02T14:00:00+11:00',
      actual_end: '',
    });
    expect(payloadsOf(mapIn({}, booking))).toMatchInlineSnapshot(`
      {
        "activity booking:10101#visit": {
          "deal_id": {
            "$ref": "booking:10101",
          },
          "done": false,
          "due_date": "2025-12-01",
          "due_time": "21:00",
          "duration": "06:00",
          "location": {
            "locality": "Manly",
            "route": "Wharf Steps",
            "street_number": "19",
            "value": "19 Wharf Steps, Manly",
          },
          "note": "Time: 2025-12-02 08:00 to 2025-12-02 14:00 Australia/Sydney<br>Workers: Maeve D., Priya R.<br>Status: TO-DO<br><br>OctopusPro booking:10101#visit · BOK-101",
          "owner_id": {
            "$owner": [
              "fieldworker:41",
              "fieldworker:43",
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
          "subject": "Kitchen deep clean · BOK-101",
          "type": {
            "$activityType": "Appointment",
          },
        },
        "deal booking:10101": {
          "add_time": "2024-12-28T23:12:00Z",
          "currency": "AUD",
          "custom_fields": {
            "Booking created": "2024-12-28T23:12:00Z",
            "Booking number": "BOK-101",
            "Fieldworkers": "Maeve D., Priya R.",
            "Job address": {
              "locality": "Manly",
              "route": "Wharf Steps",
              "street_number": "19",
              "value": "19 Wharf Steps, Manly",
            },
            "More details": "Booking status: TO-DO
      Job title: Kitchen deep clean",
            "OctopusPro ID": "booking:10101",
          },
          "expected_close_date": "2025-12-02",
          "owner_id": {
            "$owner": [
              "user:11",
              "fieldworker:41",
              "fieldworker:43",
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
          "title": "Kitchen deep clean · BOK-101",
          "value": "477",
        },
      }
    `);
  });

  test('a status nobody mapped goes to review with a finding, never silently won or lost', () => {
    const mapped = mapIn({ rows: [visit] }, row('booking', '10101', { ...base, status: 'Parked' }));
    expect(codesOf(mapped)).toEqual(['unknown_status status']);
    expect(payloadsOf(mapped)['deal booking:10101']).toMatchObject({
      status: 'open',
      stage_id: { $stage: { pipeline: 'Bookings', stage: 'Needs review' } },
      custom_fields: { 'Booking status': { $option: 'Parked' } },
    });
  });

  test('one invoice over three bookings: the deals together bill and were paid exactly the invoice', () => {
    const bookings = ['1', '2', '3'].map((id) =>
      row('booking', id, { booking_id: id, customer_id: '1048', status: 'Completed', total: '100.00' }),
    );
    const rows = [
      ...bookings,
      row('invoice', '7', {
        invoice_id: '7',
        invoice_number: 'INV-TD',
        booking_ids: '["1","2","3"]',
        status: 'Open',
        total: '300.01',
      }),
      ...['1', '2', '3'].map((id) =>
        row('invoice_item', `5${id}`, { invoice_id: '7', booking_id: id, line_total: '100.00' }),
      ),
      row('payment', '70', {
        payment_id: '70',
        invoice_id: '7',
        amount: '150.00',
        status: 'Approved',
        payment_date: '2025-09-26',
        method: 'Bank Transfer',
      }),
    ];
    const money = bookings.map((booking) => {
      const payload = payloadsOf(mapIn({ rows }, booking))[`deal booking:${booking.sourceId}`] as {
        custom_fields: Record<string, { value: string }>;
      };
      return ['Invoice total', 'Amount paid', 'Balance due'].map(
        (name) => payload.custom_fields[name]?.value,
      );
    });
    expect(money).toEqual([
      ['100', '100', '0'],
      ['100', '50', '50'],
      ['100.01', '0', '100.01'],
    ]);
  });

  test('the deal value follows the settings', () => {
    const rows = [
      row('invoice', '7', { invoice_id: '7', booking_ids: '10101', status: 'Open', total: '150.00' }),
      row('payment', '70', { payment_id: '70', invoice_id: '7', amount: '50.00', status: 'Approved' }),
    ];
    const valueBy = (dealValue: 'booking_total' | 'invoice_total' | 'amount_paid') => {
      const settings = {
        country: 'AU',
        currency: 'AUD',
        timeZone: 'Australia/Sydney',
        dateFormat: 'iso',
        pipeline: 'Bookings',
        dealValue,
        includeDeleted: false,
      };
      const payloads = payloadsOf(mapIn({ rows, content: { settings } }, row('booking', '10101', base)));
      return (payloads['deal booking:10101'] as { value: string }).value;
    };
    expect([valueBy('booking_total'), valueBy('invoice_total'), valueBy('amount_paid')]).toEqual([
      '477',
      '150',
      '50',
    ]);
  });

  test('a booking whose customer was set aside is set aside with it', () => {
    const mapped = mapIn({}, row('booking', '10202', { ...base, customer_id: '1999' }));
    expect(mapped.outcome).toMatchObject({ outcome: 'rejected', reason: 'orphan_reference' });
    expect(mapped.records).toEqual([]);
  });

  test('a title of many services is cut, its number never', () => {
    const many = Array.from({ length: 40 }, (_, n) =>
      row('booking_service', `s${n}`, { booking_id: '10101', service_name: `Service number ${n}` }),
    );
    const mapped = mapIn({ rows: many }, row('booking', '10101', base));
    const { title } = payloadsOf(mapped)['deal booking:10101'] as { title: string };
    expect(title.length).toBeLessThanOrEqual(255);
    expect(title).toMatch(/… · BOK-101$/);
    expect(codesOf(mapped)).toEqual(['value_too_long title']);
  });
});

describe('appointment', () => {
  const pack = { rows: [row('booking', '10101', base), ...lines, visit] };

  test('a visit is an activity at its own time, in UTC, with everyone named and the marker last', () => {
    const appointment = row('appointment', '30002', {
      appointment_id: '30002',
      booking_id: '10101',
      booking_service_id: '20001',
      start: '2025-10-04T23:30:00+10:00',
      end: '2025-10-05T04:30:00+11:00',
      status: 'Finished',
      fieldworker_ids: '["41","43"]',
      responses: '["Pending","Accepted"]',
      actual_start: '2025-10-04T23:35:00+10:00',
      notes: 'Side door <b>only</b>',
    });
    expect(payloadsOf(mapIn(pack, appointment))).toMatchInlineSnapshot(`
      {
        "activity appointment:30002": {
          "deal_id": {
            "$ref": "booking:10101",
          },
          "done": true,
          "due_date": "2025-10-04",
          "due_time": "13:30",
          "duration": "04:00",
          "location": {
            "locality": "Manly",
            "route": "Wharf Steps",
            "street_number": "19",
            "value": "19 Wharf Steps, Manly",
          },
          "note": "Time: 2025-10-04 23:30 to 2025-10-05 04:30 Australia/Sydney<br>Workers: Priya R. (accepted), Maeve D. (pending)<br>Status: Finished<br>Actual start: 2025-10-04 23:35<br><br>Side door only<br><br>OctopusPro appointment:30002 · BOK-101",
          "owner_id": {
            "$owner": [
              "fieldworker:43",
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
          "subject": "Deep clean · BOK-101",
          "type": {
            "$activityType": "Appointment",
          },
        },
      }
    `);
  });

  test('without a clock time there is a day only, and it is over when the day is', () => {
    const open = { rows: [row('booking', '10101', { ...base, status: 'To Do' }), visit] };
    const of = (start: string) =>
      payloadsOf(mapIn(open, row('appointment', '30002', { booking_id: '10101', start, all_day: 'true' })))[
        'activity appointment:30002'
      ];
    expect(of('2025-11-16')).toMatchObject({ due_date: '2025-11-16', done: true });
    // The export was made on the 17th at 18:00 in Sydney: the day is not over.
    expect(of('2025-11-17')).toMatchObject({ due_date: '2025-11-17', done: false });
    expect(of('2025-11-16')).not.toHaveProperty('due_time');
  });

  test('a start that does not exist is the booking’s start when it is the only visit, else nothing', () => {
    const bad = row('appointment', '30027', { booking_id: '10101', start: '31/02/2025' });
    const alone = mapIn({ rows: [row('booking', '10101', base)] }, bad);
    expect(codesOf(alone)).toEqual(['unparseable_date start']);
    expect(payloadsOf(alone)['activity appointment:30027']).toMatchObject({
      due_date: '2024-12-31',
      due_time: '13:30',
      duration: '03:30',
    });
    expect(payloadsOf(mapIn(pack, bad))['activity appointment:30027']).not.toHaveProperty('due_date');
  });

  test('falls with its booking', () => {
    const orphan = row('appointment', '30002', { booking_id: '10101' });
    expect(mapIn({ ...pack, notMapped: ['booking:10101'] }, orphan).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'orphan_reference',
    });
  });
});
