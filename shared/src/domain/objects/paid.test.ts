import { expect, test } from 'vitest';
import type { SourceRow } from '../mapping/define-object.js';
import { row } from './fixtures.js';
import { type MoneyRows, paidBy, partsOnInvoice, sumOfParts } from './paid.js';

test('a payment that is not shared out is whole, with all its refunds', () => {
  const rows = rowsOf(
    payment('7', '100', { invoice_id: '5' }),
    refund('1', '7', '-20'),
    refund('2', '7', '5'),
  );
  const parts = partsOnInvoice('5', rows, 'AUD');
  expect(parts).toMatchObject([{ row: { sourceId: '7' }, part: undefined, isFirst: true }]);
  expect(sumOfParts(parts, 'AUD')).toEqual({ payments: '100', refunds: '25' });
});

test('a shared payment is its parts, one for each invoice, and nothing of the invoice that it only names', () => {
  const rows = rowsOf(
    payment('7', '100', { invoice_id: '4' }),
    ...[share('7', '5', '30'), share('7', '6', '60'), share('7', '5', '10')],
    ...[
      refund('1', '7', '8', { invoice_id: '6' }),
      refund('2', '7', '3'),
      refund('3', '7', '1', { invoice_id: '4' }),
    ],
  );
  const on = (invoice: string) =>
    partsOnInvoice(invoice, rows, 'AUD').map(({ part, refunds, isFirst }) => [
      part,
      refunds.map(({ sourceId }) => sourceId),
      isFirst,
    ]);
  expect([on('4'), on('5'), on('6')]).toEqual([[], [['40', ['2', '3'], true]], [['60', ['1'], false]]]);
});

test('what is not approved, or cannot be read, counts nowhere', () => {
  const rows = rowsOf(
    payment('7', '100', { invoice_id: '5', status: 'Failed' }),
    payment('8', 'twelve', { invoice_id: '5' }),
    payment('9', '40', { invoice_id: '5', status: undefined }),
    refund('1', '9', '10', { status: 'Unapproved' }),
  );
  expect(paidBy(partsOnInvoice('5', rows, 'AUD'), 'AUD')).toBe('40');
});

test('a payment by credit card is no credit', () => {
  const kinds = ['refund', 'Credit', 'credit note', 'Credit card', 'payment'];
  const rows = rowsOf(...kinds.map((kind, id) => payment(`${id}`, '10', { invoice_id: '5', kind })));
  expect(sumOfParts(partsOnInvoice('5', rows, 'AUD'), 'AUD')).toEqual({ payments: '20', refunds: '30' });
});

function payment(id: string, amount: string, fields: Record<string, string | undefined> = {}): SourceRow {
  const given = Object.entries({ amount, status: 'Approved', ...fields }).filter(
    ([, text]) => text !== undefined,
  );
  return row('payment', id, Object.fromEntries(given) as Record<string, string>);
}

function share(paymentId: string, invoiceId: string, amount: string): SourceRow {
  return row('payment_allocation', '', { payment_id: paymentId, invoice_id: invoiceId, amount });
}

function refund(
  id: string,
  paymentId: string,
  amount: string,
  fields: Record<string, string> = {},
): SourceRow {
  return row('refund', id, { payment_id: paymentId, amount, status: 'Approved', ...fields });
}

function rowsOf(...rows: SourceRow[]): MoneyRows {
  return {
    children: (child, parent, id) =>
      rows.filter((one) => one.object === child && one.fields[`${parent}_id`] === id),
    row: (object, id) => rows.find((one) => one.object === object && one.sourceId === id),
  };
}
