import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { type DateSettings, parseDay } from '@octopipe/shared/domain/convert/date';
import {
  addMoney,
  compareMoney,
  isNegative,
  parseMoney,
  subtractMoney,
} from '@octopipe/shared/domain/convert/money';
import {
  isApproved,
  isRefund,
  type PaymentPart,
  sumOfParts,
  withoutSign,
} from '@octopipe/shared/domain/objects/paid';
import type { SourceRow } from '@octopipe/shared/staging/read-staged';

/** The defects D15 to D19 of the source data sheet, as rules of their own. */
export type DisputeRule =
  | 'refund_over_payment'
  | 'second_refund'
  | 'refund_of_unapproved_payment'
  | 'total_not_lines'
  | 'paid_not_payments'
  | 'balance_not_payments'
  | 'closed_with_balance'
  | 'open_without_balance'
  | 'negative_payment'
  | 'zero_payment'
  | 'duplicate_charge';

/** All that is known of the money of one invoice; `invoice` null: a payment that belongs to none. */
export interface InvoiceMoney {
  invoice: SourceRow | null;
  items: SourceRow[];
  payments: PaymentPart[];
  /** Payments of the invoice that were set aside, by id: their amount counts nowhere. */
  setAside: string[];
  /** Which objects the export holds at all: without payments, nothing can be said about what was paid. */
  known: { items: boolean; payments: boolean };
}

export interface Dispute {
  rule: DisputeRule;
  /** Exact decimals; what the export states, what we computed, and stated less computed. */
  stated: string | null;
  computed: string | null;
  difference: string | null;
  /** Rows that the figures come from, as `object:id`. */
  from: string[];
}

/** The figures of an invoice, re-computed. Null: the export does not state it, or it cannot be read. */
export interface DisputeFigures {
  total: string | null;
  lines: string | null;
  payments: string;
  refunds: string;
  paidStated: string | null;
  balanceStated: string | null;
  /** Total less approved payments plus approved refunds. */
  balance: string | null;
}

/** Candidates of billing disputes. Nothing is corrected: which figure is right, only the company knows. */
export function findBillingDisputes(
  money: InvoiceMoney,
  settings: DateSettings & { currency: string },
): Dispute[] {
  const figures = figuresOf(money, settings.currency);
  return [
    ...(money.invoice === null ? [] : ofInvoice(money.invoice, money, figures, settings.currency)),
    ...money.payments
      .filter(({ isFirst }) => isFirst)
      .flatMap((payment) => ofPayment(payment, settings.currency)),
    ...duplicates(money, settings),
  ];
}

export function figuresOf(money: InvoiceMoney, currency: string): DisputeFigures {
  const read = (text: string | undefined) => parseMoney(text, currency) ?? null;
  const lines = money.items.map((item) => read(item.fields.line_total));
  const total = read(money.invoice?.fields.total);
  const { payments, refunds } = sumOfParts(money.payments, currency);
  return {
    total,
    // One line that cannot be read makes their sum unknown.
    lines: lines.length === 0 || lines.includes(null) ? null : addMoney(lines.map((line) => line ?? '0')),
    payments,
    refunds,
    paidStated: read(money.invoice?.fields.paid),
    balanceStated: read(money.invoice?.fields.balance),
    balance: total === null ? null : subtractMoney(total, subtractMoney(payments, refunds)),
  };
}

function ofInvoice(
  invoice: SourceRow,
  money: InvoiceMoney,
  figures: DisputeFigures,
  currency: string,
): Dispute[] {
  const status = statusOf(invoice);
  // A void invoice asks for nothing, so nothing of it can be in dispute; its payments are looked at all the same.
  if (status === 'void') return [];
  const key = keyOf(invoice);
  const paymentKeys = money.payments.flatMap(({ row, refunds }) => [keyOf(row), ...refunds.map(keyOf)]);
  return [
    ...totalAgainstLines(invoice, money, figures, currency),
    // A draft was never sent: what is paid on it is not yet anybody's claim.
    ...(status === 'draft' ? [] : paidAndBalance(money, figures, status, [key, ...paymentKeys])),
  ];
}

/**
 * D16. Exports differ in whether lines are after discount and with tax, and rarely say so: the total is only in doubt
 * when no reading of the lines comes within max(0.02, 0.01 × lines) of it.
 */
function totalAgainstLines(
  invoice: SourceRow,
  money: InvoiceMoney,
  { total, lines }: DisputeFigures,
  currency: string,
): Dispute[] {
  if (!money.known.items || total === null || lines === null) return [];
  const tax = parseMoney(invoice.fields.tax, currency) ?? '0';
  const discount = positive(parseMoney(invoice.fields.discount, currency) ?? null) ?? '0';
  const inclusive = parseBool(invoice.fields.tax_inclusive);
  const gross =
    inclusive === true
      ? [lines]
      : inclusive === false
        ? [addMoney([lines, tax])]
        : [lines, addMoney([lines, tax])];
  const readings = gross.flatMap((sum) => [sum, subtractMoney(sum, discount)]);
  const tolerance = money.items.length > 2 ? (0.01 * money.items.length).toFixed(2) : '0.02';
  const isNear = (sum: string) => compareMoney(positive(subtractMoney(total, sum)) ?? '0', tolerance) <= 0;
  if (readings.some(isNear)) return [];
  // The reading that comes nearest is the kindest to the invoice.
  const nearest = readings.reduce((best, sum) => (distance(total, sum) < distance(total, best) ? sum : best));
  return [against('total_not_lines', total, nearest, [keyOf(invoice), ...money.items.map(keyOf)])];
}

