import { parseDay } from '../convert/date.js';
import {
  addMoney,
  compareMoney,
  fillInOrder,
  isNegative,
  parseMoney,
  subtractMoney,
} from '../convert/money.js';
import { oneLine } from '../convert/text.js';
import { type Converted, computedCustom, monetary } from '../mapping/convert-field.js';
import type { FieldRule, PageRows, ReadRule, Refs, RowContext, SourceRow } from '../mapping/define-object.js';
import { bookingsOfInvoice, invoicesOfBooking, readsOfBookings } from './deal-of.js';
import {
  isApproved,
  isRefund,
  type PaymentPart,
  paidBy,
  partsOnInvoice,
  sharesOf,
  wholePayment,
} from './paid.js';

/** What a deal was billed and paid, over all its invoices and payments. */
export interface DealMoney {
  invoices: SourceRow[];
  /** Sum of what the invoices that are not void bill for this deal; null without such an invoice. */
  invoiced: string | null;
  /** Approved payments less approved refunds; null when there is neither invoice nor payment. */
  paid: string | null;
  lastPayment: string | null;
  methods: string[];
}

export const invoiceStatuses = ['Draft', 'Unpaid', 'Overdue', 'Partially paid', 'Paid', 'Void'] as const;
export type InvoiceStatus = (typeof invoiceStatuses)[number];

/** The invoice and payment fields of a deal, whether it comes from a booking or from an invoice of its own. */
export const moneyFields: ReadonlyArray<FieldRule> = [
  computedCustom('Invoice number', 'varchar', 'should', ['invoice.invoice_number'], { converter: 'joined' }),
  computedCustom('Invoice status', 'enum', 'should', ['invoice.status'], {
    options: invoiceStatuses,
    converter: 'Closed is Paid, Open is Unpaid; Partially paid follows from the balance',
  }),
  computedCustom('Invoice date', 'date', 'should', ['invoice.invoice_date'], { converter: 'first' }),
  computedCustom('Invoice due date', 'date', 'should', ['invoice.due_date'], { converter: 'last' }),
  computedCustom('Invoice total', 'monetary', 'should', ['invoice.total'], {
    converter: 'sum without void ones',
  }),
  computedCustom('Amount paid', 'monetary', 'must', ['payment.amount', 'refund.amount'], {
    converter: 'approved payments less approved refunds',
  }),
  computedCustom('Balance due', 'monetary', 'must', ['invoice.total', 'payment.amount', 'refund.amount'], {
    converter: 'billed less paid',
  }),
  computedCustom('Last payment', 'date', 'must', ['payment.payment_date'], { converter: 'last' }),
  computedCustom('Payment methods', 'varchar', 'must', ['payment.method'], { converter: 'joined' }),
];

/** What has to be read around an invoice to know its money. */
export const readsOfInvoices: ReadonlyArray<ReadRule> = [
  { child: 'invoice_item', of: 'invoice' },
  { child: 'payment', of: 'invoice' },
  { child: 'payment_allocation', of: 'invoice' },
  { parent: 'payment', of: 'payment_allocation', by: 'payment_id' },
  { child: 'payment_allocation', of: 'payment' },
  { child: 'refund', of: 'payment' },
  ...readsOfBookings,
];

/** Whether each invoice is a deal: its money then stands there, and on no deal of a booking. */
export function invoicesAreDeals({ settings, content }: RowContext): boolean {
  // Invoices that the confirmed mapping leaves out become no deals that could carry their money.
  const isLeftOut = content.objects.some(({ object, supported }) => object === 'invoice' && !supported);
  return settings.invoiceDeals === 'own' && !isLeftOut;
}

/**
 * What of a booking's total stands on the deals of its invoices; null without one that is not void. An invoice over several
 * bookings bills each of them whole: its lines may be without tax, and what they left over would count twice.
 */
export function billedFor(booking: SourceRow, refs: PageRows, ctx: RowContext): string | null {
  const live = invoicesOfBooking(booking, refs).filter((invoice) => wordOf(invoice) !== 'void');
  if (live.length === 0) return null;
  const whole = parseMoney(booking.fields.total, ctx.settings.currency) ?? '0';
  const isConsolidated = (invoice: SourceRow) => bookingsOfInvoice(invoice, refs).length > 1;
  return addMoney(live.map((invoice) => (isConsolidated(invoice) ? whole : totalOf(invoice, ctx))));
}

