import * as d from '../distributions.js';
import { type Booking, lastEnd, lineOf, makeBooking, modifiedAt, type Visit } from '../world/booking.js';
import { dayMinutes, dayText, exportedAt, instantText, today } from '../world/calendar.js';
import { at, dice } from '../world/chance.js';
import { billingOf, invoiceIds, paidOf } from '../world/invoice.js';
import * as words from '../world/words.js';
import { customerOfBooking, customerOfRank, type World } from '../world/world.js';
import { list, money, type Row, yes } from './cells.js';
import {
  customCells,
  customFields,
  fieldworkerId,
  formFieldCount,
  formFieldId,
  formId,
  productId,
  serviceId,
  serviceName,
  workerName,
} from './definitions.js';
import {
  addressLine,
  addressOf,
  customerId,
  customerWithoutBooking,
  propertyId,
  propertyOfCustomer,
  unappliedAmount,
  userId,
} from './people.js';

export const bookingId = (booking: number) => 100_001 + booking;
export const quoteId = (quote: number) => 20_001 + quote;
export const inquiryId = (inquiry: number) => 300_001 + inquiry;
export const appointmentId = (booking: number, k: number) => 20_000_000 + booking * 16 + k;

/** Which booking a converted quote became, and back; bookings that came straight from an inquiry follow in rank. */
const bookingOfConversion = (world: World, rank: number) => world.shuffle('conversions').from(rank);
const conversionOf = (world: World, booking: number) => world.shuffle('conversions').of(booking);

/** Rank of a quote: the first are booked. */
const quoteRank = (world: World, quote: number) => world.shuffle('quotes', world.quotes).of(quote);
const quoteOfRank = (world: World, rank: number) => world.shuffle('quotes', world.quotes).from(rank);

function quoteOfBooking(world: World, booking: number): number | undefined {
  const rank = conversionOf(world, booking);
  return rank < world.quotesBooked ? quoteOfRank(world, rank) : undefined;
}

/** Inquiries 0..quoted-1 are of the quotes of the same rank, the next ones of bookings. */
function inquiryOfBooking(world: World, booking: number): number | undefined {
  const own = conversionOf(world, booking) - world.quotesBooked;
  return own >= 0 && own < world.inquiriesBooked ? world.inquiriesQuoted + own : undefined;
}

function bookingOfInquiry(world: World, inquiry: number): number | undefined {
  const own = inquiry - world.inquiriesQuoted;
  return own >= 0 && own < world.inquiriesBooked
    ? bookingOfConversion(world, world.quotesBooked + own)
    : undefined;
}

function quoteFacts(world: World, quote: number) {
  const rank = quoteRank(world, quote);
  const share = world.shuffle('quotes', world.quotes).share(quote);
  const status = share.split(d.quoteStatuses);
  const booked = rank < world.quotesBooked ? bookingOfConversion(world, rank) : undefined;
  const throws = dice(world.seed, 'quote', quote);
  const booking = booked === undefined ? undefined : makeBooking(world, booked);
  const customer =
    booked === undefined
      ? customerWithoutBooking(world, 1_000_000 + quote)
      : customerOfBooking(world, booked);
  const created = booking
    ? booking.created - throws.int(1, 9) * dayMinutes
    : (today -
        (status === 'Sent' || status === 'Draft'
          ? throws.int(1, 25)
          : throws.int(40, world.size.years * 365))) *
        dayMinutes +
      600;
  return { rank, status, booked, customer, created, throws };
}

function quoteLines(world: World, quote: number) {
  const count = Number(world.shuffle('quote lines', world.quotes).share(quote).split(d.linesPerQuote));
  const throws = dice(world.seed, 'quote lines', quote);
  return Array.from({ length: count }, () =>
    lineOf(
      world,
      throws.int(0, world.size.services - 1),
      throws.int(4_000, 60_000),
      throws.pick([1, 1, 2]),
      throws.chance(0.05) ? 0.1 : 0,
    ),
  );
}

