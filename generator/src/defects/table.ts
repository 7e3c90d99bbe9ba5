import type { Row } from '../tables/cells.js';
import { dayMinutes, dayText, exportedAt, instantText } from '../world/calendar.js';

/**
 * Every defect we can plant: where, how often, how bad, and what a good reader should say. `finding` is a code of
 * shared/domain/findings.ts where one exists, else the id of the data sheet (D..).
 * A defect changes one row in place, or puts a row of its own below it (`below`), so that sums over other rows stay
 * right and each planted defect stands alone. Rates are shares of the rows that can carry it.
 */
export interface DefectRule {
  id: string;
  file: string;
  column: string;
  does: string;
  typical: number;
  heavy: number;
  severity: 'B' | 'W' | 'I' | '-';
  finding: string;
  when?(row: Row): boolean;
  /** Changes the row. `n` counts the plants of this rule. */
  change?(row: Row, n: number): void;
  /** A row to stand below; it begins as a copy. */
  below?(row: Row, n: number): void;
}

const has =
  (...columns: string[]) =>
  (row: Row) =>
    columns.every((column) => (row[column] ?? '') !== '');
const set =
  (column: string, ...values: string[]) =>
  (row: Row, n: number) => {
    row[column] = values[n % values.length] ?? '';
  };
const newId = (row: Row, key: string, n: number, space: number) => {
  row[key] = String(space + n);
};
const isPerson = (row: Row) => row['Customer type'] === 'Personal' && has('email', 'mobile')(row);
const asNewCustomer = (space: number, change: (row: Row, n: number) => void) => (row: Row, n: number) => {
  newId(row, 'Customer ID', n, space);
  row.Balance = '0.00';
  row['Total revenue'] = '0.00';
  change(row, n);
};
const asNewPayment = (space: number, change: (row: Row, n: number) => void) => (row: Row, n: number) => {
  newId(row, 'Payment ID', n, space);
  // Not approved: it is in no sum, so that nothing else becomes wrong.
  row.Status = 'Unapproved';
  row.Reference = `ref_${space + n}`;
  change(row, n);
};
const ofInvoice = has('Invoice ID');
const approvedOfInvoice = (row: Row) => ofInvoice(row) && row.Status === 'Approved';

