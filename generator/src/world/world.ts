import {
  acceptedBooked,
  bookingCounts,
  bookingsPerCustomer,
  businessShare,
  type CustomerClass,
  inclusiveTenants,
  mergedShare,
  mergedSizes,
  perBooking,
  quoteStatuses,
  repeatedCompanyShare,
  type Size,
  type SizeName,
  seriesShare,
  sizes,
  unappliedPerBooking,
} from '../distributions.js';
import { at, dice, Shuffle } from './chance.js';

/**
 * Who belongs to whom, by arithmetic. Bookings stand in a row of slots, customer by customer in the order of their
 * rank (none, one, few, many, heavy); the number of a booking in the file is a shuffle of its slot. So both ways are
 * a few operations: the customer of a booking, and the bookings of a customer.
 * The last slots belong to the heaviest customers, all businesses: theirs are the consolidated invoices.
 */
export interface World {
  seed: number;
  sizeName: SizeName;
  size: Size;
  bookings: number;
  customers: number;
  properties: number;
  inquiries: number;
  quotes: number;
  /** The first so many inquiries became a quote, the next ones a booking. */
  inquiriesQuoted: number;
  inquiriesBooked: number;
  /** Quotes by rank: accepted and booked first. */
  quotesBooked: number;
  unapplied: number;
  complaints: number;
  taxInclusive: boolean;
  /** The slot where consolidated invoicing begins. */
  mergedFrom: number;
  classes: ReadonlyArray<CustomerSpan>;
  shuffle(name: string, size?: number): Shuffle;
}

interface CustomerSpan {
  name: CustomerClass;
  firstRank: number;
  ranks: number;
  firstSlot: number;
  slots: number;
}

export interface Slot {
  slot: number;
  rank: number;
  /** Place among the customer's own bookings. */
  local: number;
  count: number;
  first: number;
}

export function createWorld(seed: number, sizeName: SizeName, bookings?: number): World {
  const size = { ...sizes[sizeName], ...(bookings === undefined ? {} : { bookings }) };
  const count = (ratio: number) => Math.round(size.bookings * ratio);
  const shuffles = new Map<string, Shuffle>();
  const customers = count(perBooking.customers);
  const quotes = count(perBooking.quotes);
  return {
    seed,
    sizeName,
    size,
    bookings: size.bookings,
    customers,
    properties: count(perBooking.customer_properties),
    inquiries: count(perBooking.inquiries),
    quotes,
    inquiriesQuoted: count(0.2),
    inquiriesBooked: count(0.12),
    quotesBooked: Math.round(quotes * quoteStatuses.Accepted * acceptedBooked),
    unapplied: Math.max(1, count(unappliedPerBooking)),
    complaints: Math.max(3, count(perBooking.complaints)),
    taxInclusive: dice(seed, 'tenant', 0).chance(inclusiveTenants),
    mergedFrom: size.bookings - count(mergedShare),
    classes: spansOf(size.bookings, customers),
    shuffle(name, of = size.bookings) {
      const key = `${name} ${of}`;
      const known = shuffles.get(key) ?? new Shuffle(seed, name, of);
      shuffles.set(key, known);
      return known;
    },
  };
}

export function slotOfBooking(world: World, booking: number): Slot {
  return describeSlot(world, world.shuffle('slots').of(booking));
}

export function bookingOfSlot(world: World, slot: number): number {
  return world.shuffle('slots').from(slot);
}

export function describeSlot(world: World, slot: number): Slot {
  const span = world.classes.find((one) => slot >= one.firstSlot && slot < one.firstSlot + one.slots);
  if (!span) throw new Error(`slot ${slot} is beyond the ${world.bookings} bookings`);
  let [low, high] = [0, span.ranks - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (span.firstSlot + slotsBefore(span, middle) <= slot) low = middle;
    else high = middle - 1;
  }
  const first = span.firstSlot + slotsBefore(span, low);
  const count = span.firstSlot + slotsBefore(span, low + 1) - first;
  return { slot, rank: span.firstRank + low, local: slot - first, count, first };
}

/** The slots of a customer, by rank. */
export function slotsOfRank(
  world: World,
  rank: number,
): { first: number; count: number; class: CustomerClass } {
  const span = spanOfRank(world, rank);
  const own = rank - span.firstRank;
  const first = span.firstSlot + slotsBefore(span, own);
  return { first, count: span.firstSlot + slotsBefore(span, own + 1) - first, class: span.name };
}

export function customerOfRank(world: World, rank: number): number {
  return world.shuffle('customers', world.customers).from(rank);
}

export function rankOfCustomer(world: World, customer: number): number {
  return world.shuffle('customers', world.customers).of(customer);
}

export function customerOfBooking(world: World, booking: number): number {
  return customerOfRank(world, slotOfBooking(world, booking).rank);
}

