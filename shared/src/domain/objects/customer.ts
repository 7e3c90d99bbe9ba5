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
import { customValues, longFormOf, ownCells } from '../mapping/custom-values.js';
import {
  type Draft,
  defineObject,
  linkOf,
  type Mapping,
  merged as mergedInto,
  type Refs,
  type RowContext,
  type SourceRow,
} from '../mapping/define-object.js';
import { labelsOf } from '../mapping/labels.js';
import { type BlockLine, block, markedNote } from '../mapping/note-text.js';
import {
  markerField,
  markerFieldName,
  type Payload,
  type PayloadValue,
  type TargetKey,
  targetKeyOf,
} from '../mapping/record.js';
import { fieldFileProducts, fieldFiles, pathsOfFields, readsOfFieldFiles } from './field-files.js';
import { type MergedCustomer, mergeCustomers } from './merge-customers.js';
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
  const group = refs.merged(row.sourceId);
  if (group && group[0]?.sourceId !== row.sourceId) return mergedAway(row, refs, ctx);
  const others = group?.slice(1) ?? [];
  const rows = [row, ...others] as const;
  const merged = mergeCustomers(rows, ctx.settings);
  const one: Customer = { ...merged, rows, organization: refs.customer(row.sourceId)?.organization ?? null };
  const { organization } = one;
  const people = peopleOf(one, ctx);
  const drafts: Draft[] = [];
  if (organization === targetKeyOf('customer', row.sourceId, 'org'))
    drafts.push(organizationDraft(organization, one, refs, ctx));
  for (const person of people) drafts.push(personDraft(person, one, refs, ctx));
  const note = noteDraft(people[0], one, refs, ctx);
  if (note) drafts.push(note);
  const [first] = people;
  const person = first ? keyOfContact(first) : null;
  const files = rows.map((source) =>
    filesOf(source, { person, organization }, refs, source === row ? ctx : silent(ctx)),
  );
  const own = [
    ...people.map((contact) => linkOf(contact.of, keyOfContact(contact), 'primary', contact.slot)),
    ...(note ? [linkOf(row, note.targetKey, 'primary', 'note')] : []),
    // The link to the organization stands already, made with the groups.
    ...others.flatMap((other) => [
      ...(person ? [linkOf(other, person, 'merged')] : []),
      ...(note ? [linkOf(other, note.targetKey, 'merged', 'note')] : []),
    ]),
  ];
  drafts.push(...files.flatMap((found) => found.drafts));
  const links = [...own, ...files.flatMap((found) => found.links)];
  // Nothing of its own: a company without a contact that is one organization with another customer.
  return drafts.length === 0 ? mergedInto([]) : { outcome: 'mapped', reason: '', drafts, links };
}

/** Lives on in the customer that it was merged into, by a person or in OctopusPro, whose row makes all records. What is wrong with it is said here. */
function mergedAway(row: SourceRow, refs: Refs, ctx: RowContext): Mapping {
  const one = { row, otherwise: [], rows: [row] as const, organization: null };
  for (const slot of ['', '2', '3'] as const)
    addContactData({ of: row, slot, name: '', emails: [], phones: [] }, row, slot, false, ctx);
  addTime(one.row, ctx, true);
  filesOf(row, { person: targetKeyOf('customer', row.sourceId), organization: null }, refs, ctx);
  return mergedInto([]);
}

/** A customer as it is mapped: one row, or several that are one. */
interface Customer extends MergedCustomer {
  rows: readonly [SourceRow, ...SourceRow[]];
  organization: TargetKey | null;
}

function silent(ctx: RowContext): RowContext {
  return { ...ctx, find: () => {} };
}

function filesOf(
  row: SourceRow,
  on: { person: TargetKey | null; organization: TargetKey | null },
  refs: Refs,
  ctx: RowContext,
) {
  const place = { deal: null, lead: null, activity: null, product: null, ...on, label: undefined };
  return fieldFiles(row, longFormOf(row, refs), place, refs, ctx);
}

interface Contact {
  /** The row that it is the first, second or third person of. */
  of: SourceRow;
  slot: '' | '2' | '3';
  name: string;
  emails: string[];
  phones: Array<{ value: string; label: string }>;
}

function keyOfContact({ of, slot }: Contact): TargetKey {
  return targetKeyOf('customer', of.sourceId, slot);
}

/**
 * The first is the customer. A second or third name that differs is a person of their own with the e-mail and phone
 * of the same number; the same name again is the customer with one more address. Of customers that are merged each
 * e-mail and phone is taken once, those of the one that stays first.
 */
function peopleOf({ row, rows, organization }: Customer, ctx: RowContext): Contact[] {
  const hasCompany = organization !== null;
  const first: Contact = { of: row, slot: '', name: nameOf(row) ?? '', emails: [], phones: [] };
  const others: Contact[] = [];
  for (const source of rows) {
    const report = source === rows[0] ? ctx : silent(ctx);
    const ownNames = [first.name, nameOf(source) ?? ''].map(nameKey);
    addContactData(first, source, '', hasCompany, report);
    for (const slot of ['2', '3'] as const) {
      const other = fullName(source.fields[`first_name${slot}`], source.fields[`last_name${slot}`]);
      const isSame = other === undefined || ownNames.includes(nameKey(other));
      const known = others.find((person) => other !== undefined && nameKey(person.name) === nameKey(other));
      const person = isSame ? first : (known ?? { of: source, slot, name: other, emails: [], phones: [] });
      addContactData(person, source, slot, hasCompany, report);
      if (!isSame && !known) others.push(person);
    }
  }
  if (first.name !== '') return [first, ...others];
  return [...namedAfter(first, row, hasCompany, ctx), ...others];
}

