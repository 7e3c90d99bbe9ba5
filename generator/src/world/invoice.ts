import * as d from '../distributions.js';
import { type Booking, type Line, lastEnd, makeBooking } from './booking.js';
import { dayMinutes, exportedAt, today } from './calendar.js';
import { at, dice, Share } from './chance.js';
import { bookingOfSlot, type World } from './world.js';

export interface InvoiceLine extends Line {
  id: number;
  booking: number;
  kind: 'service' | 'extra';
}

export interface Payment {
  id: number;
  /** Undefined when it is allocated to several invoices, or to none. */
  invoice: number | undefined;
  booking: number | undefined;
  amount: number;
  at: number;
  status: 'Approved' | 'Unapproved';
  kind: 'payment' | 'deposit' | 'partial';
  refund?: { id: number; amount: number; at: number; approved: boolean };
}

export interface Invoice {
  id: number;
  /** All of one customer. */
  bookings: number[];
  status: keyof typeof d.invoiceStatuses;
  created: number;
  due: number;
  lines: InvoiceLine[];
  subtotal: number;
  discount: number;
  tax: number;
  total: number;
  payments: Payment[];
  /** From a deposit that is split over two invoices. */
  allocated: number;
  paid: number;
  refunded: number;
  balance: number;
}

export interface Billing {
  invoices: Invoice[];
  split: { payment: Payment; parts: Array<{ invoice: number; amount: number }> } | undefined;
}

const firstInvoice = 500_001;

/** Ids come from the booking that stands first on the invoice, so that nothing has to be counted. */
export function invoiceId(booking: number, k = 0): number {
  return firstInvoice + booking * 8 + k;
}

export function invoiceIds(world: World, booking: Booking): number[] {
  if (booking.invoicing === 'none') return [];
  if (booking.invoicing === 'merged')
    return [invoiceId(bookingOfSlot(world, booking.series?.firstSlot ?? booking.slot.slot))];
  const count = booking.invoicing === 'perAppointment' ? booking.visits.length : 1;
  return Array.from({ length: count }, (_, k) => invoiceId(booking.index, k));
}

/** The invoices that this booking is first on; the others of a consolidated invoice have none of their own. */
export function billingOf(world: World, booking: Booking): Billing {
  if (booking.invoicing === 'own')
    return {
      invoices: [invoiceOf(world, booking, 0, wholeLines(booking), [booking.index], lastEnd(booking))],
      split: undefined,
    };
  if (booking.invoicing === 'merged') return mergedBilling(world, booking);
  if (booking.invoicing === 'none') return { invoices: [], split: undefined };
  const count = booking.visits.length;
  const shares = dice(world.seed, 'split', booking.index);
  const isSplit = world.shuffle('split').share(booking.index).below(d.splitDeposits);
  const make = (depositShare: number) =>
    booking.visits.map((visit, k) =>
      invoiceOf(
        world,
        booking,
        k,
        partLines(booking, k, count),
        [booking.index],
        visit.end,
        k < 2 ? depositShare : 0,
      ),
    );
  const invoices = make(isSplit ? 0.2 + 0.1 * shares.next() : 0);
  const parts = invoices
    .filter((one) => one.allocated > 0)
    .map((one) => ({ invoice: one.id, amount: one.allocated }));
  // A deposit is split only when both invoices were paid.
  if (parts.length < 2) return { invoices: make(0), split: undefined };
  const amount = parts.reduce((sum, part) => sum + part.amount, 0);
  const payment: Payment = {
    id: 50_000_000 + booking.index,
    invoice: undefined,
    booking: booking.index,
    amount,
    at: Math.max(...invoices.slice(0, 2).map((one) => one.created)) + 5,
    status: 'Approved',
    kind: 'deposit',
  };
  return { invoices, split: { payment, parts } };
}