/** Which business a rank is, counted over all; undefined for people. The heavy and four in ten of the many are. */
export function businessOfRank(world: World, rank: number): number | undefined {
  const [many, heavy] = [spanNamed(world, 'many'), spanNamed(world, 'heavy')];
  const big = Math.round(many.ranks * 0.4);
  if (rank >= heavy.firstRank) return rank - heavy.firstRank;
  if (rank >= many.firstRank) {
    const own = rank - many.firstRank;
    return own < big ? heavy.ranks + own : undefined;
  }
  const left = Math.max(0, Math.round(world.customers * businessShare) - heavy.ranks - big);
  const share = left / many.firstRank;
  const before = Math.floor(rank * share);
  return Math.floor((rank + 1) * share) > before ? heavy.ranks + big + before : undefined;
}

/** Two in five businesses are another site of a company that is there already. */
export function companyOfBusiness(business: number): number {
  const inFive = business % 5;
  const repeats = Math.round(5 * repeatedCompanyShare);
  return inFive < 5 - repeats ? business : business - inFive + (inFive - (5 - repeats));
}

export interface Series {
  /** Unique per series. */
  key: number;
  occurrence: number;
  length: number;
  firstSlot: number;
  merged: boolean;
}

/** The recurring series a slot is in; in the consolidated part every invoice is a series of its own. */
export function seriesOf(world: World, slot: Slot): Series | undefined {
  if (slot.slot >= world.mergedFrom) {
    const from = Math.max(slot.first, world.mergedFrom);
    const group = groupAt(slot.slot - from, slot.first + slot.count - from);
    return {
      key: slot.rank * 400 + 200 + group.number,
      occurrence: slot.slot - from - group.start,
      length: group.length,
      firstSlot: from + group.start,
      merged: true,
    };
  }
  if (slot.count < 5) return undefined;
  const inRuns = (seriesShare - mergedShare) / 0.57;
  const members = Math.min(Math.round(slot.count * inRuns), world.mergedFrom - slot.first);
  if (slot.local >= members || members < 2) return undefined;
  const chunks = Math.ceil(members / 12);
  const chunk = Math.floor((slot.local * chunks) / members);
  const start = Math.ceil((chunk * members) / chunks);
  return {
    key: slot.rank * 400 + chunk,
    occurrence: slot.local - start,
    length: Math.ceil(((chunk + 1) * members) / chunks) - start,
    firstSlot: slot.first + start,
    merged: false,
  };
}

/** Cuts `total` bookings into invoices; a single one left at the end joins the invoice before it. */
function groupAt(offset: number, total: number): { number: number; start: number; length: number } {
  let start = 0;
  for (let number = 0; ; number++) {
    let length = Math.min(at(mergedSizes, number % mergedSizes.length), total - start);
    if (total - start - length === 1) length += 1;
    if (offset < start + length) return { number, start, length };
    start += length;
  }
}

function spansOf(bookings: number, customers: number): CustomerSpan[] {
  const names = Object.keys(bookingsPerCustomer) as CustomerClass[];
  const spans: CustomerSpan[] = [];
  let [rank, slot] = [0, 0];
  for (const name of names) {
    const isLast = name === 'heavy';
    const ranks = isLast ? customers - rank : Math.round(customers * bookingsPerCustomer[name]);
    const slots = isLast ? bookings - slot : patternSum(bookingCounts[name], ranks);
    if (ranks < 1 || slots < 0) throw new Error(`${bookings} bookings are too few for the class ${name}`);
    spans.push({ name, firstRank: rank, ranks, firstSlot: slot, slots });
    rank += ranks;
    slot += slots;
  }
  return spans;
}

/** The heavy customers share what is left, in the proportions of their pattern. */
function slotsBefore(span: CustomerSpan, ranks: number): number {
  const pattern = bookingCounts[span.name];
  const sum = patternSum(pattern, ranks);
  return span.name === 'heavy' ? Math.floor((sum * span.slots) / patternSum(pattern, span.ranks)) : sum;
}

function patternSum(pattern: ReadonlyArray<number>, length: number): number {
  const whole = pattern.reduce((sum, one) => sum + one, 0);
  const rest = pattern.slice(0, length % pattern.length).reduce((sum, one) => sum + one, 0);
  return Math.floor(length / pattern.length) * whole + rest;
}

function spanOfRank(world: World, rank: number): CustomerSpan {
  const span = world.classes.find((one) => rank >= one.firstRank && rank < one.firstRank + one.ranks);
  if (!span) throw new Error(`there is no customer of rank ${rank}`);
  return span;
}

function spanNamed(world: World, name: CustomerClass): CustomerSpan {
  return at(world.classes, Object.keys(bookingsPerCustomer).indexOf(name));
}
