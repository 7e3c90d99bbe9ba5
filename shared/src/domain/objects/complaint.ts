import { parseBool } from '../convert/bool.js';
import { localText, parseWhen, utcDateAndTime } from '../convert/date.js';
import { plainText } from '../convert/html.js';
import { oneLine } from '../convert/text.js';
import { computed, cut, titleLimit } from '../mapping/convert-field.js';
import {
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type Payload, targetKeyOf } from '../mapping/record.js';
import { ownerOf, workerName } from './owner.js';
import {
  activityLinks,
  asksOfPlace,
  type Place,
  placeOf,
  readsOfPlace,
  subjectOf,
  withoutPlace,
} from './place.js';
import { sortKeyOf } from './sort-key.js';

/** A complaint is an activity of its own type: to do until it is closed, due on the day somebody meant to follow it up. */
export const complaint = defineObject({
  name: 'complaint',
  needs: ['customer', 'booking', 'invoice', 'quote', 'inquiry', 'payment'],
  reads: readsOfPlace('complaint'),
  produces: [
    {
      entity: 'activity',
      key: 'complaint:<id>',
      undo: 'delete',
      fields: [
        computed('subject', ['number', 'type', 'status'], 'joined'),
        computed('type', [], 'activity type Complaint'),
        computed(
          'due_date',
          ['follow_up_date', 'resolved_at', 'created'],
          'follow-up, else resolved or created',
        ),
        computed('due_time', ['resolved_at', 'created'], 'UTC clock time, when there is no follow-up'),
        computed('done', ['status', 'resolved_at'], 'closed'),
        computed('owner_id', ['owner_id'], 'user by id'),
        computed('deal_id', ['object_id'], 'reference'),
        computed('lead_id', ['object_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
        computed('participants', ['customer_id'], 'reference'),
        computed(
          'note',
          ['number', 'type', 'status', 'created', 'resolved_at', 'payment_withheld', 'description'],
          'readable block with the marker',
          'Activities have no fields of their own: number, status and times of a complaint stand in the note.',
        ),
      ],
      lossy: [
        'A complaint has many states, an activity two (to do and done): the original status stands in subject and note.',
      ],
    },
  ],
  structure: {
    complaint_id: 'the key of the activity',
    object: 'what the complaint is about',
    object_id: 'what the complaint is about',
    customer_id: 'links person and organization',
    status: 'decides whether it is done',
  },
  asks: asksOfPlace,
  map: mapComplaint,
});

function mapComplaint(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const place = placeOf(row, refs);
  if (!place || (!place.deal && !place.lead && !place.person && !place.organization))
    return withoutPlace(row);
  const { fields } = row;
  const key = targetKeyOf('complaint', row.sourceId);
  const number = oneLine(fields.number ?? row.sourceId);
  const done = isClosed(row);
  const owner = ownerOf([fields.owner_id], [], refs.catalogue);
  const subject = [`Complaint ${number}`, fields.type, fields.status].filter(Boolean).join(' · ');
  const native: Payload = {
    subject: cut(oneLine(subject), titleLimit, ctx, 'subject')?.text ?? key,
    type: { $activityType: 'Complaint' },
    ...dueOf(row, done, ctx),
    done,
    ...activityLinks(place),
    ...(owner ? { owner_id: owner } : {}),
    note: markedNote(noteText(row, number, place, refs, ctx), key, number, ctx),
  };
  return {
    outcome: 'mapped',
    reason: '',
    drafts: [
      {
        targetKey: key,
        entity: 'activity',
        native,
        custom: new Map(),
        sortKey: `complaint${sortKeyOf(row)}`,
      },
    ],
    links: [linkOf(row, key, 'primary')],
  };
}

/** By the status; a tenant's own status says nothing, a time of resolution does. */
function isClosed(row: SourceRow): boolean {
  const status = (row.fields.status ?? '').toLowerCase().replace(/[\s_-]+/g, ' ');
  if (['closed', 'resolved', 'done', 'completed', 'cancelled'].includes(status)) return true;
  const isOpen = ['new', 'open', 'in progress', 'awaiting approval', 're opened', 'reopened'].includes(
    status,
  );
  return !isOpen && row.fields.resolved_at !== undefined;
}

function dueOf(row: SourceRow, done: boolean, ctx: RowContext): Payload {
  const read = (field: string) => {
    const when = parseWhen(row.fields[field], ctx.settings);
    if (!when && row.fields[field] !== undefined) ctx.find('unparseable_date', field);
    return when;
  };
  const [followUp, resolved, created] = [read('follow_up_date'), read('resolved_at'), read('created')];
  const when = followUp ?? (done ? resolved : undefined) ?? created;
  if (!when) return {};
  if (when.instant === null) return { due_date: when.day };
  const { date, time } = utcDateAndTime(when.instant);
  return { due_date: date, due_time: time };
}

function noteText(row: SourceRow, number: string, place: Place, refs: Refs, ctx: RowContext): string {
  const { fields } = row;
  const time = (field: string) => {
    const when = parseWhen(fields[field], ctx.settings);
    return when ? localText(when, ctx.settings) : fields[field];
  };
  const about = subjectOf(row)?.object.replace('_', ' ');
  const isWithheld = parseBool(fields.payment_withheld);
  return block(
    [
      ['Complaint', number],
      ['About', [about, place.label].filter(Boolean).join(' ')],
      ['Type', fields.type],
      ['Status', fields.status],
      ['Created', time('created')],
      ['Follow up', time('follow_up_date')],
      ['Resolved', time('resolved_at')],
      ['Payment withheld', isWithheld === undefined ? fields.payment_withheld : isWithheld ? 'yes' : 'no'],
      ['Owner', fields.owner_id && workerName(fields.owner_id, refs.catalogue)],
    ],
    plainText(fields.description ?? ''),
  );
}