/** What was paid for one booking, refunds taken off. */
export function paidOf(world: World, booking: Booking): number {
  if (booking.invoicing === 'none') return 0;
  if (booking.invoicing !== 'merged')
    return billingOf(world, booking).invoices.reduce((sum, one) => sum + one.paid - one.refunded, 0);
  const first = makeBooking(world, bookingOfSlot(world, booking.series?.firstSlot ?? booking.slot.slot));
  return mergedBilling(world, first).invoices[0]?.status === 'Closed' ? booking.total : 0;
}

function mergedBilling(world: World, booking: Booking): Billing {
  const { series } = booking;
  if (series?.occurrence !== 0) return { invoices: [], split: undefined };
  const all = Array.from({ length: series.length }, (_, n) =>
    makeBooking(world, bookingOfSlot(world, series.firstSlot + n)),
  );
  const end = Math.max(...all.map(lastEnd));
  const ids = all.map((one) => one.index);
  return { invoices: [invoiceOf(world, booking, 0, all.flatMap(wholeLines), ids, end)], split: undefined };
}

function wholeLines(booking: Booking): InvoiceLine[] {
  return [
    ...booking.lines.map((line, n) => ({
      ...line,
      id: lineId(booking, 0, n),
      booking: booking.index,
      kind: 'service' as const,
    })),
    ...booking.extras.map((line, n) => ({
      ...line,
      id: lineId(booking, 0, 8 + n),
      booking: booking.index,
      kind: 'extra' as const,
    })),
  ];
}

/** The k-th of `count` equal parts of a booking, to the cent: the parts add up to the whole. */
function partLines(booking: Booking, k: number, count: number): InvoiceLine[] {
  const part = (amount: number) => Math.floor((amount * (k + 1)) / count) - Math.floor((amount * k) / count);
  return wholeLines(booking).map((line, n) => ({
    ...line,
    id: lineId(booking, k, n),
    quantity: 1,
    unit: part(line.net),
    discount: 0,
    tax: part(line.tax),
    net: part(line.net),
  }));
}

function lineId(booking: Booking, k: number, n: number): number {
  return 30_000_000 + booking.index * 64 + k * 16 + n;
}

function invoiceOf(
  world: World,
  booking: Booking,
  k: number,
  lines: InvoiceLine[],
  bookings: number[],
  end: number,
  depositShare = 0,
): Invoice {
  const isSpread = booking.invoicing === 'own';
  const throws = dice(world.seed, `invoice ${k}`, booking.index);
  const share = isSpread ? new Share(booking.rest.value) : new Share(throws.next());
  const status: Invoice['status'] = booking.isVoided ? 'Void' : share.split(d.unvoidedStatuses);
  const subtotal = lines.reduce((sum, line) => sum + line.net + line.discount, 0);
  const discount = lines.reduce((sum, line) => sum + line.discount, 0);
  const tax = lines.reduce((sum, line) => sum + line.tax, 0);
  const total = subtotal - discount + (world.taxInclusive ? 0 : tax);
  // Open means not yet due: an old booking with an open invoice was invoiced late.
  const late = status === 'Open' ? today * dayMinutes + 600 - throws.int(1, 9) * dayMinutes : 0;
  const created = Math.max(end + 15, late);
  const day = Math.floor(created / dayMinutes);
  const due = status === 'Overdue' ? Math.min(day + 14, today - 1) : day + 14;
  const id = invoiceId(booking.index, k);
  const base = { id, bookings, status, created, due, lines, subtotal, discount, tax, total };
  const allocated = status === 'Closed' ? Math.floor(total * depositShare) : 0;
  const payments = paymentsOf(booking, base, k, share, throws, total - allocated);
  const approved = payments.filter((one) => one.status === 'Approved');
  const paid = allocated + approved.reduce((sum, one) => sum + one.amount, 0);
  const refunded = approved.reduce((sum, one) => sum + (one.refund?.approved ? one.refund.amount : 0), 0);
  const balance = status === 'Void' ? 0 : total - paid + refunded;
  return { ...base, payments, allocated, paid, refunded, balance };
}

