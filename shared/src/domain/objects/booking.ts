import { addressFields, addressOf } from '../convert/address.js';
import { instantFrom, parseWhen } from '../convert/date.js';
import { parseList } from '../convert/list.js';
import { compareMoney, parseMoney, subtractMoney } from '../convert/money.js';
import { firstLine, oneLine } from '../convert/text.js';
import type { StatusTarget } from '../mapping/content.js';
import {
  computed,
  computedCustom,
  custom,
  cut,
  monetary,
  readFields,
  textLimits,
  titleLimit,
} from '../mapping/convert-field.js';
import { customValues, longFormOf } from '../mapping/custom-values.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  merged,
  type Refs,
  type RowContext,
  rejected,
  type Series,
  type SourceRow,
} from '../mapping/define-object.js';
import { labelsOf } from '../mapping/labels.js';
import {
  markerField,
  markerFieldName,
  type Payload,
  type PayloadValue,
  type TargetKey,
  targetKeyOf,
} from '../mapping/record.js';
import { fallbackTarget, normaliseStatus } from './booking-status.js';
import { closingTime } from './closing-time.js';
import { linesOfDeal } from './deal-lines.js';
import {
  billedFor,
  type DealMoney,
  invoicesAreDeals,
  moneyFields,
  moneyOfBooking,
  moneyValues,
  readsOfInvoices,
} from './deal-money.js';
import { invoicesOfBooking } from './deal-of.js';
import { fieldFileProducts, fieldFiles, pathsOfFields, readsOfFieldFiles } from './field-files.js';
import { becameFields, inquiriesOf, inquiryValues, readsOfFormerInquiries } from './inquiry.js';
import { ownerOf, workerName } from './owner.js';
import { labelsOfQuote, mergedQuoteValues, quoteNumbers } from './quote.js';
import { type Occurrence, occurrenceNote, seriesDeal, seriesProducts, wantsSeries } from './series.js';
import { linesText, serviceName } from './service-lines.js';
import { sortKeyOf } from './sort-key.js';
import { visitActivity, visitFields, workersOf } from './visit-activity.js';

