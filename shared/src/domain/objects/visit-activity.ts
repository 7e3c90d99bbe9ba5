import { addressOf } from '../convert/address.js';
import { parseBool } from '../convert/bool.js';
import {
  instantFrom,
  localText,
  minutesBetween,
  parseWhen,
  utcDateAndTime,
  type When,
} from '../convert/date.js';
import { durationText } from '../convert/duration.js';
import { plainText } from '../convert/html.js';
import { parseList } from '../convert/list.js';
import { oneLine } from '../convert/text.js';
import { computed, cut, titleLimit } from '../mapping/convert-field.js';
import type { Draft, FieldRule, Refs, RowContext, SourceRow } from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type Payload, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { ownerOf, workerName } from './owner.js';
import { sortKeyOf } from './sort-key.js';

/** The fields of an activity of type Appointment, for the proposal and the documents. */
export function visitFields(from: { start: string[]; notes: string[]; workers: string[] }): FieldRule[] {
  return [
    computed(
      'subject',
      ['booking_service.service_name', 'booking.title', 'booking.booking_number'],
      'joined',
    ),
    computed('type', [], 'activity type Appointment'),
    computed('due_date', from.start, 'UTC date, or the day when there is no time'),
    computed('due_time', from.start, 'UTC clock time'),
    computed('duration', ['start', 'end'], 'hours and minutes'),
    computed(
      'done',
      ['start', 'end', 'status'],
      'past at the time of the export',
      'Pipedrive dates the completion itself: the real times stand in the note.',
    ),
    computed('owner_id', from.workers, 'first accepted worker'),
    computed('deal_id', ['booking_id'], 'reference'),
    computed('org_id', ['booking_id'], 'reference'),
    computed('participants', ['booking_id'], 'reference'),
    computed('location', ['booking.street_address'], 'address'),
    computed('note', from.notes, 'readable block with the marker'),
  ];
}

/** One visit as an activity on the booking's deal. `visit` is the appointment, or the booking itself when it has none. */
export function visitActivity(
  key: TargetKey,
  visit: SourceRow,
  booking: SourceRow,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const { start, end } = timesOf(visit, booking, refs, ctx);
  const workers = workersOf(visit.fields.fieldworker_ids ? visit : booking);
  const customer = refs.customer(booking.fields.customer_id);
  const number = booking.fields.booking_number ?? booking.sourceId;
  const owner =
    ownerOf(
      [],
      workers.filter((worker) => worker.response !== 'declined').map((worker) => worker.id),
      refs.catalogue,
    ) ?? ownerOf([booking.fields.owner_id], [], refs.catalogue);
  const location = addressOf(booking.fields);
  const native: Payload = {
    subject: cut(`${whatOf(visit, booking, refs)} · ${number}`, titleLimit, ctx, 'subject')?.text ?? number,
    type: { $activityType: 'Appointment' },
    ...dueOf(visit, start, end),
    done: isDone(visit, booking, start, end, ctx),
    deal_id: { $ref: targetKeyOf('booking', booking.sourceId) },
    ...(owner ? { owner_id: owner } : {}),
    ...(customer?.person ? { participants: [{ person_id: { $ref: customer.person }, primary: true }] } : {}),
    ...(customer?.organization ? { org_id: { $ref: customer.organization } } : {}),
    ...(location ? { location: { ...location } } : {}),
    note: markedNote(noteText(visit, booking, start, end, workers, refs, ctx), key, number, ctx),
  };
  return { targetKey: key, entity: 'activity', native, custom: new Map(), sortKey: sortKeyOf(visit) };
}

/** Where the visit's own time cannot be read, the booking's time is it, if there is only this one visit. */
function timesOf(
  visit: SourceRow,
  booking: SourceRow,
  refs: Refs,
  ctx: RowContext,
): { start: When | undefined; end: When | undefined } {
  const read = (row: SourceRow, field: string) => {
    const when = parseWhen(row.fields[field], ctx.settings);
    if (!when && row.fields[field] !== undefined) ctx.find('unparseable_date', field);
    return when;
  };
  const start = read(visit, 'start');
  const end = read(visit, 'end');
  if (start || refs.children('appointment', 'booking', booking.sourceId).length > 1) return { start, end };
  return {
    start: parseWhen(booking.fields.start, ctx.settings),
    end: end ?? parseWhen(booking.fields.end, ctx.settings),
  };
}

