import { parseBool } from '../convert/bool.js';
import { localText, parseWhen, utcDateAndTime } from '../convert/date.js';
import { durationText } from '../convert/duration.js';
import { plainText } from '../convert/html.js';
import { cutText, firstLine, oneLine } from '../convert/text.js';
import { computed, cut, titleLimit } from '../mapping/convert-field.js';
import {
  type Draft,
  defineObject,
  excluded,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type Payload, targetKeyOf } from '../mapping/record.js';
import { fileDraft, markedFileName } from './attachment.js';
import { ownerOf, workerName } from './owner.js';
import { activityLinks, asksOfPlace, type Place, placeOf, readsOfPlace, withoutPlace } from './place.js';
import { sortKeyOf } from './sort-key.js';

/** A call, e-mail or message: a done activity at its original time. What machines sent is left out unless it is wished. */
export const communication = defineObject({
  name: 'communication',
  needs: ['customer', 'booking', 'invoice', 'quote', 'inquiry', 'complaint'],
  reads: [...readsOfPlace('communication'), { child: 'attachment', of: 'communication' }],
  produces: [
    {
      entity: 'activity',
      key: 'communication:<id>',
      undo: 'delete',
      fields: [
        computed('subject', ['channel', 'direction', 'from', 'to', 'subject'], 'joined'),
        computed('type', ['channel'], 'activity type Call, Email, SMS or Message'),
        computed('due_date', ['sent_at'], 'UTC date, or the day when there is no time'),
        computed('due_time', ['sent_at'], 'UTC clock time'),
        computed(
          'duration',
          ['duration_seconds'],
          'minutes, rounded',
          'Calls of Pipedrive count in minutes: the seconds stand in the note.',
        ),
        computed(
          'done',
          [],
          'always',
          'Pipedrive dates the completion itself: the real time is the due time and stands in the note.',
        ),
        computed('owner_id', ['user_id', 'fieldworker_id'], 'who sent it'),
        computed('deal_id', ['object_id'], 'reference'),
        computed('lead_id', ['object_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
        computed('participants', ['customer_id'], 'reference'),
        computed(
          'note',
          ['from', 'to', 'cc', 'subject', 'body', 'status', 'duration_seconds', 'recording_file', 'template'],
          'readable block with the marker',
        ),
      ],
      lossy: [
        'E-mails cannot be put into the mailbox of Pipedrive with their old date: each becomes a done activity with its text.',
        'Messages that an automation sent and push messages are left out and counted; the setting includeAutomatedMessages takes the former along.',
      ],
    },
    {
      entity: 'file',
      key: 'communication:<id>#recording',
      undo: 'delete',
      fields: [
        computed('file', ['recording_file'], 'file of the package'),
        computed('name', ['recording_file'], 'file name with the marker'),
        computed('activity_id', [], 'reference'),
        computed('deal_id', [], 'reference'),
        computed('lead_id', [], 'reference'),
        computed('person_id', [], 'reference'),
        computed('org_id', [], 'reference'),
      ],
      lossy: [],
    },
  ],
  structure: {
    message_id: 'the key of the activity',
    channel: 'the type of the activity',
    object: 'what the message is about',
    object_id: 'what the message is about',
    customer_id: 'links person and organization',
    automated: 'automated messages are left out',
    direction: 'in the subject',
  },
  asks: asksOfPlace,
  files: (row) => (row.fields.recording_file === undefined ? [] : [row.fields.recording_file]),
  map: mapCommunication,
});

interface Channel {
  type: 'Call' | 'Email' | 'SMS' | 'Message';
  name: string;
}

const channels: Readonly<Record<string, Channel>> = {
  email: { type: 'Email', name: 'E-mail' },
  'e-mail': { type: 'Email', name: 'E-mail' },
  sms: { type: 'SMS', name: 'SMS' },
  mms: { type: 'SMS', name: 'MMS' },
  call: { type: 'Call', name: 'Call' },
  phone: { type: 'Call', name: 'Call' },
  voicemail: { type: 'Call', name: 'Voicemail' },
  whatsapp: { type: 'Message', name: 'WhatsApp' },
};

function mapCommunication(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const word = oneLine(row.fields.channel ?? '').toLowerCase();
  if (word === 'push') return excluded('push_message');
  if (parseBool(row.fields.automated) === true && ctx.settings.includeAutomatedMessages !== true)
    return excluded('automated_message');
  const place = placeOf(row, refs);
  if (!place || (!place.deal && !place.lead && !place.person && !place.organization))
    return withoutPlace(row);
  const channel = (Object.hasOwn(channels, word) && channels[word]) || {
    type: 'Message' as const,
    name: oneLine(row.fields.channel ?? 'Message'),
  };
  const activity = activityDraft(row, channel, place, refs, ctx);
  const drafts = [activity];
  const links = [linkOf(row, activity.targetKey, 'primary')];
  const recording = recordingDraft(row, place, refs, ctx);
  if (recording) {
    drafts.push(recording);
    links.push(linkOf(row, recording.targetKey, 'contributes', 'recording'));
  }
  return { outcome: 'mapped', reason: '', drafts, links };
}

function activityDraft(row: SourceRow, channel: Channel, place: Place, refs: Refs, ctx: RowContext): Draft {
  const key = targetKeyOf('communication', row.sourceId);
  const { fields } = row;
  const sent = parseWhen(fields.sent_at, ctx.settings);
  if (!sent && fields.sent_at !== undefined) ctx.find('unparseable_date', 'sent_at');
  const seconds = secondsOf(row, ctx);
  const duration = seconds ? durationText(Math.max(1, Math.round(seconds / 60))) : undefined;
  const owner = ownerOf(
    [fields.user_id],
    fields.fieldworker_id ? [fields.fieldworker_id] : [],
    refs.catalogue,
  );
  const native: Payload = {
    subject: cut(subjectText(row, channel), titleLimit, ctx, 'subject')?.text ?? channel.name,
    type: { $activityType: channel.type },
    ...(sent?.instant ? dueAt(sent.instant, duration) : sent ? { due_date: sent.day } : {}),
    done: true,
    ...activityLinks(place),
    ...(owner ? { owner_id: owner } : {}),
    note: markedNote(noteText(row, channel, seconds, place, refs, ctx), key, place.label, ctx),
  };
  return {
    targetKey: key,
    entity: 'activity',
    native,
    custom: new Map(),
    sortKey: `communication${sortKeyOf(row)}`,
  };
}

function dueAt(instant: string, duration: string | undefined): Payload {
  const { date, time } = utcDateAndTime(instant);
  return { due_date: date, due_time: time, ...(duration ? { duration } : {}) };
}

/** `SMS from 0491 571 266 · Gate is open from 7`. The beginning of a body is a hint, the whole is in the note. */
function subjectText(row: SourceRow, channel: Channel): string {
  const { fields } = row;
  const isIn = isIncoming(row);
  const who = oneLine((isIn ? fields.from : fields.to) ?? '');
  const what = oneLine(fields.subject ?? '') || cutText(firstLine(plainText(fields.body ?? '')), 80).text;
  const head = [channel.name, who && (isIn ? 'from' : 'to'), who].filter(Boolean).join(' ');
  return [head, what].filter(Boolean).join(' · ');
}

function isIncoming(row: SourceRow): boolean {
  return /^(?:in|incoming|inbound|received)$/i.test(row.fields.direction ?? '');
}

function secondsOf(row: SourceRow, ctx: RowContext): number | undefined {
  const raw = row.fields.duration_seconds;
  if (raw === undefined) return undefined;
  if (/^\d{1,6}(?:\.\d+)?$/.test(raw)) return Math.round(Number(raw));
  ctx.find('unparseable_number', 'duration_seconds');
  return undefined;
}

function noteText(
  row: SourceRow,
  channel: Channel,
  seconds: number | undefined,
  place: Place,
  refs: Refs,
  ctx: RowContext,
): string {
  const { fields } = row;
  const sent = parseWhen(fields.sent_at, ctx.settings);
  return block(
    [
      ['Kind', `${channel.name}, ${isIncoming(row) ? 'incoming' : 'outgoing'}`],
      ['From', fields.from && oneLine(fields.from)],
      ['To', fields.to && oneLine(fields.to)],
      ['Cc', fields.cc && oneLine(fields.cc)],
      ['Time', sent ? localText(sent, ctx.settings) : fields.sent_at],
      ['Subject', fields.subject && oneLine(fields.subject)],
      ['Duration', seconds === undefined ? undefined : `${seconds} s`],
      ['Status', fields.status],
      ['About', place.label],
      ['Template', fields.template],
      ['Automated', parseBool(fields.automated) === true ? 'yes' : undefined],
      ['Sent by', fields.user_id && workerName(fields.user_id, refs.catalogue)],
      ['Worker', fields.fieldworker_id && workerName(fields.fieldworker_id, refs.catalogue)],
      ['Recording', fields.recording_file?.split(/[\\/]/).at(-1)],
    ],
    plainText(fields.body ?? ''),
  );
}

/** The recording, unless the list of attachments has the same file: then that row is the record. */
function recordingDraft(row: SourceRow, place: Place, refs: Refs, ctx: RowContext): Draft | undefined {
  const path = row.fields.recording_file;
  if (path === undefined) return undefined;
  const isListed = refs
    .children('attachment', 'communication', row.sourceId)
    .some((attachment) => attachment.fields.path === path);
  if (isListed) return undefined;
  const file = refs.file(path);
  if (!file) {
    ctx.find('missing_file', 'recording_file');
    return undefined;
  }
  const key = targetKeyOf('communication', row.sourceId, 'recording');
  const activity = targetKeyOf('communication', row.sourceId);
  const name = markedFileName(path.split('/').at(-1) ?? path, key, 'recording_file', ctx);
  return fileDraft(key, name, path, file, { ...place, activity }, sortKeyOf(row, 'recording'));
}