/** The fields of the deal of a booking, or of a series of them. */
const fieldsOfDeals = (series: 'booking' | 'series') => [
  computed(
    'title',
    ['services', 'title', 'description', 'booking_number'],
    'service names, else the title, and the number',
  ),
  computed(
    'add_time',
    ['created'],
    'RFC 3339 UTC',
    'Whether Pipedrive keeps the time a deal was created is found out when connecting: it is in the field Booking created either way.',
  ),
  computed('value', ['total'], 'booking total, invoice total or amount paid, as the settings say'),
  computed('currency', [], 'account currency'),
  computed('status', ['status'], 'status map'),
  computed('stage_id', ['status'], 'status map'),
  computed('won_time', ['actual_end', 'status_history.changed_at', 'end', 'modified'], 'RFC 3339 UTC'),
  computed('lost_time', ['status_history.changed_at', 'modified', 'end'], 'RFC 3339 UTC'),
  computed('lost_reason', ['cancel_reason', 'fail_reason'], 'text, one line'),
  computed('expected_close_date', ['start'], 'day in the tenant zone'),
  computed('person_id', ['customer_id'], 'reference'),
  computed('org_id', ['customer_id'], 'reference'),
  computed(
    'owner_id',
    ['owner_id', 'sales_rep', 'fieldworker_ids', 'fieldworkers'],
    'booking owner, else the first accepted worker',
  ),
  computed('label_ids', ['labels', 'invoice.labels', 'quote.labels', 'inquiry.labels'], 'labels by name'),
  computedCustom(markerFieldName, 'varchar', 'must', ['booking_id'], { converter: 'target key' }),
  ...moneyFields,
  custom('Booking number', 'varchar', 'should', 'booking_number'),
  computedCustom('Booking status', 'enum', 'should', ['status'], { converter: 'option by label' }),
  computedCustom('Booking created', 'varchar', 'should', ['created'], {
    converter: 'RFC 3339 UTC',
  }),
  computedCustom('Services', 'text', 'should', ['services', 'booking_service.service_name'], {
    converter: 'one line for each service',
    lossy: 'Lines are text, unless the setting dealLines: products makes them products on the deal.',
  }),
  computedCustom('Fieldworkers', 'text', 'should', ['fieldworker_ids', 'fieldworkers'], {
    converter: 'names',
    lossy: 'Only one worker can own a deal; all of them are named in this field.',
  }),
  computedCustom('Job address', 'address', 'should', [...addressFields, 'address']),
  custom('Source', 'varchar', 'should', 'source'),
  computedCustom('Quote number', 'varchar', 'should', ['quote_id', 'quote.quote_number'], {
    converter: 'joined',
  }),
  ...becameFields,
  custom('Description', 'text', 'may', 'description'),
  custom('Internal notes', 'text', 'may', 'internal_notes'),
  custom('Customer notes', 'text', 'may', 'customer_notes'),
  custom('Feedback', 'text', 'may', 'feedback'),
  custom('Rating', 'double', 'may', 'rating'),
  custom('Job title', 'varchar', 'may', 'title'),
  custom('Time window', 'varchar', 'may', 'time_window'),
  custom('Location type', 'varchar', 'may', 'location_type'),
  custom('Second address', 'address', 'may', 'second_address'),
  custom('Latitude', 'varchar', 'may', 'latitude'),
  custom('Longitude', 'varchar', 'may', 'longitude'),
  computedCustom('Booking total', 'monetary', 'may', ['total'], {
    converter: 'kept when the deal has another value',
  }),
  custom('Subtotal', 'monetary', 'may', 'subtotal'),
  custom('Extra charges', 'monetary', 'may', 'extra_charges'),
  custom('Discount', 'monetary', 'may', 'discount'),
  custom('Tax', 'monetary', 'may', 'tax'),
  custom('Deposit', 'monetary', 'may', 'deposit'),
  custom(
    'Series',
    'varchar',
    'may',
    'series_id',
    series === 'series'
      ? {}
      : {
          lossy: 'A recurring series becomes one deal for each booking; the series is named in a field.',
        },
  ),
  custom('Recurrence', 'varchar', 'may', 'recurrence'),
  custom('Sales rep', 'varchar', 'may', 'sales_rep'),
  custom('Branch', 'varchar', 'may', 'branch'),
  custom('Trading name', 'varchar', 'may', 'trading_name'),
  custom('Created by', 'varchar', 'may', 'created_by'),
  computedCustom('Properties', 'text', 'may', ['customer_property_ids', 'customer_property.name'], {
    converter: 'kind and name',
    lossy: 'A property of the customer is named on the deal; it is a note on the person.',
  }),
  computedCustom('Cancel reason', 'varchar', 'may', ['cancel_reason', 'fail_reason'], {
    converter: 'kept where the deal is not lost',
  }),
];

const dealFields = fieldsOfDeals('booking');
const dealLosses = [
  'A booking has many states, a deal three (open, won, lost) and a stage: the original status is kept in a field.',
  'Pipedrive does not take the history of stage changes.',
];

