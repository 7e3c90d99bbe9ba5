import { addressFields, addressOf } from '../convert/address.js';
import { instantFrom, localText, parseWhen } from '../convert/date.js';
import { parseEmails } from '../convert/email.js';
import { plainText } from '../convert/html.js';
import { parseList } from '../convert/list.js';
import { displayName } from '../convert/name.js';
import { parsePhones } from '../convert/phone.js';
import { firstLine, oneLine } from '../convert/text.js';
import type { LabelColor, MappingSettings } from '../mapping/content.js';
import {
  type Converted,
  computed,
  computedCustom,
  custom,
  cut,
  readFields,
  textLimits,
  titleLimit,
} from '../mapping/convert-field.js';
import { customValues, longFormOf } from '../mapping/custom-values.js';
import {
  type Draft,
  defineObject,
  excluded,
  linkOf,
  type Mapping,
  merged,
  type ReadRule,
  type Refs,
  type RowContext,
  rejected,
  type SourceRow,
} from '../mapping/define-object.js';
import { labelName, labelsOf } from '../mapping/labels.js';
import { block } from '../mapping/note-text.js';
import { markerField, markerFieldName, markerOf, type Payload, type TargetKey } from '../mapping/record.js';
import { fallbackTarget } from './booking-status.js';
import { dealsFromInquiry, keysOfInquiry } from './deal-of.js';
import { fieldFileProducts, fieldFiles, pathsOfFields, readsOfFieldFiles } from './field-files.js';
import { ownerOf } from './owner.js';
import { type Place, readsOfInquiries } from './place.js';
import { sortKeyOf } from './sort-key.js';

/** Leads have no fields of their own: these are fields of deals, and shown by both. */
const inquiryFields = [
  computedCustom(markerFieldName, 'varchar', 'must', ['inquiry_id'], { converter: 'target key' }),
  computedCustom('Inquiry number', 'varchar', 'should', ['inquiry_number'], { converter: 'text, one line' }),
  computedCustom('Inquiry created', 'varchar', 'should', ['created'], {
    converter: 'RFC 3339 UTC',
    lossy: 'Pipedrive dates a lead itself: when the inquiry came in stands in the field Inquiry created.',
  }),
  computedCustom('Services', 'text', 'should', ['services'], { converter: 'one line for each service' }),
  computedCustom('Job address', 'address', 'should', [...addressFields, 'address']),
  custom('Source', 'varchar', 'should', 'source'),
  custom('Inquiry status', 'varchar', 'may', 'status'),
  custom('Follow up date', 'date', 'may', 'follow_up_date'),
  custom('Description', 'text', 'may', 'notes'),
];

const asLead = (settings: MappingSettings) => settings.inquiries !== 'deals';
const asDeal = (settings: MappingSettings) => settings.inquiries === 'deals';

/**
 * An inquiry is a lead, or a deal in the first stage, as the settings say. One that became a quote or a booking has no
 * record of its own: as with a lead that Pipedrive itself converts, the deal goes on in its place. It carries the
 * inquiry's number and text, and what hangs on the inquiry stands on it. No inquiry has an amount, so none counts twice.
 */
