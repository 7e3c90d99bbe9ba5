import { describe, expect, test } from 'vitest';
import type { MappingContent, MappingSettings } from '../mapping/content.js';
import type { SourceRow } from '../mapping/define-object.js';
import { codesOf, contentOf, mapIn, payloadsOf, row } from './fixtures.js';

/** Each invoice a deal of its own: `invoiceDeals: own`. */
const own = (more: Partial<MappingSettings> = {}): Partial<MappingContent> => ({
  settings: { ...contentOf({}).settings, invoiceDeals: 'own', ...more },
});

const booking = row('booking', '10101', {
  booking_id: '10101',
  booking_number: 'BOK-101',
  customer_id: '1053',
  status: 'Completed',
  total: '477.00',
});
const invoice = (id: string, fields: Record<string, string> = {}) =>
  row('invoice', id, {
    invoice_id: id,
    invoice_number: `INV-${id}`,
    customer_id: '1053',
    booking_ids: '["10101"]',
    status: 'Open',
    invoice_date: '2025-01-01',
    due_date: '2025-01-15',
    total: '477.00',
    labels: '["Dispute"]',
    ...fields,
  });
const payment = (id: string, fields: Record<string, string>) =>
  row('payment', id, {
    payment_id: id,
    payment_date: '2025-01-09',
    method: 'Card',
    customer_id: '1053',
    ...fields,
  });

type Deal = {
  value?: string;
  custom_fields: Record<string, { value?: string } | string>;
  label_ids?: unknown;
};

/** Value, total, billed, paid, owed of each deal, and the sum of the values: nothing may count twice. */
function moneyOf(rows: SourceRow[], settings: Partial<MappingSettings> = {}) {
  const deals = rows
    .filter(({ object }) => object === 'booking' || object === 'invoice')
    .flatMap((source) => {
      const others = rows.filter((other) => other !== source);
      return Object.entries(payloadsOf(mapIn({ rows: others, content: own(settings) }, source)));
    })
    .filter(([key]) => key.startsWith('deal '));
  const figures = Object.fromEntries(
    deals.map(([key, payload]) => {
      const { value, custom_fields: fields } = payload as Deal;
      const amount = (name: string) => {
        const field = fields[name];
        return typeof field === 'object' ? (field.value ?? null) : null;
      };
      return [
        key.slice(5),
        [value ?? null, amount('Invoice total'), amount('Amount paid'), amount('Balance due')].join(' '),
      ];
    }),
  );
  const sum = deals.reduce((total, [, payload]) => total + Number((payload as Deal).value ?? 0), 0);
  return { ...figures, sum };
}

