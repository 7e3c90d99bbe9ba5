import * as d from '../distributions.js';
import { makeBooking } from '../world/booking.js';
import { dayMinutes, dayText, exportedAt, instantText, today } from '../world/calendar.js';
import { at, dice } from '../world/chance.js';
import { billingOf } from '../world/invoice.js';
import * as words from '../world/words.js';
import {
  bookingOfSlot,
  businessOfRank,
  companyOfBusiness,
  customerOfRank,
  rankOfCustomer,
  slotsOfRank,
  type World,
} from '../world/world.js';
import { money, type Row, yes } from './cells.js';

export const customerId = (customer: number) => 1001 + customer;
export const propertyId = (property: number) => 200_001 + property;
export const userId = (user: number) => 11 + user;

export function* customerRows(world: World): Generator<Row> {
  for (let customer = 0; customer < world.customers; customer++) yield customerRow(world, customer);
}

export function customerRow(world: World, customer: number): Row {
  const rank = rankOfCustomer(world, customer);
  const business = businessOfRank(world, rank);
  const { first, last, email, mobile } = contactOf(world, customer);
  const account = accountOf(world, customer, rank);
  const throws = dice(world.seed, 'customer', customer);
  return {
    'Customer ID': String(customerId(customer)),
    'Customer type': business === undefined ? 'Personal' : 'Business',
    'Customer title': throws.pick(['Mr', 'Mrs', 'Miss', 'Ms', 'Dr']),
    first_name: first,
    last_name: last,
    'Business name': business === undefined ? '' : companyName(companyOfBusiness(business)),
    email,
    mobile,
    ...(addressOf(world, customer) ?? {}),
    'Date joined': dayText(account.joined),
    Modified: instantText(Math.min(exportedAt, account.joined * dayMinutes + 900)),
    Labels: throws.chance(0.15) ? `["${throws.pick(words.labelWords)}"]` : '',
    'Owner ID': String(userId(throws.int(0, world.size.users - 1))),
    Branch: 'Sydney',
    Source: throws.pick(words.sources),
    'Email opt out': yes(throws.chance(0.05)),
    'SMS opt out': yes(throws.chance(0.05)),
    'Invoice due days': '14',
    Balance: money(account.balance),
    'Total revenue': money(account.revenue),
    'Is deleted': 'false',
  };
}

function accountOf(world: World, customer: number, rank: number) {
  const { first, count } = slotsOfRank(world, rank);
  let [balance, revenue, earliest] = [0, 0, exportedAt];
  for (let slot = first; slot < first + count; slot++) {
    const booking = makeBooking(world, bookingOfSlot(world, slot));
    const { invoices, split } = billingOf(world, booking);
    earliest = Math.min(earliest, booking.created);
    revenue += split?.payment.amount ?? 0;
    for (const invoice of invoices) {
      if (invoice.status === 'Open' || invoice.status === 'Overdue') balance += invoice.balance;
      revenue += invoice.paid - invoice.allocated - invoice.refunded;
    }
  }
  const unapplied = world.shuffle('unapplied', world.customers).of(customer);
  if (unapplied < world.unapplied) revenue += unappliedAmount(world, unapplied);
  const joined = Math.floor(earliest / dayMinutes) - 30 - dice(world.seed, 'joined', customer).int(0, 200);
  return { balance, revenue, joined: Math.min(joined, today - 31) };
}

export function unappliedAmount(world: World, index: number): number {
  return dice(world.seed, 'unapplied', index).int(2_000, 40_000);
}

export function contactOf(world: World, customer: number) {
  const throws = dice(world.seed, 'name', customer);
  const first = throws.pick(words.firstNames);
  const last = throws.pick(words.lastNames);
  const missing = world.shuffle('contact', world.customers).share(customer).split(d.missingContact);
  const local = `${first}.${last}`
    .normalize('NFD')
    .replace(/[^A-Za-z.]/g, '')
    .toLowerCase();
  return {
    first,
    last,
    email: missing === 'email' ? '' : `${local}.${customerId(customer)}@${throws.pick(words.domains)}`,
    mobile: missing === 'mobile' ? '' : phoneNumber(customer),
  };
}

/** Numbers kept for fiction: 10,000 mobiles, then 80,000 fixed lines. */
export function phoneNumber(index: number): string {
  const four = (n: number) => String(n % 10_000).padStart(4, '0');
  if (index < 10_000) return `0491 57${four(index).slice(0, 1)} ${four(index).slice(1)}`;
  const n = index - 10_000;
  const area = at(['02', '03', '07', '08'], Math.floor(n / 20_000) % 4);
  return `${area} ${n % 20_000 < 10_000 ? '5550' : '7010'} ${four(n)}`;
}

export function addressOf(world: World, customer: number): Row | undefined {
  if (world.shuffle('address', world.customers).share(customer).below(d.missingAddress)) return undefined;
  const place = world.shuffle('place', 60_000).of(customer);
  const [suburb, postcode] = at(words.suburbs, place % words.suburbs.length);
  const street = Math.floor(place / words.suburbs.length);
  return {
    'Street number': String(1 + Math.floor(street / 180)),
    'Street address': `${at(words.streets, street % 30)} ${at(words.streetKinds, Math.floor(street / 30) % 6)}`,
    Suburb: suburb,
    State: 'NSW',
    Postcode: postcode,
    Country: 'AU',
  };
}

export function addressLine(address: Row | undefined): string {
  if (!address) return '';
  return `${address['Street number']} ${address['Street address']}, ${address.Suburb} ${address.State} ${address.Postcode}`;
}

export function* addressRows(world: World): Generator<Row> {
  for (let customer = 0; customer < world.customers; customer++) {
    const address = addressOf(world, customer);
    if (address)
      yield {
        'Address ID': String(800_001 + customer),
        'Customer ID': String(customerId(customer)),
        Type: 'service',
        Label: 'Main',
        ...address,
        'Is primary': 'true',
      };
  }
}

/** The customer of a property, and back: at most one property each. */
export function customerOfProperty(world: World, property: number): number {
  return world.shuffle('properties', world.customers).from(property);
}

export function propertyOfCustomer(world: World, customer: number): number | undefined {
  const property = world.shuffle('properties', world.customers).of(customer);
  return property < world.properties ? property : undefined;
}

export function* propertyRows(world: World): Generator<Row> {
  for (let property = 0; property < world.properties; property++) {
    const customer = customerOfProperty(world, property);
    const throws = dice(world.seed, 'property', property);
    yield {
      'Property ID': String(propertyId(property)),
      'Customer ID': String(customerId(customer)),
      'Property type': throws.pick(['site', 'unit', 'pet', 'vehicle', 'appliance']),
      Name: `${throws.pick(words.streets)} ${property + 1}`,
      ...(addressOf(world, customer) ?? {}),
      Created: instantText(exportedAt - throws.int(10, 400) * dayMinutes),
      'Is deleted': 'false',
    };
  }
}

/** Inquiries and quotes that came to nothing: half of them are of customers who never booked. */
export function customerWithoutBooking(world: World, index: number): number {
  const none = at(world.classes, 0).ranks;
  const throws = dice(world.seed, 'no booking', index);
  return throws.chance(0.5) ? customerOfRank(world, index % none) : throws.int(0, world.customers - 1);
}

function companyName(company: number): string {
  const { first, second, kind } = words.companyNames;
  const place = Math.floor(company / first.length);
  return `${at(first, company % first.length)} ${at(second, place % second.length)} ${at(kind, Math.floor(place / second.length) % kind.length)}`;
}