export const inquiry = defineObject({
  name: 'inquiry',
  needs: ['customer', 'user', 'service', 'booking', 'quote', 'invoice'],
  reads: [
    ...readsOfInquiries,
    { child: 'custom_field_value', of: 'inquiry' },
    ...readsOfFieldFiles('inquiry'),
  ],
  produces: [
    {
      entity: 'lead',
      key: 'inquiry:<id>',
      undo: 'delete',
      when: asLead,
      fields: [
        computed(
          'title',
          ['services', 'notes', 'inquiry_number'],
          'services, else the first line, and the number',
        ),
        computed('person_id', ['customer_id'], 'reference'),
        computed('organization_id', ['customer_id'], 'reference'),
        computed('owner_id', ['owner_id'], 'user by id'),
        computed('label_ids', ['status', 'labels'], 'the status, and labels by name'),
        computed('was_seen', [], 'always'),
        computed('origin_id', ['inquiry_id'], 'target key'),
        ...inquiryFields,
      ],
      lossy: [
        'A lead has no status: that of the inquiry becomes a label. Closed inquiries are leads like the others, not archived.',
      ],
    },
    {
      entity: 'deal',
      key: 'inquiry:<id>#deal',
      undo: 'delete',
      when: asDeal,
      fields: [
        computed(
          'title',
          ['services', 'notes', 'inquiry_number'],
          'services, else the first line, and the number',
        ),
        computed('add_time', ['created'], 'RFC 3339 UTC'),
        computed('status', ['status'], 'closed is lost'),
        computed('stage_id', ['status'], 'Inquiry'),
        computed('lost_time', ['modified', 'created'], 'RFC 3339 UTC'),
        computed('lost_reason', ['status'], 'text, one line'),
        computed('person_id', ['customer_id'], 'reference'),
        computed('org_id', ['customer_id'], 'reference'),
        computed('owner_id', ['owner_id'], 'user by id'),
        computed('label_ids', ['labels'], 'labels by name'),
        ...inquiryFields,
      ],
      lossy: ['An inquiry has many states, a deal three (open, won, lost) and a stage.'],
    },
    {
      entity: 'person',
      key: 'inquiry:<id>#person',
      undo: 'delete',
      fields: [
        computed(
          'name',
          ['customer_name', 'email', 'phone', 'inquiry_number'],
          'name, else how to reach them',
        ),
        computed('emails', ['email'], 'e-mail, lower case, one primary'),
        computed('phones', ['phone'], 'E.164, one primary'),
        computed('add_time', ['created'], 'RFC 3339 UTC'),
        computedCustom(markerFieldName, 'varchar', 'must', ['inquiry_id'], { converter: 'target key' }),
      ],
      lossy: [
        'Somebody who asked and is no customer yet becomes a person for each inquiry: whether two of them are the same is left to you.',
      ],
    },
    ...fieldFileProducts('inquiry'),
  ],
  structure: {
    inquiry_id: 'the key of its records',
    customer_id: 'links person and organization',
    status: 'decides what it is',
    quote_id: 'the deal it became',
    booking_id: 'the deal it became',
  },
  notMigrated: {
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted inquiries are excluded or migrated like the others.',
  },
  lossy: [
    'An inquiry that became a quote or a booking is not a lead any more: its number and text stand on that deal.',
  ],
  asks: (row, refs) => dealsFromInquiry(row, refs),
  files: (row, refs) => pathsOfFields(row, longFormOf(row, refs), refs),
  map: mapInquiry,
});

function mapInquiry(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const { customer_id: customerId } = row.fields;
  const customer = refs.customer(customerId);
  const became = dealsFromInquiry(row, refs).filter((key) => refs.isMapped(key));
  if (became.length > 0) {
    // Its values travel with the deals; what cannot be read in them is said here, once.
    inquiryValues([row], refs, ctx);
    const [deal = null] = became;
    const files = filesOf(row, { deal, lead: null }, customer ?? nobody, refs, ctx);
    const links = became.map((key) => linkOf(row, key, 'merged'));
    if (files.drafts.length === 0) return merged(links);
    return { outcome: 'mapped', reason: '', drafts: files.drafts, links: [...links, ...files.links] };
  }
  if (customerId !== undefined && !customer) return rejected('orphan_reference');
  const fate = fateOf(row);
  if (fate === 'deleted' && !ctx.settings.includeDeleted) return excluded('deleted');
  const caller = customer ? undefined : callerDraft(row, refs, ctx);
  const contacts = customer ?? { person: caller?.targetKey ?? null, organization: null };
  const own = asDeal(ctx.settings)
    ? dealDraft(row, fate, contacts, refs, ctx)
    : leadDraft(row, contacts, refs, ctx);
  const isDeal = own.entity === 'deal';
  const stands = { deal: isDeal ? own.targetKey : null, lead: isDeal ? null : own.targetKey };
  const files = filesOf(row, stands, contacts, refs, ctx);
  return {
    outcome: 'mapped',
    reason: '',
    drafts: [...(caller ? [caller] : []), own, ...files.drafts],
    links: [
      linkOf(row, own.targetKey, 'primary'),
      ...(caller ? [linkOf(row, caller.targetKey, 'contributes', 'person')] : []),
      ...files.links,
    ],
  };
}

