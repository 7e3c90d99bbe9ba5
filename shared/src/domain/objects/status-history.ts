import { instantFrom, parseWhen } from '../convert/date.js';
import {
  defineObject,
  excluded,
  type Mapping,
  merged,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { targetKeyOf } from '../mapping/record.js';
import { normaliseStatus } from './booking-status.js';
import { closingChange, closingTime } from './closing-time.js';
import { subjectOf } from './place.js';

/** Changes of status: the one that closed a booking says when its deal was won or lost; the others are left out by rule. */
export const statusHistory = defineObject({
  name: 'status_history',
  needs: ['booking'],
  reads: [
    {
      parent: 'booking',
      of: 'status_history',
      by: 'object_id',
      when: (row) => subjectOf(row)?.object === 'booking',
    },
    { child: 'status_history', of: 'booking' },
    { child: 'appointment', of: 'booking' },
  ],
  structure: {
    object: 'what was changed',
    object_id: 'what was changed',
    to: 'finds the change that closed the booking',
    changed_at: 'the time the deal was won or lost',
  },
  notMigrated: {
    from: 'Pipedrive does not take the history of stage changes.',
    changed_by: 'Pipedrive does not take the history of stage changes.',
    note: 'Pipedrive does not take the history of stage changes.',
  },
  lossy: [
    'Only the change that closed a booking is used (the time its deal was won or lost); the others are left out and counted.',
  ],
  asks: (row) => (subjectOf(row)?.object === 'booking' ? [bookingKey(row)] : []),
  map: mapStatusHistory,
});

function bookingKey(row: SourceRow) {
  return targetKeyOf('booking', row.fields.object_id ?? '');
}

function mapStatusHistory(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  if (subjectOf(row)?.object !== 'booking') return excluded('history_not_needed');
  const booking = refs.row('booking', row.fields.object_id);
  if (!booking || !refs.isMapped(bookingKey(row))) return rejected('orphan_reference');
  const target = ctx.content.bookingStatuses[normaliseStatus(booking.fields.status ?? '')];
  const closed = target && closingTime(booking, target.status, refs, ctx);
  const change = closingChange(booking, refs, ctx);
  if (change?.row.rowNumber !== row.rowNumber || closed === undefined) return excluded('history_not_needed');
  const changedAt = parseWhen(row.fields.changed_at, ctx.settings);
  const isUsed = changedAt && instantFrom(changedAt, ctx.settings) === closed;
  // A row of the history has no id of its own: it is found by its booking.
  return isUsed ? merged([]) : excluded('history_not_needed');
}
