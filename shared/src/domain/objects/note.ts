import { parseBool } from '../convert/bool.js';
import { instantFrom, localText, parseWhen } from '../convert/date.js';
import { plainText } from '../convert/html.js';
import { parseList } from '../convert/list.js';
import { oneLine } from '../convert/text.js';
import { computed } from '../mapping/convert-field.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type Payload, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { workerName } from './owner.js';
import { asksOfPlace, type Place, placeOf, readsOfPlace, subjectOf, withoutPlace } from './place.js';
import { sortKeyOf } from './sort-key.js';

/** A comment of a discussion: a note on the deal or lead it is about, else on the customer. */
export const note = defineObject({
  name: 'note',
  needs: ['customer', 'booking', 'invoice', 'quote', 'inquiry', 'complaint'],
  reads: [...readsOfPlace('note'), { parent: 'attachment', of: 'note', by: 'attachment_ids' }],
  produces: [
    {
      entity: 'note',
      key: 'note:<id>',
      undo: 'delete',
      fields: [
        computed(
          'content',
          ['body', 'author_name', 'author_id', 'author_type', 'visibility', 'pinned', 'attachment_ids'],
          'HTML made readable, then escaped; author and visibility above it',
          'Only an administrator can write in the name of others: the author of a note stands in its text.',
        ),
        computed('add_time', ['created'], 'RFC 3339 UTC'),
        computed('deal_id', ['object_id'], 'reference'),
        computed('lead_id', ['object_id'], 'reference'),
        computed('person_id', ['object_id'], 'reference'),
        computed('org_id', ['object_id'], 'reference'),
      ],
      lossy: [
        'Notes of Pipedrive are seen by all who see the deal: who a comment was meant for stands in its text.',
        'Notes cannot stand on an activity: a comment on one goes to the deal or the customer.',
      ],
    },
  ],
  structure: {
    note_id: 'the key of the note',
    object: 'what the note is about',
    object_id: 'what the note is about',
  },
  asks: asksOfPlace,
  map: mapNote,
});

function mapNote(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const place = placeOf(row, refs);
  const parents = place && parentsOf(place);
  if (!place || !parents) return withoutPlace(row);
  const key = targetKeyOf('note', row.sourceId);
  const created = parseWhen(row.fields.created, ctx.settings);
  if (!created && row.fields.created !== undefined) ctx.find('unparseable_date', 'created');
  const native: Payload = {
    content: markedNote(textOf(row, place, refs, ctx), key, place.label, ctx),
    ...(created ? { add_time: instantFrom(created, ctx.settings) } : {}),
    ...parents,
  };
  return {
    outcome: 'mapped',
    reason: '',
    drafts: [
      {
        targetKey: key,
        entity: 'note',
        native,
        custom: new Map(),
        sortKey: `note${sortKeyOf(row)}`,
      },
    ],
    links: [linkOf(row, key, 'primary')],
  };
}

/** A note on the records a customer became. */
export function noteOnCustomer(
  key: TargetKey,
  content: string,
  customer: { person: TargetKey | null; organization: TargetKey | null },
  addTime: string | undefined,
  sortKey: string,
): Draft {
  const parents = parentsOf({ deal: null, lead: null, ...customer });
  return {
    targetKey: key,
    entity: 'note',
    native: { content, ...(addTime ? { add_time: addTime } : {}), ...parents },
    custom: new Map(),
    sortKey,
  };
}

/** A note needs a parent that can carry it: products and activities cannot. */
function parentsOf(place: Pick<Place, 'deal' | 'lead' | 'person' | 'organization'>): Payload | undefined {
  if (place.deal) return { deal_id: { $ref: place.deal } };
  if (place.lead) return { lead_id: { $ref: place.lead } };
  if (!place.person && !place.organization) return undefined;
  return {
    ...(place.person ? { person_id: { $ref: place.person } } : {}),
    ...(place.organization ? { org_id: { $ref: place.organization } } : {}),
  };
}

function textOf(row: SourceRow, place: Place, refs: Refs, ctx: RowContext): string {
  const { fields } = row;
  const about = subjectOf(row)?.object.replace('_', ' ');
  const created = parseWhen(fields.created, ctx.settings);
  const author = fields.author_name ?? (fields.author_id && workerName(fields.author_id, refs.catalogue));
  const files = parseList(fields.attachment_ids).map(
    (id) => refs.row('attachment', id)?.fields.file_name ?? id,
  );
  return block(
    [
      ['Note on', about && about !== 'customer' ? [about, place.label].filter(Boolean).join(' ') : undefined],
      [
        'Author',
        [author && oneLine(author), fields.author_type && `(${fields.author_type})`]
          .filter(Boolean)
          .join(' '),
      ],
      ['Written', created ? localText(created, ctx.settings) : fields.created],
      ['Visible to', fields.visibility],
      ['Pinned', parseBool(fields.pinned) === true ? 'yes' : undefined],
      ['Files', files.join(', ')],
    ],
    plainText(fields.body ?? ''),
  );
}
