import { parseMoney } from '../convert/money.js';
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
import { targetKeyOf } from '../mapping/record.js';
import { dealsAskedFor, invoicesOfPayment, readsOfBookings } from './deal-of.js';
import { numberOf } from './invoice.js';
import { placeOfPayment } from './payment.js';
import { transactionActivity } from './transaction-activity.js';

/** A refund is an activity of type Refund where its payment is. */
export const refund = defineObject({
  name: 'refund',
  needs: ['payment'],
  reads: [
    { parent: 'payment', of: 'refund', by: 'payment_id' },
    { child: 'payment_allocation', of: 'payment' },
    { parent: 'invoice', of: 'payment', by: 'invoice_id' },
    { parent: 'invoice', of: 'payment_allocation', by: 'invoice_id' },
    { parent: 'booking', of: 'payment', by: 'booking_id' },
    ...readsOfBookings,
  ],
  produces: [
    {
      entity: 'activity',
      key: 'refund:<id>',
      undo: 'delete',
      fields: [
        computed('subject', ['amount'], 'joined'),
        computed('type', [], 'activity type Refund'),
        computed('due_date', ['refund_date'], 'UTC date, or the day when there is no time'),
        computed('due_time', ['refund_date'], 'UTC clock time'),
        computed('done', [], 'always'),
        computed('deal_id', ['payment_id'], 'reference'),
        computed('org_id', ['payment_id'], 'reference'),
        computed('participants', ['payment_id'], 'reference'),
        computed(
          'note',
          ['amount', 'method', 'status', 'mode', 'reference', 'reason', 'description', 'fieldworker_id'],
          'readable block with the marker',
          'Activities have no fields of their own: method, status and reason stand in the note.',
        ),
      ],
      lossy: [],
    },
  ],
  structure: {
    refund_id: 'the key of the activity',
    payment_id: 'finds the payment, and with it the deal',
    invoice_id: 'the payment decides',
    booking_id: 'the payment decides',
    amount: 'the amount, and the sums on the deal',
    refund_date: 'the date of the activity',
    status: 'approved refunds count in the sums',
  },
  notMigrated: {
    created: 'The refund date is the date of the activity.',
    modified: 'Pipedrive sets the time of the last change itself.',
  },
  asks: (row, refs) => {
    const payment = refs.row('payment', row.fields.payment_id);
    if (!payment) return [];
    return [
      targetKeyOf('payment', payment.sourceId),
      ...invoicesOfPayment(payment, refs).flatMap((invoice) => (invoice ? dealsAskedFor(invoice, refs) : [])),
      ...(payment.fields.booking_id === undefined ? [] : [targetKeyOf('booking', payment.fields.booking_id)]),
    ];
  },
  map: mapRefund,
});

function mapRefund(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const amount = parseMoney(row.fields.amount, ctx.settings.currency);
  if (amount === undefined) return rejected('unparseable_amount');
  const payment = refs.row('payment', row.fields.payment_id);
  if (!payment || !refs.isMapped(targetKeyOf('payment', payment.sourceId)))
    return rejected('orphan_reference');
  const place = placeOfPayment(payment, refs);
  if (place === 'orphan') return rejected('orphan_reference');
  const key = targetKeyOf('refund', row.sourceId);
  const invoices = invoicesOfPayment(payment, refs).flatMap((invoice) => invoice ?? []);
  const draft = transactionActivity(key, 'Refund', amount, row, place, invoices.map(numberOf), refs, ctx);
  const links = [linkOf(row, key, 'primary')];
  if (place.deal) links.push(linkOf(row, place.deal, 'contributes'));
  return { outcome: 'mapped', reason: '', drafts: [draft], links };
}