describe('each invoice a deal of its own', () => {
  test('of a booking: the deal bills, names the booking, and the booking’s deal keeps no value', () => {
    const mapped = mapIn({ rows: [booking], content: own() }, invoice('5701'));
    expect(mapped.links.map(({ targetKey, role }) => `${role} ${targetKey}`)).toEqual([
      'contributes invoice:5701#activity',
      'primary invoice:5701',
      'contributes booking:10101',
    ]);
    const payloads = payloadsOf(mapped);
    expect(payloads['activity invoice:5701#activity']).toMatchObject({ deal_id: { $ref: 'invoice:5701' } });
    expect(payloads['deal invoice:5701']).toMatchInlineSnapshot(`
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
          "Booking number": "BOK-101",
          "Invoice date": "2025-01-01",
          "Invoice due date": "2025-01-15",
          "Invoice number": "INV-5701",
          "Invoice status": {
            "$option": "Unpaid",
          },
          "Invoice total": {
            "currency": "AUD",
            "value": "477",
          },
          "OctopusPro ID": "invoice:5701",
        },
        "expected_close_date": "2025-01-15",
        "label_ids": {
          "$labels": [
            "Dispute",
          ],
        },
        "person_id": {
          "$ref": "customer:1053",
        },
        "stage_id": {
          "$stage": {
            "pipeline": "Bookings",
            "stage": "Invoiced",
          },
        },
        "status": "open",
        "title": "Invoice INV-5701",
        "value": "477",
      }
    `);
    const billed = payloadsOf(mapIn({ rows: [invoice('5701')], content: own() }, booking));
    expect(billed['deal booking:10101']).toMatchInlineSnapshot(`
      {
        "currency": "AUD",
        "custom_fields": {
          "Booking number": "BOK-101",
          "Booking status": {
            "$option": "Completed",
          },
          "Invoice number": "INV-5701",
          "More details": "Booking total: AUD 477.00",
          "OctopusPro ID": "booking:10101",
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
        "title": "Booking · BOK-101",
      }
    `);
  });

  test('a consolidated invoice is one deal with the whole total; payments stand and count on it', () => {
    const both = invoice('5720', { booking_ids: '["1","2"]', total: '240.00' });
    const booked = (id: string) =>
      row('booking', id, { booking_id: id, customer_id: '1053', total: '120.00' });
    const paid = payment('4430', { invoice_id: '5720', booking_id: '1', amount: '100.00' });
    expect(moneyOf([booked('1'), booked('2'), both, paid])).toEqual({
      'booking:1': '   ',
      'booking:2': '   ',
      'invoice:5720': '240 240 100 140',
      sum: 240,
    });
    const rows = [both, booked('1'), booked('2')];
    expect(payloadsOf(mapIn({ rows, content: own() }, paid))['activity payment:4430']).toMatchObject({
      deal_id: { $ref: 'invoice:5720' },
    });
  });

  test('an invoice for each appointment: the booking keeps what is not billed yet; void ones bill nothing', () => {
    const visits = ['1', '2', '3'].map((id) =>
      invoice(id, { total: '100.00', status: id === '3' ? 'Void' : 'Closed' }),
    );
    expect(moneyOf([booking, ...visits, payment('9', { booking_id: '10101', amount: '77.00' })])).toEqual({
      // Paid on the booking itself: it counts there, and nowhere else.
      'booking:10101': '277  77 200',
      'invoice:1': '100 100 0 100',
      'invoice:2': '100 100 0 100',
      'invoice:3': '100   ',
      sum: 577,
    });
  });

  test('a deposit over two invoices counts on each with its part; an unapplied payment stands on the person', () => {
    const rows = [
      invoice('5722', { total: '150.00' }),
      invoice('5723', { total: '90.00' }),
      payment('4427', { amount: '200.00', kind: 'deposit', booking_id: '10101' }),
      row('payment_allocation', '', { payment_id: '4427', invoice_id: '5722', amount: '120.00' }),
      row('payment_allocation', '', { payment_id: '4427', invoice_id: '5723', amount: '80.00' }),
    ];
    expect(moneyOf([booking, ...rows])).toEqual({
      'booking:10101': '237   ',
      'invoice:5722': '150 150 120 30',
      'invoice:5723': '90 90 80 10',
      sum: 477,
    });
    const unapplied = payloadsOf(mapIn({ rows, content: own() }, payment('7', { amount: '75.25' })));
    expect(unapplied['activity payment:7']).toMatchObject({
      participants: [{ person_id: { $ref: 'customer:1053' } }],
    });
    expect(unapplied['activity payment:7']).not.toHaveProperty('deal_id');
  });

  test('the value follows the confirmed source', () => {
    const rows = [
      booking,
      invoice('1', { total: '400.00' }),
      payment('9', { invoice_id: '1', amount: '77.00' }),
    ];
    expect([
      moneyOf(rows, { dealValue: 'invoice_total' }).sum,
      moneyOf(rows, { dealValue: 'amount_paid' }).sum,
    ]).toEqual([400, 77]);
    // Not invoiced: as ever.
    expect(moneyOf([booking], { dealValue: 'invoice_total' }).sum).toBe(477);
  });

  test('an invoice without a customer we have takes its booking’s; without either it is an orphan', () => {
    const lost = invoice('1', { customer_id: '1999' });
    const payload = payloadsOf(mapIn({ rows: [booking], content: own() }, lost))['deal invoice:1'];
    expect(payload).toMatchObject({ person_id: { $ref: 'customer:1053' } });
    expect(mapIn({ content: own() }, lost).outcome).toMatchObject({
      outcome: 'rejected',
      reason: 'orphan_reference',
    });
  });

  test('invoices that the mapping leaves out take nothing from the bookings', () => {
    const content = { ...own(), objects: [{ object: 'invoice', rows: 1, supported: false, columns: [] }] };
    const payload = payloadsOf(mapIn({ rows: [invoice('1')], content }, booking))['deal booking:10101'];
    expect(payload).toMatchObject({ value: '477' });
  });

  test('lines as products: those of the invoice on its deal, those of the booking as text, without a complaint', () => {
    const content = own({ dealLines: 'products' });
    const line = { description: 'Deep clean', quantity: '1', unit_price: '477.00', line_total: '477.00' };
    const item = row('invoice_item', '1', { invoice_id: '5701', ...line });
    const service = row('booking_service', '8', { booking_id: '10101', service_name: 'Deep clean', ...line });
    const billing = mapIn({ rows: [booking, item], content }, invoice('5701'));
    expect(Object.keys(payloadsOf(billing))).toContain('line invoice_item:1');
    const billed = mapIn({ rows: [invoice('5701'), service], content }, booking);
    expect([Object.keys(payloadsOf(billed)), codesOf(billed)]).toEqual([['deal booking:10101'], []]);
  });
});
