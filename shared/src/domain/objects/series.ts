import { addMoney } from '../convert/money.js';
import type { MappingSettings } from '../mapping/content.js';
import { type Converted, computed, cut, monetary, textLimits } from '../mapping/convert-field.js';
import type { Draft, FieldRule, Product, RowContext, SourceRow } from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import {
  markerField,
  markerFieldName,
  type Payload,
  type PayloadValue,
  type TargetKey,
  targetKeyOf,
} from '../mapping/record.js';
import { type InvoiceStatus, invoiceStatuses, jointStatus } from './deal-money.js';
import { sortKeyOf } from './sort-key.js';

export function wantsSeries(settings: MappingSettings): boolean {
  return settings.recurringSeries === 'series';
}

/**
 * The deal of a recurring series: the bookings of one customer with one series id, be they many or (still) one, so that
 * the key is the same when the next booking comes. Undefined for a booking that stands alone.
 */
export function seriesKeyOf(booking: SourceRow): TargetKey | undefined {
  const { series_id: series, customer_id: customer } = booking.fields;
  if (series === undefined || customer === undefined) return undefined;
  // Ids are a stranger's text; in a marker they have neither signs nor blanks.
  const clean = (id: string) => id.replace(/[^\w-]/g, '_');
  return targetKeyOf('series', clean(series), clean(customer));
}

/** A booking of a series, with the deal it would be if it stood alone. */
export interface Occurrence {
  row: SourceRow;
  deal: Draft;
  /** When it begins, RFC 3339; empty when nobody knows. */
  start: string;
}

/**
 * One deal for a series. It is open while one of its bookings is, and closes with the last: won when any was won. Its
 * value is the sum of the bookings that were not lost. What is not the same for all of them stands in `occurrenceNote`.
 */
export function seriesDeal(
  key: TargetKey,
  title: string,
  occurrences: ReadonlyArray<Occurrence>,
  ctx: RowContext,
): Draft {
  const inTime = [...occurrences].sort((a, b) => compare(a.start, b.start));
  const natives = inTime.map(({ deal }) => deal.native);
  const counted = natives.some(({ status }) => status !== 'lost')
    ? natives.filter(({ status }) => status !== 'lost')
    : natives;
  const values = counted.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  const first = natives[0] ?? {};
  const owner = natives.findLast(({ owner_id }) => owner_id !== undefined)?.owner_id;
  const created = textsOf(natives, 'add_time').sort()[0];
  return {
    targetKey: key,
    entity: 'deal',
    native: {
      title,
      ...(values.length === 0 ? {} : { value: addMoney(values) }),
      // Also without a value: the account's default currency may be another one.
      currency: ctx.settings.currency,
      ...(created === undefined ? {} : { add_time: created }),
      ...closing(natives),
      ...(first.person_id === undefined ? {} : { person_id: first.person_id }),
      ...(first.org_id === undefined ? {} : { org_id: first.org_id }),
      ...(owner === undefined ? {} : { owner_id: owner }),
    },
    custom: customOf(key, inTime, ctx),
    labels: [...new Set(inTime.flatMap(({ deal }) => deal.labels ?? []))],
    sortKey: occurrences[0] ? sortKeyOf(occurrences[0].row) : '',
  };
}

/** Status, stage and times: of those that are still open the next one decides, else the last that was won, else the last. */
function closing(natives: ReadonlyArray<Payload>): Payload {
  const open = natives.filter(({ status }) => status === 'open');
  const [next] = open;
  if (next) {
    const last = textsOf(open, 'expected_close_date').sort().at(-1);
    return {
      status: 'open',
      ...part(next, 'stage_id'),
      ...(last === undefined ? {} : { expected_close_date: last }),
    };
  }
  const won = natives.filter(({ status }) => status === 'won');
  const decided = won.at(-1) ?? natives.at(-1) ?? {};
  const time = won.length > 0 ? 'won_time' : 'lost_time';
  const at = textsOf(won.length > 0 ? won : natives, time)
    .sort()
    .at(-1);
  return {
    ...part(decided, 'status'),
    ...part(decided, 'stage_id'),
    ...(at === undefined ? {} : { [time]: at }),
    ...part(decided, 'lost_reason'),
  };
}

function part(native: Payload, name: string): Payload {
  const value = native[name];
  return value === undefined ? {} : { [name]: value };
}

/** How the values of a field come together when they are not one and the same. Other fields are then left to the notes. */
const together: Readonly<
  Record<string, (values: ReadonlyArray<Converted>, ctx: RowContext) => Converted | undefined>
> = {
  'Booking number': list(', ', 'varchar'),
  'Quote number': list(', ', 'varchar'),
  'Invoice number': list(', ', 'varchar'),
  'Payment methods': list(', ', 'varchar'),
  Fieldworkers: list(', ', 'text'),
  Services: list('\n', 'text'),
  'Booking status': (values) => values.at(-1),
  'Booking created': least,
  'Invoice date': least,
  'Invoice due date': most,
  'Last payment': most,
  'Invoice status': (values) => {
    const said = values.flatMap(({ text }) => invoiceStatuses.filter((status) => status === text));
    const joint: InvoiceStatus | undefined = jointStatus(said);
    return joint && { value: { $option: joint }, text: joint };
  },
  'Invoice total': sum,
  'Amount paid': sum,
  'Balance due': sum,
  'Booking total': sum,
  Subtotal: sum,
  'Extra charges': sum,
  Discount: sum,
  Tax: sum,
  Deposit: sum,
};