const nobody: Contacts = { person: null, organization: null };

function filesOf(
  row: SourceRow,
  stands: Pick<Place, 'deal' | 'lead'>,
  contacts: Contacts,
  refs: Refs,
  ctx: RowContext,
) {
  const place = { ...stands, activity: null, product: null, ...contacts, label: numberOf(row) };
  return fieldFiles(row, longFormOf(row, refs), place, refs, ctx);
}

type Contacts = { person: TargetKey | null; organization: TargetKey | null };

function leadDraft(row: SourceRow, contacts: Contacts, refs: Refs, ctx: RowContext): Draft {
  const key = keysOfInquiry(row).lead;
  return draftOf(row, key, 'lead', refs, ctx, {
    ...(contacts.person ? { person_id: { $ref: contacts.person } } : {}),
    ...(contacts.organization ? { organization_id: { $ref: contacts.organization } } : {}),
    // Else all of them would turn up as new.
    was_seen: true,
    origin_id: markerOf(key),
  });
}

function dealDraft(row: SourceRow, fate: Fate, contacts: Contacts, refs: Refs, ctx: RowContext): Draft {
  const created = parseWhen(row.fields.created, ctx.settings);
  return draftOf(row, keysOfInquiry(row).deal, 'deal', refs, ctx, {
    ...(created ? { add_time: instantFrom(created, ctx.settings) } : {}),
    ...closing(row, fate, ctx),
    ...(contacts.person ? { person_id: { $ref: contacts.person } } : {}),
    ...(contacts.organization ? { org_id: { $ref: contacts.organization } } : {}),
  });
}

function draftOf(
  row: SourceRow,
  key: TargetKey,
  entity: 'lead' | 'deal',
  refs: Refs,
  ctx: RowContext,
  more: Payload,
): Draft {
  const owner = ownerOf([row.fields.owner_id], [], refs.catalogue);
  // The stage of a deal says it.
  const status = entity === 'lead' ? labelName(row.fields.status ?? '') : '';
  const draft: Draft = {
    targetKey: key,
    entity,
    native: { title: titleOf(row, refs, ctx), ...more, ...(owner ? { owner_id: owner } : {}) },
    custom: new Map([markerField(key)]),
    labels: [...(status === '' ? [] : [status]), ...labelsOf(row, entity, ctx)],
    sortKey: `inquiry${sortKeyOf(row)}`,
  };
  const set = (name: string, text: string | undefined) => {
    if (text !== undefined && text !== '') draft.custom.set(name, { value: text, text });
  };
  set('Inquiry number', numberOf(row));
  const created = parseWhen(row.fields.created, ctx.settings);
  if (row.fields.created !== undefined && !created) ctx.find('unparseable_date', 'created');
  set('Inquiry created', created && instantFrom(created, ctx.settings));
  set('Services', cut(servicesOf(row, refs).join('\n'), textLimits.text, ctx, 'services')?.text);
  const address = addressOf(row.fields);
  if (address) draft.custom.set('Job address', { value: { ...address }, text: address.value });
  for (const [name, value] of readFields(inquiryFields, row, ctx).custom) draft.custom.set(name, value);
  for (const [name, value] of ownValues(row, refs, ctx)) draft.custom.set(name, value);
  return draft;
}