/** A booking is a deal; its lines, invoices, payments and the tenant's own fields travel in the same create. */
export const booking = defineObject({
  name: 'booking',
  needs: ['customer', 'fieldworker', 'user', 'service', 'product', 'booking_status'],
  reads: [
    { child: 'booking_service', of: 'booking' },
    { child: 'appointment', of: 'booking' },
    { child: 'custom_field_value', of: 'booking' },
    ...readsOfFieldFiles('booking'),
    { child: 'status_history', of: 'booking' },
    { parent: 'quote', of: 'booking', by: 'quote_id' },
    { child: 'quote', of: 'booking' },
    { child: 'quote_item', of: 'quote' },
    ...readsOfFormerInquiries('booking'),
    ...readsOfFormerInquiries('quote'),
    { child: 'custom_field_value', of: 'quote' },
    { parent: 'customer_property', of: 'booking', by: 'customer_property_ids' },
    { child: 'invoice', of: 'booking' },
    { parent: 'invoice', of: 'booking', by: 'invoice_ids' },
    { child: 'payment', of: 'booking' },
    { parent: 'invoice', of: 'payment', by: 'invoice_id' },
    ...readsOfInvoices,
  ],
  produces: [
    {
      entity: 'deal',
      key: 'booking:<id>',
      undo: 'delete',
      when: (settings) => !wantsSeries(settings),
      fields: dealFields,
      lossy: dealLosses,
    },
    // Of bookings that belong to no series.
    {
      entity: 'deal',
      key: 'booking:<id>',
      undo: 'delete',
      when: wantsSeries,
      fields: fieldsOfDeals('series'),
      lossy: dealLosses,
    },
    ...seriesProducts(fieldsOfDeals('series')),
    {
      entity: 'activity',
      key: 'booking:<id>#visit',
      undo: 'delete',
      fields: visitFields({
        start: ['start'],
        notes: ['time_window', 'actual_start', 'actual_end'],
        workers: ['fieldworker_ids', 'fieldworkers'],
      }),
      lossy: [],
    },
    ...fieldFileProducts('booking'),
  ],
  structure: {
    booking_id: 'the key of its records',
    customer_id: 'links the deal to person and organization',
    status: 'decides status and stage',
    start: 'the visit, and the expected close of an open deal',
    end: 'the visit, and the time the deal was won',
    all_day: 'the visit has no clock time',
    actual_start: 'in the note of the visit',
    actual_end: 'the time the deal was won',
    modified: 'the time an open end was closed',
    invoice_ids: 'links the invoices',
    invoice_number: 'links the invoices where it has no ids of them',
  },
  notMigrated: {
    customer_name: 'The customer is linked by its id.',
    customer_email: 'The customer is linked by its id.',
    customer_phone: 'The customer is linked by its id.',
    duration: 'Each appointment has its own times.',
    paid: 'Derived from payments: the field Amount paid.',
    balance: 'Derived from invoices and payments: the field Balance due.',
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted bookings are excluded or migrated like the others.',
  },
  files: (row, refs) => pathsOfFields(row, longFormOf(row, refs), refs),
  map: mapBooking,
});

function mapBooking(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const customer = refs.customer(row.fields.customer_id);
  // The customer is missing, was set aside or left out: a deal without it would look like somebody's.
  if (!customer) return rejected('orphan_reference');
  const key = targetKeyOf('booking', row.sourceId);
  const series = refs.series(row);
  const { deal, lines, links } = series
    ? inSeries(row, series, customer, refs, ctx)
    : ofItsOwn(row, customer, refs, ctx);
  const drafts = [...deal, ...lines];
  const hasVisit = refs.children('appointment', 'booking', row.sourceId).length > 0;
  if (!hasVisit && (series || parseWhen(row.fields.start, ctx.settings))) {
    const visit = targetKeyOf('booking', row.sourceId, 'visit');
    drafts.push(visitActivity(visit, row, row, refs, ctx));
    links.push(linkOf(row, visit, 'contributes', 'visit'));
  }
  const place = { deal: key, lead: null, activity: null, product: null, ...customer, label: numberOf(row) };
  const files = fieldFiles(row, longFormOf(row, refs), place, refs, ctx);
  drafts.push(...files.drafts);
  links.push(...files.links);
  if (drafts.length === 0) return merged(links);
  return { outcome: 'mapped', reason: '', drafts, links };
}

type Customer = { person: TargetKey | null; organization: TargetKey | null };

function ofItsOwn(row: SourceRow, customer: Customer, refs: Refs, ctx: RowContext) {
  const { deal, lines } = dealOf(row, customer, refs, ctx);
  return {
    deal: [deal],
    lines: lines.drafts,
    links: [linkOf(row, deal.targetKey, 'primary'), ...lines.links],
  };
}

