import { parseWhen, utcDateAndTime } from '../convert/date.js';
import { plainText } from '../convert/html.js';
import { moneyText, parseMoney } from '../convert/money.js';
import { oneLine } from '../convert/text.js';
import { cut, titleLimit } from '../mapping/convert-field.js';
import type { Draft, Refs, RowContext, SourceRow } from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import type { Payload, TargetKey } from '../mapping/record.js';
import { workerName } from './owner.js';
import type { Place, TransactionKind } from './payment.js';
import { sortKeyOf } from './sort-key.js';

/** A payment or refund as a done activity at its date, everything known about it in a fixed block of the note. */
export function transactionActivity(
  key: TargetKey,
  kind: TransactionKind,
  amount: string,
  row: SourceRow,
  place: Place,
  invoiceNumbers: ReadonlyArray<string>,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const dateField = row.object === 'refund' ? 'refund_date' : 'payment_date';
  const when = parseWhen(row.fields[dateField], ctx.settings);
  if (!when && row.fields[dateField] !== undefined) ctx.find('unparseable_date', dateField);
  const customer = refs.customer(place.customerId);
  const about = invoiceNumbers.join(', ') || place.bookingNumber;
  const subject = [`${kind} ${moneyText(amount, ctx.settings.currency)}`, about].filter(Boolean).join(' · ');
  const native: Payload = {
    subject: cut(oneLine(subject), titleLimit, ctx, 'subject')?.text ?? key,
    type: { $activityType: kind },
    ...(when?.instant ? dueAt(when.instant) : when ? { due_date: when.day } : {}),
    done: true,
    ...(place.deal ? { deal_id: { $ref: place.deal } } : {}),
    ...(customer?.person ? { participants: [{ person_id: { $ref: customer.person }, primary: true }] } : {}),
    ...(customer?.organization ? { org_id: { $ref: customer.organization } } : {}),
    note: markedNote(noteText(kind, amount, row, place, invoiceNumbers, refs, ctx), key, about, ctx),
  };
  return {
    targetKey: key,
    entity: 'activity',
    native,
    custom: new Map(),
    sortKey: `${row.object}${sortKeyOf(row)}`,
  };
}

function dueAt(instant: string): Payload {
  const { date, time } = utcDateAndTime(instant);
  return { due_date: date, due_time: time };
}

function noteText(
  kind: TransactionKind,
  amount: string,
  row: SourceRow,
  place: Place,
  invoiceNumbers: ReadonlyArray<string>,
  refs: Refs,
  ctx: RowContext,
): string {
  const { fields } = row;
  const parts = refs
    .children('payment_allocation', 'payment', row.sourceId)
    .map((part) => `${partText(part, ctx)} on ${invoiceNumberOf(part, refs)}`);
  return block(
    [
      ['Kind', kind],
      ['Amount', moneyText(amount, ctx.settings.currency)],
      ['Method', fields.method],
      ['Status', fields.status],
      ['Reference', fields.reference],
      ['Invoice', invoiceNumbers.join(', ') || fields.invoice_number],
      ['Split', parts.join(', ')],
      ['Booking', place.bookingNumber],
      ['Applied', place.deal === null ? 'no (to no invoice or booking)' : undefined],
      ['Refunded payment', row.object === 'refund' ? fields.payment_id : undefined],
      ['Mode', fields.mode],
      ['Reason', fields.reason],
      ['Gateway', fields.gateway],
      ['Card', fields.card_last4 && `ends in ${fields.card_last4}`],
      ['Entered', fields.insert_type],
      ['Added by', fields.added_by],
      ['Worker', fields.fieldworker_id && workerName(fields.fieldworker_id, refs.catalogue)],
    ],
    plainText(fields.notes ?? fields.description ?? ''),
  );
}

function partText(allocation: SourceRow, ctx: RowContext): string {
  const amount = parseMoney(allocation.fields.amount, ctx.settings.currency);
  return amount === undefined
    ? (allocation.fields.amount ?? 'an amount')
    : moneyText(amount, ctx.settings.currency);
}

function invoiceNumberOf(allocation: SourceRow, refs: Refs): string {
  const invoice = refs.row('invoice', allocation.fields.invoice_id);
  return invoice?.fields.invoice_number ?? allocation.fields.invoice_id ?? '';
}