/** Day only: no clock time, whatever the cell says. All others in UTC, date and time together. */
function dueOf(visit: SourceRow, start: When | undefined, end: When | undefined): Payload {
  if (!start) return {};
  if (start.instant === null || parseBool(visit.fields.all_day) === true) return { due_date: start.day };
  const { date, time } = utcDateAndTime(start.instant);
  const minutes = minutesBetween(start.instant, end?.instant);
  const duration = minutes === undefined ? undefined : durationText(minutes);
  return { due_date: date, due_time: time, ...(duration ? { duration } : {}) };
}

const overWords = new Set([
  'finished',
  'completed',
  'complete',
  'done',
  'cancelled',
  'canceled',
  'failed',
  'no show',
]);

/** Past by the time of the export, never by the wall clock: the same package gives the same records on every day. */
function isDone(
  visit: SourceRow,
  booking: SourceRow,
  start: When | undefined,
  end: When | undefined,
  ctx: RowContext,
): boolean {
  if (overWords.has((visit.fields.status ?? booking.fields.status ?? '').toLowerCase())) return true;
  const last = end ?? start;
  if (!last) return false;
  const until = last.instant ?? endOfDay(last, ctx);
  return Date.parse(until) < Date.parse(ctx.exportedAt);
}

function endOfDay(day: When, ctx: RowContext): string {
  return new Date(Date.parse(instantFrom(day, ctx.settings)) + 86_399_000).toISOString();
}

interface AssignedWorker {
  id: string;
  response: string;
}

/** Accepted first: the first of them owns the visit. */
export function workersOf(row: SourceRow): AssignedWorker[] {
  const ids = parseList(row.fields.fieldworker_ids ?? row.fields.fieldworkers);
  const responses = responsesOf(row.fields.responses);
  return ids
    .map((id, index) => ({ id, response: (responses[index] ?? '').toLowerCase() }))
    .sort((a, b) => rankOf(a.response) - rankOf(b.response));
}

/** Two equal answers are two answers: parseList would drop the second. */
function responsesOf(cell: string | undefined): string[] {
  if (!cell?.startsWith('[')) return (cell ?? '').split(/[;,|\n]/).map((word) => word.trim());
  try {
    const parsed: unknown = JSON.parse(cell);
    return Array.isArray(parsed) ? parsed.map(String) : [];
  } catch {
    return [cell];
  }
}

function rankOf(response: string): number {
  return response === 'accepted' || response === 'confirmed' ? 0 : response === 'declined' ? 2 : 1;
}

function whatOf(visit: SourceRow, booking: SourceRow, refs: Refs): string {
  const line = refs.row('booking_service', visit.fields.booking_service_id);
  const name = line?.fields.service_name ?? refs.catalogue.services.get(line?.fields.service_id ?? '');
  return oneLine(name ?? booking.fields.title ?? 'Appointment');
}

function noteText(
  visit: SourceRow,
  booking: SourceRow,
  start: When | undefined,
  end: When | undefined,
  workers: ReadonlyArray<AssignedWorker>,
  refs: Refs,
  ctx: RowContext,
): string {
  const actual = (field: string) => {
    const when = parseWhen(visit.fields[field], ctx.settings);
    return when && localText(when, ctx.settings);
  };
  const names = workers.map(({ id, response }) =>
    [workerName(id, refs.catalogue), response && `(${response})`].filter(Boolean).join(' '),
  );
  const isAllDay = parseBool(visit.fields.all_day) === true;
  return block(
    [
      ['Time', timeText(start, end, isAllDay, visit.fields.time_window ?? booking.fields.time_window, ctx)],
      ['Workers', names.join(', ')],
      ['Status', visit.fields.status],
      ['Actual start', actual('actual_start')],
      ['Actual end', actual('actual_end')],
      ['Checked in at', visit.fields.check_in_lat_long ?? positionOf(visit)],
    ],
    plainText(visit.fields.notes ?? ''),
  );
}

function positionOf(visit: SourceRow): string {
  return [visit.fields.check_in_latitude, visit.fields.check_in_longitude].filter(Boolean).join(', ');
}

function timeText(
  start: When | undefined,
  end: When | undefined,
  isAllDay: boolean,
  window: string | undefined,
  ctx: RowContext,
): string {
  if (!start) return window ?? '';
  const span = [localText(start, ctx.settings), end && localText(end, ctx.settings)]
    .filter(Boolean)
    .join(' to ');
  const extra = [isAllDay ? 'all day' : '', window ?? '']
    .filter(
      (word, index, words) =>
        word !== '' && words.findIndex((other) => other.toLowerCase() === word.toLowerCase()) === index,
    )
    .join(', ');
  const zone = start.instant === null ? '' : ` ${ctx.settings.timeZone}`;
  return `${span}${zone}${extra ? ` (${extra})` : ''}`;
}
