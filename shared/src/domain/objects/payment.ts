import { compareMoney, isNegative, parseMoney } from '../convert/money.js';
import { computed } from '../mapping/convert-field.js';
import {
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { type TargetKey, targetKeyOf } from '../mapping/record.js';
import { dealOfInvoice, dealsAskedFor, invoicesOfPayment, readsOfBookings } from './deal-of.js';
import { numberOf } from './invoice.js';
import { isRefund } from './paid.js';
import { transactionActivity } from './transaction-activity.js';

/** A payment is an activity at its original date: on the deal of its invoice or booking; unapplied, on the person. */
export const payment = defineObject({
  name: 'payment',
  needs: ['customer', 'booking', 'invoice'],
  reads: [
    { child: 'payment_allocation', of: 'payment' },
    { parent: 'invoice', of: 'payment', by: 'invoice_id' },
    { parent: 'invoice', of: 'payment_allocation', by: 'invoice_id' },
    { parent: 'booking', of: 'payment', by: 'booking_id' },
    ...readsOfBookings,
  ],
  produces: [
    {
      entity: 'activity',
      key: 'payment:<id>',
      undo: 'delete',
      fields: [
        computed('subject', ['kind', 'amount'], 'joined'),
        computed('type', ['kind'], 'activity type Payment, Partial payment, Deposit or Refund'),
        computed('due_date', ['payment_date'], 'UTC date, or the day when there is no time'),
        computed('due_time', ['payment_date'], 'UTC clock time'),
        computed('done', [], 'always'),
        computed('deal_id', ['invoice_id', 'booking_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
        computed('participants', ['customer_id'], 'reference'),
        computed(
          'note',
          [
            'amount',
            'method',
            'status',
            'reference',
            'gateway',
            'card_last4',
            'insert_type',
            'added_by',
            'fieldworker_id',
            'invoice_number',
            'notes',
          ],
          'readable block with the marker',
          'Activities have no fields of their own: method, status and reference stand in the note.',
        ),
      ],
      lossy: ['Pipedrive has no payments: each becomes a done activity, and the deal shows the sums.'],
    },
  ],
  structure: {
    payment_id: 'the key of the activity',
    amount: 'the amount, and the sums on the deal',
    payment_date: 'the date of the activity',
    invoice_id: 'finds the deal',
    invoice_number: 'finds the deal where the id is not given; in the note',
    booking_id: 'finds the deal',
    customer_id: 'finds the person',
    status: 'approved payments count in the sums',
    kind: 'the type of the activity; a refund lowers the sums on the deal',
    method: 'in the note and on the deal',
  },
  notMigrated: {
    created: 'The payment date is the date of the activity.',
    modified: 'Pipedrive sets the time of the last change itself.',
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted payments are excluded or migrated like the others.',
  },
  asks: (row, refs) => [
    ...invoicesOfPayment(row, refs).flatMap((invoice) => (invoice ? dealsAskedFor(invoice, refs) : [])),
    ...(row.fields.booking_id === undefined ? [] : [targetKeyOf('booking', row.fields.booking_id)]),
  ],
  map: mapPayment,
});

function mapPayment(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const amount = parseMoney(row.fields.amount, ctx.settings.currency);
  if (amount === undefined) return rejected('unparseable_amount');
  const place = placeOfPayment(row, refs);
  if (place === 'orphan') return rejected('orphan_reference');
  const key = targetKeyOf('payment', row.sourceId);
  const invoices = invoicesOfPayment(row, refs).flatMap((invoice) => invoice ?? []);
  const draft = transactionActivity(
    key,
    kindOf(row, amount, invoices, ctx),
    amount,
    row,
    place,
    invoices.map(numberOf),
    refs,
    ctx,
  );
  const links = [linkOf(row, key, 'primary')];
  if (place.deal) links.push(linkOf(row, place.deal, 'contributes'));
  return { outcome: 'mapped', reason: '', drafts: [draft], links };
}

export interface Place {
  deal: TargetKey | null;
  customerId: string | undefined;
  bookingNumber: string | undefined;
}

/**
 * The deal of the payment's invoice, else of its booking. `orphan` when it names one that was set aside: it must not
 * turn up as unapplied. An invoice that the export does not have at all (a package without invoices) is no hindrance.
 */
export function placeOfPayment(row: SourceRow, refs: Refs): Place | 'orphan' {
  const invoices = invoicesOfPayment(row, refs).flatMap((invoice) => invoice ?? []);
  const booking = refs.row('booking', row.fields.booking_id);
  const customerId = row.fields.customer_id ?? invoices[0]?.fields.customer_id ?? booking?.fields.customer_id;
  const place = { customerId, bookingNumber: booking?.fields.booking_number };
  for (const invoice of invoices) {
    const deal = dealOfInvoice(invoice, refs);
    if (deal) return { ...place, deal };
  }
  const ofBooking = targetKeyOf('booking', row.fields.booking_id ?? '');
  if (refs.isMapped(ofBooking)) return { ...place, deal: ofBooking };
  return invoices.length > 0 || row.fields.booking_id !== undefined ? 'orphan' : { ...place, deal: null };
}

export type TransactionKind = 'Payment' | 'Partial payment' | 'Deposit' | 'Refund';

/** What the export says it is; a payment below its invoice's total is a partial one (D18: negative is a refund). */
function kindOf(
  row: SourceRow,
  amount: string,
  invoices: ReadonlyArray<SourceRow>,
  ctx: RowContext,
): TransactionKind {
  const kind = row.fields.kind?.toLowerCase() ?? '';
  if (isNegative(amount) || isRefund(row)) return 'Refund';
  if (/deposit/.test(kind)) return 'Deposit';
  if (/partial|part/.test(kind)) return 'Partial payment';
  const total = parseMoney(invoices[0]?.fields.total, ctx.settings.currency);
  return total !== undefined && compareMoney(amount, total) < 0 ? 'Partial payment' : 'Payment';
}
