import { type Address, addressFields, addressOf } from '../convert/address.js';
import { instantFrom, parseWhen } from '../convert/date.js';
import { parseEmails } from '../convert/email.js';
import { plainText } from '../convert/html.js';
import { displayName, fullName, nameKey } from '../convert/name.js';
import { parsePhones } from '../convert/phone.js';
import { oneLine } from '../convert/text.js';
import {
  computed,
  computedCustom,
  custom,
  cut,
  readFields,
  titleLimit,
  yesNo,
} from '../mapping/convert-field.js';
import { customValues, longFormOf } from '../mapping/custom-values.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  merged,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { labelsOf } from '../mapping/labels.js';
import { block, markedNote } from '../mapping/note-text.js';
import {
  markerFieldName,
  type Payload,
  type PayloadValue,
  type TargetKey,
  targetKeyOf,
} from '../mapping/record.js';
import { fieldFileProducts, fieldFiles, pathsOfFields, readsOfFieldFiles } from './field-files.js';
import { ownerOf } from './owner.js';
import { sortKeyOf } from './sort-key.js';

const personFields = [
  computed(
    'name',
    ['full_name', 'first_name', 'last_name', 'first_name2', 'last_name2', 'first_name3', 'last_name3'],
    'name',
  ),
  computed('emails', ['email', 'email2', 'email3'], 'e-mail, lower case, labels, one primary'),
  computed(
    'phones',
    ['mobile', 'mobile2', 'mobile3', 'phone', 'phone2', 'phone3'],
    'E.164, labels, one primary',
  ),
  computed('org_id', ['business_name'], 'reference'),
  computed('owner_id', ['owner', 'owner_id'], 'user by name or id'),
  computed('label_ids', ['labels'], 'labels by name'),
  computed('add_time', ['date_joined'], 'day, as midnight in the tenant zone'),
  computedCustom(markerFieldName, 'varchar', 'must', ['customer_id'], { converter: 'target key' }),
  computedCustom('Address', 'address', 'should', [...addressFields, 'address'], {
    lossy: 'Pipedrive persons have no address of their own: it becomes a custom field.',
  }),
  custom('Email opt out', 'enum', 'should', 'email_opt_out', { options: yesNo }),
  custom('SMS opt out', 'enum', 'should', 'sms_opt_out', { options: yesNo }),
  custom('Title', 'varchar', 'may', 'customer_title'),
  custom('Customer source', 'varchar', 'may', 'source'),
  custom('Branch', 'varchar', 'may', 'branch'),
  custom('Trading name', 'varchar', 'may', 'trading_name'),
  custom('Invoice due days', 'double', 'may', 'invoice_due_days'),
  custom('Billing cycle', 'varchar', 'may', 'billing_cycle'),
  custom('Customer rating', 'double', 'may', 'rating'),
];

const organizationFields = [
  computed('name', ['business_name'], 'name'),
  computed('address', [...addressFields, 'address'], 'address'),
  computed('owner_id', ['owner', 'owner_id'], 'user by name or id'),
  computed('label_ids', ['labels'], 'labels by name, of all its customers'),
  computed('add_time', ['date_joined'], 'day, as midnight in the tenant zone'),
  computedCustom(markerFieldName, 'varchar', 'must', ['customer_id'], { converter: 'target key' }),
];

/**
 * A customer is a person, an organization or both; further people in the same row are persons of their own. Which
 * customers share an organization is decided for all of them beforehand (mapping/group-companies.ts).
 */
export const customer = defineObject({
  name: 'customer',
  needs: ['fieldworker', 'user'],
  reads: [{ child: 'custom_field_value', of: 'customer' }, ...readsOfFieldFiles('customer')],
  produces: [
    {
      entity: 'organization',
      key: 'customer:<lowest id of the company>#org',
      undo: 'delete',
      fields: organizationFields,
      lossy: [],
    },
    { entity: 'person', key: 'customer:<id>', undo: 'delete', fields: personFields, lossy: [] },
    { entity: 'person', key: 'customer:<id>#2, #3', undo: 'delete', fields: personFields, lossy: [] },
    {
      entity: 'note',
      key: 'customer:<id>#note',
      undo: 'delete',
      fields: [
        computed('content', ['notes'], 'HTML made readable, then escaped'),
        computed('person_id', [], 'reference'),
        computed('org_id', [], 'reference'),
        computed('add_time', ['date_joined'], 'day, as midnight in the tenant zone'),
      ],
      lossy: [],
    },
    ...fieldFileProducts('customer'),
  ],
  structure: {
    customer_id: 'the key of its records',
    customer_type: 'person or company; a business name decides',
    business_name: 'makes the organization',
  },
  notMigrated: {
    latitude: 'Pipedrive finds the position of an address itself.',
    longitude: 'Pipedrive finds the position of an address itself.',
    modified: 'Pipedrive sets the time of the last change itself.',
    balance: 'Derived from invoices and payments; each deal shows its own.',
    total_revenue: 'Derived from payments; Pipedrive sums won deals.',
    is_deleted: 'Decides whether the row is migrated.',
    deleted_at: 'Deleted customers are excluded or migrated like the others.',
    merged_into_id: 'Merged customers live on in the customer they were merged into.',
  },
  files: (row, refs) => pathsOfFields(row, longFormOf(row, refs), refs),
  map: mapCustomer,
});