/** One row of a series makes its deal, and the notes of all its bookings; the others only say what is wrong with them. */
function inSeries(row: SourceRow, series: Series, customer: Customer, refs: Refs, ctx: RowContext) {
  const own = occurrenceOf(row, customer, refs, ctx);
  const silent = { ...ctx, find: () => {} };
  const all = (series.bookings ?? []).map((booking) =>
    booking.sourceId === row.sourceId ? own : occurrenceOf(booking, customer, refs, silent),
  );
  if (all.length === 0) return { deal: [], lines: [], links: [] };
  const id = all.find((occurrence) => occurrence.row.fields.series_id)?.row.fields.series_id ?? '';
  const title = titleOf(row, refs, silent, `Series ${oneLine(id)}`);
  const deal = seriesDeal(series.key, title, all, ctx);
  const notes = all.map((occurrence) => occurrenceNote(occurrence, deal, numberOf(occurrence.row), ctx));
  const links = all.map(({ row: booking }, index) =>
    linkOf(booking, notes[index]?.targetKey ?? series.key, 'contributes', 'occurrence'),
  );
  return { deal: [deal, ...notes], lines: [], links };
}

function occurrenceOf(row: SourceRow, customer: Customer, refs: Refs, ctx: RowContext): Occurrence {
  const start = parseWhen(row.fields.start, ctx.settings);
  const { deal } = dealOf(row, customer, refs, ctx);
  return { row, deal, start: start ? instantFrom(start, ctx.settings) : '' };
}

/** The deal of a booking as it is when it stands alone. */
function dealOf(row: SourceRow, customer: Customer, refs: Refs, ctx: RowContext) {
  const target = statusTarget(row, ctx);
  const money = moneyOfBooking(row, refs, ctx);
  const billed = invoicesAreDeals(ctx) ? billedFor(row, refs, ctx) : null;
  const value = dealValue(row, money, billed, ctx);
  const owner = ownerOf(
    [row.fields.owner_id, row.fields.sales_rep],
    allWorkers(row, refs)
      .filter((worker) => worker.response !== 'declined')
      .map((worker) => worker.id),
    refs.catalogue,
  );
  const created = parseWhen(row.fields.created, ctx.settings);
  const native: Payload = {
    title: titleOf(row, refs, ctx),
    ...(value === undefined ? {} : { value }),
    // Also without a value: the account's default currency may be another one.
    currency: ctx.settings.currency,
    ...(created ? { add_time: instantFrom(created, ctx.settings) } : {}),
    status: target.status,
    stage_id: { $stage: { pipeline: ctx.settings.pipeline, stage: target.stage } },
    ...closing(row, target, refs, ctx),
    ...(customer.person ? { person_id: { $ref: customer.person } } : {}),
    ...(customer.organization ? { org_id: { $ref: customer.organization } } : {}),
    ...(owner ? { owner_id: owner } : {}),
  };
  const deal: Draft = {
    targetKey: targetKeyOf('booking', row.sourceId),
    entity: 'deal',
    native,
    custom: new Map(),
    sortKey: sortKeyOf(row),
  };
  // What is billed stands on the deals of the invoices, with its lines; those of a series do not come to one value.
  const hasLines = billed === null && refs.series(row) === undefined;
  const items = hasLines ? refs.children('booking_service', 'booking', row.sourceId) : [];
  const lines = linesOfDeal(deal, row, items, refs, ctx);
  const services = lines.drafts.length > 0 ? '' : servicesText(row, refs, ctx);
  setCustom(deal, row, target, money, billed, services, refs, ctx);
  return { deal, lines };
}

function numberOf(row: SourceRow): string {
  return oneLine(row.fields.booking_number ?? row.sourceId);
}

function statusTarget(row: SourceRow, ctx: RowContext): StatusTarget {
  const target = ctx.content.bookingStatuses[normaliseStatus(row.fields.status ?? '')];
  if (target) return target;
  ctx.find('unknown_status', 'status');
  return fallbackTarget;
}