/** Somebody who asked without being a customer: Pipedrive wants a person or an organization behind every lead. */
function callerDraft(row: SourceRow, refs: Refs, ctx: RowContext): Draft {
  const { fields } = row;
  const key = keysOfInquiry(row).person;
  const emails = parseEmails(fields.email);
  if (emails.invalid > 0) ctx.find('invalid_email', 'email');
  const phones = parsePhones(fields.phone, ctx.settings.country);
  if (phones.some((phone) => !phone.readable)) ctx.find('invalid_phone', 'phone');
  const named = displayName(fields.customer_name);
  if (named === undefined) ctx.find('missing_name', 'customer_name');
  const name = named ?? emails.valid[0] ?? phones[0]?.value ?? `Inquiry ${numberOf(row)}`;
  const created = parseWhen(fields.created, ctx.settings);
  const owner = ownerOf([fields.owner_id], [], refs.catalogue);
  return {
    targetKey: key,
    entity: 'person',
    native: {
      name: cut(name, titleLimit, ctx, 'customer_name')?.text ?? key,
      ...(emails.valid.length > 0
        ? { emails: emails.valid.map((value, index) => ({ value, primary: index === 0, label: 'home' })) }
        : {}),
      ...(phones.length > 0
        ? { phones: phones.map(({ value }, index) => ({ value, primary: index === 0, label: 'home' })) }
        : {}),
      ...(created ? { add_time: instantFrom(created, ctx.settings) } : {}),
      ...(owner ? { owner_id: owner } : {}),
    },
    custom: new Map([markerField(key)]),
    sortKey: `inquiry${sortKeyOf(row)}`,
  };
}

type Fate = 'open' | 'lost' | 'became' | 'deleted' | 'unknown';

/** The product does not document its list (data sheet 1.4), and tenants have their own words. */
const fates = new Map<string, Fate>([
  ...['new', 'open', 'pending', 'contacted', 'follow up', 'in progress', 'on hold', 'quoted'].map(
    (word): [string, Fate] => [word, 'open'],
  ),
  ...['closed', 'lost', 'declined', 'rejected', 'cancelled', 'canceled', 'expired', 'spam'].map(
    (word): [string, Fate] => [word, 'lost'],
  ),
  ...['converted', 'won', 'booked', 'accepted'].map((word): [string, Fate] => [word, 'became']),
  ['deleted', 'deleted'],
]);

function fateOf(row: SourceRow): Fate {
  return fateOfStatus(row.fields.status ?? 'new');
}

function fateOfStatus(status: string): Fate {
  const word = oneLine(status)
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
  return fates.get(word) ?? 'unknown';
}

/** Of the label that says a status. */
export function statusColor(status: string): LabelColor {
  const colors = { open: 'blue', lost: 'gray', became: 'green', deleted: 'gray', unknown: 'yellow' } as const;
  return colors[fateOfStatus(status)];
}

/** An inquiry is never won: what it became, is. One that became something the export does not have is left to a person. */
function closing(row: SourceRow, fate: Fate, ctx: RowContext): Payload {
  const at = (stage: string) => ({ stage_id: { $stage: { pipeline: ctx.settings.pipeline, stage } } });
  switch (fate) {
    case 'open':
      return { status: 'open', ...at('Inquiry') };
    case 'lost':
    case 'deleted': {
      const when =
        parseWhen(row.fields.modified, ctx.settings) ?? parseWhen(row.fields.created, ctx.settings);
      const reason = oneLine(row.fields.status ?? '');
      return {
        status: 'lost',
        ...at('Inquiry'),
        ...(when ? { lost_time: instantFrom(when, ctx.settings) } : {}),
        ...(reason ? { lost_reason: cut(reason, titleLimit, ctx, 'status')?.text ?? reason } : {}),
      };
    }
    case 'unknown':
      ctx.find('unknown_status', 'status');
      return { status: 'open', ...at(fallbackTarget.stage) };
    case 'became':
      return { status: 'open', ...at(fallbackTarget.stage) };
  }
}