// biome-ignore format: a table is read by its columns
export const defectRules: ReadonlyArray<DefectRule> = [
  // customers
  { id: 'D43', file: 'customers', column: 'Is deleted', does: 'a customer without money is soft-deleted', typical: 0.02, heavy: 0.06, severity: 'W', finding: 'D43', when: (row) => row.Balance === '0.00' && row['Total revenue'] === '0.00' && isPerson(row), change(row) { row['Is deleted'] = 'true'; row['Deleted at'] = instantText(exportedAt - dayMinutes); } },
  { id: 'D02', file: 'customers', column: 'first_name', does: 'the same person again, names swapped, no contact data', typical: 0.02, heavy: 0.05, severity: 'W', finding: 'D02', when: (row) => isPerson(row) && has('Street address')(row) && row.first_name !== row.last_name, below: asNewCustomer(910_000, (row) => { [row.first_name, row.last_name] = [row.last_name ?? '', row.first_name ?? '']; row.email = ''; row.mobile = ''; row.phone = '02 5550 0000'; }) },
  { id: 'D01', file: 'customers', column: 'email', does: 'the same person again, e-mail and phone written otherwise', typical: 0.04, heavy: 0.1, severity: 'W', finding: 'D01', when: isPerson, below: asNewCustomer(920_000, (row) => { row.email = ` ${row.email?.toUpperCase()}`; row.mobile = `+61 ${row.mobile?.slice(1)}`; }) },
  { id: 'D03', file: 'customers', column: 'email', does: 'another person with the same e-mail', typical: 0.01, heavy: 0.03, severity: 'W', finding: 'D03', when: isPerson, below: asNewCustomer(930_000, (row, n) => { row.first_name = 'Leasing'; row.last_name = `Desk ${n + 1}`; row.mobile = ''; row['Street number'] = `${row['Street number'] ?? ''}A`; }) },
  { id: 'D42', file: 'customers', column: 'first_name', does: 'a test record', typical: 0.01, heavy: 0.03, severity: 'I', finding: 'D42', when: isPerson, below: asNewCustomer(940_000, (row, n) => { row.first_name = ['Test', 'asdf'][n % 2] ?? ''; row.last_name = row.first_name.toLowerCase(); row.email = `tester.${n}@inlet.example`; row.mobile = ''; row['Street number'] = `${row['Street number'] ?? ''}T`; }) },
  { id: 'D40', file: 'customers', column: 'Customer ID', does: 'a row without its id', typical: 0.002, heavy: 0.01, severity: 'B', finding: 'missing_key', when: isPerson, below(row, n) { row['Customer ID'] = ''; row.first_name = 'Nobody'; row.last_name = `Known ${n}`; row.email = `nobody.${n}@inlet.example`; row.Balance = '0.00'; row['Total revenue'] = '0.00'; } },
  { id: 'D04', file: 'customers', column: 'first_name', does: 'no name at all', typical: 0.03, heavy: 0.08, severity: 'W', finding: 'missing_name', when: isPerson, change(row) { row.first_name = ''; row.last_name = ''; row['Business name'] = ''; } },
  { id: 'D05', file: 'customers', column: 'email', does: 'neither e-mail nor phone', typical: 0.015, heavy: 0.05, severity: 'W', finding: 'D05', when: isPerson, change(row) { row.email = ''; row.mobile = ''; } },
  { id: 'D06', file: 'customers', column: 'email', does: 'an e-mail that is none', typical: 0.02, heavy: 0.06, severity: 'W', finding: 'invalid_email', when: isPerson, change: set('email', 'none@none.com', 'jo.smith.example.com', 'jo@', 'jo@@inlet.example') },
  { id: 'D07', file: 'customers', column: 'mobile', does: 'a phone number that cannot be recovered', typical: 0.02, heavy: 0.06, severity: 'W', finding: 'invalid_phone', when: isPerson, change: set('mobile', '6.14E+10', 'call after five', '12') },
  { id: 'D07', file: 'customers', column: 'mobile', does: 'the leading zero is lost, or an extension was added; can be read', typical: 0.03, heavy: 0.06, severity: 'W', finding: 'D07', when: isPerson, change(row, n) { row.mobile = n % 2 ? `${row.mobile} ext 12` : (row.mobile ?? '').slice(1).replaceAll(' ', ''); } },
  { id: 'D09', file: 'customers', column: 'Date joined', does: 'an impossible or sentinel date', typical: 0.005, heavy: 0.03, severity: 'W', finding: 'unparseable_date', when: isPerson, change: set('Date joined', '0000-00-00', '1970-01-01', '31/02/2024', '0218-05-01', '2108-05-01') },
  { id: 'D10', file: 'customers', column: 'Date joined', does: 'joined after the export was taken', typical: 0.005, heavy: 0.02, severity: 'W', finding: 'D10', when: isPerson, change: set('Date joined', dayText(Math.floor(exportedAt / dayMinutes) + 400)) },
  { id: 'D29', file: 'customers', column: 'Email opt out', does: 'another word for true or false', typical: 0.05, heavy: 0.3, severity: 'I', finding: 'D29', when: isPerson, change: set('Email opt out', 'Yes', 'N', 'on', '✓') },
  { id: 'D34', file: 'customers', column: 'last_name', does: 'blanks, no-break and zero-width spaces around a name', typical: 0.04, heavy: 0.12, severity: 'I', finding: 'D34', when: isPerson, change(row, n) { row.last_name = [`  ${row.last_name}`, `${row.last_name}\u00a0`, `\u200b${row.last_name}`][n % 3] ?? ''; } },
  // people and definitions
  { id: 'D25', file: 'fieldworkers', column: 'Email', does: 'a worker without e-mail', typical: 0.06, heavy: 0.2, severity: 'W', finding: 'owner_not_found', when: (row) => row.Status === 'active', change: set('Email', '') },
  { id: 'D25', file: 'appointments', column: 'Fieldworker IDs', does: 'the visit names a worker who is gone (the last of the list)', typical: 0.01, heavy: 0.05, severity: 'W', finding: 'D25', when: has('Fieldworker IDs'), change: set('Fieldworker IDs', '["@gone"]') },
  { id: 'D20', file: 'products', column: 'Cost', does: 'an amount that cannot be read', typical: 0.01, heavy: 0.05, severity: 'W', finding: 'unparseable_number', change: set('Cost', 'ask Bob', 'USD 12.00', '12..4,5') },
  { id: 'D20', file: 'products', column: 'Price', does: 'an amount written otherwise; can be read', typical: 0.03, heavy: 0.1, severity: 'W', finding: 'D20', change: set('Price', '$1,234.50', '1.234,50', 'AUD 12', '(45.00)') },
  // sales
  { id: 'D08', file: 'inquiries', column: 'Follow up date', does: 'another date format than the rest of the column', typical: 0.02, heavy: 0.2, severity: 'W', finding: 'D08', change(row) { row['Follow up date'] = (row['Follow up date'] ?? '').split('-').reverse().join('/'); } },
  { id: 'D22', file: 'quotes', column: 'Quote number', does: 'the number of another quote', typical: 0.003, heavy: 0.02, severity: 'W', finding: 'D22', when: (row) => row['Quote number'] !== 'EST-401', change: set('Quote number', 'EST-401') },
  { id: 'D23', file: 'quote_items', column: 'Service ID', does: 'refers to the service by name', typical: 0.01, heavy: 0.05, severity: 'W', finding: 'D23', when: has('Service name'), change(row) { row['Service ID'] = row['Service name'] ?? ''; } },
  // bookings
  { id: 'D12', file: 'bookings', column: 'Customer ID', does: 'the customer is not in the export', typical: 0.006, heavy: 0.03, severity: 'B', finding: 'orphan_reference', change(row, n) { row['Customer ID'] = String(990_000 + n); } },
  { id: 'D24', file: 'bookings', column: 'Status', does: 'a status that is in no list', typical: 0.01, heavy: 0.05, severity: 'B', finding: 'unknown_status', change: set('Status', 'Parked', 'Erledigt', 'Cmpleted') },
  { id: 'D10', file: 'bookings', column: 'End', does: 'ends before it starts', typical: 0.005, heavy: 0.02, severity: 'W', finding: 'D10', when: (row) => (row.Start ?? '').length > 10, change(row) { row.End = `2001${(row.Start ?? '').slice(4)}`; } },
  { id: 'D28', file: 'bookings', column: '@dropdown', does: 'a value that is no option of its field', typical: 0.01, heavy: 0.04, severity: 'W', finding: 'unknown_option', when: has('@dropdown'), change: set('@dropdown', 'Mansion') },
  { id: 'D28', file: 'bookings', column: '@dropdown', does: 'the option with its price suffix', typical: 0.01, heavy: 0.04, severity: 'W', finding: 'D28', when: has('@dropdown'), change(row) { row['@dropdown'] += ' (+$50.00, +30 min)'; } },
  { id: 'D36', file: 'bookings', column: 'Title', does: 'a title of 400 characters', typical: 0.0005, heavy: 0.005, severity: 'W', finding: 'value_too_long', change: set('Title', 'Very long title '.repeat(25).trim()) },
  { id: 'D27', file: 'booking_services', column: 'Service name', does: 'free text instead of a service', typical: 0.03, heavy: 0.1, severity: 'W', finding: 'D27', change(row) { row['Service ID'] = ''; row['Service name'] = 'Odd job as discussed'; } },
  { id: 'D26', file: 'appointments', column: 'Fieldworker IDs', does: 'nobody is assigned', typical: 0.04, heavy: 0.1, severity: 'I', finding: 'D26', change(row) { row['Fieldworker IDs'] = ''; row.Responses = ''; } },
  { id: 'D11', file: 'appointments', column: 'Start', does: "an offset that is not the zone's on that day", typical: 0.002, heavy: 0.02, severity: 'I', finding: 'D11', when: (row) => (row.Start ?? '').length > 10, change(row) { row.Start = (row.Start ?? '').replace(/\+1(\d):00$/, (_, digit: string) => `+1${digit === '1' ? '0' : '1'}:00`); } },
  { id: 'D13', file: 'appointments', column: 'Booking ID', does: 'a visit of a booking that is not there', typical: 0.005, heavy: 0.02, severity: 'B', finding: 'orphan_reference', below(row, n) { newId(row, 'Appointment ID', n, 950_000); row['Booking ID'] = String(990_000_000 + n); row['Booking Service ID'] = ''; } },
  { id: 'D21', file: 'appointments', column: 'Appointment ID', does: 'the same row twice', typical: 0.001, heavy: 0.01, severity: 'B', finding: 'duplicate_id_equal', below() {} },
  // money
  { id: 'D16', file: 'invoices', column: 'Total', does: 'the total is not the sum of its lines', typical: 0.012, heavy: 0.05, severity: 'W', finding: 'invoice_total_mismatch', when: (row) => row.Status === 'Draft' || row.Status === 'Closed', change(row) { row.Total = plus(row.Total, 900); row.Balance = row.Status === 'Draft' ? plus(row.Balance, 900) : (row.Balance ?? ''); } },
  { id: 'D17', file: 'invoices', column: 'Balance', does: 'closed, with a balance', typical: 0.01, heavy: 0.04, severity: 'W', finding: 'D17', when: (row) => row.Status === 'Closed', change(row) { row.Balance = plus(row.Balance, 500); } },
  { id: 'D10', file: 'invoices', column: 'Paid at', does: 'paid before it was issued', typical: 0.005, heavy: 0.02, severity: 'W', finding: 'D10', when: has('Paid at'), change(row) { row['Paid at'] = `2001${(row['Paid at'] ?? '').slice(4)}`; } },
  { id: 'D13', file: 'invoice_items', column: 'Invoice ID', does: 'a line of an invoice that is not there', typical: 0.005, heavy: 0.02, severity: 'B', finding: 'orphan_reference', below(row, n) { newId(row, 'Invoice Item ID', n, 960_000); row['Invoice ID'] = String(990_000_000 + n); } },
  { id: 'D14', file: 'payments', column: 'Invoice ID', does: 'paid on an invoice that is not there', typical: 0.003, heavy: 0.02, severity: 'W', finding: 'orphan_reference', when: approvedOfInvoice, below: asNewPayment(970_000, (row, n) => { row['Invoice ID'] = String(990_100_000 + n); }) },
  { id: 'D18', file: 'payments', column: 'Amount', does: 'a negative or zero payment', typical: 0.006, heavy: 0.03, severity: 'W', finding: 'D18', when: approvedOfInvoice, below: asNewPayment(980_000, (row, n) => { row.Amount = n % 2 ? '0.00' : `-${row.Amount}`; }) },
  { id: 'D19', file: 'payments', column: 'Amount', does: 'the same charge again: invoice, amount, day and method', typical: 0.002, heavy: 0.01, severity: 'W', finding: 'D19', when: approvedOfInvoice, below: asNewPayment(985_000, () => {}) },
  { id: 'D20', file: 'payments', column: 'Amount', does: 'the amount is a word', typical: 0.002, heavy: 0.01, severity: 'B', finding: 'unparseable_amount', when: approvedOfInvoice, below: asNewPayment(987_000, (row) => { row.Amount = 'twelve'; }) },
  { id: 'D15', file: 'refunds', column: 'Payment ID', does: 'a second refund of a payment, and too large', typical: 0.05, heavy: 0.15, severity: 'W', finding: 'D15', below(row, n) { newId(row, 'Refund ID', n, 988_000); row.Status = 'Unapproved'; row.Amount = '99999.00'; } },
  // text
  { id: 'D30', file: 'notes', column: 'Body', does: 'HTML with a script, a tracking pixel, an inline image', typical: 0.12, heavy: 0.3, severity: 'W', finding: 'D30', change(row, n) { row.Body = `<p>${row.Body}</p>${['<script>alert(1)</script>', '<img src="https://t.example/p.gif" width="1">', '<img src="data:image/png;base64,iVBORw0KGgo=">'][n % 3]}`; } },
  { id: 'D31', file: 'notes', column: 'Body', does: 'line breaks, quotes and commas; must survive', typical: 0.09, heavy: 0.2, severity: '-', finding: 'D31', change(row) { row.Body = `Said "later",\nthen:\n${row.Body}`; } },
  { id: 'D35', file: 'notes', column: 'Body', does: 'emoji and right-to-left text; must survive', typical: 0.03, heavy: 0.08, severity: '-', finding: 'D35', change(row) { row.Body = `${row.Body} 🧽👩‍🔧 שלום`; } },
  { id: 'D33', file: 'notes', column: 'Body', does: 'mojibake', typical: 0.01, heavy: 0.05, severity: 'W', finding: 'D33', change(row) { row.Body = `CafÃ© donâ€™t ring. ${row.Body}`; } },
  { id: 'D36', file: 'notes', column: 'Body', does: 'a note of 60,000 characters', typical: 0.00001, heavy: 0.0002, severity: 'W', finding: 'D36', change(row) { row.Body = `${row.Body} `.repeat(Math.ceil(60_000 / ((row.Body ?? '').length + 1))).trim(); } },
  { id: 'D37', file: 'notes', column: 'Body', does: 'looks like a formula; is data', typical: 0.0005, heavy: 0.005, severity: 'W', finding: 'D37', change: set('Body', '=HYPERLINK("https://t.example","x")', '@SUM(1)', '+1+1') },
  { id: 'D44', file: 'notes', column: 'Body', does: 'a card number', typical: 0.001, heavy: 0.01, severity: 'B', finding: 'D44', change: set('Body', 'Card on file 4111 1111 1111 1111 exp 12/27') },
  { id: 'D21', file: 'communications', column: 'Message ID', does: 'another row with the same id', typical: 0.001, heavy: 0.01, severity: 'B', finding: 'duplicate_id_conflict', below(row) { row.Body = `${row.Body} (edited)`; } },
  // files
  { id: 'D41', file: 'attachments', column: 'Path', does: 'listed, but not in the package', typical: 0.005, heavy: 0.02, severity: 'B', finding: 'missing_file', below(row, n) { newId(row, 'Attachment ID', n, 995_000); row['File name'] = `lost-${n}.png`; row.Path = `attachments/bookings/lost/lost-${n}.png`; } },
  { id: 'D41', file: 'attachments', column: 'SHA-256', does: 'another hash than listed', typical: 0.005, heavy: 0.02, severity: 'W', finding: 'file_mismatch', when: has('SHA-256'), change(row) { row['SHA-256'] = '0'.repeat(64); } },
];