/** The money of a booking: its invoices (its share of consolidated ones) and the payments made on it directly. */
export function moneyOfBooking(booking: SourceRow, refs: Refs, ctx: RowContext): DealMoney {
  const invoices = invoicesAreDeals(ctx) ? [] : invoicesOfBooking(booking, refs);
  const shares = invoices.map((invoice) => shareOf(invoice, booking.sourceId, refs, ctx));
  const direct = refs
    .children('payment', 'booking', booking.sourceId)
    // A payment on an invoice, or spread over several, counts there.
    .filter((payment) => refs.row('invoice', payment.fields.invoice_id) === undefined)
    .filter((payment) => sharesOf(payment, refs).length === 0)
    .map((payment) => wholePayment(payment, refs));
  return gather(invoices, shares, direct, refs, ctx);
}

/** The money of an invoice that is a deal of its own. */
export function moneyOfInvoice(invoice: SourceRow, refs: PageRows, ctx: RowContext): DealMoney {
  const share = { billed: totalOf(invoice, ctx), paid: paidOn(invoice, refs, ctx) };
  return gather([invoice], [share], [], refs, ctx);
}

/** Values of `moneyFields`. `agreed` is what is owed while there is no invoice yet: the booking's total, once something was paid. */
export function moneyValues(
  money: DealMoney,
  agreed: string | undefined,
  refs: PageRows,
  ctx: RowContext,
): Array<[string, Converted]> {
  const { invoices } = money;
  const live = invoices.filter((invoice) => wordOf(invoice) !== 'void');
  const numbers = invoices.map((invoice) => invoice.fields.invoice_number ?? invoice.sourceId).join(', ');
  const dates = live.flatMap((invoice) => parseDay(invoice.fields.invoice_date, ctx.settings) ?? []).sort();
  const due = live.flatMap((invoice) => parseDay(invoice.fields.due_date, ctx.settings) ?? []).sort();
  const status = jointStatus(invoices.map((invoice) => invoiceStatus(invoice, refs, ctx)));
  const owed = money.invoiced ?? agreed;
  const values: Array<[string, Converted | undefined]> = [
    ['Invoice number', invoices.length > 0 ? asText(numbers) : undefined],
    ['Invoice status', status && { value: { $option: status }, text: status }],
    ['Invoice date', asText(dates[0])],
    ['Invoice due date', asText(due.at(-1))],
    ['Invoice total', money.invoiced === null ? undefined : monetary(money.invoiced, ctx)],
    ['Amount paid', money.paid === null ? undefined : monetary(money.paid, ctx)],
    [
      'Balance due',
      money.paid === null || owed === undefined ? undefined : monetary(subtractMoney(owed, money.paid), ctx),
    ],
    ['Last payment', asText(money.lastPayment ?? undefined)],
    ['Payment methods', asText(money.methods.join(', '))],
  ];
  return values.filter((entry): entry is [string, Converted] => entry[1] !== undefined);
}

/** In the words of the target; `Partially paid` is no status of the source but follows from what was paid. */
export function invoiceStatus(invoice: SourceRow, refs: PageRows, ctx: RowContext): InvoiceStatus {
  const word = wordOf(invoice);
  if (word === 'void') return 'Void';
  if (word === 'draft') return 'Draft';
  if (word === 'paid') return 'Paid';
  const paid = paidOn(invoice, refs, ctx);
  if (word === 'partially paid' || compareMoney(paid, '0') > 0) return 'Partially paid';
  return word === 'overdue' ? 'Overdue' : 'Unpaid';
}

type StatusWord = 'draft' | 'open' | 'overdue' | 'paid' | 'void' | 'partially paid';

/** D24 for invoices: the documented statuses and the synonyms of the data sheet (7.6). */
function wordOf(invoice: SourceRow): StatusWord {
  const word = (invoice.fields.status ?? '')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();
  if (['void', 'voided', 'cancelled', 'canceled'].includes(word)) return 'void';
  if (word === 'draft') return 'draft';
  if (['closed', 'paid'].includes(word)) return 'paid';
  if (['partially paid', 'part paid', 'partial'].includes(word)) return 'partially paid';
  return word === 'overdue' ? 'overdue' : 'open';
}

interface Share {
  billed: string;
  paid: string;
}