function customOf(
  key: TargetKey,
  inTime: ReadonlyArray<Occurrence>,
  ctx: RowContext,
): Map<string, Converted> {
  const custom = new Map<string, Converted>([markerField(key)]);
  const names = new Set(inTime.flatMap(({ deal }) => [...deal.custom.keys()]));
  names.delete(markerFieldName);
  for (const name of names) {
    const values = inTime.flatMap(({ deal }) => deal.custom.get(name) ?? []);
    const [first] = values;
    const join = Object.hasOwn(together, name) ? together[name] : undefined;
    // Sums add up what is the same, too.
    const isOne = join !== sum && values.every(({ text }) => text === first?.text);
    const value = isOne ? first : join?.(values, ctx);
    if (value) custom.set(name, value);
  }
  return custom;
}

function list(separator: string, type: 'varchar' | 'text') {
  return (values: ReadonlyArray<Converted>, ctx: RowContext): Converted | undefined => {
    const items = new Set(values.flatMap(({ text }) => text.split(separator)).filter((item) => item !== ''));
    // The numbers of a hundred bookings are no loss when they are cut: each has its note.
    return cut([...items].join(separator), textLimits[type], { ...ctx, find: () => {} }, '');
  };
}

function sum(values: ReadonlyArray<Converted>, ctx: RowContext): Converted | undefined {
  const amounts = values.flatMap(({ value }) => amountIn(value) ?? []);
  return amounts.length === 0 ? undefined : monetary(addMoney(amounts), ctx);
}

function amountIn(value: PayloadValue): string | undefined {
  const isMoney = typeof value === 'object' && value !== null && !Array.isArray(value) && 'currency' in value;
  return isMoney && 'value' in value && typeof value.value === 'string' ? value.value : undefined;
}

function least(values: ReadonlyArray<Converted>): Converted | undefined {
  return [...values].sort((a, b) => compare(a.text, b.text))[0];
}

function most(values: ReadonlyArray<Converted>): Converted | undefined {
  return [...values].sort((a, b) => compare(a.text, b.text)).at(-1);
}

function textsOf(natives: ReadonlyArray<Payload>, name: string): string[] {
  return natives.flatMap((native) => (typeof native[name] === 'string' ? [native[name]] : []));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a deal of its own would say of a booking, and the deal of its series does not. */
export function occurrenceNote(
  occurrence: Occurrence,
  series: Draft,
  number: string,
  ctx: RowContext,
): Draft {
  const { row, deal } = occurrence;
  const key = targetKeyOf('booking', row.sourceId, 'occurrence');
  const { title, status, value, lost_reason: reason, won_time, lost_time } = deal.native;
  const says = (said: PayloadValue | undefined) => (typeof said === 'string' ? said : undefined);
  const closed = says(won_time) ?? says(lost_time);
  const own = [...deal.custom]
    .filter(([name, { text }]) => name !== markerFieldName && series.custom.get(name)?.text !== text)
    .map(([name, { text }]) => [name, text] as const);
  const amount = says(value);
  const text = block([
    ['Booking of the series', says(title)],
    ['Outcome', says(status)],
    ['Closed', closed],
    ['Reason', says(reason)],
    ['Value', amount === undefined ? undefined : `${ctx.settings.currency} ${amount}`],
    ...own,
  ]);
  return {
    targetKey: key,
    entity: 'note',
    native: {
      content: markedNote(text, key, number, ctx),
      ...(deal.native.add_time === undefined ? {} : { add_time: deal.native.add_time }),
      deal_id: { $ref: series.targetKey },
    },
    custom: new Map(),
    sortKey: `occurrence${sortKeyOf(row)}`,
  };
}

/** The deal and the notes of a series, for the proposal and the documents. */
export function seriesProducts(fields: ReadonlyArray<FieldRule>): Product[] {
  return [
    {
      entity: 'deal',
      key: 'series:<series id>#<customer id>',
      undo: 'delete',
      when: wantsSeries,
      fields,
      lossy: [
        'The bookings of a series are one deal: it is open while one of them is, and won when one of them was. Its value is their sum, without those that were cancelled; forecasts and reports by month see one deal.',
        'Lines of the bookings of a series are text.',
      ],
    },
    {
      entity: 'note',
      key: 'booking:<id>#occurrence',
      undo: 'delete',
      when: wantsSeries,
      fields: [
        computed('content', ['booking_number', 'status', 'total'], 'what a deal of its own would say'),
        computed('add_time', ['created'], 'RFC 3339 UTC'),
        computed('deal_id', ['series_id'], 'reference'),
      ],
      lossy: ['What is not the same for all bookings of a series stands in a note for each of them.'],
    },
  ];
}