export interface PackageDefect {
  id: string;
  file: string;
  column: string;
  does: string;
  severity: 'B' | 'W' | 'I';
  finding: string;
}

/** Defects of a whole file: they are there or not, whatever the rate. */
export const packageDefects: ReadonlyArray<PackageDefect> = [
  {
    id: 'D44',
    file: 'customers.csv',
    column: 'password',
    does: 'a column of plain-text passwords',
    severity: 'B',
    finding: 'secret_dropped',
  },
  {
    id: 'D44',
    file: 'fieldworkers.csv',
    column: 'Account number',
    does: 'a column of bank accounts',
    severity: 'B',
    finding: 'secret_dropped',
  },
  {
    id: 'D39',
    file: 'communications.csv',
    column: '',
    does: 'the manifest announces seven more rows',
    severity: 'W',
    finding: 'row_count_mismatch',
  },
  {
    id: 'D46',
    file: 'customers.csv',
    column: '',
    does: 'exported two days before the others',
    severity: 'W',
    finding: 'D46',
  },
  {
    id: 'D41',
    file: 'attachments/unlisted-1.png',
    column: '',
    does: 'a file that is in no list',
    severity: 'W',
    finding: 'unlisted_file',
  },
];

/** Rates by rule id from `none`, `typical`, `heavy` or `D01=0.1,D12=0.02`. */
export function ratesOf(text: string): (rule: { id: string; typical?: number; heavy?: number }) => number {
  if (text === 'none') return () => 0;
  if (text === 'typical') return (rule) => rule.typical ?? 1;
  if (text === 'heavy') return (rule) => rule.heavy ?? 1;
  const known = new Set([...defectRules, ...packageDefects].map((rule) => rule.id));
  const rates = new Map(
    text.split(',').map((part) => {
      const match = /^(D\d\d)=(\d*\.?\d+)$/.exec(part.trim());
      const [, id = '', rate = ''] = match ?? [];
      if (!match || !known.has(id) || Number(rate) > 1)
        throw new Error(
          `--defects: "${part}" is not none, typical, heavy, or <id>=<rate 0..1> of ${[...known].sort().join(' ')}`,
        );
      return [id, Number(rate)] as const;
    }),
  );
  return (rule) => rates.get(rule.id) ?? 0;
}

function plus(amount: string | undefined, cents: number): string {
  return ((Math.round(Number(amount) * 100) + cents) / 100).toFixed(2);
}
