import { parseDay } from '../convert/date.js';
import { oneLine } from '../convert/text.js';
import { computed, cut, titleLimit } from '../mapping/convert-field.js';
import {
  definitionOf,
  isSignature,
  type OwnCell,
  ownCells,
  pathsOf,
  targetType,
} from '../mapping/custom-values.js';
import {
  type CustomFieldDefinition,
  type Draft,
  linkOf,
  type PageRows,
  type Product,
  type ReadRule,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { block, markedNote } from '../mapping/note-text.js';
import { type SourceLink, type TargetKey, targetKeyOf } from '../mapping/record.js';
import { fileDraft, markedFileName } from './attachment.js';
import { activityLinks, type Place } from './place.js';
import { sortKeyOf } from './sort-key.js';

/** What an object's own fields of type image, file and signature become, for the proposal and the documents. */
export function fieldFileProducts(object: string): Product[] {
  return [
    {
      entity: 'file',
      key: `${object}:<id>#field-<field id>`,
      undo: 'delete',
      fields: [
        computed(
          'file',
          [],
          'file of the package that the field names, unless the list of attachments has it',
        ),
        computed('name', [], 'file name with the marker'),
        computed('activity_id', [], 'reference, for a signature'),
        computed('deal_id', [], 'reference'),
        computed('lead_id', [], 'reference'),
        computed('person_id', [], 'reference'),
        computed('org_id', [], 'reference'),
        computed('product_id', [], 'reference'),
      ],
      lossy: [],
    },
    {
      entity: 'activity',
      key: `${object}:<id>#signature-<field id>`,
      undo: 'delete',
      fields: [
        computed('subject', [], 'name of the field and number'),
        computed('type', [], 'activity type Form'),
        computed('due_date', [], 'day of the record'),
        computed('done', [], 'always'),
        computed('deal_id', [], 'reference'),
        computed('lead_id', [], 'reference'),
        computed('org_id', [], 'reference'),
        computed('participants', [], 'reference'),
        computed('note', [], 'readable block with the marker'),
      ],
      lossy: [],
    },
  ];
}

export function readsOfFieldFiles(object: string): ReadRule[] {
  return [{ child: 'attachment', of: object }];
}

/** Paths that `fieldFiles` will ask for: what the cell says, and the place where the package keeps files of a record. */
export function pathsOfFields(row: SourceRow, longForm: ReadonlyArray<SourceRow>, refs: PageRows): string[] {
  const cells = [
    ...Object.entries(row.extra).map(([header, raw]) => ({
      definition: definitionOf(header, row.object, refs.catalogue.customFields),
      raw,
    })),
    ...longForm.map(({ fields }) => ({
      definition: refs.catalogue.customFields.get(fields.field_id ?? ''),
      raw: fields.value ?? '',
    })),
  ];
  return cells
    .filter(({ definition }) => holdsFiles(definition))
    .flatMap(({ raw }) => pathsOf(raw).flatMap((path) => placesOf(path, row)));
}

/** The files that a record's own fields name, and an activity for each signature. */
export function fieldFiles(
  row: SourceRow,
  longForm: ReadonlyArray<SourceRow>,
  place: Place,
  refs: Refs,
  ctx: RowContext,
): { drafts: Draft[]; links: SourceLink[] } {
  const drafts = ownCells(row, longForm, refs, ctx)
    .filter(({ definition }) => holdsFiles(definition))
    .flatMap((cell) => draftsOf(cell, row, place, refs, ctx));
  return {
    drafts: drafts.map(({ draft }) => draft),
    links: drafts.map(({ draft, slot }) => linkOf(row, draft.targetKey, 'contributes', slot)),
  };
}

function holdsFiles(definition: CustomFieldDefinition | undefined): definition is CustomFieldDefinition {
  return definition !== undefined && targetType(definition.type, definition.options.length) === null;
}

function draftsOf(
  cell: OwnCell,
  row: SourceRow,
  place: Place,
  refs: Refs,
  ctx: RowContext,
): Array<{ draft: Draft; slot: string }> {
  const { definition, raw, column } = cell;
  const paths = pathsOf(raw);
  if (!definition || paths.length === 0) return [];
  // Ids are a stranger's text; in a marker they have neither signs nor blanks.
  const field = definition.id.replace(/[^\w-]/g, '_');
  const signature = `signature-${field}`;
  const isOnActivity =
    isSignature(definition.type) && (place.deal ?? place.lead ?? place.person ?? place.organization);
  const activity = isOnActivity ? targetKeyOf(row.object, row.sourceId, signature) : null;
  const files = paths.flatMap((path, index) => {
    if (isListed(path, row, refs)) return [];
    const found = placesOf(path, row).find((candidate) => refs.file(candidate) !== undefined);
    const file = found === undefined ? undefined : refs.file(found);
    if (found === undefined || !file) {
      // Links of the export are never opened; anything else should have been packed.
      if (!/^https?:/i.test(path)) ctx.find('missing_file', column.header);
      return [];
    }
    if (file.bytes === 0) return [];
    const slot = `field-${field}${index === 0 ? '' : `-${index + 1}`}`;
    const key = targetKeyOf(row.object, row.sourceId, slot);
    const name = `${column.target.field} - ${nameOf(path)}`;
    const draft = fileDraft(
      key,
      markedFileName(name, key, column.header, ctx),
      found,
      file,
      { ...place, activity },
      sortKeyOf(row, `field-${field}`),
    );
    return [{ draft, slot }];
  });
  if (activity === null) return files;
  const names = paths.map(nameOf);
  const draft = signatureDraft(activity, signature, cell, definition, names, row, place, ctx);
  return [{ draft, slot: signature }, ...files];
}

function signatureDraft(
  key: TargetKey,
  slot: string,
  { column }: OwnCell,
  definition: CustomFieldDefinition,
  files: ReadonlyArray<string>,
  row: SourceRow,
  place: Place,
  ctx: RowContext,
): Draft {
  const day = dayOf(row, ctx);
  const label = oneLine(definition.label);
  const subject = [`Signature: ${label}`, place.label].filter(Boolean).join(' · ');
  const text = block(
    [
      ['Signature', label],
      ['File', files.join(', ')],
    ],
    'Signed in OctopusPro; its legal value does not move with it. New signatures belong into Smart Docs.',
  );
  return {
    targetKey: key,
    entity: 'activity',
    native: {
      subject: cut(subject, titleLimit, ctx, column.header)?.text ?? label,
      type: { $activityType: 'Form' },
      ...(day ? { due_date: day } : {}),
      done: true,
      ...activityLinks(place),
      note: markedNote(text, key, place.label, ctx),
    },
    custom: new Map(),
    sortKey: `${row.object}${sortKeyOf(row, slot)}`,
  };
}

/** Nobody says when it was signed: the day of the work, of the quote or of the inquiry. None for a customer. */
function dayOf({ fields }: SourceRow, ctx: RowContext): string | undefined {
  const { signed_at, quote_date, created } = fields;
  return [fields.actual_end, fields.end, fields.start, signed_at, quote_date, created]
    .map((cell) => parseDay(cell, ctx.settings))
    .find((day) => day !== undefined);
}

function isListed(path: string, row: SourceRow, refs: Refs): boolean {
  return refs
    .children('attachment', row.object, row.sourceId)
    .some(({ fields }) => fields.path === path || fields.file_name === path);
}

/** `sign.png` of booking 10104 may lie in `attachments/bookings/10104/`. */
function placesOf(path: string, row: SourceRow): string[] {
  return path.includes('/') ? [path] : [path, `attachments/${folderOf(row.object)}/${row.sourceId}/${path}`];
}

function folderOf(object: string): string {
  return object === 'inquiry' ? 'inquiries' : `${object}s`;
}

function nameOf(path: string): string {
  return path.split('/').at(-1) || path;
}
