import { instantFrom, localText, parseDay, parseWhen } from '../convert/date.js';
import { plainText } from '../convert/html.js';
import { parseList } from '../convert/list.js';
import { moneyText, parseMoney } from '../convert/money.js';
import { oneLine } from '../convert/text.js';
import type { MappingSettings } from '../mapping/content.js';
import { computed, computedCustom, cut, textLimits, titleLimit } from '../mapping/convert-field.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  type Product,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { labelsOf } from '../mapping/labels.js';
import { block, markedNote } from '../mapping/note-text.js';
import {
  fileNameWithMarker,
  markerField,
  markerFieldName,
  type Payload,
  type TargetKey,
  targetKeyOf,
} from '../mapping/record.js';
import { linesOfDeal } from './deal-lines.js';
import {
  type DealMoney,
  type InvoiceStatus,
  invoiceStatus,
  invoicesAreDeals,
  moneyFields,
  moneyOfInvoice,
  moneyValues,
  readsOfInvoices,
} from './deal-money.js';
import { bookingDeals, bookingsOfInvoice, dealOfInvoice, dealsAskedFor } from './deal-of.js';
import { ownerOf } from './owner.js';
import { sortKeyOf } from './sort-key.js';

/** Columns that every invoice shows in the block of its activity. */
const inNote = [
  'invoice_number',
  'status',
  'invoice_date',
  'due_date',
  'sent_at',
  'paid_at',
  'voided_at',
  'subtotal',
  'discount',
  'tax',
  'total',
  'paid',
  'refunded',
  'balance',
  'tax_inclusive',
  'billing_address',
  'po_number',
  'terms',
  'labels',
  'notes',
  'invoice_item.description',
];

/**
 * An invoice adds its number, status, dates and total to the deals of its bookings (see booking.ts), and is an activity
 * at its issue date with its PDF. Only an invoice without a booking is a deal: revenue is never counted twice. Where the
 * tenant wishes a deal for each invoice, the deals of the bookings keep only what no invoice bills.
 */
export const invoice = defineObject({
  name: 'invoice',
  needs: ['customer', 'user', 'service', 'product', 'booking'],
  reads: [{ child: 'attachment', of: 'invoice' }, ...readsOfInvoices],
  produces: [
    ...invoiceProducts('enrich'),
    ...invoiceProducts('own'),
    {
      entity: 'file',
      key: 'invoice:<id>#pdf',
      undo: 'delete',
      fields: [
        computed('file', ['pdf_file'], 'file of the package'),
        computed('name', ['invoice_number'], 'number and file name'),
        computed('activity_id', [], 'reference'),
        computed('deal_id', [], 'reference'),
      ],
      lossy: [],
    },
  ],
  structure: {
    invoice_id: 'the key of its records',
    customer_id: 'links person and organization',
    booking_ids: 'links the deals',
    status: 'decides the invoice status',
    total: 'the amount billed',
    modified: 'the time of closing when no other is known',
  },
  notMigrated: {
    quote_id: 'The deal of the quote leads to the booking; of an invoice without one only the quote knows.',
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted invoices are excluded or migrated like the others.',
  },
  asks: (row, refs) => dealsAskedFor(row, refs),
  files: (row) => (row.fields.pdf_file === undefined ? [] : [row.fields.pdf_file]),
  map: mapInvoice,
});

