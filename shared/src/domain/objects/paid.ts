import { addMoney, isNegative, parseMoney, subtractMoney } from '../convert/money.js';
import type { PageRows, SourceRow } from '../mapping/define-object.js';

/**
 * What was paid on an invoice, by one rule for the deals and for the inventory of billing disputes: they must not contradict
 * each other. A payment that is shared out counts with its shares, whatever invoice it names itself; one that is not counts
 * whole. Refunds lower what was paid, however the export writes them.
 */

/** A payment as far as it concerns one invoice; without an invoice, all of it. */
export interface PaymentPart {
  row: SourceRow;
  /** What of a shared payment falls on this invoice; undefined when all of it does. */
  part: string | undefined;
  /** Refunds of the payment that concern this invoice. */
  refunds: ReadonlyArray<SourceRow>;
  /** False on the second and later invoices of a shared payment: what is wrong with the payment itself is said once. */
  isFirst: boolean;
}

/** The rows around invoices and payments: allocations of both, refunds of payments. */
export type MoneyRows = Pick<PageRows, 'children' | 'row'>;

/** All that pays an invoice: whole payments first, then shares, each payment once. */
export function partsOnInvoice(invoiceId: string, rows: MoneyRows, currency: string): PaymentPart[] {
  const whole = rows
    .children('payment', 'invoice', invoiceId)
    .filter((payment) => sharesOf(payment, rows).length === 0)
    .map((payment) => wholePayment(payment, rows));
  const shared = rows
    .children('payment_allocation', 'invoice', invoiceId)
    .flatMap((share) => rows.row('payment', share.fields.payment_id) ?? []);
  return [...whole, ...[...new Set(shared)].map((payment) => partOf(payment, invoiceId, rows, currency))];
}

export function wholePayment(payment: SourceRow, rows: MoneyRows): PaymentPart {
  return {
    row: payment,
    part: undefined,
    refunds: rows.children('refund', 'payment', payment.sourceId),
    isFirst: true,
  };
}

/** The allocations of a payment, in the order of the export. */
export function sharesOf(payment: SourceRow, rows: MoneyRows): ReadonlyArray<SourceRow> {
  return rows.children('payment_allocation', 'payment', payment.sourceId);
}

function partOf(payment: SourceRow, invoiceId: string, rows: MoneyRows, currency: string): PaymentPart {
  const shares = sharesOf(payment, rows);
  const invoices = shares.map((share) => share.fields.invoice_id);
  const amounts = shares
    .filter((share) => share.fields.invoice_id === invoiceId)
    .flatMap((share) => parseMoney(share.fields.amount, currency) ?? []);
  // A refund that names no invoice, or none of those that were paid, comes off the first.
  const invoiceOf = ({ fields }: SourceRow) =>
    invoices.includes(fields.invoice_id) ? fields.invoice_id : invoices[0];
  return {
    row: payment,
    part: addMoney(amounts),
    refunds: rows
      .children('refund', 'payment', payment.sourceId)
      .filter((refund) => invoiceOf(refund) === invoiceId),
    isFirst: invoices[0] === invoiceId,
  };
}

/** What came in by these payments and what went back, both as approved; amounts that cannot be read count nowhere. */
export function sumOfParts(
  parts: ReadonlyArray<PaymentPart>,
  currency: string,
): { payments: string; refunds: string } {
  const approved = parts.filter(({ row }) => isApproved(row));
  const amounts = (of: ReadonlyArray<PaymentPart>) =>
    of.flatMap(({ row, part }) => parseMoney(part ?? row.fields.amount, currency) ?? []);
  const givenBack = amounts(approved.filter(({ row }) => isRefund(row)));
  const refunds = approved
    .flatMap((part) => part.refunds.filter(isApproved))
    .flatMap((refund) => parseMoney(refund.fields.amount, currency) ?? []);
  return {
    payments: addMoney(amounts(approved.filter(({ row }) => !isRefund(row)))),
    refunds: addMoney([...givenBack, ...refunds].map(withoutSign)),
  };
}

/** Approved payments less approved refunds. */
export function paidBy(parts: ReadonlyArray<PaymentPart>, currency: string): string {
  const { payments, refunds } = sumOfParts(parts, currency);
  return subtractMoney(payments, refunds);
}

/** A row among the payments that says it is money given back; a negative one without such a word is what it is. */
export function isRefund(payment: SourceRow): boolean {
  return /refund|credit(?!\s*card)/i.test(payment.fields.kind ?? '');
}

/** True for a payment or refund that moved money. No status at all: a list of receipts. */
export function isApproved(row: SourceRow): boolean {
  const status = row.fields.status?.toLowerCase() ?? 'approved';
  return [
    'approved',
    'paid',
    'completed',
    'complete',
    'succeeded',
    'success',
    'cleared',
    'refunded',
    'processed',
  ].includes(status);
}

export function withoutSign(amount: string): string {
  return isNegative(amount) ? subtractMoney('0', amount) : amount;
}