function nameOf({ fields }: SourceRow): string | undefined {
  return displayName(fields.full_name) ?? fullName(fields.first_name, fields.last_name);
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

function personDraft(person: Contact, one: Customer, refs: Refs, ctx: RowContext): Draft {
  const { row, rows, organization } = one;
  const key = keyOfContact(person);
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
    sortKey: sortKeyOf(person.of, person.slot),
  };
  draft.custom.set(...markerField(key));
  // What is known of the customer stands on the customer, once; a further contact has a name, phone and e-mail.
  if (person.slot !== '') return draft;
  draft.labels = rows.flatMap((source) => labelsOf(source, 'person', ctx));
  const address = addressOf(row.fields);
  if (address) draft.custom.set('Address', { value: { ...address }, text: address.value });
  for (const [name, value] of readFields(personFields, row, ctx).custom) draft.custom.set(name, value);
  for (const [name, value] of ownFields(one, refs, ctx)) draft.custom.set(name, value);
  return draft;
}

/** The primary number should be one that can be dialled. */
function readableFirst(phones: Contact['phones']): Contact['phones'] {
  return [...phones.filter(isReadable), ...phones.filter((phone) => !isReadable(phone))];
}

function isReadable(phone: Contact['phones'][number]): boolean {
  return phone.value.startsWith('+');
}

function ownFields(one: Customer, refs: Refs, ctx: RowContext) {
  return customValues(one.row, longFormOfAll(one, refs), refs, ctx);
}

/** The first value of a field is the one that counts. */
function longFormOfAll({ rows }: Customer, refs: Refs): SourceRow[] {
  return rows.flatMap((source) => longFormOf(source, refs));
}

/** The company as its lowest customer has it; what is missing there comes from the next that has it. */
function organizationDraft(key: TargetKey, one: Customer, refs: Refs, ctx: RowContext): Draft {
  const others = refs.members(key).filter(({ sourceId }) => sourceId !== one.row.sourceId);
  const members = [one.row, ...others];
  const name = firstOf(members, ({ fields }) => oneLine(fields.business_name ?? '') || undefined);
  const address = firstOf(members, (member) => addressOf(member.fields));
  const owner = firstOf(members, (member) =>
    ownerOf([member.fields.owner_id, member.fields.owner], [], refs.catalogue),
  );
  const native: Payload = {
    name: cut(name ?? '', titleLimit, ctx, 'business_name')?.text ?? key,
    ...(address ? { address: addressValue(address) } : {}),
    ...(owner ? { owner_id: owner } : {}),
    // The person's own finding says when this date cannot be read.
    ...addTime(one.row, silent(ctx), true),
  };
  return {
    targetKey: key,
    entity: 'organization',
    native,
    custom: new Map([markerField(key)]),
    labels: members.flatMap((member) => labelsOf(member, 'organization', ctx)),
    sortKey: sortKeyOf(one.row, 'org'),
  };
}

/**
 * The customer's notes; when there is no person to carry them, the values of its fields; and what customers that were
 * merged into it say otherwise.
 */
function noteDraft(
  person: Contact | undefined,
  one: Customer,
  refs: Refs,
  ctx: RowContext,
): Draft | undefined {
  const { row, rows, organization } = one;
  const texts = new Set(rows.map(({ fields }) => plainText(fields.notes ?? '')));
  const homeless = person ? [] : homelessValues(one, refs, ctx);
  const body = block([...homeless, ...one.otherwise, ...ownFieldsOtherwise(one, refs, ctx)], ...texts);
  if (body === '') return undefined;
  const key = targetKeyOf('customer', row.sourceId, 'note');
  return {
    targetKey: key,
    entity: 'note',
    native: {
      content: markedNote(body, key, undefined, ctx),
      ...(person ? { person_id: { $ref: keyOfContact(person) } } : {}),
      ...(organization === null ? {} : { org_id: { $ref: organization } }),
      ...addTime(row, silent(ctx), true),
    },
    custom: new Map(),
    sortKey: sortKeyOf(row, 'note'),
  };
}

function homelessValues(one: Customer, refs: Refs, ctx: RowContext): Array<readonly [string, string]> {
  const values = [...readFields(personFields, one.row, ctx).custom, ...ownFields(one, refs, ctx)];
  return values.map(([name, value]) => [name, value.text] as const);
}

/** Values of the tenant's own fields that another row's value stands before. */
function ownFieldsOtherwise(one: Customer, refs: Refs, ctx: RowContext): BlockLine[] {
  const taken = new Map(
    ownCells(one.row, longFormOfAll(one, refs), refs, ctx).map(({ column, raw }) => [column.header, raw]),
  );
  return one.rows.slice(1).flatMap((source) =>
    ownCells(source, longFormOf(source, refs), refs, ctx)
      .filter(({ column, raw }) => taken.get(column.header) !== raw)
      .map(
        ({ column, raw }): BlockLine => [
          `${column.target.field} (customer ${source.sourceId})`,
          plainText(raw),
        ],
      ),
  );
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