/** What of a consolidated invoice is this booking's: its lines; payments fill the bookings in the invoice's order. */
function shareOf(invoice: SourceRow, bookingId: string, refs: Refs, ctx: RowContext): Share {
  const bookings = bookingsWithDeal(invoice, refs);
  const total = totalOf(invoice, ctx);
  const paid = paidOn(invoice, refs, ctx);
  if (bookings.length <= 1) return { billed: total, paid };
  const index = bookings.findIndex((booking) => booking.sourceId === bookingId);
  // The last takes what the weights do not explain, so that the deals together bill exactly the invoice.
  const billed = fillInOrder(total, weightsOf(invoice, bookings, refs, ctx));
  return { billed: billed[index] ?? '0', paid: fillInOrder(paid, billed)[index] ?? '0' };
}

/** A booking that was set aside or left out has no deal that its part could stand on: the others bill it. */
function bookingsWithDeal(invoice: SourceRow, refs: Refs): SourceRow[] {
  return bookingsOfInvoice(invoice, refs)
    .flatMap((id) => refs.row('booking', id) ?? [])
    .filter((booking) => refs.customer(booking.fields.customer_id) !== undefined);
}

/** By the lines that name a booking; of an invoice without such lines, by what the bookings come to. */
function weightsOf(
  invoice: SourceRow,
  bookings: ReadonlyArray<SourceRow>,
  refs: Refs,
  ctx: RowContext,
): string[] {
  const read = (text: string | undefined) => parseMoney(text, ctx.settings.currency) ?? '0';
  const items = refs
    .children('invoice_item', 'invoice', invoice.sourceId)
    .filter((item) => item.fields.booking_id !== undefined);
  if (items.length === 0) return bookings.map((booking) => read(booking.fields.total));
  return bookings.map(({ sourceId }) =>
    addMoney(
      items.filter((item) => item.fields.booking_id === sourceId).map((item) => read(item.fields.line_total)),
    ),
  );
}

function totalOf(invoice: SourceRow, ctx: RowContext): string {
  return parseMoney(invoice.fields.total, ctx.settings.currency) ?? '0';
}

function partsOn(invoice: SourceRow, refs: PageRows, ctx: RowContext): PaymentPart[] {
  return partsOnInvoice(invoice.sourceId, refs, ctx.settings.currency);
}

function paidOn(invoice: SourceRow, refs: PageRows, ctx: RowContext): string {
  return paidBy(partsOn(invoice, refs, ctx), ctx.settings.currency);
}

/** `direct` are the payments that are on no invoice. */
function gather(
  invoices: ReadonlyArray<SourceRow>,
  shares: ReadonlyArray<Share>,
  direct: ReadonlyArray<PaymentPart>,
  refs: PageRows,
  ctx: RowContext,
): DealMoney {
  const { currency } = ctx.settings;
  const billed = shares.filter((_, index) => {
    const invoice = invoices[index];
    return invoice !== undefined && wordOf(invoice) !== 'void';
  });
  const parts = [...invoices.flatMap((invoice) => partsOn(invoice, refs, ctx)), ...direct];
  const incoming = parts
    .map(({ row }) => row)
    .filter((row) => isApproved(row) && !isRefund(row) && isIncome(row, ctx))
    .map((row) => ({
      day: parseDay(row.fields.payment_date, ctx.settings) ?? '',
      method: oneLine(row.fields.method ?? ''),
    }))
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  const isBilledOrPaid = billed.length > 0 || parts.length > 0;
  return {
    invoices: [...invoices],
    invoiced: billed.length > 0 ? addMoney(billed.map((share) => share.billed)) : null,
    paid: isBilledOrPaid ? addMoney([...shares.map((share) => share.paid), paidBy(direct, currency)]) : null,
    lastPayment: incoming.at(-1)?.day || null,
    methods: [...new Set(incoming.map((payment) => payment.method).filter((method) => method !== ''))],
  };
}

function isIncome(payment: SourceRow, ctx: RowContext): boolean {
  const amount = parseMoney(payment.fields.amount, ctx.settings.currency);
  return amount !== undefined && !isNegative(amount);
}

/** Several invoices on one deal have one status: the one that still needs someone. */
export function jointStatus(statuses: ReadonlyArray<InvoiceStatus>): InvoiceStatus | undefined {
  const live = statuses.filter((status) => status !== 'Void');
  if (live.length === 0) return statuses[0];
  if (live.every((status) => status === live[0])) return live[0];
  if (live.includes('Overdue')) return 'Overdue';
  if (live.includes('Partially paid') || live.includes('Paid')) return 'Partially paid';
  return 'Unpaid';
}

function asText(text: string | undefined): Converted | undefined {
  return text === undefined || text === '' ? undefined : { value: text, text };
}
