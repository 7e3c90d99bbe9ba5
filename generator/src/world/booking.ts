import * as d from '../distributions.js';
import { dayMinutes, exportedAt, latestDay, today } from './calendar.js';
import { at, dice, normalQuantile, type Share } from './chance.js';
import { type Series, type Slot, seriesOf, slotOfBooking, type World } from './world.js';

export type Invoicing = keyof typeof d.invoicing;

export interface Line {
  service: number;
  quantity: number;
  /** All amounts in cents. */
  unit: number;
  discount: number;
  tax: number;
  net: number;
}

export interface Visit {
  start: number;
  end: number;
  untimed: boolean;
  /** Indices of active fieldworkers. */
  workers: number[];
}

/** A booking as far as other files need it: pure arithmetic, made anew wherever it is asked for. */
export interface Booking {
  index: number;
  slot: Slot;
  series: Series | undefined;
  seriesKind: d.SeriesKind | undefined;
  status: string;
  isFuture: boolean;
  invoicing: Invoicing;
  isVoided: boolean;
  /** What is left of the rank the status was taken from: decides the invoice. */
  rest: Share;
  visits: Visit[];
  created: number;
  lines: Line[];
  extras: Line[];
  subtotal: number;
  extra: number;
  discount: number;
  tax: number;
  total: number;
  deposit: number;
}

export const customStatuses = [
  'Keys Collected',
  'Rain Delay',
  'Waiting for Parts',
  'Re-clean Due',
  'Site Locked',
  'Supervisor Check',
];

export function makeBooking(world: World, index: number): Booking {
  const slot = slotOfBooking(world, index);
  const series = seriesOf(world, slot);
  const state = stateOf(world, slot);
  const count = visitCount(world, index, state.invoicing);
  const when = timesOf(world, index, series, state.isFuture, count);
  return {
    index,
    slot,
    series,
    seriesKind: series && kindOf(series),
    ...state,
    ...when,
    ...moneyOf(world, index),
  };
}

/** Status and way of invoicing are one draw, because one follows from the other. */
const outcomes = (() => {
  const past = 1 - d.futureShare;
  const of = (share: number) => share * past;
  const cancelled = of(d.pastStatuses.Cancelled);
  return {
    'Completed|perAppointment': d.perAppointmentShare,
    'Completed|own': of(d.pastStatuses.Completed) - d.mergedShare - d.perAppointmentShare,
    'Cancelled|void': d.voidShare,
    'Cancelled|own': d.cancelledButInvoiced,
    'Cancelled|none': cancelled - d.voidShare - d.cancelledButInvoiced,
    'Failed|none': of(d.pastStatuses.Failed),
    'Awaiting Update|own': of(d.pastStatuses['Awaiting Update']),
    'In Progress|own': of(d.pastStatuses['In Progress']),
    'Quoted|none': of(d.pastStatuses.Quoted),
    'custom|own': of(d.pastStatuses.custom),
    'future|none': d.futureShare,
  };
})();

function stateOf(world: World, slot: Slot) {
  const share = world.shuffle('status', world.mergedFrom).share(slot.slot % world.mergedFrom);
  const none = { isFuture: false, isVoided: false, rest: share };
  if (slot.slot >= world.mergedFrom)
    return { ...none, status: 'Completed', invoicing: 'merged' as Invoicing };
  const [word = '', way = ''] = share.split(outcomes).split('|');
  const invoicing: Invoicing = way === 'void' ? 'own' : (way as Invoicing);
  if (word === 'future')
    return { ...none, isFuture: true, status: share.split(d.futureStatuses) as string, invoicing };
  const status = word === 'custom' ? share.pick(customStatuses.slice(0, customStatusCount(world))) : word;
  return { ...none, status, invoicing, isVoided: way === 'void' };
}

export function customStatusCount(world: World): number {
  return Math.min(customStatuses.length, world.size.statuses - 12);
}