function titleOf(
  row: SourceRow,
  refs: Refs,
  ctx: RowContext,
  number = row.fields.booking_number ?? row.sourceId,
): string {
  const lines = refs
    .children('booking_service', 'booking', row.sourceId)
    .flatMap((line) => serviceName(line, refs) ?? []);
  const names = [
    ...new Set(
      lines.length > 0
        ? lines
        : parseList(row.fields.services).map((name) => refs.catalogue.services.get(name) ?? name),
    ),
  ];
  const what =
    names.join(', ') ||
    oneLine(row.fields.title ?? '') ||
    firstLine(row.fields.description ?? '') ||
    'Booking';
  // The number ends the title: it must survive when there are many services.
  const room = titleLimit - number.length - 3;
  return `${cut(oneLine(what), room, ctx, 'title')?.text ?? 'Booking'} · ${number}`;
}

/** `billed` is what stands on deals of invoices: the booking keeps the rest, if there is any. */
function dealValue(
  row: SourceRow,
  money: DealMoney,
  billed: string | null,
  ctx: RowContext,
): string | undefined {
  const total = parseMoney(row.fields.total, ctx.settings.currency);
  if (row.fields.total !== undefined && total === undefined) ctx.find('unparseable_number', 'total');
  switch (ctx.settings.dealValue) {
    case 'booking_total': {
      const rest = restOf(total, billed);
      return billed !== null && rest === '0' ? undefined : rest;
    }
    case 'invoice_total':
      return billed === null ? (money.invoiced ?? total) : undefined;
    case 'amount_paid':
      return money.paid ?? '0';
  }
}

/** What of a booking's total no invoice bills; nothing when they bill more. */
function restOf(total: string | undefined, billed: string | null): string | undefined {
  if (total === undefined || billed === null) return total;
  return compareMoney(billed, total) >= 0 ? '0' : subtractMoney(total, billed);
}

/** The times and reason that belong to the deal's status. */
function closing(
  row: SourceRow,
  target: StatusTarget,
  refs: Refs,
  ctx: RowContext,
): { [field: string]: PayloadValue } {
  const at = closingTime(row, target.status, refs, ctx);
  switch (target.status) {
    case 'won':
      return at ? { won_time: at } : {};
    case 'lost': {
      const reason = oneLine(row.fields.cancel_reason ?? row.fields.fail_reason ?? row.fields.status ?? '');
      return {
        ...(at ? { lost_time: at } : {}),
        ...(reason ? { lost_reason: cut(reason, titleLimit, ctx, 'cancel_reason')?.text ?? reason } : {}),
      };
    }
    case 'open': {
      const start = parseWhen(row.fields.start, ctx.settings);
      if (row.fields.start !== undefined && !start) ctx.find('unparseable_date', 'start');
      return start ? { expected_close_date: start.day } : {};
    }
  }
}

