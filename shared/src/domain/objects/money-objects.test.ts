import { describe, expect, test } from 'vitest';
import { codesOf, mapIn, payloadsOf, row } from './fixtures.js';

const booking = row('booking', '10101', {
  booking_id: '10101',
  booking_number: 'BOK-101',
  customer_id: '1053',
  total: '477.00',
});
const invoice = row('invoice', '5701', {
  invoice_id: '5701',
  invoice_number: 'INV-5701',
  customer_id: '1053',
  booking_ids: '["10101"]',
  status: 'Overdue',
  invoice_date: '2025-01-01',
  due_date: '2025-01-15',
  total: '477.00',
  labels: '["Dispute"]',
  owner_id: '11',
});
const pdf = 'attachments/invoices/5701/INV-5701.pdf';
const files = { [pdf]: { bytes: 2718, sha256: 'a'.repeat(64) } };

describe('invoice', () => {
  test('of a booking: an activity at the issue date on the booking’s deal, no deal of its own', () => {
    const rows = [
      booking,
      row('invoice_item', '1', {
        invoice_id: '5701',
        description: 'Deep clean',
        quantity: '1',
        unit_price: '477.00',
        line_total: '477.00',
      }),
    ];
    const mapped = mapIn({ rows }, invoice);
    expect(mapped.links).toMatchInlineSnapshot(`
      [
        {
          "object": "invoice",
          "role": "primary",
          "slot": "activity",
          "sourceId": "5701",
          "targetKey": "invoice:5701#activity",
        },
        {
          "object": "invoice",
          "role": "contributes",
          "slot": "",
          "sourceId": "5701",
          "targetKey": "booking:10101",
        },
      ]
    `);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "activity invoice:5701#activity": {
          "deal_id": {
            "$ref": "booking:10101",
          },
          "done": true,
          "due_date": "2025-01-01",
          "note": "Invoice: INV-5701<br>Status: Overdue<br>Issued: 2025-01-01<br>Due: 2025-01-15<br>Booking: BOK-101<br>Total: AUD 477.00<br>Labels: Dispute<br><br>Deep clean: 1 × AUD 477.00 = AUD 477.00<br><br>OctopusPro invoice:5701#activity · INV-5701",
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
          "subject": "Invoice INV-5701 · AUD 477.00 · Overdue",
          "type": {
            "$activityType": "Invoice",
          },
        },
      }
    `);
  });

  test('without a booking: a deal of its own, won when it is paid', () => {
    const own = row('invoice', '5765', {
      ...invoice.fields,
      invoice_id: '5765',
      invoice_number: 'INV-5765',
      booking_ids: '',
      status: 'Closed',
      paid_at: '2025-09-19T14:05:00+10:00',
    });
    const payloads = payloadsOf(mapIn({}, own));
    expect(payloads['deal invoice:5765']).toMatchInlineSnapshot(`
      {
        "add_time": "2024-12-31T13:00:00Z",
        "currency": "AUD",
        "custom_fields": {
          "Amount paid": {
            "currency": "AUD",
            "value": "0",
          },
          "Balance due": {
            "currency": "AUD",
            "value": "477",
          },
          "Invoice date": "2025-01-01",
          "Invoice due date": "2025-01-15",
          "Invoice number": "INV-5765",
          "Invoice status": {
            "$option": "Paid",
          },
          "Invoice total": {
            "currency": "AUD",
            "value": "477",
          },
          "OctopusPro ID": "invoice:5765",
        },
        "label_ids": {
          "$labels": [
            "Dispute",
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
            "stage": "Done",
          },
        },
        "status": "won",
        "title": "Invoice INV-5765",
        "value": "477",
        "won_time": "2025-09-19T04:05:00Z",
      }
    `);
    expect(payloads['activity invoice:5765#activity']).toMatchObject({ deal_id: { $ref: 'invoice:5765' } });
  });

  test('void without a booking: lost; a draft stays to be done', () => {
    const own = (fields: Record<string, string>) =>
      payloadsOf(
        mapIn({}, row('invoice', '1', { ...invoice.fields, invoice_id: '1', booking_ids: '', ...fields })),
      );
    expect(own({ status: 'Void', voided_at: '2025-02-01T10:00:00+11:00' })['deal invoice:1']).toMatchObject({
      status: 'lost',
      lost_reason: 'Invoice voided',
      lost_time: '2025-01-31T23:00:00Z',
    });
    expect(own({ status: 'Draft' })['activity invoice:1#activity']).toMatchObject({
      done: false,
      subject: 'Invoice INV-5701 · AUD 477.00 · Draft',
    });
  });

  test('its PDF hangs on the activity and the deal; when the list of attachments has it too, it comes once', () => {
    const withPdf = row('invoice', '5701', { ...invoice.fields, pdf_file: pdf });
    expect(
      payloadsOf(mapIn({ rows: [booking], files }, withPdf))['file invoice:5701#pdf'],
    ).toMatchInlineSnapshot(`
      {
        "activity_id": {
          "$ref": "invoice:5701#activity",
        },
        "deal_id": {
          "$ref": "booking:10101",
        },
        "file": {
          "$file": {
            "bytes": 2718,
            "path": "attachments/invoices/5701/INV-5701.pdf",
            "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          },
        },
        "name": "INV-5701 (OctopusPro invoice-5701~pdf).pdf",
      }
    `);
    const listed = row('attachment', '60001', {
      object: 'invoice',
      object_id: '5701',
      kind: 'pdf',
      path: pdf,
      file_name: 'scan.pdf',
    });
    expect(Object.keys(payloadsOf(mapIn({ rows: [booking, listed], files }, withPdf)))).toEqual([
      'activity invoice:5701#activity',
    ]);
    expect(payloadsOf(mapIn({ rows: [booking, invoice], files }, listed))).toMatchInlineSnapshot(`
      {
        "file attachment:60001": {
          "activity_id": {
            "$ref": "invoice:5701#activity",
          },
          "deal_id": {
            "$ref": "booking:10101",
          },
          "file": {
            "$file": {
              "bytes": 2718,
              "path": "attachments/invoices/5701/INV-5701.pdf",
              "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            },
          },
          "name": "INV-5701 - scan (OctopusPro attachment-60001).pdf",
        },
      }
    `);
  });

  test('an invoice whose bookings were all set aside is set aside', () => {
    expect(mapIn({ rows: [booking], notMapped: ['booking:10101'] }, invoice).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'orphan_reference',
    });
  });
});

test('a deposit split over two invoices is one activity that says how it was split', () => {
  const part = (invoice_id: string, amount: string) =>
    row('payment_allocation', '', { payment_id: '4427', invoice_id, amount });
  const invoiceOf = (id: string) =>
    row('invoice', id, { ...invoice.fields, invoice_id: id, invoice_number: `INV-${id}` });
  const deposit = row('payment', '4427', {
    payment_id: '4427',
    amount: '200.00',
    kind: 'deposit',
    customer_id: '1053',
    payment_date: '2025-03-26T17:38:00+11:00',
  });
  const rows = [booking, invoiceOf('5722'), invoiceOf('5723'), part('5722', '120.00'), part('5723', '80')];
  const payload = mapIn({ rows }, deposit).records[0]?.payload;
  expect(payload?.deal_id).toEqual({ $ref: 'booking:10101' });
  expect(payload?.note).toContain('Split: AUD 120.00 on INV-5722, AUD 80.00 on INV-5723');
});

describe('attachment', () => {
  test('a listed PDF that is not in the package is rejected', () => {
    const listed = row('attachment', '60001', {
      object: 'invoice',
      object_id: '5701',
      kind: 'pdf',
      path: pdf,
    });
    expect(mapIn({ rows: [booking, invoice] }, listed).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'missing_file',
    });
  });
});

describe('payment and refund', () => {
  const payment = (fields: Record<string, string>) =>
    row('payment', '4411', {
      payment_id: '4411',
      amount: '100.00',
      payment_date: '2025-01-13T08:29:00+11:00',
      method: 'Credit card',
      status: 'Approved',
      invoice_id: '5701',
      customer_id: '1053',
      ...fields,
    });
  const pack = { rows: [booking, invoice] };

  test('below the invoice’s total it is a partial payment on the booking’s deal, everything known in its block', () => {
    expect(
      payloadsOf(mapIn(pack, payment({ reference: 'ch_1', card_last4: '4837', notes: 'thanks <3' }))),
    ).toMatchInlineSnapshot(`
      {
        "activity payment:4411": {
          "deal_id": {
            "$ref": "booking:10101",
          },
          "done": true,
          "due_date": "2025-01-12",
          "due_time": "21:29",
          "note": "Kind: Partial payment<br>Amount: AUD 100.00<br>Method: Credit card<br>Status: Approved<br>Reference: ch_1<br>Invoice: INV-5701<br>Card: ends in 4837<br><br>thanks &lt;3<br><br>OctopusPro payment:4411 · INV-5701",
          "participants": [
            {
              "person_id": {
                "$ref": "customer:1053",
              },
              "primary": true,
            },
          ],
          "subject": "Partial payment AUD 100.00 · INV-5701",
          "type": {
            "$activityType": "Partial payment",
          },
        },
      }
    `);
  });

  test('what kind it is', () => {
    const kindOf = (fields: Record<string, string>) =>
      (
        payloadsOf(mapIn(pack, payment(fields)))['activity payment:4411'] as {
          type: { $activityType: string };
        }
      ).type.$activityType;
    expect([
      kindOf({ amount: '477.00' }),
      kindOf({ kind: 'deposit' }),
      kindOf({ kind: 'partial', amount: '477.00' }),
      kindOf({ amount: '(45.00)' }),
      kindOf({ amount: '-45', kind: 'payment' }),
    ]).toEqual(['Payment', 'Deposit', 'Partial payment', 'Refund', 'Refund']);
  });

  test('unapplied: on the person, on no deal, and it says so', () => {
    const mapped = mapIn(pack, payment({ invoice_id: '' }));
    const payload = payloadsOf(mapped)['activity payment:4411'];
    expect(payload).not.toHaveProperty('deal_id');
    expect(payload).toMatchObject({
      participants: [{ person_id: { $ref: 'customer:1053' }, primary: true }],
    });
    expect(JSON.stringify(payload)).toContain('Applied: no');
  });

  test('an amount in words is rejected, not read as a digit in it; a payment on a rejected booking falls with it', () => {
    const inWords = mapIn(pack, payment({ amount: 'two hundred and 12' }));
    expect(inWords.outcome).toMatchObject({ outcome: 'rejected', reason: 'unparseable_amount' });
    // The findings count it, too.
    expect(inWords.findings).toMatchObject([{ code: 'unparseable_amount', object: 'payment', rowNumber: 1 }]);
    expect(mapIn({ ...pack, notMapped: ['booking:10101'] }, payment({})).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'orphan_reference',
    });
  });

  test('a refund stands where its payment stands', () => {
    const refund = row('refund', '901', {
      refund_id: '901',
      payment_id: '4411',
      amount: '25.00',
      refund_date: '2025-02-08',
      status: 'Approved',
      reason: 'Overpaid',
    });
    expect(payloadsOf(mapIn({ rows: [...pack.rows, payment({})] }, refund))).toMatchInlineSnapshot(`
      {
        "activity refund:901": {
          "deal_id": {
            "$ref": "booking:10101",
          },
          "done": true,
          "due_date": "2025-02-08",
          "note": "Kind: Refund<br>Amount: AUD 25.00<br>Status: Approved<br>Invoice: INV-5701<br>Refunded payment: 4411<br>Reason: Overpaid<br><br>OctopusPro refund:901 · INV-5701",
          "participants": [
            {
              "person_id": {
                "$ref": "customer:1053",
              },
              "primary": true,
            },
          ],
          "subject": "Refund AUD 25.00 · INV-5701",
          "type": {
            "$activityType": "Refund",
          },
        },
      }
    `);
    expect(mapIn({ rows: pack.rows }, refund).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'orphan_reference',
    });
  });
});

describe('money that is out of the ordinary', () => {
  const payment = (id: string, fields: Record<string, string>) =>
    row('payment', id, {
      payment_id: id,
      status: 'Approved',
      customer_id: '1053',
      payment_date: '2025-03-26',
      ...fields,
    });
  const refund = (id: string, amount: string, status = 'Approved') =>
    row('refund', id, { refund_id: id, payment_id: '1', amount, status, refund_date: '2025-04-01' });
  const paidOn = (id: string, rows: Array<ReturnType<typeof row>>) => {
    const of = row('booking', id, {
      booking_id: id,
      customer_id: '1053',
      status: 'Completed',
      total: '200.00',
    });
    const payload = payloadsOf(mapIn({ rows }, of))[`deal booking:${id}`] as {
      custom_fields: Record<string, { value: string }>;
    };
    return ['Invoice total', 'Amount paid', 'Balance due'].map((name) => payload.custom_fields[name]?.value);
  };

  test('an invoice for each appointment: the booking bills their sum, once', () => {
    const invoices = ['1', '2', '3'].map((id) =>
      row('invoice', id, { invoice_id: id, booking_ids: '10101', status: 'Open', total: '66.67' }),
    );
    expect(paidOn('10101', [...invoices, payment('1', { invoice_id: '2', amount: '66.67' })])).toEqual([
      '200.01',
      '66.67',
      '133.34',
    ]);
  });

  test('a deposit over two invoices of two bookings counts on each with its part, and only there', () => {
    const rows = [
      row('invoice', '5722', { invoice_id: '5722', booking_ids: '1', status: 'Open', total: '150.00' }),
      row('invoice', '5723', { invoice_id: '5723', booking_ids: '2', status: 'Open', total: '90.00' }),
      payment('4427', { amount: '200.00', kind: 'deposit', booking_id: '1' }),
      row('payment_allocation', '', { payment_id: '4427', invoice_id: '5722', amount: '120.00' }),
      row('payment_allocation', '', { payment_id: '4427', invoice_id: '5723', amount: '80.00' }),
    ];
    expect([paidOn('1', rows), paidOn('2', rows)]).toEqual([
      ['150', '120', '30'],
      ['90', '80', '10'],
    ]);
  });

  test('a shared payment that names an invoice, too, counts with its parts only, and stands where they count', () => {
    const part = (invoice_id: string, amount: string) =>
      row('payment_allocation', '', { payment_id: '1', invoice_id, amount });
    const rows = [
      row('invoice', '5722', { invoice_id: '5722', booking_ids: '1', status: 'Open', total: '150.00' }),
      row('invoice', '5723', { invoice_id: '5723', booking_ids: '2', status: 'Open', total: '90.00' }),
      // Two parts on one invoice, of a payment that names the other.
      ...[part('5723', '50.00'), part('5722', '120.00'), part('5723', '30.00')],
      // The first says whose it is, once for both parts; the second does not, and comes off the first part.
      row('refund', '901', { ...refund('901', '10.00').fields, invoice_id: '5722' }),
      refund('902', '5.00'),
    ];
    const paid = payment('1', { amount: '200.00', invoice_id: '5722' });
    expect([paidOn('1', [...rows, paid]), paidOn('2', [...rows, paid])]).toEqual([
      ['150', '110', '40'],
      ['90', '75', '15'],
    ]);
    const bookings = ['1', '2'].map((id) => row('booking', id, { booking_id: id, customer_id: '1053' }));
    expect(mapIn({ rows: [...bookings, ...rows] }, paid).records[0]?.payload).toMatchObject({
      deal_id: { $ref: 'booking:2' },
      subject: 'Payment AUD 200.00 · 5723, 5722',
    });
  });

  test('a payment with one allocation of all of it counts once', () => {
    const rows = [
      row('invoice', '1', { invoice_id: '1', booking_ids: '10101', status: 'Open', total: '200.00' }),
      payment('1', { invoice_id: '1', amount: '200.00' }),
      row('payment_allocation', '', { payment_id: '1', invoice_id: '1', amount: '200.00' }),
    ];
    expect(paidOn('10101', rows)).toEqual(['200', '200', '0']);
  });

  test('a refund lowers what was paid, with a sign or without, in a list of its own or among the payments', () => {
    const rows = [
      row('invoice', '1', { invoice_id: '1', booking_ids: '10101', status: 'Open', total: '200.00' }),
      payment('1', { invoice_id: '1', amount: '100.00' }),
    ];
    const among = (kind: string, amount: string) => payment('2', { invoice_id: '1', kind, amount });
    const direct = (amount: string) => [
      payment('1', { booking_id: '10101', amount: '100.00' }),
      refund('901', amount),
    ];
    expect([
      paidOn('10101', [...rows, refund('901', '30.00')]),
      paidOn('10101', [...rows, refund('901', '-30.00')]),
      paidOn('10101', [...rows, among('Refund', '30.00')]),
      paidOn('10101', [...rows, among('refund', '-30.00')]),
      // A reversal that nobody calls a refund.
      paidOn('10101', [...rows, among('payment', '-30.00')]),
    ]).toEqual(Array(5).fill(['200', '70', '130']));
    expect([paidOn('10101', direct('30.00')), paidOn('10101', direct('-30.00'))]).toEqual(
      Array(2).fill([undefined, '70', '130']),
    );
  });

  test('a booking may name its invoice instead: no second deal, its money stands on the booking', () => {
    const alone = row('invoice', '5701', { ...invoice.fields, booking_ids: '' });
    const naming = row('booking', '10101', { ...booking.fields, invoice_ids: '["5701"]' });
    const paid = payment('1', { invoice_id: '5701', amount: '77.00' });
    const billed = mapIn({ rows: [naming, paid] }, alone);
    expect(Object.keys(payloadsOf(billed))).toEqual(['activity invoice:5701#activity']);
    expect(billed.links.map(({ targetKey }) => targetKey)).toContain('booking:10101');
    expect(payloadsOf(mapIn({ rows: [alone, paid] }, naming))['deal booking:10101']).toMatchObject({
      custom_fields: {
        'Invoice number': 'INV-5701',
        'Amount paid': { value: '77' },
        'Balance due': { value: '400' },
      },
    });
    for (const source of [paid, row('refund', '901', refund('901', '5.00').fields)]) {
      const [record] = mapIn({ rows: [alone, naming, paid] }, source).records;
      expect(record?.payload.deal_id).toEqual({ $ref: 'booking:10101' });
    }
  });

  describe('an invoice over several bookings', () => {
    const both = row('invoice', '9', {
      invoice_id: '9',
      booking_ids: '1,2',
      status: 'Open',
      total: '1000.00',
    });
    const paid = payment('1', { invoice_id: '9', amount: '700.00' });
    const other = (fields: Record<string, string>) =>
      row('booking', '2', { booking_id: '2', customer_id: '1053', total: '400.00', ...fields });
    const first = (rows: Array<ReturnType<typeof row>>) => {
      const own = row('booking', '1', { booking_id: '1', customer_id: '1053', total: '600.00' });
      const payload = payloadsOf(mapIn({ rows: [both, paid, ...rows] }, own))['deal booking:1'];
      const { custom_fields } = payload as { custom_fields: Record<string, { value: string }> };
      return ['Invoice total', 'Amount paid', 'Balance due'].map((name) => custom_fields[name]?.value);
    };
    const second = (rows: Array<ReturnType<typeof row>>) => {
      const own = row('booking', '1', { booking_id: '1', customer_id: '1053', total: '600.00' });
      return paidOn('2', [own, both, paid, ...rows]);
    };
    const line = (booking_id: string, line_total: string) =>
      row('invoice_item', '', { invoice_id: '9', line_total, ...(booking_id && { booking_id }) });

    test('is shared by its lines; without lines that name a booking, by what the bookings come to', () => {
      const lines = [line('1', '250.00'), line('2', '750.00')];
      expect([first([other({}), ...lines]), second(lines)]).toEqual([
        ['250', '250', '0'],
        ['750', '450', '300'],
      ]);
      expect([first([other({})]), first([other({}), line('', '1000.00')])]).toEqual(
        Array(2).fill(['600', '600', '0']),
      );
      // The last takes the rest; `second` comes to 200.
      expect(second([])).toEqual(['400', '100', '300']);
    });

    test('stands whole on the deals there are: a booking that is not migrated takes no part of it along', () => {
      const lines = [line('1', '250.00'), line('2', '750.00')];
      // Not in the set; of a customer that was set aside.
      expect([first(lines), first([other({ customer_id: '1999' })])]).toEqual(
        Array(2).fill(['1000', '700', '300']),
      );
    });
  });

  test('a second refund is an activity like the first; approved ones count, one that waits does not', () => {
    const rows = [
      row('invoice', '1', { invoice_id: '1', booking_ids: '10101', status: 'Closed', total: '200.00' }),
      payment('1', { invoice_id: '1', amount: '200.00' }),
      refund('901', '30.00'),
      refund('902', '20.00'),
      refund('903', '150.00', 'Unapproved'),
    ];
    expect(paidOn('10101', rows)).toEqual(['200', '150', '50']);
    const second = mapIn({ rows: [booking, ...rows] }, refund('902', '20.00'));
    expect(payloadsOf(second)['activity refund:902']).toMatchObject({
      subject: 'Refund AUD 20.00 · 1',
      deal_id: { $ref: 'booking:10101' },
    });
  });

  test('an unapplied payment of a company without a person stands on the organization', () => {
    const customers = { 1053: { person: null, organization: 'customer:1053#org' } };
    const payload = payloadsOf(mapIn({ customers }, payment('7', { amount: '75.25' })))['activity payment:7'];
    expect(payload).toMatchObject({ org_id: { $ref: 'customer:1053#org' } });
    expect(payload).not.toHaveProperty('participants');
    expect(payload).not.toHaveProperty('deal_id');
  });
});

describe('service', () => {
  test('is a product with its price, tax, duration, and what a product has no place for in the description', () => {
    const service = row('service', '302', {
      service_id: '302',
      service_name: 'End-of-lease clean',
      category: 'Cleaning',
      description: '<p>Full bond clean</p>',
      brief: 'Bond-back checklist',
      pricing_model: 'job',
      price: '$1,495.00',
      tax_rate: '10 %',
      price_tiers: '[{"label":"1 bed","price":"385.00"}]',
      duration: '6h',
      unit_label: 'job',
      active: 'no',
    });
    const mapped = mapIn({}, service);
    expect(codesOf(mapped)).toEqual([]);
    expect(payloadsOf(mapped)).toMatchInlineSnapshot(`
      {
        "product service:302": {
          "code": "302",
          "custom_fields": {
            "OctopusPro ID": "service:302",
            "Service duration (minutes)": 360,
          },
          "description": "Bond-back checklist

      Full bond clean

      Category: Cleaning
      Pricing: by job
      Price tiers: 1 bed 385.00",
          "is_linkable": false,
          "name": "End-of-lease clean",
          "prices": [
            {
              "currency": "AUD",
              "price": "1495",
            },
          ],
          "tax": 10,
          "unit": "job",
        },
      }
    `);
  });
});

describe('workers and definitions', () => {
  test('live on in other records, without one of their own', () => {
    for (const object of ['fieldworker', 'user', 'booking_status', 'custom_field'])
      expect(mapIn({}, row(object, '1', {})).outcome).toMatchObject({ outcome: 'merged', reason: '' });
  });

  test('fields of workers: the definition stands in the inventory, a value has no record to go to', () => {
    const customFields = [
      { id: '761', label: 'Police check', appliesTo: 'fieldworker', type: 'Date picker', options: [] },
    ];
    const reasonOf = (source: ReturnType<typeof row>) => mapIn({ customFields }, source).outcome.reason;
    expect([
      reasonOf(row('custom_field', '761', {})),
      reasonOf(row('custom_field_option', '9', { field_id: '761' })),
      reasonOf(
        row('custom_field_value', '', {
          object: 'fieldworker',
          record_id: '41',
          field_id: '761',
          value: 'x',
        }),
      ),
    ]).toEqual(['inventory_only', 'inventory_only', 'no_target_record']);
  });

  test('what Pipedrive has no place for stands in an inventory', () => {
    for (const object of ['automation', 'message_template', 'portal_setting', 'service_area', 'pay_rate'])
      expect(mapIn({}, row(object, '1', {})).outcome).toMatchObject({
        outcome: 'excluded',
        reason: 'inventory_only',
      });
  });
});