export function* inquiryRows(world: World): Generator<Row> {
  for (let inquiry = 0; inquiry < world.inquiries; inquiry++) {
    const quote = inquiry < world.inquiriesQuoted ? quoteOfRank(world, inquiry % world.quotes) : undefined;
    const booking = bookingOfInquiry(world, inquiry);
    const facts = quote === undefined ? undefined : quoteFacts(world, quote);
    const customer =
      facts?.customer ??
      (booking === undefined ? customerWithoutBooking(world, inquiry) : customerOfBooking(world, booking));
    const throws = dice(world.seed, 'inquiry', inquiry);
    const before =
      facts?.created ??
      (booking === undefined
        ? exportedAt - throws.int(1, world.size.years * 365) * dayMinutes
        : makeBooking(world, booking).created);
    const created = before - throws.int(1, 4) * dayMinutes;
    yield {
      'Inquiry ID': String(inquiryId(inquiry)),
      'Inquiry number': `INQ-${inquiry + 101}`,
      'Customer ID': String(customerId(customer)),
      Status:
        quote !== undefined || booking !== undefined
          ? 'Converted'
          : throws.pick(['New', 'Contacted', 'Follow Up', 'Closed']),
      Source: throws.pick(words.sources),
      Created: instantText(created),
      'Follow up date': dayText(Math.floor(created / dayMinutes) + 3),
      'Owner ID': String(userId(throws.int(0, world.size.users - 1))),
      Services: list([serviceName(throws.int(0, world.size.services - 1))]),
      Address: addressLine(addressOf(world, customer)),
      Notes: throws.pick(words.sentences),
      'Quote ID': quote === undefined ? '' : String(quoteId(quote)),
      'Booking ID': booking === undefined ? '' : String(bookingId(booking)),
      'Is deleted': 'false',
    };
  }
}

export function* quoteRows(world: World): Generator<Row> {
  for (let quote = 0; quote < world.quotes; quote++) {
    const { rank, status, booked, customer, created, throws } = quoteFacts(world, quote);
    const lines = quoteLines(world, quote);
    const sum = (amount: (line: (typeof lines)[number]) => number) =>
      lines.reduce((total, line) => total + amount(line), 0);
    const [subtotal, discount, tax] = [
      sum((line) => line.net + line.discount),
      sum((line) => line.discount),
      sum((line) => line.tax),
    ];
    const day = Math.floor(created / dayMinutes);
    const answered = instantText(Math.min(created + dayMinutes, exportedAt));
    yield {
      'Quote ID': String(quoteId(quote)),
      'Quote number': `EST-${quote + 401}`,
      'Customer ID': String(customerId(customer)),
      Status: status,
      Title: `Quote for ${serviceName(at(lines, 0).service).toLowerCase()}`,
      'Quote date': dayText(day),
      'Expiry date': dayText(day + 30),
      'Sent at': status === 'Draft' ? '' : instantText(created + 30),
      'Accepted at': status === 'Accepted' ? answered : '',
      'Declined at': status === 'Declined' ? answered : '',
      Subtotal: money(subtotal),
      Discount: money(discount),
      Tax: money(tax),
      Total: money(subtotal - discount + (world.taxInclusive ? 0 : tax)),
      'Decline reason':
        status === 'Declined' ? throws.pick(['Too expensive', 'Found another', 'Not needed']) : '',
      'Booking ID': booked === undefined ? '' : String(bookingId(booked)),
      'Inquiry ID': rank < world.inquiriesQuoted ? String(inquiryId(rank)) : '',
      'Owner ID': String(userId(throws.int(0, world.size.users - 1))),
      ...(addressOf(world, customer) ?? {}),
      Created: instantText(created),
      Modified: answered,
      'Is deleted': 'false',
    };
  }
}

export function* quoteItemRows(world: World): Generator<Row> {
  for (let quote = 0; quote < world.quotes; quote++)
    for (const [n, line] of quoteLines(world, quote).entries())
      yield {
        'Quote Item ID': String(quoteId(quote) * 10 + n),
        'Quote ID': String(quoteId(quote)),
        'Service ID': String(serviceId(line.service)),
        'Service name': serviceName(line.service),
        ...lineCells(line),
      };
}

export function lineCells(line: {
  quantity: number;
  unit: number;
  discount: number;
  tax: number;
  net: number;
}): Row {
  return {
    Quantity: String(line.quantity),
    'Unit price': money(line.unit),
    Discount: money(line.discount),
    Tax: money(line.tax),
    'Line total': money(line.net),
  };
}

export function* bookingRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++) yield bookingRow(world, makeBooking(world, index));
}