/** Deal and activity: the same fields in both ways, other things lost. */
function invoiceProducts(way: 'enrich' | 'own'): Product[] {
  const when = (settings: MappingSettings) => (settings.invoiceDeals ?? 'enrich') === way;
  return [
    {
      entity: 'deal',
      key: 'invoice:<id>',
      undo: 'delete',
      when,
      fields: [
        computed('title', ['invoice_number'], 'number'),
        computed('add_time', ['created', 'invoice_date'], 'RFC 3339 UTC'),
        computed('value', ['total'], 'amount'),
        computed('currency', [], 'account currency'),
        computed('status', ['status'], 'paid is won, void is lost'),
        computed(
          'stage_id',
          ['status'],
          way === 'own' ? 'Done, Invoiced, or Needs review without a booking' : 'Done or Needs review',
        ),
        computed('won_time', ['paid_at', 'modified'], 'RFC 3339 UTC'),
        computed('lost_time', ['voided_at', 'modified'], 'RFC 3339 UTC'),
        computed('lost_reason', ['status'], 'fixed words'),
        computed('expected_close_date', ['due_date'], 'day in the tenant zone'),
        computed('person_id', ['customer_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
        computed('owner_id', ['owner_id'], 'user by id'),
        computed('label_ids', ['labels'], 'labels by name, of the bookings’ deals or its own'),
        computedCustom(markerFieldName, 'varchar', 'must', ['invoice_id'], { converter: 'target key' }),
        ...(way === 'own'
          ? [
              computedCustom('Booking number', 'varchar', 'should', ['booking_ids'], {
                converter: 'numbers of the bookings it bills',
              }),
            ]
          : []),
        ...moneyFields,
      ],
      lossy:
        way === 'own'
          ? [
              'A booking and each of its invoices are deals that name each other by number. What is billed counts on the deals of the invoices: the booking’s deal keeps only what no invoice bills, and its total in the field Booking total.',
              'The number of won deals counts bookings and invoices; their values do not count twice.',
            ]
          : [],
    },
    {
      entity: 'activity',
      key: 'invoice:<id>#activity',
      undo: 'delete',
      when,
      fields: [
        computed('subject', ['invoice_number', 'total', 'status'], 'joined'),
        computed('type', [], 'activity type Invoice'),
        computed('due_date', ['invoice_date'], 'day in the tenant zone'),
        computed('done', ['invoice_date', 'status'], 'issued by the time of the export'),
        computed('owner_id', ['owner_id'], 'user by id'),
        computed('deal_id', ['booking_ids'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
        computed('participants', ['customer_id'], 'reference'),
        computed('note', inNote, 'readable block with the marker'),
      ],
      lossy: [
        'Pipedrive has no invoices: number, status, dates and total are fields of the deal, the lines stand in the note of an activity.',
        ...(way === 'own'
          ? []
          : [
              'An invoice over several bookings is one activity on the first booking’s deal; each deal shows its own share of the total.',
            ]),
      ],
    },
  ];
}

function mapInvoice(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const hasBookings = bookingsOfInvoice(row, refs).length > 0;
  const isDeal = !hasBookings || invoicesAreDeals(ctx);
  const customer = customerOf(row, refs);
  const ownKey = targetKeyOf('invoice', row.sourceId);
  const deal = isDeal ? customer && ownKey : dealOfInvoice(row, refs);
  if (!deal) return rejected('orphan_reference');
  const status = invoiceStatus(row, refs, ctx);
  const activityKey = targetKeyOf('invoice', row.sourceId, 'activity');
  const drafts: Draft[] = [];
  const links = [linkOf(row, activityKey, isDeal ? 'contributes' : 'primary', 'activity')];
  if (isDeal) {
    const own = dealDraft(ownKey, row, status, refs, ctx);
    const items = refs.children('invoice_item', 'invoice', row.sourceId);
    const lines = linesOfDeal(own, row, items, refs, ctx);
    drafts.push(own, ...lines.drafts);
    links.push(linkOf(row, ownKey, 'primary'), ...lines.links);
  }
  for (const key of bookingDeals(row, refs).filter((key) => refs.isMapped(key)))
    links.push(linkOf(row, key, 'contributes'));
  drafts.push(activityDraft(activityKey, deal, row, status, refs, ctx));
  const file = fileDraft(row, deal, activityKey, refs, ctx);
  if (file) {
    drafts.push(file);
    links.push(linkOf(row, file.targetKey, 'contributes', 'pdf'));
  }
  return { outcome: 'mapped', reason: '', drafts, links };
}

/** Its own; of an invoice that names none we have, that of its first booking: what bills a deal is never set aside. */
function customerOf(row: SourceRow, refs: Refs) {
  const ids = bookingsOfInvoice(row, refs).map((id) => refs.row('booking', id)?.fields.customer_id);
  return [row.fields.customer_id, ...ids].map((id) => refs.customer(id)).find((found) => found !== undefined);
}

function dealDraft(
  key: TargetKey,
  row: SourceRow,
  status: InvoiceStatus,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const customer = customerOf(row, refs);
  const money = moneyOfInvoice(row, refs, ctx);
  const value = worthOf(row, money, ctx);
  const owner = ownerOf([row.fields.owner_id], [], refs.catalogue);
  const created =
    parseWhen(row.fields.created, ctx.settings) ?? parseWhen(row.fields.invoice_date, ctx.settings);
  const native: Payload = {
    title: cut(`Invoice ${numberOf(row)}`, titleLimit, ctx, 'invoice_number')?.text ?? key,
    ...(value === undefined ? {} : { value }),
    // Also without a value: the account's default currency may be another one.
    currency: ctx.settings.currency,
    ...(created ? { add_time: instantFrom(created, ctx.settings) } : {}),
    ...closing(row, status, refs, ctx),
    ...(customer?.person ? { person_id: { $ref: customer.person } } : {}),
    ...(customer?.organization ? { org_id: { $ref: customer.organization } } : {}),
    ...(owner ? { owner_id: owner } : {}),
  };
  const draft: Draft = {
    targetKey: key,
    entity: 'deal',
    native,
    custom: new Map(),
    labels: labelsOf(row, 'deal', ctx),
    sortKey: `invoice${sortKeyOf(row)}`,
  };
  draft.custom.set(...markerField(key));
  const bookings = cut(bookingNumbers(row, refs).join(', '), textLimits.varchar, ctx, 'booking_ids');
  if (bookings) draft.custom.set('Booking number', bookings);
  for (const [name, converted] of moneyValues(money, undefined, refs, ctx)) draft.custom.set(name, converted);
  return draft;
}

function bookingNumbers(row: SourceRow, refs: Refs): string[] {
  return bookingsOfInvoice(row, refs).map((id) =>
    oneLine(refs.row('booking', id)?.fields.booking_number ?? id),
  );
}

/** By the confirmed source; an invoice that stands for itself is worth what it bills, as it was before there was a choice. */
function worthOf(row: SourceRow, money: DealMoney, ctx: RowContext): string | undefined {
  if (invoicesAreDeals(ctx) && ctx.settings.dealValue === 'amount_paid') return money.paid ?? '0';
  return amountOf(row, 'total', ctx);
}

function closing(row: SourceRow, status: InvoiceStatus, refs: Refs, ctx: RowContext): Payload {
  const stage = (name: string) => ({ $stage: { pipeline: ctx.settings.pipeline, stage: name } });
  const instant = (...fields: string[]) => {
    const when = fields
      .map((field) => parseWhen(row.fields[field], ctx.settings))
      .find((found) => found !== undefined);
    return when && instantFrom(when, ctx.settings);
  };
  if (status === 'Paid') {
    const at = instant('paid_at', 'modified', 'invoice_date');
    return { status: 'won', stage_id: stage('Done'), ...(at ? { won_time: at } : {}) };
  }
  if (status === 'Void') {
    const at = instant('voided_at', 'modified', 'invoice_date');
    return {
      status: 'lost',
      stage_id: stage('Done'),
      ...(at ? { lost_time: at } : {}),
      lost_reason: 'Invoice voided',
    };
  }
  const due = parseDay(row.fields.due_date, ctx.settings);
  const open = invoicesAreDeals(ctx) && bookingsOfInvoice(row, refs).length > 0 ? 'Invoiced' : 'Needs review';
  return { status: 'open', stage_id: stage(open), ...(due ? { expected_close_date: due } : {}) };
}

function activityDraft(
  key: TargetKey,
  deal: TargetKey,
  row: SourceRow,
  status: InvoiceStatus,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const customer = customerOf(row, refs);
  const total = amountOf(row, 'total', ctx);
  const day = parseDay(row.fields.invoice_date, ctx.settings);
  if (row.fields.invoice_date !== undefined && !day) ctx.find('unparseable_date', 'invoice_date');
  const owner = ownerOf([row.fields.owner_id], [], refs.catalogue);
  const subject = [
    'Invoice',
    numberOf(row),
    '·',
    total && moneyText(total, ctx.settings.currency),
    '·',
    status,
  ];
  const native: Payload = {
    subject: cut(subject.filter(Boolean).join(' '), titleLimit, ctx, 'subject')?.text ?? key,
    type: { $activityType: 'Invoice' },
    ...(day ? { due_date: day } : {}),
    // A draft is not issued: it stays to be done.
    done: status !== 'Draft' && (day === undefined || day <= (parseDay(ctx.exportedAt, ctx.settings) ?? day)),
    deal_id: { $ref: deal },
    ...(customer?.person ? { participants: [{ person_id: { $ref: customer.person }, primary: true }] } : {}),
    ...(customer?.organization ? { org_id: { $ref: customer.organization } } : {}),
    ...(owner ? { owner_id: owner } : {}),
    note: markedNote(noteText(row, status, refs, ctx), key, numberOf(row), ctx),
  };
  return {
    targetKey: key,
    entity: 'activity',
    native,
    custom: new Map(),
    sortKey: `invoice${sortKeyOf(row)}`,
  };
}

function noteText(row: SourceRow, status: InvoiceStatus, refs: Refs, ctx: RowContext): string {
  const money = (field: string) => {
    const amount = amountOf(row, field, ctx);
    return amount === undefined ? row.fields[field] : moneyText(amount, ctx.settings.currency);
  };
  const time = (field: string) => {
    const when = parseWhen(row.fields[field], ctx.settings);
    return when && localText(when, ctx.settings);
  };
  const bookings = bookingNumbers(row, refs);
  const items = refs.children('invoice_item', 'invoice', row.sourceId).map((item) => itemText(item, ctx));
  return block(
    [
      ['Invoice', numberOf(row)],
      ['Status', status],
      ['Issued', time('invoice_date')],
      ['Due', time('due_date')],
      ['Sent', time('sent_at')],
      ['Paid on', time('paid_at')],
      ['Voided', time('voided_at')],
      [bookings.length > 1 ? 'Covers bookings' : 'Booking', bookings.join(', ')],
      ['Subtotal', money('subtotal')],
      ['Discount', money('discount')],
      ['Tax', money('tax')],
      ['Total', money('total')],
      ['Paid', money('paid')],
      ['Refunded', money('refunded')],
      ['Balance', money('balance')],
      ['Tax inclusive', row.fields.tax_inclusive],
      ['Billing address', row.fields.billing_address && oneLine(row.fields.billing_address)],
      ['PO number', row.fields.po_number],
      ['Terms', row.fields.terms],
      ['Labels', parseList(row.fields.labels).join(', ')],
    ],
    items.join('\n'),
    plainText(row.fields.notes ?? ''),
  );
}

function itemText(item: SourceRow, ctx: RowContext): string {
  const amount = (field: string) => {
    const value = amountOf(item, field, ctx);
    return value === undefined ? undefined : moneyText(value, ctx.settings.currency);
  };
  const name = oneLine(item.fields.description ?? item.fields.service_name ?? item.fields.type ?? 'Line');
  const price = [item.fields.quantity, amount('unit_price')].filter(Boolean).join(' × ');
  const discount = amountOf(item, 'discount', ctx);
  const less =
    discount !== undefined && discount !== '0' ? `less ${moneyText(discount, ctx.settings.currency)}` : '';
  return [`${name}:`, price, less, amount('line_total') ? `= ${amount('line_total')}` : '']
    .filter(Boolean)
    .join(' ');
}

/** Unless the list of attachments has the same file: then that row is the record. */
function fileDraft(
  row: SourceRow,
  deal: TargetKey,
  activity: TargetKey,
  refs: Refs,
  ctx: RowContext,
): Draft | undefined {
  const path = row.fields.pdf_file;
  if (path === undefined) return undefined;
  const isListed = refs
    .children('attachment', 'invoice', row.sourceId)
    .some((attachment) => attachment.fields.path === path);
  if (isListed) return undefined;
  const file = refs.file(path);
  if (!file) {
    ctx.find('missing_file', 'pdf_file');
    return undefined;
  }
  return invoiceFile(
    targetKeyOf('invoice', row.sourceId, 'pdf'),
    row,
    path.split('/').at(-1) ?? path,
    path,
    file,
    deal,
    activity,
  );
}

/** The PDF of an invoice, on its activity and on the deal. */
export function invoiceFile(
  key: TargetKey,
  invoiceRow: SourceRow,
  fileName: string,
  path: string,
  file: { bytes: number; sha256: string },
  deal: TargetKey,
  activity: TargetKey,
): Draft {
  const number = numberOf(invoiceRow);
  // The number first, for a person's eye; the marker, so that a lost upload is found by its name alone.
  const name = fileNameWithMarker(fileName.startsWith(number) ? fileName : `${number} - ${fileName}`, key);
  return {
    targetKey: key,
    entity: 'file',
    native: {
      file: { $file: { path, sha256: file.sha256, bytes: file.bytes } },
      name,
      activity_id: { $ref: activity },
      deal_id: { $ref: deal },
    },
    custom: new Map(),
    sortKey: sortKeyOf(invoiceRow, 'pdf'),
  };
}

export function numberOf(row: SourceRow): string {
  return oneLine(row.fields.invoice_number ?? row.sourceId);
}

function amountOf(row: SourceRow, field: string, ctx: RowContext): string | undefined {
  return parseMoney(row.fields[field], ctx.settings.currency);
}