function titleOf(row: SourceRow, refs: Refs, ctx: RowContext): string {
  const what = servicesOf(row, refs).join(', ') || firstLine(plainText(row.fields.notes ?? '')) || 'Inquiry';
  const number = numberOf(row);
  const room = titleLimit - number.length - 3;
  return `${cut(oneLine(what), room, ctx, 'services')?.text ?? 'Inquiry'} · ${number}`;
}

function servicesOf(row: SourceRow, refs: Refs): string[] {
  return parseList(row.fields.services).map((name) => oneLine(refs.catalogue.services.get(name) ?? name));
}

function ownValues(row: SourceRow, refs: Refs, ctx: RowContext): Map<string, Converted> {
  return customValues(row, longFormOf(row, refs), refs, ctx);
}

function numberOf(row: SourceRow): string {
  return oneLine(row.fields.inquiry_number ?? row.sourceId);
}

/** The inquiries that a quote or booking came from; either side may name the other. */
export function inquiriesOf(row: SourceRow, refs: Refs): SourceRow[] {
  const named = refs.row('inquiry', row.fields.inquiry_id);
  const naming = refs.children('inquiry', row.object, row.sourceId);
  return [...(named ? [named] : []), ...naming.filter((other) => other.sourceId !== named?.sourceId)];
}

/** What has to be read around a quote or booking to know the inquiries it came from. */
export function readsOfFormerInquiries(of: 'quote' | 'booking'): ReadRule[] {
  return [
    { parent: 'inquiry', of, by: 'inquiry_id' },
    { child: 'inquiry', of },
    { child: 'custom_field_value', of: 'inquiry' },
  ];
}

/** The fields of a deal that an inquiry became. */
export const becameFields = [
  computedCustom('Inquiry number', 'varchar', 'should', ['inquiry_id', 'inquiry.inquiry_number'], {
    converter: 'joined',
  }),
  computedCustom('Inquiry', 'text', 'may', ['inquiry.notes', 'inquiry.status'], {
    converter: 'readable block of the inquiry it was',
  }),
];

/** What the deal says of the inquiries it was: their numbers, and all they held as a readable text. */
export function inquiryValues(
  named: ReadonlyArray<SourceRow>,
  refs: Refs,
  ctx: RowContext,
): Array<[string, Converted]> {
  // By its own and by its quote's word a booking may come from the same inquiry twice.
  const inquiries = [...new Map(named.map((row) => [row.sourceId, row])).values()];
  const numbers = cut(inquiries.map(numberOf).join(', '), textLimits.varchar, ctx, 'inquiry_id');
  const texts = inquiries.map((row) => inquiryText(row, refs, ctx)).join('\n\n');
  const text = cut(texts, textLimits.text, ctx, 'notes');
  return [
    ...(numbers ? [['Inquiry number', numbers] as [string, Converted]] : []),
    ...(text ? [['Inquiry', text] as [string, Converted]] : []),
  ];
}

function inquiryText(row: SourceRow, refs: Refs, ctx: RowContext): string {
  const { fields } = row;
  const time = (field: string) => {
    const when = parseWhen(fields[field], ctx.settings);
    if (!when && fields[field] !== undefined) ctx.find('unparseable_date', field);
    return when ? localText(when, ctx.settings) : fields[field];
  };
  return block(
    [
      ['Number', numberOf(row)],
      ['Status', fields.status && oneLine(fields.status)],
      ['Source', fields.source && oneLine(fields.source)],
      ['Created', time('created')],
      ['Follow up', time('follow_up_date')],
      ['Services', servicesOf(row, refs).join(', ')],
      ['Address', addressOf(fields)?.value],
      ...[...ownValues(row, refs, ctx)].map(([name, value]) => [name, value.text] as const),
    ],
    plainText(fields.notes ?? ''),
  );
}