function bookingRow(world: World, booking: Booking): Row {
  const customer = customerOfRank(world, booking.slot.rank);
  const property = propertyOfCustomer(world, customer);
  const throws = dice(world.seed, 'booking', booking.index);
  const first = at(booking.visits, 0);
  const last = at(booking.visits, booking.visits.length - 1);
  const paid = paidOf(world, booking);
  const isDone = booking.status === 'Completed';
  const quote = quoteOfBooking(world, booking.index);
  const inquiry = inquiryOfBooking(world, booking.index);
  const workers = [...new Set(booking.visits.flatMap((visit) => visit.workers))];
  return {
    'Booking ID': String(bookingId(booking.index)),
    'Booking number': `BOK-${booking.index + 101}`,
    'Customer ID': String(customerId(customer)),
    'Customer property ID(s)':
      property !== undefined && throws.chance(0.5) ? list([propertyId(property)]) : '',
    Status: booking.status,
    Title: `${serviceName(at(booking.lines, 0).service)}${booking.lines.length > 1 ? ' and more' : ''}`,
    Services: list(booking.lines.map((line) => serviceName(line.service))),
    'Fieldworker ID(s)': list(workers.map(fieldworkerId)),
    Fieldworkers: list(workers.map((worker) => workerName(world, worker))),
    ...visitTimes(first, first.start, last),
    'Actual start': isDone ? instantText(first.start + 4) : '',
    'Actual end': isDone ? instantText(last.end + 6) : '',
    Duration: String(booking.visits.reduce((sum, visit) => sum + visit.end - visit.start, 0)),
    'Location type': 'mobile',
    ...(addressOf(world, customer) ?? {}),
    Subtotal: money(booking.subtotal),
    'Extra charges': money(booking.extra),
    Discount: money(booking.discount),
    Tax: money(booking.tax),
    Total: money(booking.total),
    Deposit: booking.deposit > 0 ? money(booking.deposit) : '',
    Paid: money(paid),
    Balance: booking.status === 'Cancelled' || booking.status === 'Failed' ? '' : money(booking.total - paid),
    'Quote ID': quote === undefined ? '' : String(quoteId(quote)),
    'Inquiry ID': inquiry === undefined ? '' : String(inquiryId(inquiry)),
    'Invoice ID(s)': list(invoiceIds(world, booking)),
    'Series ID': booking.series ? `S-${booking.series.key}` : '',
    Recurrence: booking.seriesKind ?? '',
    'Owner ID': String(userId(throws.int(0, world.size.users - 1))),
    Branch: 'Sydney',
    Source: throws.pick(words.sources),
    Labels: throws.chance(0.1) ? list([throws.pick(words.labelWords)]) : '',
    'Cancel reason':
      booking.status === 'Cancelled' ? throws.pick(['Customer ill', 'Moved away', 'Too dear']) : '',
    'Fail reason': booking.status === 'Failed' ? throws.pick(['No access', 'Storm']) : '',
    'Internal notes': throws.chance(0.2) ? throws.pick(words.sentences) : '',
    Created: instantText(booking.created),
    Modified: instantText(modifiedAt(booking)),
    'Is deleted': 'false',
    ...customCells(world, 'booking', booking.index),
  };
}

function visitTimes(visit: Visit, start: number, last: Visit): Row {
  const day = (minutes: number) => dayText(Math.floor(minutes / dayMinutes));
  return visit.untimed
    ? { Start: day(start), End: day(last.end), 'All day': 'true', 'Time window': 'No specified time' }
    : { Start: instantText(start), End: instantText(last.end), 'All day': 'false' };
}

export function* bookingServiceRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++)
    for (const [n, line] of makeBooking(world, index).lines.entries())
      yield {
        'Booking Service ID': String(bookingId(index) * 10 + n),
        'Booking ID': String(bookingId(index)),
        'Service ID': String(serviceId(line.service)),
        'Service name': serviceName(line.service),
        ...lineCells(line),
      };
}

