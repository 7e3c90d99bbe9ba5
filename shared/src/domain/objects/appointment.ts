import {
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { targetKeyOf } from '../mapping/record.js';
import { visitActivity, visitFields } from './visit-activity.js';

/** A scheduled visit of a booking: an activity on its deal, at its original time, done when it is past. */
export const appointment = defineObject({
  name: 'appointment',
  needs: ['booking'],
  reads: [
    { parent: 'booking', of: 'appointment', by: 'booking_id' },
    { parent: 'booking_service', of: 'appointment', by: 'booking_service_id' },
    { child: 'appointment', of: 'booking' },
  ],
  produces: [
    {
      entity: 'activity',
      key: 'appointment:<id>',
      undo: 'delete',
      fields: visitFields({
        start: ['start'],
        workers: ['fieldworker_ids', 'responses'],
        notes: [
          'notes',
          'time_window',
          'actual_start',
          'actual_end',
          'check_in_lat_long',
          'check_in_latitude',
          'check_in_longitude',
        ],
      }),
      lossy: ['An activity has one owner: all workers of the visit are named in its note.'],
    },
  ],
  structure: {
    appointment_id: 'the key of the activity',
    booking_id: 'links the activity to the deal',
    booking_service_id: 'names the service in the subject',
    start: 'due date and time',
    end: 'duration',
    all_day: 'the activity has no clock time',
    status: 'in the note',
    fieldworker_ids: 'owner, and names in the note',
    responses: 'who accepted',
  },
  asks: (row) => [targetKeyOf('booking', row.fields.booking_id ?? '')],
  map: mapAppointment,
});

function mapAppointment(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const booking = refs.row('booking', row.fields.booking_id);
  if (!booking || !refs.isMapped(targetKeyOf('booking', booking.sourceId)))
    return rejected('orphan_reference');
  const key = targetKeyOf('appointment', row.sourceId);
  return {
    outcome: 'mapped',
    reason: '',
    drafts: [visitActivity(key, row, booking, refs, ctx)],
    links: [linkOf(row, key, 'primary')],
  };
}
