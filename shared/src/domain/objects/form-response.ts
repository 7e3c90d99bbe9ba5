import { parseBool } from '../convert/bool.js';
import { localText, parseWhen, utcDateAndTime } from '../convert/date.js';
import { plainText } from '../convert/html.js';
import { parseList } from '../convert/list.js';
import { oneLine } from '../convert/text.js';
import { computed, cut, titleLimit } from '../mapping/convert-field.js';
import {
  type Draft,
  defineObject,
  type Mapping,
  merged,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type Payload, type SourceLink, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { ownerOf } from './owner.js';
import { activityLinks } from './place.js';
import { sortKeyOf } from './sort-key.js';

/** The answers of a filled-in form, a row each: one done activity on the booking's deal that reads like the form did. */
export const formResponse = defineObject({
  name: 'form_response',
  needs: ['booking', 'form', 'form_field'],
  reads: [
    { parent: 'booking', of: 'form_response', by: 'booking_id' },
    // The other answers of a response may be on another page.
    { child: 'form_response', of: 'booking' },
    { parent: 'form', of: 'form_response', by: 'form_id' },
    { parent: 'form_field', of: 'form_response', by: 'form_field_id' },
    { parent: 'attachment', of: 'form_response', by: 'attachment_ids' },
  ],
  produces: [
    {
      entity: 'activity',
      key: 'form_response:<response id>#<booking id>',
      undo: 'delete',
      fields: [
        computed('subject', ['form_name', 'form.name', 'booking.booking_number'], 'joined'),
        computed('type', [], 'activity type Form'),
        computed('due_date', ['submitted_at'], 'UTC date, or the day when there is no time'),
        computed('due_time', ['submitted_at'], 'UTC clock time'),
        computed(
          'done',
          [],
          'always',
          'Pipedrive dates the completion itself: the real time is the due time.',
        ),
        computed('owner_id', ['submitted_by'], 'worker by name'),
        computed('deal_id', ['booking_id'], 'reference'),
        computed('org_id', ['booking_id'], 'reference'),
        computed('participants', ['booking_id'], 'reference'),
        computed(
          'note',
          ['label', 'form_field.label', 'value', 'attachment_ids', 'submitted_by', 'submitted_at'],
          'an answer on each line, with the marker',
          'Answers stand in a readable note, not in fields of the deal: they cannot be filtered or summed.',
        ),
      ],
      lossy: ['Photos and signatures of a form are files of the deal; the answer names them.'],
    },
  ],
  structure: {
    response_id: 'answers of one response are one activity',
    booking_id: 'links the activity to the deal',
    form_id: 'names the form',
    form_field_id: 'names the question',
    label: 'names the question',
    value: 'the answer',
    attachment_ids: 'names the files',
  },
  notMigrated: { appointment_id: 'The activity stands on the deal, at the time of the response.' },
  asks: (row) => [targetKeyOf('booking', row.fields.booking_id ?? '')],
  map: mapFormResponse,
});

function mapFormResponse(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const booking = refs.row('booking', row.fields.booking_id);
  if (!booking || !refs.isMapped(targetKeyOf('booking', booking.sourceId)))
    return rejected('orphan_reference');
  const key = keyOf(row, booking);
  const answers = refs
    .children('form_response', 'booking', booking.sourceId)
    .filter((answer) => answer.fields.response_id === row.fields.response_id);
  // The first answer makes the activity, the others are in it.
  if (answers.some((answer) => answer.rowNumber < row.rowNumber)) return merged([]);
  return {
    outcome: 'mapped',
    reason: '',
    drafts: [activityDraft(key, row, answers, booking, refs, ctx)],
    links: linksOf(row, key),
  };
}

/** By the response, not by its first answer: rows of answers have no id. */
function linksOf(row: SourceRow, targetKey: TargetKey): SourceLink[] {
  const { response_id: sourceId } = row.fields;
  return sourceId === undefined
    ? []
    : [{ object: row.object, sourceId, slot: '', targetKey, role: 'primary' }];
}

/**
 * The response id is no key of the export (a row each answer), so nobody has proved it unique: within its booking it
 * is. Any text may be one; in the marker it has neither blanks nor signs.
 */
function keyOf(row: SourceRow, booking: SourceRow): TargetKey {
  return targetKeyOf('form_response', encodeURIComponent(row.fields.response_id ?? ''), booking.sourceId);
}

function activityDraft(
  key: TargetKey,
  row: SourceRow,
  answers: ReadonlyArray<SourceRow>,
  booking: SourceRow,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const { fields } = row;
  const number = oneLine(booking.fields.booking_number ?? booking.sourceId);
  const name = oneLine(
    fields.form_name ?? refs.row('form', fields.form_id)?.fields.name ?? fields.form_id ?? 'Form',
  );
  const submitted = parseWhen(fields.submitted_at, ctx.settings);
  if (!submitted && fields.submitted_at !== undefined) ctx.find('unparseable_date', 'submitted_at');
  const customer = refs.customer(booking.fields.customer_id);
  const owner = ownerOf([], fields.submitted_by ? [fields.submitted_by] : [], refs.catalogue);
  const lines = answers.map((answer) => answerLine(answer, refs)).filter((line) => line !== '');
  const text = block(
    [
      ['Form', name],
      ['Booking', number],
      ['Submitted by', fields.submitted_by && oneLine(fields.submitted_by)],
      ['Submitted', submitted ? localText(submitted, ctx.settings) : fields.submitted_at],
    ],
    lines.length > 0 ? lines.join('\n') : 'No question was answered.',
  );
  const native: Payload = {
    subject: cut(`${name} · ${number}`, titleLimit, ctx, 'subject')?.text ?? name,
    type: { $activityType: 'Form' },
    ...(submitted?.instant ? dueAt(submitted.instant) : submitted ? { due_date: submitted.day } : {}),
    done: true,
    ...activityLinks({
      lead: null,
      deal: targetKeyOf('booking', booking.sourceId),
      person: customer?.person ?? null,
      organization: customer?.organization ?? null,
    }),
    ...(owner ? { owner_id: owner } : {}),
    note: markedNote(text, key, number, ctx),
  };
  return {
    targetKey: key,
    entity: 'activity',
    native,
    custom: new Map(),
    sortKey: `form_response${sortKeyOf(row)}`,
  };
}

function dueAt(instant: string): Payload {
  const { date, time } = utcDateAndTime(instant);
  return { due_date: date, due_time: time };
}

/** `Rooms skipped: Study, Nursery, upstairs`; empty when there is no answer. */
function answerLine(answer: SourceRow, refs: Refs): string {
  const question = refs.row('form_field', answer.fields.form_field_id)?.fields;
  const label = oneLine(answer.fields.label ?? question?.label ?? answer.fields.form_field_id ?? 'Answer');
  const files = parseList(answer.fields.attachment_ids).map(
    (id) => refs.row('attachment', id)?.fields.file_name ?? id,
  );
  const value = valueText(answer.fields.value ?? '', question);
  const texts = [value, files.filter((file) => file !== value).join(', ')].filter((text) => text !== '');
  return texts.length > 0 ? `${label}: ${texts.join(' · ')}` : '';
}

function valueText(value: string, question: Readonly<Record<string, string>> | undefined): string {
  const type = question?.type?.toLowerCase() ?? '';
  if (/toggle|switch|checkbox/.test(type)) {
    const answer = parseBool(value);
    if (answer !== undefined) return answer ? 'Yes' : 'No';
  }
  if (value.startsWith('[') || /list|multi|checkbox/.test(type))
    return joined(parseList(value, parseList(question?.options)));
  // Lines of an answer stay together under their question.
  return plainText(value).replace(/\n/g, '\n  ');
}

/** `Nursery, upstairs; Study`: a comma inside an answer must not look like two. */
function joined(values: ReadonlyArray<string>): string {
  return values.join(values.some((value) => value.includes(',')) ? '; ' : ', ');
}