export function* appointmentRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++) {
    const booking = makeBooking(world, index);
    for (const [k, visit] of booking.visits.entries())
      yield {
        'Appointment ID': String(appointmentId(index, k)),
        'Booking ID': String(bookingId(index)),
        'Booking Service ID': String(bookingId(index) * 10 + (k % booking.lines.length)),
        ...visitTimes(visit, visit.start, visit),
        Status: booking.status,
        'Fieldworker IDs': list(visit.workers.map(fieldworkerId)),
        Responses: list(visit.workers.map(() => 'Accepted')),
        'Actual start': booking.status === 'Completed' ? instantText(visit.start + 4) : '',
        'Actual end': booking.status === 'Completed' ? instantText(visit.end + 6) : '',
      };
  }
}

export function* invoiceRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++) {
    const booking = makeBooking(world, index);
    const customer = customerOfRank(world, booking.slot.rank);
    for (const invoice of billingOf(world, booking).invoices) {
      const paidAt = Math.max(invoice.created, ...invoice.payments.map((one) => one.at));
      yield {
        'Invoice ID': String(invoice.id),
        'Invoice number': `INV-${invoice.id}`,
        'Customer ID': String(customerId(customer)),
        'Booking ID(s)': list(invoice.bookings.map(bookingId)),
        Status: invoice.status,
        'Invoice date': dayText(Math.floor(invoice.created / dayMinutes)),
        'Due date': dayText(invoice.due),
        'Sent at': invoice.status === 'Draft' ? '' : instantText(invoice.created + 2),
        'Paid at': invoice.status === 'Closed' ? instantText(paidAt) : '',
        'Voided at':
          invoice.status === 'Void' ? instantText(Math.min(invoice.created + 600, exportedAt)) : '',
        Subtotal: money(invoice.subtotal),
        Discount: money(invoice.discount),
        Tax: money(invoice.tax),
        Total: money(invoice.total),
        Paid: money(invoice.paid),
        Refunded: money(invoice.refunded),
        Balance: money(invoice.balance),
        'Tax inclusive': yes(world.taxInclusive),
        'Billing address': addressLine(addressOf(world, customer)),
        Terms: '14 days',
        'Owner ID': String(userId(index % world.size.users)),
        Created: instantText(invoice.created),
        Modified: instantText(paidAt),
        'Is deleted': 'false',
      };
    }
  }
}

export function* invoiceItemRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++)
    for (const invoice of billingOf(world, makeBooking(world, index)).invoices)
      for (const line of invoice.lines) {
        const isProduct = line.kind === 'extra' && line.id % 2 === 0;
        const service = line.kind === 'service' ? String(serviceId(line.service)) : '';
        yield {
          'Invoice Item ID': String(line.id),
          'Invoice ID': String(invoice.id),
          'Booking ID': String(bookingId(line.booking)),
          'Service/Product ID': isProduct ? String(productId(line.id % world.size.products)) : service,
          Type: isProduct ? 'product' : line.kind,
          'Service name': line.kind === 'service' ? serviceName(line.service) : '',
          Description: line.kind === 'service' ? serviceName(line.service) : 'Extra charge',
          ...lineCells(line),
        };
      }
}

export function* paymentRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++) {
    const booking = makeBooking(world, index);
    const { invoices, split } = billingOf(world, booking);
    const customer = String(customerId(customerOfRank(world, booking.slot.rank)));
    for (const payment of [...invoices.flatMap((one) => one.payments), ...(split ? [split.payment] : [])])
      yield {
        ...paymentCells(world, payment.id, payment.amount, payment.at),
        'Invoice ID': payment.invoice === undefined ? '' : String(payment.invoice),
        'Customer ID': customer,
        'Booking ID': payment.booking === undefined ? '' : String(bookingId(payment.booking)),
        Status: payment.status,
        Kind: payment.kind,
      };
  }
  for (let n = 0; n < world.unapplied; n++)
    yield {
      ...paymentCells(
        world,
        60_000_000 + n,
        unappliedAmount(world, n),
        exportedAt - (5 + (n % 300)) * dayMinutes,
      ),
      'Customer ID': String(customerId(world.shuffle('unapplied', world.customers).from(n))),
      Status: 'Approved',
      Kind: 'payment',
      Notes: 'Bank text does not name an invoice',
    };
}

