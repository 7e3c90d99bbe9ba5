import type { PageRows, Refs, SourceRow } from '../mapping/define-object.js';
import { type TargetKey, targetKeyOf } from '../mapping/record.js';
import { bookingIdsOf } from './deal-money.js';
import { sharesOf } from './paid.js';

/** Deals an invoice may stand on: its own, where it has one (invoice.ts decides), else those of its bookings, in order. */
export function dealsAskedFor(invoice: SourceRow): TargetKey[] {
  return [targetKeyOf('invoice', invoice.sourceId), ...bookingDeals(invoice)];
}

export function bookingDeals(invoice: SourceRow): TargetKey[] {
  return bookingIdsOf(invoice).map((id) => targetKeyOf('booking', id));
}

/** The deal of an invoice: its own, else that of its first booking in the set. Undefined when all of them were set aside. */
export function dealOfInvoice(invoice: SourceRow, refs: Refs): TargetKey | undefined {
  return dealsAskedFor(invoice).find((key) => refs.isMapped(key));
}

/** The invoices of a payment: those it was split over, else the one it names. Where its parts count, it stands. */
export function invoicesOfPayment(payment: SourceRow, refs: PageRows): Array<SourceRow | undefined> {
  const ids = sharesOf(payment, refs).map((share) => share.fields.invoice_id);
  const invoices = ids.length > 0 ? [...new Set(ids)] : [payment.fields.invoice_id];
  return invoices.map((id) => refs.row('invoice', id));
}

/** Deals that came of a quote: of its bookings, and of invoices that were written for it without a booking. */
export function dealsFromQuote(quote: SourceRow, refs: PageRows): TargetKey[] {
  const bookings = bookingsOfQuote(quote, refs);
  const invoices = refs.children('invoice', 'quote', quote.sourceId).flatMap((row) => dealsAskedFor(row));
  return [...new Set([...bookings, ...invoices])];
}

/** The deals of the bookings a quote became; either side may name the other. */
export function bookingsOfQuote(quote: SourceRow, refs: PageRows): TargetKey[] {
  const { booking_id: named } = quote.fields;
  const naming = refs.children('booking', 'quote', quote.sourceId).map((row) => row.sourceId);
  const ids = [...new Set([...(named === undefined ? [] : [named]), ...naming])];
  return ids.map((id) => targetKeyOf('booking', id));
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