function mapCustomer(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const organization = refs.customer(row.sourceId)?.organization ?? null;
  const people = peopleOf(row, organization !== null, ctx);
  const key = targetKeyOf('customer', row.sourceId);
  const drafts: Draft[] = [];
  if (organization === `${key}#org`)
    drafts.push(organizationDraft(organization, refs.members(organization), refs, ctx));
  for (const person of people) drafts.push(personDraft(row, person, organization, refs, ctx));
  const note = noteDraft(row, people[0], organization, refs, ctx);
  if (note) drafts.push(note);
  const [first] = people;
  const person = first ? targetKeyOf('customer', row.sourceId, first.slot) : null;
  const place = {
    deal: null,
    lead: null,
    activity: null,
    product: null,
    person,
    organization,
    label: undefined,
  };
  const files = fieldFiles(row, longFormOf(row, refs), place, refs, ctx);
  const own = drafts
    // The link to the organization stands already, made with the groups.
    .filter((draft) => draft.entity !== 'organization')
    .map((draft) => linkOf(row, draft.targetKey, 'primary', draft.targetKey.split('#')[1] ?? ''));
  drafts.push(...files.drafts);
  const links = [...own, ...files.links];
  // Nothing of its own: a company without a contact that is one organization with another customer.
  return drafts.length === 0 ? merged([]) : { outcome: 'mapped', reason: '', drafts, links };
}

interface Contact {
  slot: '' | '2' | '3';
  name: string;
  emails: string[];
  phones: Array<{ value: string; label: string }>;
}

/**
 * The first is the customer. A second or third name that differs is a person of their own with the e-mail and phone
 * of the same number; the same name again is the customer with one more address.
 */
function peopleOf(row: SourceRow, hasCompany: boolean, ctx: RowContext): Contact[] {
  const { fields } = row;
  const name = displayName(fields.full_name) ?? fullName(fields.first_name, fields.last_name);
  const first: Contact = { slot: '', name: name ?? '', emails: [], phones: [] };
  addContactData(first, row, '', hasCompany, ctx);
  const others: Contact[] = [];
  for (const slot of ['2', '3'] as const) {
    const other = fullName(fields[`first_name${slot}`], fields[`last_name${slot}`]);
    const isSame = other === undefined || nameKey(other) === nameKey(first.name);
    const known = others.find((person) => other !== undefined && nameKey(person.name) === nameKey(other));
    const person = isSame ? first : (known ?? { slot, name: other, emails: [], phones: [] });
    addContactData(person, row, slot, hasCompany, ctx);
    if (!isSame && !known) others.push(person);
  }
  if (first.name !== '') return [first, ...others];
  return [...namedAfter(first, row, hasCompany, ctx), ...others];
}

/** A row without a person's name: the company's name when it can be reached, else a placeholder from its contact data. */
function namedAfter(person: Contact, row: SourceRow, hasCompany: boolean, ctx: RowContext): Contact[] {
  if (hasCompany) {
    const canBeReached = person.emails.length > 0 || person.phones.length > 0;
    return canBeReached ? [{ ...person, name: oneLine(row.fields.business_name ?? '') }] : [];
  }
  ctx.find('missing_name', 'first_name');
  const contact = person.emails[0] ?? person.phones.find(isReadable)?.value;
  return [{ ...person, name: contact ?? `Customer ${row.sourceId}` }];
}

function addContactData(
  person: Contact,
  row: SourceRow,
  slot: string,
  hasCompany: boolean,
  ctx: RowContext,
): void {
  const { fields } = row;
  const emails = parseEmails(fields[`email${slot}`]);
  if (emails.invalid > 0) ctx.find('invalid_email', `email${slot}`);
  for (const email of emails.valid) if (!person.emails.includes(email)) person.emails.push(email);
  for (const [kind, label] of [
    ['mobile', 'mobile'],
    ['phone', hasCompany ? 'work' : 'home'],
  ] as const) {
    for (const phone of parsePhones(fields[`${kind}${slot}`], ctx.settings.country)) {
      if (!phone.readable) ctx.find('invalid_phone', `${kind}${slot}`);
      if (!person.phones.some((known) => known.value === phone.value))
        person.phones.push({ value: phone.value, label });
    }
  }
}