/** D17. Exports state `Paid` with refunds taken off or not; either is right. */
function paidAndBalance(
  money: InvoiceMoney,
  figures: DisputeFigures,
  status: InvoiceStatus,
  from: string[],
): Dispute[] {
  const { payments, refunds, paidStated, balanceStated, total } = figures;
  const net = subtractMoney(payments, refunds);
  const balance = money.known.payments ? figures.balance : balanceStated;
  const disputes: Dispute[] = [];
  if (money.known.payments && paidStated !== null) {
    if (!isEqual(paidStated, net) && !isEqual(paidStated, payments))
      disputes.push(against('paid_not_payments', paidStated, net, from));
  }
  if (money.known.payments && balanceStated !== null && figures.balance !== null) {
    if (!isEqual(balanceStated, figures.balance))
      disputes.push(against('balance_not_payments', balanceStated, figures.balance, from));
  }
  if (balance === null) return disputes;
  if (status === 'closed' && !isEqual(balance, '0'))
    disputes.push({
      ...against('closed_with_balance', '0', balance, from),
      stated: balanceStated,
      difference: null,
    });
  if (status === 'open' && isEqual(balance, '0') && total !== null)
    disputes.push({
      ...against('open_without_balance', '0', balance, from),
      stated: balanceStated,
      difference: null,
    });
  return disputes;
}

/** D15 and D18: what is wrong with a payment itself. */
function ofPayment({ row, refunds }: PaymentPart, currency: string): Dispute[] {
  const amount = parseMoney(row.fields.amount, currency);
  const key = keyOf(row);
  const disputes: Dispute[] = [];
  const live = refunds.filter(
    (refund) => !/reject|declin|fail|cancel|void/i.test(refund.fields.status ?? ''),
  );
  const refunded = addMoney(
    live.flatMap((refund) => positive(parseMoney(refund.fields.amount, currency) ?? null) ?? []),
  );
  if (live.length > 0 && amount !== undefined && compareMoney(refunded, positive(amount) ?? '0') > 0)
    disputes.push(against('refund_over_payment', refunded, amount, [key, ...live.map(keyOf)]));
  if (live.length > 1)
    disputes.push({ ...nothing('second_refund', [key, ...live.map(keyOf)]), stated: refunded });
  if (live.length > 0 && !isApproved(row))
    disputes.push({
      ...nothing('refund_of_unapproved_payment', [key, ...live.map(keyOf)]),
      stated: refunded,
    });
  if (amount !== undefined && isNegative(amount))
    disputes.push({ ...nothing('negative_payment', [key]), stated: amount });
  if (amount !== undefined && isEqual(amount, '0'))
    disputes.push({ ...nothing('zero_payment', [key]), stated: amount });
  return disputes;
}

/** D19: approved money on the same invoice, of the same amount and method on the same day. Both are kept. */
function duplicates(money: InvoiceMoney, settings: DateSettings & { currency: string }): Dispute[] {
  if (money.invoice === null) return [];
  const groups = new Map<string, SourceRow[]>();
  for (const { row } of money.payments) {
    const amount = parseMoney(row.fields.amount, settings.currency);
    const day = parseDay(row.fields.payment_date, settings);
    if (!isApproved(row) || isRefund(row) || amount === undefined || day === undefined) continue;
    if (compareMoney(amount, '0') <= 0) continue;
    const key = JSON.stringify([amount, day, (row.fields.method ?? '').toLowerCase()]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()]
    .filter((rows) => rows.length > 1)
    .map((rows) => ({
      ...nothing('duplicate_charge', rows.map(keyOf)),
      stated: parseMoney(rows[0]?.fields.amount, settings.currency) ?? null,
    }));
}

type InvoiceStatus = 'void' | 'draft' | 'closed' | 'open' | 'other';

/** D24: the documented statuses and the synonyms of 7.6. Partially paid invoices are neither open nor closed. */
export function statusOf(invoice: SourceRow): InvoiceStatus {
  const word = (invoice.fields.status ?? '').toLowerCase().trim();
  if (['void', 'voided', 'cancelled', 'canceled'].includes(word)) return 'void';
  if (word === 'draft') return 'draft';
  if (['closed', 'paid'].includes(word)) return 'closed';
  if (['open', 'unpaid', 'overdue'].includes(word)) return 'open';
  return 'other';
}

function keyOf(row: SourceRow): string {
  return `${row.object}:${row.sourceId === '' ? `row ${row.rowNumber}` : row.sourceId}`;
}

function against(rule: DisputeRule, stated: string, computed: string, from: string[]): Dispute {
  return { rule, stated, computed, difference: subtractMoney(stated, computed), from };
}

function nothing(rule: DisputeRule, from: string[]): Dispute {
  return { rule, stated: null, computed: null, difference: null, from };
}

function isEqual(a: string, b: string): boolean {
  return compareMoney(a, b) === 0;
}

function positive(amount: string | null): string | null {
  return amount === null ? null : withoutSign(amount);
}

/** Only to choose the nearest; figures that are printed stay decimals. */
function distance(a: string, b: string): number {
  return Math.abs(Number(subtractMoney(a, b)));
}
