import { addressOf } from '../convert/address.js';
import { instantFrom, parseWhen } from '../convert/date.js';
import { plainText } from '../convert/html.js';
import { oneLine } from '../convert/text.js';
import { computed } from '../mapping/convert-field.js';
import { parseCustomHeader } from '../mapping/custom-values.js';
import {
  defineObject,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { type BlockLine, block, markedNote } from '../mapping/note-text.js';
import { targetKeyOf } from '../mapping/record.js';
import { noteOnCustomer } from './note.js';
import { sortKeyOf } from './sort-key.js';

/** A pet, vehicle or site of a customer: a note on the person with all that is known of it. */
export const customerProperty = defineObject({
  name: 'customer_property',
  needs: ['customer'],
  reads: [{ child: 'custom_field_value', of: 'customer_property' }],
  produces: [
    {
      entity: 'note',
      key: 'customer_property:<id>',
      undo: 'delete',
      fields: [
        computed(
          'content',
          [
            ...['property_type', 'name', 'unit', 'street_number', 'street_address', 'suburb', 'state'],
            ...['postcode', 'country', 'address', 'notes'],
          ],
          'readable block with the marker',
        ),
        computed('add_time', ['created'], 'RFC 3339 UTC'),
        computed('person_id', ['customer_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
      ],
      lossy: [
        'Pipedrive has no properties of a customer: each becomes a note on the person (or organization), and a booking names its own.',
      ],
    },
  ],
  structure: { property_id: 'the key of the note', customer_id: 'links person and organization' },
  notMigrated: {
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted properties are excluded or migrated like the others.',
  },
  map: mapProperty,
});

function mapProperty(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const customer = refs.customer(row.fields.customer_id);
  if (!customer) return rejected('orphan_reference');
  const { fields } = row;
  const created = parseWhen(fields.created, ctx.settings);
  if (!created && fields.created !== undefined) ctx.find('unparseable_date', 'created');
  const key = targetKeyOf('customer_property', row.sourceId);
  const text = block(
    [
      ['Property', oneLine(fields.name ?? row.sourceId)],
      ['Kind', fields.property_type],
      ['Address', addressOf(fields)?.value],
      ...ownLines(row, refs),
    ],
    plainText(fields.notes ?? ''),
  );
  const draft = noteOnCustomer(
    key,
    markedNote(text, key, undefined, ctx),
    customer,
    created && instantFrom(created, ctx.settings),
    `customer_property${sortKeyOf(row)}`,
  );
  return { outcome: 'mapped', reason: '', drafts: [draft], links: [linkOf(row, key, 'primary')] };
}

/** The tenant's own fields of a property, from columns or from the long form. */
function ownLines(row: SourceRow, refs: Refs): BlockLine[] {
  const columns = Object.entries(row.extra).map(([header, value]): BlockLine => {
    const parsed = parseCustomHeader(header);
    const label = (parsed && refs.catalogue.customFields.get(parsed.id)?.label) ?? parsed?.label ?? header;
    return [oneLine(label), plainText(value)];
  });
  const longForm = refs.children('custom_field_value', 'customer_property', row.sourceId);
  const values = longForm.map(({ fields }): BlockLine => {
    const label = fields.label ?? refs.catalogue.customFields.get(fields.field_id ?? '')?.label;
    return [oneLine(label ?? fields.field_id ?? 'Field'), plainText(fields.value ?? '')];
  });
  return [...columns, ...values];
}
