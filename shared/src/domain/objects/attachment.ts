import { cutText, oneLine } from '../convert/text.js';
import { computed } from '../mapping/convert-field.js';
import {
  type Draft,
  defineObject,
  excluded,
  linkOf,
  type Mapping,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { fileNameWithMarker, roomInName, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { invoiceFile } from './invoice.js';
import { asksOfPlace, type Place, placeOf, readsOfPlace, subjectOf, withoutPlace } from './place.js';
import { sortKeyOf } from './sort-key.js';

/** A file of the package: on the deal, lead, activity, customer or product that it belongs to. */
export const attachment = defineObject({
  name: 'attachment',
  needs: [
    'customer',
    'service',
    'product',
    'booking',
    'quote',
    'inquiry',
    'invoice',
    'payment',
    'complaint',
    'communication',
  ],
  reads: readsOfPlace('attachment'),
  produces: [
    {
      entity: 'file',
      key: 'attachment:<id>',
      undo: 'delete',
      fields: [
        computed('file', ['path'], 'file of the package', 'Pipedrive dates an upload itself.'),
        computed(
          'name',
          ['file_name', 'photo_tag'],
          'photo tag or invoice number, and file name, with the marker',
        ),
        computed('activity_id', ['object_id'], 'reference'),
        computed('deal_id', ['object_id'], 'reference'),
        computed('lead_id', ['object_id'], 'reference'),
        computed('person_id', ['object_id'], 'reference'),
        computed('org_id', ['object_id'], 'reference'),
        computed('product_id', ['object_id'], 'reference'),
      ],
      lossy: [
        'A signature is a file; its legal value does not move with it.',
        'Files of Pipedrive have no caption, position or author: these stay in the export.',
        'Files of workers have no record in Pipedrive to stand on: they are left out and counted.',
      ],
    },
  ],
  structure: {
    attachment_id: 'the key of the file',
    object: 'what the file belongs to',
    object_id: 'what the file belongs to',
    kind: 'PDFs of invoices are named by the invoice',
    path: 'the file in the package',
    sha_256: 'compared when the package is read',
    size_bytes: 'compared when the package is read',
  },
  notMigrated: {
    original_url: 'Links of the export are never opened.',
    mime: 'Pipedrive derives the type from the name.',
    caption: 'Files of Pipedrive have no caption at upload.',
    uploaded_by: 'Pipedrive names the connected user.',
    uploaded_at: 'Pipedrive dates an upload itself.',
    latitude: 'Files have no position.',
    longitude: 'Files have no position.',
    visibility: 'Files are seen with their deal.',
  },
  asks: asksOfPlace,
  files: (row) => (row.fields.path === undefined ? [] : [row.fields.path]),
  map: mapAttachment,
});

function mapAttachment(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const place = placeOf(row, refs);
  if (!place) return withoutPlace(row);
  const path = row.fields.path ?? '';
  const file = refs.file(path);
  if (!file) return rejected('missing_file');
  // Pipedrive refuses an upload of nothing.
  if (file.bytes === 0) return excluded('empty_file');
  const key = targetKeyOf('attachment', row.sourceId);
  const given =
    oneLine(row.fields.file_name ?? path)
      .split(/[\\/]/)
      .at(-1) || 'file';
  const invoice = isInvoicePdf(row) ? refs.row('invoice', row.fields.object_id) : undefined;
  if (invoice && (!place.deal || !place.activity)) return rejected('orphan_reference');
  const draft =
    invoice && place.deal && place.activity
      ? invoiceFile(key, invoice, given, path, file, place.deal, place.activity)
      : fileDraft(key, nameOf(row, given, key, ctx), path, file, place, `attachment${sortKeyOf(row)}`);
  return { outcome: 'mapped', reason: '', drafts: [draft], links: [linkOf(row, key, 'primary')] };
}

function isInvoicePdf(row: SourceRow): boolean {
  const kind = row.fields.kind?.toLowerCase();
  const isPdf = kind === 'pdf' || (kind === undefined && /\.pdf$/i.test(row.fields.path ?? ''));
  return subjectOf(row)?.object === 'invoice' && isPdf;
}

/** `Before - kitchen (OctopusPro attachment-60026).png`: the tag for a person's eye, unless the name says it. */
function nameOf(row: SourceRow, fileName: string, key: TargetKey, ctx: RowContext): string {
  const tag = oneLine(row.fields.photo_tag ?? '');
  const isSaid = fileName.toLowerCase().includes(tag.toLowerCase());
  return markedFileName(tag === '' || isSaid ? fileName : `${tag} - ${fileName}`, key, 'file_name', ctx);
}

/** A name of ours: no folders, cut before its ending, which stays, as the marker does. */
export function markedFileName(given: string, key: TargetKey, column: string, ctx: RowContext): string {
  const name = given.replace(/[\\/]/g, '-');
  const limit = Math.min(nameLimit, roomInName(key) - longestEnding);
  if (name.length <= limit) return fileNameWithMarker(name, key);
  ctx.find('value_too_long', column, { length: name.length, limit });
  const ending = /\.[^.]{1,10}$/.exec(name)?.[0] ?? '';
  return fileNameWithMarker(
    `${cutText(name.slice(0, -ending.length || undefined), limit).text}${ending}`,
    key,
  );
}

/** `.jpeg` and the like; what is longer is a part of the name. */
const longestEnding = 11;
/** With the marker it stays below the 255 characters that file systems take. */
const nameLimit = 160;

/** A file on the most telling record: its activity and deal, else the product, else the person, else the organization. */
export function fileDraft(
  key: TargetKey,
  name: string,
  path: string,
  file: { bytes: number; sha256: string },
  place: Place,
  sortKey: string,
): Draft {
  const isOnDeal = place.deal !== null || place.lead !== null;
  const person = isOnDeal || place.product ? null : place.person;
  const organization = isOnDeal || place.product || person ? null : place.organization;
  return {
    targetKey: key,
    entity: 'file',
    native: {
      file: { $file: { path, sha256: file.sha256, bytes: file.bytes } },
      name,
      ...(place.activity ? { activity_id: { $ref: place.activity } } : {}),
      ...(place.deal ? { deal_id: { $ref: place.deal } } : {}),
      ...(place.lead ? { lead_id: { $ref: place.lead } } : {}),
      ...(!isOnDeal && place.product ? { product_id: { $ref: place.product } } : {}),
      ...(person ? { person_id: { $ref: person } } : {}),
      ...(organization ? { org_id: { $ref: organization } } : {}),
    },
    custom: new Map(),
    sortKey,
  };
}
