import { parseList } from '../convert/list.js';
import type { PageRows, ReadRule, Refs, SourceRow } from '../mapping/define-object.js';
import { type TargetKey, targetKeyOf } from '../mapping/record.js';
import { sharesOf } from './paid.js';

/** What has to be read around an invoice to know its bookings. Comes last: nothing is to be read around those again. */
export const readsOfBookings: ReadonlyArray<ReadRule> = [
  { parent: 'booking', of: 'invoice', by: 'booking_ids' },
  { child: 'booking', of: 'invoice' },
];

/** The bookings an invoice bills; either side may name the other. */
export function bookingsOfInvoice(invoice: SourceRow, refs: PageRows): string[] {
  const naming = refs.children('booking', 'invoice', invoice.sourceId).map((row) => row.sourceId);
  return [...new Set([...parseList(invoice.fields.booking_ids), ...naming])];
}

/** The invoices that bill a booking, likewise. */
export function invoicesOfBooking(booking: SourceRow, refs: PageRows): SourceRow[] {
  const naming = refs.children('invoice', 'booking', booking.sourceId);
  const named = parseList(booking.fields.invoice_ids).flatMap((id) => refs.row('invoice', id) ?? []);
  const known = new Set(naming.map((row) => row.sourceId));
  return [...naming, ...named.filter((row) => !known.has(row.sourceId))];
}

/** Deals an invoice may stand on: its own, where it has one (invoice.ts decides), else those of its bookings, in order. */
export function dealsAskedFor(invoice: SourceRow, refs: PageRows): TargetKey[] {
  return [targetKeyOf('invoice', invoice.sourceId), ...bookingDeals(invoice, refs)];
}

export function bookingDeals(invoice: SourceRow, refs: PageRows): TargetKey[] {
  return bookingsOfInvoice(invoice, refs).map((id) => targetKeyOf('booking', id));
}

/** The deal of an invoice: its own, else that of its first booking in the set. Undefined when all of them were set aside. */
export function dealOfInvoice(invoice: SourceRow, refs: Refs): TargetKey | undefined {
  return dealsAskedFor(invoice, refs).find((key) => refs.isMapped(key));
}

/** The invoices of a payment: those it was split over, else the one it names. Where its parts count, it stands. */
export function invoicesOfPayment(payment: SourceRow, refs: PageRows): Array<SourceRow | undefined> {
  const ids = sharesOf(payment, refs).map((share) => share.fields.invoice_id);
  const invoices = ids.length > 0 ? [...new Set(ids)] : [payment.fields.invoice_id];
  return invoices.map((id) => refs.row('invoice', id));
}

/** Deals that came of a quote: of its bookings, and of invoices that were written for it without a booking. */
export function dealsFromQuote(quote: SourceRow, refs: PageRows): TargetKey[] {
  const bookings = bookingsOfQuote(quote, refs).map((id) => targetKeyOf('booking', id));
  const invoices = refs.children('invoice', 'quote', quote.sourceId);
  return [...new Set([...bookings, ...invoices.flatMap((row) => dealsAskedFor(row, refs))])];
}

/** The bookings a quote became; either side may name the other. */
export function bookingsOfQuote(quote: SourceRow, refs: PageRows): string[] {
  const { booking_id: named } = quote.fields;
  const naming = refs.children('booking', 'quote', quote.sourceId).map((row) => row.sourceId);
  return [...new Set([...(named === undefined ? [] : [named]), ...naming])];
}

/** The records an inquiry may be: which of them is decided by the settings, and a change of mind makes another one. */
export function keysOfInquiry(inquiry: SourceRow): { lead: TargetKey; deal: TargetKey; person: TargetKey } {
  const { sourceId } = inquiry;
  return {
    lead: targetKeyOf('inquiry', sourceId),
    deal: targetKeyOf('inquiry', sourceId, 'deal'),
    person: targetKeyOf('inquiry', sourceId, 'person'),
  };
}

/** The deals that go on in the place of an inquiry: of its bookings, then of its quotes. Either side may name the other. */
export function dealsFromInquiry(inquiry: SourceRow, refs: PageRows): TargetKey[] {
  const { booking_id: booking, quote_id: quoteId } = inquiry.fields;
  const naming = refs.children('booking', 'inquiry', inquiry.sourceId).map((row) => row.sourceId);
  const bookings = [...(booking === undefined ? [] : [booking]), ...naming];
  const named = refs.row('quote', quoteId);
  const quotes = [...(named ? [named] : []), ...refs.children('quote', 'inquiry', inquiry.sourceId)];
  return [
    ...new Set([
      ...bookings.map((id) => targetKeyOf('booking', id)),
      ...quotes.flatMap((quote) => dealsOfQuote(quote, refs)),
    ]),
  ];
}

/** Where a quote may stand: on its own deal, or, when it was merged, on the deal of what it became. */
export function dealsOfQuote(quote: SourceRow, refs: PageRows): TargetKey[] {
  return [targetKeyOf('quote', quote.sourceId), ...dealsFromQuote(quote, refs)];
}