function visitCount(world: World, index: number, invoicing: Invoicing): number {
  const share = world.shuffle('visits').share(index);
  if (invoicing === 'perAppointment') return Number(share.split(d.visitsWhenInvoicedEach));
  const count = share.split(d.visitsOfOthers);
  return count === 'more' ? share.pick(d.moreVisits) : Number(count);
}

/** Spread by the golden ratio, so that few series keep the shares as well as many do. */
function kindOf(series: Series): d.SeriesKind {
  const place = (series.key * 0.6180339887498949 + 0.35) % 1;
  let low = 0;
  for (const [kind, share] of Object.entries(d.seriesKinds) as Array<[d.SeriesKind, number]>) {
    low += share;
    if (place < low) return kind;
  }
  return 'Weekly';
}

const seriesDays: Readonly<Record<d.SeriesKind, number>> = {
  Weekly: 7,
  Fortnightly: 14,
  Monthly: 28,
  'Every 6 weeks': 42,
};

function timesOf(world: World, index: number, series: Series | undefined, isFuture: boolean, count: number) {
  const throws = dice(world.seed, 'times', index);
  const shared = series ? dice(world.seed, 'series', series.key) : throws;
  const step = 1 + Math.floor(throws.next() * 3);
  const interval = series ? seriesDays[kindOf(series)] : 0;
  const span = series ? (series.length - 1) * interval : 0;
  const latest = today - 3 - span - 11 * 3;
  const earliest = today - Math.round(world.size.years * 365);
  // A series keeps its weekday; alone, the number of the booking decides, so that numbers run with time.
  const place = series ? shared.next() : (index + throws.next()) / world.bookings;
  const weekend = series
    ? (series.key * 0.6180339887498949) % 1 >= d.weekdayShare
    : !world.shuffle('weekday').share(index).below(d.weekdayShare);
  const first = latestDay(
    earliest + 6 + Math.round(growing(place, world.size.years) * (latest - earliest - 6)),
    weekend,
  );
  const lag = Math.round(
    d.leadDays.median * Math.exp(d.leadDays.sigma * normalQuantile(0.001 + 0.998 * shared.next())),
  );
  const hour = shared.int(7 * 4, 14 * 4) * 15;
  const own = series ? first + series.occurrence * interval : first;
  const day = isFuture ? aheadOf(own, series, weekend, throws.int(1, 26)) : own;
  const createdDay = Math.min((series ? first : day) - Math.min(lag, 120), today - 1);
  const sameDay = createdDay === day;
  const created =
    createdDay * dayMinutes + (sameDay ? Math.min(hour - 60, 540) : throws.int(8 * 60, 17 * 60));
  const visits = Array.from({ length: count }, (_, k) => visitOf(world, index, k, day + k * step, hour));
  return { visits, created };
}

/** A future visit of a series keeps the weekday of the past ones. */
function aheadOf(day: number, series: Series | undefined, weekend: boolean, ahead: number): number {
  if (series) return today + 7 + ((((day - today) % 7) + 7) % 7) + 7 * series.occurrence;
  const found = latestDay(today + ahead + 3, weekend);
  return found > today ? found : found + 7;
}

function visitOf(world: World, index: number, k: number, day: number, hour: number): Visit {
  const share = world.shuffle(`workers ${k}`).share(index);
  const throws = dice(world.seed, `visit ${k}`, index);
  const wanted = share.split(d.workersPerAppointment);
  const active = world.size.fieldworkers - world.size.inactiveFieldworkers;
  const count = Math.min(active, wanted === 'more' ? throws.pick([3, 3, 4, 5]) : Number(wanted));
  const lead = throws.int(0, active - 1);
  const untimed = world.shuffle(`untimed ${k}`).share(index).below(d.untimedShare);
  const start = day * dayMinutes + hour;
  return {
    start,
    end: start + throws.int(2, 12) * 15,
    untimed,
    workers: Array.from({ length: count }, (_, n) => (lead + n) % active),
  };
}