function personDraft(
  row: SourceRow,
  person: Contact,
  organization: TargetKey | null,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const key = targetKeyOf('customer', row.sourceId, person.slot);
  const label = organization === null ? 'home' : 'work';
  const owner = ownerOf([row.fields.owner_id, row.fields.owner], [], refs.catalogue);
  const native: Payload = {
    name: cut(person.name, titleLimit, ctx, 'first_name')?.text ?? key,
    ...(person.emails.length > 0
      ? { emails: person.emails.map((value, index) => ({ value, primary: index === 0, label })) }
      : {}),
    ...(person.phones.length > 0
      ? { phones: readableFirst(person.phones).map((phone, index) => ({ ...phone, primary: index === 0 })) }
      : {}),
    ...(organization === null ? {} : { org_id: { $ref: organization } }),
    ...(owner ? { owner_id: owner } : {}),
    ...addTime(row, ctx, person.slot === ''),
  };
  const draft: Draft = {
    targetKey: key,
    entity: 'person',
    native,
    custom: new Map(),
    sortKey: sortKeyOf(row, person.slot),
  };
  draft.custom.set(markerFieldName, { value: key, text: key });
  // What is known of the customer stands on the customer, once; a further contact has a name, phone and e-mail.
  if (person.slot !== '') return draft;
  draft.labels = labelsOf(row, 'person', ctx);
  const address = addressOf(row.fields);
  if (address) draft.custom.set('Address', { value: { ...address }, text: address.value });
  for (const [name, value] of readFields(personFields, row, ctx).custom) draft.custom.set(name, value);
  for (const [name, value] of ownFields(row, refs, ctx)) draft.custom.set(name, value);
  return draft;
}

/** The primary number should be one that can be dialled. */
function readableFirst(phones: Contact['phones']): Contact['phones'] {
  return [...phones.filter(isReadable), ...phones.filter((phone) => !isReadable(phone))];
}

function isReadable(phone: Contact['phones'][number]): boolean {
  return phone.value.startsWith('+');
}

function ownFields(row: SourceRow, refs: Refs, ctx: RowContext) {
  return customValues(row, longFormOf(row, refs), refs, ctx);
}

/** The company as its lowest customer has it; what is missing there comes from the next that has it. */
function organizationDraft(
  key: TargetKey,
  members: ReadonlyArray<SourceRow>,
  refs: Refs,
  ctx: RowContext,
): Draft {
  const first = members[0];
  if (!first) throw new Error(`the organization ${key} has no members`);
  const address = firstOf(members, (member) => addressOf(member.fields));
  const owner = firstOf(members, (member) =>
    ownerOf([member.fields.owner_id, member.fields.owner], [], refs.catalogue),
  );
  const native: Payload = {
    name: cut(oneLine(first.fields.business_name ?? ''), titleLimit, ctx, 'business_name')?.text ?? key,
    ...(address ? { address: addressValue(address) } : {}),
    ...(owner ? { owner_id: owner } : {}),
    // The person's own finding says when this date cannot be read.
    ...addTime(first, { ...ctx, find: () => {} }, true),
  };
  return {
    targetKey: key,
    entity: 'organization',
    native,
    custom: new Map([[markerFieldName, { value: key, text: key }]]),
    labels: members.flatMap((member) => labelsOf(member, 'organization', ctx)),
    sortKey: sortKeyOf(first, 'org'),
  };
}

/** The customer's notes; and, when there is no person to carry them, the values of its fields. */
function noteDraft(
  row: SourceRow,
  person: Contact | undefined,
  organization: TargetKey | null,
  refs: Refs,
  ctx: RowContext,
): Draft | undefined {
  const text = plainText(row.fields.notes ?? '');
  const homeless = person ? [] : homelessValues(row, refs, ctx);
  const body = block(homeless, text);
  if (body === '') return undefined;
  const key = targetKeyOf('customer', row.sourceId, 'note');
  return {
    targetKey: key,
    entity: 'note',
    native: {
      content: markedNote(body, key, undefined, ctx),
      ...(person ? { person_id: { $ref: targetKeyOf('customer', row.sourceId, person.slot) } } : {}),
      ...(organization === null ? {} : { org_id: { $ref: organization } }),
      ...addTime(row, { ...ctx, find: () => {} }, true),
    },
    custom: new Map(),
    sortKey: sortKeyOf(row, 'note'),
  };
}

function homelessValues(row: SourceRow, refs: Refs, ctx: RowContext): Array<readonly [string, string]> {
  const values = [...readFields(personFields, row, ctx).custom, ...ownFields(row, refs, ctx)];
  return values.map(([name, value]) => [name, value.text] as const);
}

function addTime(row: SourceRow, ctx: RowContext, report: boolean): { add_time?: PayloadValue } {
  const raw = row.fields.date_joined;
  const joined = parseWhen(raw, ctx.settings);
  if (raw !== undefined && !joined && report) ctx.find('unparseable_date', 'date_joined');
  return joined ? { add_time: instantFrom(joined, ctx.settings) } : {};
}

function addressValue(address: Address): PayloadValue {
  return { ...address };
}

function firstOf<T>(
  members: ReadonlyArray<SourceRow>,
  read: (member: SourceRow) => T | undefined,
): T | undefined {
  for (const member of members) {
    const value = read(member);
    if (value !== undefined) return value;
  }
  return undefined;
}
