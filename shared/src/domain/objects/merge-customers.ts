import { type Address, addressFields, addressKey, addressOf } from '../convert/address.js';
import { parseBool } from '../convert/bool.js';
import { instantFrom, parseWhen } from '../convert/date.js';
import { companyKey, displayName, fullName, nameKey } from '../convert/name.js';
import { oneLine } from '../convert/text.js';
import type { MappingSettings } from '../mapping/content.js';
import type { SourceRow } from '../mapping/define-object.js';
import type { BlockLine } from '../mapping/note-text.js';

/**
 * How columns of customers that are merged come together. Columns of one line go together: half an address of each would
 * be a place that does not exist.
 * - `first`: of the first that has one, the customer that stays before those merged into it. What the others say otherwise
 *   is not lost: it stands in the note, under `says`.
 * - `earliest`: the earliest day that can be read.
 * - `yes`: yes when one of them says yes. Who once asked not to be written to has asked.
 * Notes, labels, e-mails, phones and further people are not here: of them nothing is left out (customer.ts).
 */
interface Rule {
  columns: ReadonlyArray<string>;
  takes: 'first' | 'earliest' | 'yes';
  says: string;
  /** What is compared and said of a row; absent: the text of the first column that has one. */
  read?: (fields: SourceRow['fields']) => { text: string; key: string } | undefined;
}

export const mergeRules: ReadonlyArray<Rule> = [
  {
    columns: ['full_name', 'first_name', 'last_name'],
    takes: 'first',
    says: 'Name',
    read: (fields) => {
      const name = displayName(fields.full_name) ?? fullName(fields.first_name, fields.last_name);
      return name === undefined ? undefined : { text: name, key: nameKey(name) };
    },
  },
  {
    columns: [...addressFields, 'address'],
    takes: 'first',
    says: 'Address',
    read: (fields) => {
      const address = addressOf(fields);
      return address && { text: address.value, key: addressKey(address) };
    },
  },
  {
    columns: ['business_name'],
    takes: 'first',
    says: 'Company',
    read: (fields) => {
      const name = oneLine(fields.business_name ?? '');
      return name === '' ? undefined : { text: name, key: companyKey(name) };
    },
  },
  { columns: ['customer_title'], takes: 'first', says: 'Title' },
  { columns: ['owner', 'owner_id'], takes: 'first', says: 'Owner' },
  { columns: ['source'], takes: 'first', says: 'Customer source' },
  { columns: ['branch'], takes: 'first', says: 'Branch' },
  { columns: ['trading_name'], takes: 'first', says: 'Trading name' },
  { columns: ['invoice_due_days'], takes: 'first', says: 'Invoice due days' },
  { columns: ['billing_cycle'], takes: 'first', says: 'Billing cycle' },
  { columns: ['rating'], takes: 'first', says: 'Customer rating' },
  { columns: ['date_joined'], takes: 'earliest', says: 'Joined' },
  { columns: ['email_opt_out'], takes: 'yes', says: 'Email opt out' },
  { columns: ['sms_opt_out'], takes: 'yes', says: 'SMS opt out' },
];

export interface MergedCustomer {
  /** As the customer that stays, with what it lacks from the others. */
  row: SourceRow;
  /** What the others say otherwise, and no field has room for. */
  otherwise: BlockLine[];
}

/** One customer of several rows; the first is the one that stays. */
export function mergeCustomers(
  rows: readonly [SourceRow, ...SourceRow[]],
  settings: MappingSettings,
): MergedCustomer {
  const [stays] = rows;
  const fields: Record<string, string> = { ...stays.fields };
  const otherwise: BlockLine[] = [];
  for (const rule of mergeRules) {
    const taken = chosen(rule, rows, settings);
    if (!taken) continue;
    for (const column of rule.columns) {
      const text = taken.fields[column];
      if (text === undefined) delete fields[column];
      else fields[column] = text;
    }
    if (rule.takes === 'first') otherwise.push(...saidOtherwise(rule, taken, rows));
  }
  // The first last, so that it wins. Headers come from a stranger's file: without a prototype, `__proto__` is a name like any other.
  const extra: Record<string, string> = Object.assign(
    Object.create(null),
    ...rows.map((row) => row.extra).reverse(),
  );
  return { row: { ...stays, fields, extra }, otherwise };
}

/** The row whose columns are taken; undefined when none has any. */
function chosen(
  rule: Rule,
  rows: ReadonlyArray<SourceRow>,
  settings: MappingSettings,
): SourceRow | undefined {
  const filled = rows.filter(({ fields }) => read(rule, fields) !== undefined);
  const [column = ''] = rule.columns;
  switch (rule.takes) {
    case 'first':
      return filled[0];
    case 'yes':
      return filled.find(({ fields }) => parseBool(fields[column]) === true) ?? filled[0];
    case 'earliest': {
      const dated = filled.flatMap((row) => {
        const when = parseWhen(row.fields[column], settings);
        return when ? [{ row, at: Date.parse(instantFrom(when, settings)) }] : [];
      });
      // A day that nobody can read is said of its own row, and of no other.
      return dated.sort((a, b) => a.at - b.at)[0]?.row ?? filled.find((row) => row === rows[0]);
    }
  }
}

function saidOtherwise(rule: Rule, taken: SourceRow, rows: ReadonlyArray<SourceRow>): BlockLine[] {
  const seen = new Set([read(rule, taken.fields)?.key]);
  return rows.flatMap(({ sourceId, fields }): BlockLine[] => {
    const said = read(rule, fields);
    if (!said || seen.has(said.key)) return [];
    seen.add(said.key);
    return [[`${rule.says} (customer ${sourceId})`, said.text]];
  });
}

function read(rule: Rule, fields: SourceRow['fields']): { text: string; key: string } | undefined {
  if (rule.read) return rule.read(fields);
  const text = rule.columns.map((column) => oneLine(fields[column] ?? '')).find((cell) => cell !== '');
  return text === undefined ? undefined : { text, key: text.toLowerCase() };
}

/** The address that the record of merged customers has. */
export function addressInRecord(rows: ReadonlyArray<SourceRow>): Address | undefined {
  return rows.map((row) => addressOf(row.fields)).find((address) => address !== undefined);
}
