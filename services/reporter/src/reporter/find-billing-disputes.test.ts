import type { PaymentPart } from '@octopipe/shared/domain/objects/paid';
import type { SourceRow } from '@octopipe/shared/staging/read-staged';
import { expect, test } from 'vitest';
import { type Dispute, findBillingDisputes, type InvoiceMoney } from './find-billing-disputes.js';

const settings = { currency: 'AUD', timeZone: 'Australia/Sydney', dateFormat: 'iso' };
const known = { items: true, payments: true };

test('an invoice whose figures agree is no dispute', () => {
  expect(
    rulesOf(invoice({ total: '100.00', paid: '100', balance: '0.00', status: 'Closed' }, [paid('7', '100')])),
  ).toEqual([]);
});

test('D15 a refund beyond its payment, signs left aside', () => {
  expect(found(loose(paid('7', '100', {}, [refund('1', '-120.50')])))).toEqual([
    {
      rule: 'refund_over_payment',
      stated: '120.5',
      computed: '100',
      difference: '20.5',
      from: ['payment:7', 'refund:1'],
    },
  ]);
});

test('D15 a second refund, unless one of them was rejected', () => {
  const second = (status: string) =>
    loose(paid('7', '100', {}, [refund('1', '10'), refund('2', '10', { status })]));
  expect(found(second('Unapproved'))).toEqual([
    {
      rule: 'second_refund',
      stated: '20',
      computed: null,
      difference: null,
      from: ['payment:7', 'refund:1', 'refund:2'],
    },
  ]);
  expect(rulesOf(second('Rejected'))).toEqual([]);
});

test('D15 a refund of a payment that was never approved', () => {
  expect(rulesOf(loose(paid('7', '100', { status: 'Unapproved' }, [refund('1', '10')])))).toEqual([
    'refund_of_unapproved_payment',
  ]);
});

test('D16 the total against its lines, in every reading of tax and discount, with the tolerance', () => {
  const lines = (fields: Record<string, string>, ...amounts: string[]) =>
    rulesOf({
      ...invoice(fields),
      known: { items: true, payments: false },
      items: amounts.map((line_total, index) => row('invoice_item', String(index), { line_total })),
    });
  expect(lines({ total: '195' }, '186')).toEqual(['total_not_lines']);
  expect(lines({ total: '110', tax: '10' }, '100')).toEqual([]);
  expect(lines({ total: '110', tax: '10', tax_inclusive: 'true' }, '100')).toEqual(['total_not_lines']);
  expect(lines({ total: '90', discount: '10' }, '60', '40')).toEqual([]);
  expect(lines({ total: '100.02' }, '100')).toEqual([]);
  expect(lines({ total: '100.03' }, '100')).toEqual(['total_not_lines']);
  expect(lines({ total: '195', status: 'Void' }, '186')).toEqual([]);
  expect(lines({ total: '195' }, 'a lot', '186')).toEqual([]);
});

test('D17 paid and balance against approved payments less refunds, each figure exact', () => {
  const money = invoice({ total: '300', paid: '212', balance: '88', status: 'Partially paid' }, [
    paid('7', '100.10', {}, [refund('1', '0.10')]),
    paid('8', '50', { status: 'Failed' }),
  ]);
  expect(found(money)).toEqual([
    {
      rule: 'paid_not_payments',
      stated: '212',
      computed: '100',
      difference: '112',
      from: ['invoice:5', 'payment:7', 'refund:1', 'payment:8'],
    },
    {
      rule: 'balance_not_payments',
      stated: '88',
      computed: '200',
      difference: '-112',
      from: ['invoice:5', 'payment:7', 'refund:1', 'payment:8'],
    },
  ]);
});

test('D17 refunds may be taken off the amount paid or not', () => {
  const stated = (amount: string) =>
    rulesOf(
      invoice({ total: '100', paid: amount, balance: '30', status: 'Partially paid' }, [
        paid('7', '100', {}, [refund('1', '30')]),
      ]),
    );
  expect([stated('100'), stated('70'), stated('80')]).toEqual([[], [], ['paid_not_payments']]);
});