/** Growth by the year and a summer season: the place of the u-th part of all work in the years covered, 0..1. */
export function growing(u: number, years: number): number {
  const growth = 1 + d.growthPerYear;
  const t = (Math.log(1 + u * (growth ** years - 1)) / Math.log(growth)) * 1;
  // Two steps of Newton undo t + season/(2π)·sin(2πt), whose slope is the season.
  let x = t;
  for (let n = 0; n < 4; n++)
    x -=
      (x + (d.season / (2 * Math.PI)) * Math.sin(2 * Math.PI * x) - t) /
      (1 + d.season * Math.cos(2 * Math.PI * x));
  return Math.min(1, Math.max(0, x / years));
}

function moneyOf(world: World, index: number) {
  const throws = dice(world.seed, 'money', index);
  const rank = world.shuffle('value').share(index).value;
  const wanted = Math.min(
    d.value.cap,
    Math.max(8, d.value.median * Math.exp(d.value.sigma * normalQuantile(rank))),
  );
  const net = (wanted * 100) / (world.taxInclusive ? 1 : 1.1);
  const extraCount = Number(world.shuffle('extras').share(index).split(d.extrasPerBooking));
  const extras = Array.from({ length: extraCount }, () =>
    lineOf(world, -1, throws.int(3, 8) * 0.01 * net, 1, 0),
  );
  const forServices = net - extras.reduce((sum, line) => sum + line.net, 0);
  const share = world.shuffle('services').share(index);
  const wants = share.split(d.servicesPerBooking);
  const count = wants === 'more' ? share.pick(d.moreServices) : Number(wants);
  const weights = Array.from({ length: count }, () => 1 + throws.next() * 3);
  const whole = weights.reduce((sum, one) => sum + one, 0);
  const isDiscounted = world.shuffle('discount').share(index).below(d.discountShare);
  const lines = weights.map((weight, n) =>
    lineOf(
      world,
      throws.int(0, world.size.services - 1),
      (forServices * weight) / whole,
      throws.pick([1, 1, 1, 2, 3, 1.5]),
      n === 0 && isDiscounted ? throws.pick([0.05, 0.1, 0.15]) : 0,
    ),
  );
  const sum = (of: Line[], amount: (line: Line) => number) =>
    of.reduce((total, line) => total + amount(line), 0);
  const subtotal = sum(lines, (line) => line.net + line.discount);
  const discount = sum(lines, (line) => line.discount);
  const extra = sum(extras, (line) => line.net);
  const tax = sum([...lines, ...extras], (line) => line.tax);
  const total = subtotal - discount + extra + (world.taxInclusive ? 0 : tax);
  const hasDeposit = world.shuffle('deposit').share(index).below(d.depositShare);
  const deposit = hasDeposit ? Math.max(1, Math.round(total * 0.25)) : 0;
  return { lines, extras, subtotal, extra, discount, tax, total, deposit };
}

/** A line of about `net` cents after discount; the unit price is whole cents and everything follows from it. */
export function lineOf(
  world: World,
  service: number,
  net: number,
  quantity: number,
  discounted: number,
): Line {
  const unit = Math.max(2, Math.round(net / (1 - discounted) / quantity / 2) * 2);
  const gross = Math.round(unit * quantity);
  const discount = Math.round(gross * discounted);
  return { service, quantity, unit, discount, net: gross - discount, tax: taxOf(world, gross - discount) };
}

export function taxOf(world: World, net: number): number {
  return Math.round(world.taxInclusive ? net / 11 : net / 10);
}

export function lastEnd(booking: Booking): number {
  return at(booking.visits, booking.visits.length - 1).end;
}

/** When the record was last touched. */
export function modifiedAt(booking: Booking): number {
  return booking.isFuture
    ? Math.min(booking.created + 30, exportedAt)
    : Math.min(lastEnd(booking) + 45, exportedAt);
}