function setCustom(
  deal: Draft,
  row: SourceRow,
  target: StatusTarget,
  money: DealMoney,
  billed: string | null,
  services: string,
  refs: Refs,
  ctx: RowContext,
): void {
  const set = (name: string, text: string | undefined, value: PayloadValue | undefined = text) => {
    if (text !== undefined && text !== '' && value !== undefined) deal.custom.set(name, { value, text });
  };
  deal.custom.set(...markerField(deal.targetKey));
  const status = oneLine(row.fields.status ?? '');
  set('Booking status', status, { $option: status });
  const created = parseWhen(row.fields.created, ctx.settings);
  if (row.fields.created !== undefined && !created) ctx.find('unparseable_date', 'created');
  set('Booking created', created && instantFrom(created, ctx.settings));
  set('Services', cut(services, textLimits.text, ctx, 'services')?.text);
  const names = [...new Set(allWorkers(row, refs).map((worker) => workerName(worker.id, refs.catalogue)))];
  set('Fieldworkers', names.join(', '));
  const address = addressOf(row.fields);
  set('Job address', address?.value, address && { ...address });
  const quotes = quotesOf(row, refs);
  set('Quote number', cut(quoteNumbers(quotes), textLimits.varchar, ctx, 'quote_id')?.text);
  set('Properties', cut(propertiesText(row, refs), textLimits.text, ctx, 'customer_property_ids')?.text);
  const mergedQuotes = ctx.settings.quoteDeals === 'merged' ? quotes : [];
  for (const quote of mergedQuotes)
    for (const [name, value] of mergedQuoteValues(quote, refs, { ...ctx, find: () => {} }))
      deal.custom.set(name, value);
  const inquiries = [row, ...mergedQuotes].flatMap((origin) => inquiriesOf(origin, refs));
  const invoices = invoicesOfBooking(row, refs);
  deal.labels = [
    ...[row, ...(invoicesAreDeals(ctx) ? [] : invoices), ...inquiries].flatMap((origin) =>
      labelsOf(origin, 'deal', ctx),
    ),
    ...mergedQuotes.flatMap((quote) => labelsOfQuote(quote, ctx)),
  ];
  for (const [name, value] of inquiryValues(inquiries, refs, { ...ctx, find: () => {} }))
    deal.custom.set(name, value);
  const total = parseMoney(row.fields.total, ctx.settings.currency);
  if ((ctx.settings.dealValue !== 'booking_total' || billed !== null) && total !== undefined)
    deal.custom.set('Booking total', monetary(total, ctx));
  // Where the deal is lost the reason stands in lost_reason.
  if (target.status !== 'lost')
    set('Cancel reason', oneLine(row.fields.cancel_reason ?? row.fields.fail_reason ?? ''));
  const agreed = money.paid !== null ? restOf(total, billed) : undefined;
  for (const [name, value] of moneyValues(money, agreed, refs, ctx)) deal.custom.set(name, value);
  // The deals of a booking and of its invoices lead to each other by number.
  if (invoicesAreDeals(ctx))
    set('Invoice number', cut(numbersOf(invoices), textLimits.varchar, ctx, 'invoice_ids')?.text);
  for (const [name, value] of readFields(dealFields, row, ctx).custom) deal.custom.set(name, value);
  for (const [name, value] of customValues(row, longFormOf(row, refs), refs, ctx))
    deal.custom.set(name, value);
}

function numbersOf(invoices: ReadonlyArray<SourceRow>): string {
  return invoices.map((invoice) => oneLine(invoice.fields.invoice_number ?? invoice.sourceId)).join(', ');
}

function servicesText(row: SourceRow, refs: Refs, ctx: RowContext): string {
  const lines = refs.children('booking_service', 'booking', row.sourceId);
  if (lines.length === 0)
    return parseList(row.fields.services)
      .map((name) => refs.catalogue.services.get(name) ?? name)
      .join('\n');
  return linesText(lines, refs, ctx);
}

/** A quote names its booking, or the booking its quote. */
function quotesOf(row: SourceRow, refs: Refs): SourceRow[] {
  const named = refs.row('quote', row.fields.quote_id);
  const naming = refs.children('quote', 'booking', row.sourceId);
  return [...(named ? [named] : []), ...naming.filter((quote) => quote.sourceId !== named?.sourceId)];
}

/** `pet Biscuit, vehicle Ride-on mower`: each of them is a note on the person. */
function propertiesText(row: SourceRow, refs: Refs): string {
  return parseList(row.fields.customer_property_ids)
    .map((id) => {
      const property = refs.row('customer_property', id)?.fields;
      return oneLine([property?.property_type, property?.name ?? id].filter(Boolean).join(' '));
    })
    .join(', ');
}

/** Of the booking and of its appointments, in that order, accepted first. */
function allWorkers(row: SourceRow, refs: Refs) {
  const visits = refs.children('appointment', 'booking', row.sourceId).flatMap((visit) => workersOf(visit));
  const declined = new Set(
    visits.filter((worker) => worker.response === 'declined').map((worker) => worker.id),
  );
  const ofBooking = workersOf(row).map((worker) =>
    declined.has(worker.id) ? { ...worker, response: 'declined' } : worker,
  );
  const accepted = visits.filter((worker) => worker.response === 'accepted');
  return [...accepted, ...ofBooking, ...visits].filter(
    (worker, index, all) => all.findIndex((other) => other.id === worker.id) === index,
  );
}