test('D17 closed with a balance, open with none', () => {
  expect(rulesOf(invoice({ total: '100', status: 'Paid' }, [paid('7', '60')]))).toEqual([
    'closed_with_balance',
  ]);
  expect(rulesOf(invoice({ total: '100', status: 'Closed' }, [paid('7', '160')]))).toEqual([
    'closed_with_balance',
  ]);
  expect(rulesOf(invoice({ total: '100', status: 'Overdue' }, [paid('7', '100')]))).toEqual([
    'open_without_balance',
  ]);
  expect(rulesOf(invoice({ total: '100', status: 'Draft' }, [paid('7', '100')]))).toEqual([]);
});

test('D17 without payments in the export, only what the invoice itself says counts', () => {
  const without = (fields: Record<string, string>) =>
    rulesOf({ ...invoice(fields), known: { items: true, payments: false } });
  expect(without({ total: '100', paid: '100', balance: '0', status: 'Closed' })).toEqual([]);
  expect(without({ total: '100', paid: '90', balance: '10', status: 'Closed' })).toEqual([
    'closed_with_balance',
  ]);
});

test('D17 a shared payment counts with its part, and what is wrong with it is said once', () => {
  const part = (isFirst: boolean) =>
    invoice({ total: '80', balance: '0', status: 'Closed' }, [
      { ...paid('7', '200', {}, [refund('1', '250', { status: 'Unapproved' })]), part: '80', isFirst },
    ]);
  expect([rulesOf(part(true)), rulesOf(part(false))]).toEqual([['refund_over_payment'], []]);
});

test('D18 negative and zero payments', () => {
  expect(rulesOf(loose(paid('7', '(45.00)')))).toEqual(['negative_payment']);
  expect(rulesOf(loose(paid('7', '0.00')))).toEqual(['zero_payment']);
});

test('D18 a refund among the payments lowers what was paid and is no second charge', () => {
  const given = (id: string, amount: string) => paid(id, amount, { kind: 'refund' });
  const money = invoice({ total: '100', paid: '60', balance: '40', status: 'Partially paid' }, [
    paid('7', '100'),
    given('8', '20'),
    given('9', '-20'),
  ]);
  expect(found(money)).toEqual([expect.objectContaining({ rule: 'negative_payment', from: ['payment:9'] })]);
  const twice = { method: 'Card', payment_date: '2025-01-13', kind: 'Refund' };
  expect(
    rulesOf(invoice({ total: '100', status: 'Open' }, [paid('7', '20', twice), paid('8', '20', twice)])),
  ).toEqual([]);
});

test('D19 the same amount, day and method on one invoice', () => {
  const twice = (method: string, date: string) =>
    rulesOf(
      invoice({ total: '200', status: 'Closed' }, [
        paid('7', '100', { method: 'Card', payment_date: '2025-01-13T23:00:00+11:00' }),
        paid('8', '100.00', { method, payment_date: date }),
      ]),
    );
  expect(twice('card', '2025-01-13T09:00:00+11:00')).toEqual(['duplicate_charge']);
  expect(twice('Cash', '2025-01-13T09:00:00+11:00')).toEqual([]);
  expect(twice('card', '2025-01-14T00:30:00+11:00')).toEqual([]);
});

function rulesOf(money: InvoiceMoney): string[] {
  return found(money).map(({ rule }) => rule);
}

function found(money: InvoiceMoney): Dispute[] {
  return findBillingDisputes(money, settings);
}

function invoice(fields: Record<string, string>, payments: PaymentPart[] = []): InvoiceMoney {
  return {
    invoice: row('invoice', '5', { status: 'Open', ...fields }),
    items: [],
    payments,
    setAside: [],
    known,
  };
}

function loose(...payments: PaymentPart[]): InvoiceMoney {
  return { invoice: null, items: [], payments, setAside: [], known };
}

function paid(
  id: string,
  amount: string,
  fields: Record<string, string> = {},
  refunds: SourceRow[] = [],
): PaymentPart {
  return {
    row: row('payment', id, { amount, status: 'Approved', ...fields }),
    part: undefined,
    refunds,
    isFirst: true,
  };
}

function refund(id: string, amount: string, fields: Record<string, string> = {}): SourceRow {
  return row('refund', id, { amount, status: 'Approved', ...fields });
}

function row(object: string, sourceId: string, fields: Record<string, string>): SourceRow {
  return { object, rowNumber: 1, sourceId, fields, extra: {} };
}