type Base = Pick<Invoice, 'id' | 'status' | 'created' | 'bookings'>;
type Throws = ReturnType<typeof dice>;

function paymentsOf(
  booking: Booking,
  invoice: Base,
  k: number,
  share: Share,
  throws: Throws,
  open: number,
): Payment[] {
  if (invoice.status === 'Draft' || invoice.status === 'Void') return [];
  if (invoice.status !== 'Closed') {
    const part = share.split(d.openPayments);
    // What came in for a consolidated invoice could not be told apart by booking.
    if (part === 'none' || invoice.bookings.length > 1) return [];
    const status = part === 'part' ? 'Approved' : 'Unapproved';
    return spread(booking, invoice, k, [Math.floor(open * (0.2 + 0.5 * throws.next()))], throws).map(
      (one) => ({ ...one, status, kind: 'partial' }),
    );
  }
  const wanted = share.split(d.closedPayments);
  const count = wanted === 'more' ? Number(share.split(d.morePayments)) : Number(wanted);
  if (open < 1000 && count > 1) return spread(booking, invoice, k, [open], throws);
  if (count === 1) return withPartialRefund(spread(booking, invoice, k, [open], throws), share, throws, open);
  const deposit = k === 0 && booking.deposit > 0 && booking.deposit < open / 2 ? booking.deposit : 0;
  if (count === 2 && share.below(d.fullRefunds))
    return withFullRefund(spread(booking, invoice, k, [open, open], throws), share);
  const weights = Array.from({ length: count }, (_, n) => n + 3);
  const whole = weights.reduce((sum, one) => sum + one, 0);
  const amounts = weights.map((weight) => Math.floor((open * weight) / whole));
  if (deposit > 0) amounts[0] = deposit;
  amounts[count - 1] = open - amounts.slice(0, -1).reduce((sum, one) => sum + one, 0);
  const made = spread(booking, invoice, k, amounts, throws);
  if (deposit > 0) at(made, 0).kind = 'deposit';
  return made;
}

/** The customer paid too much, and the difference went back; one not approved yet has not moved money. */
function withPartialRefund(payments: Payment[], share: Share, throws: Throws, open: number): Payment[] {
  if (!share.below(d.partialRefunds)) return payments;
  const payment = at(payments, 0);
  const amount = Math.max(1, Math.floor(open * (0.05 + 0.3 * throws.next())));
  const approved = !share.below(d.unapprovedRefunds);
  if (approved) payment.amount += amount;
  payment.refund = {
    id: payment.id + 30_000_000,
    amount,
    at: Math.min(payment.at + dayMinutes, exportedAt - 5),
    approved,
  };
  return payments;
}

/** Paid twice by mistake, on two days: the second one went back whole. */
function withFullRefund(payments: Payment[], share: Share): Payment[] {
  const second = at(payments, 1);
  const approved = !share.below(d.unapprovedRefunds);
  second.refund = {
    id: second.id + 30_000_000,
    amount: second.amount,
    at: Math.min(second.at + dayMinutes, exportedAt - 5),
    approved,
  };
  if (approved) return payments;
  const first = at(payments, 0);
  first.amount = Math.floor(first.amount * 0.45);
  second.amount -= first.amount;
  second.refund.amount = second.amount;
  return payments;
}

function spread(booking: Booking, invoice: Base, k: number, amounts: number[], throws: Throws): Payment[] {
  const window = Math.min(exportedAt - 10 - invoice.created, (5 + 30 * throws.next()) * dayMinutes);
  return amounts.map((amount, n) => ({
    id: 40_000_000 + booking.index * 64 + k * 8 + n,
    invoice: invoice.id,
    booking: invoice.bookings.length === 1 ? booking.index : undefined,
    amount,
    at: invoice.created + Math.floor((window * (n + 1)) / (amounts.length + 1)),
    status: 'Approved',
    kind: 'payment',
  }));
}