function paymentCells(world: World, id: number, amount: number, when: number): Row {
  // The golden ratio over ids spreads the methods evenly without knowing how many payments there are.
  const place =
    ((id >> 6) * 0.6180339887498949 +
      (id & 63) * 0.7548776662466927 +
      dice(world.seed, 'methods', 0).next()) %
    1;
  const found = { method: 'Cash', low: 0 };
  for (const [method, share] of Object.entries(d.methods)) {
    if (place >= found.low) found.method = method;
    found.low += share;
  }
  const { method } = found;
  const isCard = method === 'Credit card';
  return {
    'Payment ID': String(id),
    Amount: money(amount),
    'Payment date': instantText(when),
    Method: method,
    Reference: `ref_${id}`,
    Gateway: isCard ? 'Stripe' : '',
    'Card last4': isCard ? String(1000 + (id % 9000)) : '',
    'Insert type': isCard ? 'gateway' : 'manual',
    'Added by': isCard ? 'System' : 'Office',
    'Is deleted': 'false',
  };
}

export function* allocationRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++) {
    const booking = makeBooking(world, index);
    if (booking.invoicing !== 'perAppointment') continue;
    const { split } = billingOf(world, booking);
    for (const part of split?.parts ?? [])
      yield {
        'Payment ID': String(split?.payment.id),
        'Invoice ID': String(part.invoice),
        Amount: money(part.amount),
      };
  }
}

export function* refundRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++)
    for (const invoice of billingOf(world, makeBooking(world, index)).invoices)
      for (const { refund, ...payment } of invoice.payments)
        if (refund)
          yield {
            'Refund ID': String(refund.id),
            'Payment ID': String(payment.id),
            'Invoice ID': String(invoice.id),
            'Booking ID': payment.booking === undefined ? '' : String(bookingId(payment.booking)),
            Amount: money(refund.amount),
            'Refund date': instantText(refund.at),
            Method: 'Credit card',
            Status: refund.approved ? 'Approved' : 'Unapproved',
            Mode: 'processed',
            Reason: 'Paid too much',
          };
}

export function* formResponseRows(world: World): Generator<Row> {
  const responses = Math.round(world.bookings * d.perBooking.form_responses);
  for (let response = 0; response < responses; response++) {
    const booking = makeBooking(world, world.shuffle('responses').from(response));
    const form = response % world.size.forms;
    const throws = dice(world.seed, 'response', response);
    const when = instantText(booking.isFuture ? booking.created + 20 : lastEnd(booking) + 10);
    const answers = [
      yes(throws.chance(0.9)),
      throws.pick(words.sentences),
      String(throws.int(1, 8)),
      throws.pick(['Good', 'Fair', 'Poor']),
      dayText(today + throws.int(1, 90)),
      yes(throws.chance(0.8)),
      throws.pick(words.sentences),
      '',
    ];
    for (let field = 0; field < formFieldCount; field++)
      yield {
        'Response ID': String(700_001 + response),
        'Form ID': String(formId(form)),
        'Booking ID': String(bookingId(booking.index)),
        'Appointment ID': String(appointmentId(booking.index, 0)),
        'Submitted by': workerName(world, at(at(booking.visits, 0).workers, 0)),
        'Submitted at': when,
        'Form Field ID': String(formFieldId(form, field)),
        Value: at(answers, field),
      };
  }
}

export function* historyRows(world: World): Generator<Row> {
  for (let index = 0; index < world.bookings; index++) {
    const booking = makeBooking(world, index);
    const steps = booking.isFuture
      ? ['To Do', booking.status]
      : ['To Do', 'Confirmed', 'In Progress', booking.status];
    let from = '';
    for (const [n, to] of [...new Set(steps)].entries()) {
      const when =
        n === 0 ? booking.created : Math.min(modifiedAt(booking), exportedAt) - (steps.length - n) * 5;
      yield {
        Object: 'booking',
        'Object ID': String(bookingId(index)),
        From: from,
        To: to,
        'Changed at': instantText(Math.max(booking.created, when)),
        'Changed by': 'System',
      };
      from = to;
    }
  }
}

export function* customValueRows(world: World): Generator<Row> {
  const field = customFields(world).find((one) => one.object === 'quote');
  if (!field) return;
  for (let quote = 0; quote < world.quotes; quote += 4)
    yield {
      Object: 'quote',
      'Record ID': String(quoteId(quote)),
      'Field ID': String(field.id),
      Label: field.label,
      Value: String(500 + (quote % 40) * 50),
    };
}
