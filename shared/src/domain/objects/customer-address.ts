import { addressKey, addressOf } from '../convert/address.js';
import { parseBool } from '../convert/bool.js';
import { oneLine } from '../convert/text.js';
import { computed } from '../mapping/convert-field.js';
import {
  defineObject,
  linkOf,
  type Mapping,
  merged,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type TargetKey, targetKeyOf } from '../mapping/record.js';
import { addressInRecord } from './merge-customers.js';
import { noteOnCustomer } from './note.js';
import { sortKeyOf } from './sort-key.js';

/** An address of a customer: the one the customer has anyway is in its record, every other is a note. */
export const customerAddress = defineObject({
  name: 'customer_address',
  needs: ['customer'],
  reads: [
    { parent: 'customer', of: 'customer_address', by: 'customer_id' },
    { child: 'customer_address', of: 'customer' },
  ],
  produces: [
    {
      entity: 'note',
      key: 'customer_address:<id>',
      undo: 'delete',
      fields: [
        computed(
          'content',
          [
            ...['type', 'label', 'unit', 'street_number', 'street_address', 'suburb', 'state', 'postcode'],
            ...['country', 'address', 'is_primary', 'latitude', 'longitude'],
          ],
          'readable block with the marker',
        ),
        computed('person_id', ['customer_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
      ],
      lossy: [
        'A person has one address field and an organization one address: each further address becomes a note.',
        'An address that the customer has anyway is not repeated: its label and position stay in the export.',
      ],
    },
  ],
  structure: { address_id: 'the key of the note', customer_id: 'links person and organization' },
  notMigrated: {
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted addresses are excluded or migrated like the others.',
  },
  map: mapAddress,
});

function mapAddress(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const customer = refs.customer(row.fields.customer_id);
  const owner = refs.row('customer', row.fields.customer_id);
  if (!customer || !owner) return rejected('orphan_reference');
  const address = addressOf(row.fields);
  const known = addressInRecord(refs.merged(row.fields.customer_id) ?? [owner]);
  const record = customer.person ?? customer.organization;
  const isKnown = address === undefined || (known && addressKey(address) === addressKey(known));
  if (isKnown && record) return merged(row.sourceId === '' ? [] : [linkOf(row, record, 'contributes')]);
  const key = keyOf(row, refs);
  const { fields } = row;
  const text = block([
    ['Address', address?.value],
    ['Label', fields.label && oneLine(fields.label)],
    ['Kind', fields.type],
    ['Primary', parseBool(fields.is_primary) === true ? 'yes' : undefined],
    ['Position', [fields.latitude, fields.longitude].filter(Boolean).join(', ')],
  ]);
  const note = noteOnCustomer(
    key,
    markedNote(text, key, undefined, ctx),
    customer,
    undefined,
    `customer_address${sortKeyOf(row)}`,
  );
  const links = row.sourceId === '' ? [] : [linkOf(row, key, 'primary')];
  return { outcome: 'mapped', reason: '', drafts: [note], links };
}

/** Addresses need no id in an export: without one it is the customer's first, second, third. */
function keyOf(row: SourceRow, refs: Refs): TargetKey {
  if (row.sourceId !== '') return targetKeyOf('customer_address', row.sourceId);
  const customerId = row.fields.customer_id ?? '';
  const siblings = refs.children('customer_address', 'customer', customerId);
  const place = siblings.filter((sibling) => sibling.rowNumber <= row.rowNumber).length;
  return targetKeyOf('customer_address', customerId, String(place));
}
