import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { DateTime } from 'luxon';

/**
 * Reads a written package back and says what is not as it should be. It shares no code with the generator, so that
 * a slip there shows up here; ids are defect ids or finding codes, `!…` is a mistake of the generator itself.
 */
export interface Found {
  code: string;
  file: string;
  row: number;
  column: string;
}
type Row = Record<string, string>;

// biome-ignore format: one file per line
const keys: Record<string, string> = { customers: 'Customer ID', customer_addresses: 'Address ID', customer_properties: 'Property ID', fieldworkers: 'Fieldworker ID', users: 'User ID', services: 'Service ID', products: 'Product ID', inquiries: 'Inquiry ID', quotes: 'Quote ID', quote_items: 'Quote Item ID', bookings: 'Booking ID', booking_services: 'Booking Service ID', appointments: 'Appointment ID', invoices: 'Invoice ID', invoice_items: 'Invoice Item ID', payments: 'Payment ID', refunds: 'Refund ID', custom_fields: 'Field ID', forms: 'Form ID', form_fields: 'Form Field ID', notes: 'Note ID', communications: 'Message ID', complaints: 'Complaint ID', attachments: 'Attachment ID' };
// biome-ignore format: column -> file it points into
const references: Record<string, string> = { 'Customer ID': 'customers', 'Customer property ID(s)': 'customer_properties', 'Fieldworker ID': 'fieldworkers', 'Fieldworker ID(s)': 'fieldworkers', 'Fieldworker IDs': 'fieldworkers', 'Owner ID': 'users', 'Service ID': 'services', 'Inquiry ID': 'inquiries', 'Quote ID': 'quotes', 'Booking ID': 'bookings', 'Booking ID(s)': 'bookings', 'Booking Service ID': 'booking_services', 'Appointment ID': 'appointments', 'Invoice ID': 'invoices', 'Invoice ID(s)': 'invoices', 'Payment ID': 'payments', 'Field ID': 'custom_fields', 'Form ID': 'forms', 'Form Field ID': 'form_fields' };
/** References without which a row is set aside when they lead nowhere. */
// biome-ignore format: one file per line
const needs: Record<string, string[]> = { customer_addresses: ['Customer ID'], customer_properties: ['Customer ID'], inquiries: ['Customer ID'], quotes: ['Customer ID'], quote_items: ['Quote ID'], bookings: ['Customer ID'], booking_services: ['Booking ID'], appointments: ['Booking ID'], invoices: ['Customer ID'], invoice_items: ['Invoice ID'], payments: ['Invoice ID', 'Customer ID'], payment_allocations: ['Payment ID', 'Invoice ID'], refunds: ['Payment ID'], form_responses: ['Booking ID'] };
const fileOf: Record<string, string> = {
  customer: 'customers',
  booking: 'bookings',
  quote: 'quotes',
  inquiry: 'inquiries',
  invoice: 'invoices',
  complaint: 'complaints',
};
const moneyColumns = new Set(
  'Subtotal|Extra charges|Discount|Tax|Total|Deposit|Paid|Balance|Refunded|Amount|Unit price|Line total|Price|Cost|Total revenue'.split(
    '|',
  ),
);
const timeColumns = new Set(
  'Created|Modified|Start|End|Actual start|Actual end|Sent at|Paid at|Voided at|Accepted at|Declined at|Payment date|Refund date|Uploaded at|Submitted at|Changed at|Last run|Invoice date|Due date|Quote date|Expiry date|Follow up date|Date joined|Deleted at'.split(
    '|',
  ),
);
const now = Date.parse('2025-11-17T18:00:00+11:00');

export function checkPackage(folder: string): Found[] {
  const found = new Map<string, Found>();
  const report = (code: string, file: string, index: number, column: string) => {
    const one = { code, file: file.includes('.') ? file : `${file}.csv`, row: index + 1, column };
    found.set(`${code} ${one.file} ${one.row} ${column}`, one);
  };
  const tables: Record<string, Row[]> = {};
  for (const name of readdirSync(folder))
    if (name.endsWith('.csv'))
      tables[name.slice(0, -4)] = parse(readFileSync(path.join(folder, name)), { columns: true });
  const t = (file: string) => tables[file] ?? [];
  const each = (visit: (file: string, row: Row, index: number) => void) => {
    for (const [file, rows] of Object.entries(tables))
      rows.forEach((row, index) => void visit(file, row, index));
  };
  const cell = (row: Row | undefined, column: string) => row?.[column] ?? '';
  const cents = (text: string) => (/^-?\d+\.\d\d$/.test(text) ? Math.round(Number(text) * 100) : 0);
  const listOf = (text: string) =>
    text === '' ? [] : text.startsWith('[') ? (JSON.parse(text) as string[]) : [text];

  const ids: Record<string, Map<string, Row>> = {};
  const rejected: Record<string, Set<string>> = {};
  const reject = (file: string, id: string) => {
    rejected[file] = (rejected[file] ?? new Set()).add(id);
  };
  for (const [file, key] of Object.entries(keys)) {
    const seen = new Map<string, Row>();
    t(file).forEach((row, index) => {
      const id = cell(row, key);
      const before = seen.get(id);
      if (id === '') report('missing_key', file, index, key);
      else if (!before) seen.set(id, row);
      else if (JSON.stringify(before) === JSON.stringify(row)) report('duplicate_id_equal', file, index, key);
      else {
        report('duplicate_id_conflict', file, index, key);
        report('duplicate_id_conflict', file, t(file).indexOf(before), key);
        reject(file, id);
      }
    });
    ids[file] = seen;
  }
  for (let changed = true; changed; ) {
    changed = false;
    each((file, row, index) => {
      const any: Array<[string, string]> =
        'Object' in row && file !== 'communications'
          ? [['Record ID' in row ? 'Record ID' : 'Object ID', fileOf[cell(row, 'Object')] ?? '?']]
          : [];
      for (const [column, target] of [
        ...(needs[file] ?? []).map((one) => [one, references[one] ?? '?'] as [string, string]),
        ...any,
      ]) {
        const id = cell(row, column);
        if (id === '' || (ids[target]?.has(id) && !rejected[target]?.has(id))) continue;
        const size = found.size;
        report('orphan_reference', file, index, column);
        const own = cell(row, keys[file] ?? '');
        if (own !== '') reject(file, own);
        if (found.size > size) changed = true;
        break;
      }
    });
  }
  const serviceNames = new Set(t('services').map((row) => cell(row, 'Service name')));
  each((file, row, index) => {
    for (const [column, target] of Object.entries(references)) {
      if (column === keys[file] || !(column in row) || needs[file]?.includes(column)) continue;
      for (const id of listOf(cell(row, column))) {
        if (ids[target]?.has(id)) continue;
        report(column === 'Service ID' && serviceNames.has(id) ? 'D23' : '!dangling', file, index, column);
      }
    }
    for (const [column, text] of Object.entries(row)) if (text !== '') checkCell(file, index, column, text);
  });

  function checkCell(file: string, index: number, column: string, text: string): void {
    if (moneyColumns.has(column) && !/^-?\d+\.\d\d$/.test(text)) {
      const readable = /^(A?\$|AUD )?\(?\d{1,3}([.,]\d{3})*([.,]\d\d)?\)?$/.test(text);
      report(
        readable ? 'D20' : column === 'Amount' ? 'unparseable_amount' : 'unparseable_number',
        file,
        index,
        column,
      );
    }
    if (timeColumns.has(column)) {
      const other = /^\d\d\/\d\d\/\d{4}$/.test(text) && DateTime.fromFormat(text, 'dd/MM/yyyy').isValid;
      const when = DateTime.fromISO(text, { setZone: true });
      const plain = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:00[+-]\d\d:00)?$/.test(text);
      if (other) report('D08', file, index, column);
      else if (!plain || !when.isValid || when.year < 1980 || when.year > 2100)
        report('unparseable_date', file, index, column);
      else if (column === 'Date joined' && when.toMillis() > now) report('D10', file, index, column);
      // A date of 2001 is D10's, and its offset was another year's.
      else if (
        text.length > 10 &&
        when.year > 2001 &&
        when.setZone('Australia/Sydney').offset !== when.offset
      )
        report('D11', file, index, column);
    }
    if (
      ['Is deleted', 'Email opt out', 'SMS opt out', 'Active', 'All day'].includes(column) &&
      !['true', 'false'].includes(text)
    )
      report('D29', file, index, column);
    if (
      ['first_name', 'last_name'].includes(column) &&
      text !== text.replace(/^[\s\u200b]+|[\s\u200b]+$/g, '')
    )
      report('D34', file, index, column);
    if (column === 'Is deleted' && text === 'true') report('D43', file, index, column);
    if (column === 'Title' && text.length > 255) report('value_too_long', file, index, column);
    if (file === 'notes' && column === 'Body') checkBody(index, text);
  }

  function checkBody(index: number, text: string): void {
    const is = (code: string, yes: boolean) => yes && report(code, 'notes', index, 'Body');
    is('D30', /<\w+[ >]/.test(text));
    is('D31', text.includes('\n'));
    is('D33', /Ã.|â€/.test(text));
    is('D35', /\p{Emoji_Presentation}|[\u0590-\u05ff]/u.test(text));
    is('D36', text.length > 50_000);
    is('D37', /^[=@+-]/.test(text));
    is('D44', /\b4\d{3}( \d{4}){3}\b/.test(text));
  }

  const people = new Map<string, Row[]>();
  const places = new Map<string, Row[]>();
  t('customers').forEach((row, index) => {
    const bad = (code: string, column: string) => report(code, 'customers', index, column);
    const name = `${cell(row, 'first_name')} ${cell(row, 'last_name')}`.toLowerCase().trim();
    const email = cell(row, 'email').trim().toLowerCase();
    const mobile = cell(row, 'mobile');
    if (name === '' && cell(row, 'Business name') === '') bad('missing_name', 'first_name');
    if (/^(test test|asdf asdf)$/.test(name)) bad('D42', 'first_name');
    if (email === '' && mobile === '' && cell(row, 'phone') === '') bad('D05', 'email');
    if (email !== '' && (!/^[^@\s]+@[^@\s]+\.\w+$/.test(email) || email === 'none@none.com'))
      bad('invalid_email', 'email');
    else if (email !== '') {
      const before = people.get(email) ?? [];
      const same = before.some(
        (one) => `${cell(one, 'first_name')} ${cell(one, 'last_name')}`.toLowerCase() === name,
      );
      if (before.length > 0) bad(same ? 'D01' : 'D03', 'email');
      people.set(email, [...before, row]);
    }
    if (mobile !== '' && !/^(0|\+61 ?)[\d ]{9,12}$/.test(mobile))
      bad(/^\d{9}$|ext \d+$/.test(mobile) ? 'D07' : 'invalid_phone', 'mobile');
    const place =
      `${cell(row, 'Street number')} ${cell(row, 'Street address')} ${cell(row, 'Postcode')}`.trim();
    const swapped = (places.get(place) ?? []).some(
      (one) =>
        cell(one, 'first_name') === cell(row, 'last_name') &&
        cell(one, 'last_name') === cell(row, 'first_name'),
    );
    if (place !== '' && swapped && email === '') bad('D02', 'first_name');
    places.set(place, [...(places.get(place) ?? []), row]);
  });
  t('fieldworkers').forEach(
    (row, index) =>
      void (cell(row, 'Email') === '' && report('owner_not_found', 'fieldworkers', index, 'Email')),
  );

  const statuses = new Set(t('booking_statuses').map((row) => cell(row, 'Name')));
  const options = new Map<string, string[]>();
  for (const row of t('custom_field_options'))
    options.set(cell(row, 'Field ID'), [...(options.get(cell(row, 'Field ID')) ?? []), cell(row, 'Label')]);
  const group = (file: string, column: string) => {
    const groups = new Map<string, Row[]>();
    for (const row of t(file))
      for (const id of listOf(cell(row, column))) groups.set(id, [...(groups.get(id) ?? []), row]);
    return groups;
  };
  const sum = (rows: Row[] | undefined, column: string) =>
    (rows ?? []).reduce((total, row) => total + cents(cell(row, column)), 0);
  const inclusive = cell(t('invoices')[0], 'Tax inclusive') === 'true';
  const gross = (row: Row) =>
    cents(cell(row, 'Subtotal')) - cents(cell(row, 'Discount')) + (inclusive ? 0 : cents(cell(row, 'Tax')));
  const linesOf = group('booking_services', 'Booking ID');
  const invoicesOf = group('invoices', 'Booking ID(s)');
  const paidOn = group('payments', 'Invoice ID');
  const paidFor = group('payments', 'Booking ID');
  const approved = (rows: Row[] | undefined) =>
    (rows ?? []).filter((row) => cell(row, 'Status') === 'Approved');
  const refundsFor = group('refunds', 'Booking ID');
  t('bookings').forEach((row, index) => {
    const id = cell(row, 'Booking ID');
    const bad = (code: string, column: string) => report(code, 'bookings', index, column);
    const lines = linesOf.get(id);
    if (!statuses.has(cell(row, 'Status'))) bad('unknown_status', 'Status');
    if (cell(row, 'End') < cell(row, 'Start')) bad('D10', 'End');
    if (sum(lines, 'Line total') + sum(lines, 'Discount') !== cents(cell(row, 'Subtotal')))
      bad('!booking_lines', 'Subtotal');
    if (gross(row) + cents(cell(row, 'Extra charges')) !== cents(cell(row, 'Total')))
      bad('!booking_total', 'Total');
    if (
      cell(row, 'Balance') !== '' &&
      cents(cell(row, 'Total')) - cents(cell(row, 'Paid')) !== cents(cell(row, 'Balance'))
    )
      bad('!booking_balance', 'Balance');
    const invoices = invoicesOf.get(id) ?? [];
    if (
      JSON.stringify(listOf(cell(row, 'Invoice ID(s)')).sort()) !==
      JSON.stringify(invoices.map((one) => cell(one, 'Invoice ID')).sort())
    )
      bad('!booking_invoices', 'Invoice ID(s)');
    const isMerged = invoices.some((one) => listOf(cell(one, 'Booking ID(s)')).length > 1);
    if (
      !isMerged &&
      invoices.length > 0 &&
      invoices.reduce((total, one) => total + gross(one), 0) !== cents(cell(row, 'Total'))
    )
      bad('!booking_invoiced', 'Total');
    if (
      !isMerged &&
      sum(approved(paidFor.get(id)), 'Amount') - sum(approved(refundsFor.get(id)), 'Amount') !==
        cents(cell(row, 'Paid'))
    )
      bad('!booking_paid', 'Paid');
    for (const [column, text] of Object.entries(row)) {
      const own = column.startsWith('cf:') ? options.get(column.split(':')[1] ?? '') : undefined;
      if (own && text !== '' && !own.includes(text))
        bad(/\(\+\$/.test(text) ? 'D28' : 'unknown_option', column);
    }
  });
  t('booking_services').forEach(
    (row, index) =>
      void (
        !serviceNames.has(cell(row, 'Service name')) &&
        report('D27', 'booking_services', index, 'Service name')
      ),
  );
  t('appointments').forEach((row, index) => {
    const workers = listOf(cell(row, 'Fieldworker IDs'));
    if (workers.length === 0) report('D26', 'appointments', index, 'Fieldworker IDs');
    if (workers.some((id) => ids.fieldworkers?.get(id)?.Status !== 'active'))
      report('D25', 'appointments', index, 'Fieldworker IDs');
  });
  for (const file of ['booking_services', 'quote_items', 'invoice_items'])
    t(file).forEach((row, index) => {
      if (
        Math.round(Number(cell(row, 'Quantity')) * cents(cell(row, 'Unit price'))) -
          cents(cell(row, 'Discount')) !==
        cents(cell(row, 'Line total'))
      )
        report('!line', file, index, 'Line total');
      if (Math.abs(cents(cell(row, 'Line total')) / (inclusive ? 11 : 10) - cents(cell(row, 'Tax'))) > 1.5)
        report('!line_tax', file, index, 'Tax');
    });
  const itemsOf = group('invoice_items', 'Invoice ID');
  const allocated = group('payment_allocations', 'Invoice ID');
  const refundsOn = group('refunds', 'Invoice ID');
  const openOf = new Map<string, number>();
  t('invoices').forEach((row, index) => {
    const id = cell(row, 'Invoice ID');
    const bad = (code: string, column: string) => report(code, 'invoices', index, column);
    const status = cell(row, 'Status');
    const total = cents(cell(row, 'Total'));
    if (
      gross(row) !== total ||
      sum(itemsOf.get(id), 'Line total') + (inclusive ? 0 : sum(itemsOf.get(id), 'Tax')) !== total
    )
      bad('invoice_total_mismatch', 'Total');
    const paid = sum(approved(paidOn.get(id)), 'Amount') + sum(allocated.get(id), 'Amount');
    const refunded = sum(approved(refundsOn.get(id)), 'Amount');
    if (paid !== cents(cell(row, 'Paid'))) bad('!invoice_paid', 'Paid');
    if (refunded !== cents(cell(row, 'Refunded'))) bad('!invoice_refunded', 'Refunded');
    const balance = status === 'Void' ? 0 : gross(row) - paid + refunded;
    const says =
      cents(cell(row, 'Balance')) - (total - gross(row) !== 0 && status === 'Draft' ? total - gross(row) : 0);
    if (says !== balance || (status === 'Closed' && says !== 0)) bad('D17', 'Balance');
    if (status === 'Open' && cell(row, 'Due date') < '2025-11-17') bad('!open_but_due', 'Due date');
    if (status === 'Overdue' && cell(row, 'Due date') >= '2025-11-17')
      bad('!overdue_but_not_due', 'Due date');
    if (cell(row, 'Due date') < cell(row, 'Invoice date')) bad('!due_before_issued', 'Due date');
    if (cell(row, 'Paid at') !== '' && Date.parse(cell(row, 'Paid at')) < Date.parse(cell(row, 'Created')))
      bad('D10', 'Paid at');
    for (const booking of listOf(cell(row, 'Booking ID(s)'))) {
      const owner = cell(ids.bookings?.get(booking), 'Customer ID');
      if (ids.customers?.has(owner) && owner !== cell(row, 'Customer ID'))
        bad('!invoice_customer', 'Customer ID');
    }
    if (['Open', 'Overdue'].includes(status))
      openOf.set(
        cell(row, 'Customer ID'),
        (openOf.get(cell(row, 'Customer ID')) ?? 0) + cents(cell(row, 'Balance')),
      );
  });
  const charges = new Set<string>();
  const revenue = new Map<string, number>();
  t('payments').forEach((row, index) => {
    const bad = (code: string, column: string) => report(code, 'payments', index, column);
    const amount = cents(cell(row, 'Amount'));
    if (/^-?\d/.test(cell(row, 'Amount')) && amount <= 0) bad('D18', 'Amount');
    const charge = [
      cell(row, 'Invoice ID'),
      amount,
      cell(row, 'Payment date').slice(0, 10),
      cell(row, 'Method'),
    ].join(' ');
    if (cell(row, 'Invoice ID') !== '' && charges.has(charge)) bad('D19', 'Amount');
    charges.add(charge);
    if (cell(row, 'Status') === 'Approved')
      revenue.set(cell(row, 'Customer ID'), (revenue.get(cell(row, 'Customer ID')) ?? 0) + amount);
    if (Date.parse(cell(row, 'Payment date')) > now) bad('!paid_later', 'Payment date');
  });
  const refunded = new Set<string>();
  t('refunds').forEach((row, index) => {
    const payment = ids.payments?.get(cell(row, 'Payment ID'));
    const isBad =
      refunded.has(cell(row, 'Payment ID')) ||
      cents(cell(row, 'Amount')) > cents(cell(payment, 'Amount')) ||
      cell(payment, 'Status') !== 'Approved';
    if (isBad) report('D15', 'refunds', index, 'Payment ID');
    refunded.add(cell(row, 'Payment ID'));
    const owner = cell(payment, 'Customer ID');
    if (cell(row, 'Status') === 'Approved')
      revenue.set(owner, (revenue.get(owner) ?? 0) - cents(cell(row, 'Amount')));
  });
  t('customers').forEach((row, index) => {
    const id = cell(row, 'Customer ID');
    if (cents(cell(row, 'Balance')) !== (openOf.get(id) ?? 0))
      report('!customer_balance', 'customers', index, 'Balance');
    if (cents(cell(row, 'Total revenue')) !== (revenue.get(id) ?? 0))
      report('!customer_revenue', 'customers', index, 'Total revenue');
  });
  const numbers = new Set<string>();
  const quoteItems = group('quote_items', 'Quote ID');
  t('quotes').forEach((row, index) => {
    if (numbers.has(cell(row, 'Quote number'))) report('D22', 'quotes', index, 'Quote number');
    numbers.add(cell(row, 'Quote number'));
    const items = quoteItems.get(cell(row, 'Quote ID'));
    if (
      gross(row) !== cents(cell(row, 'Total')) ||
      sum(items, 'Line total') + sum(items, 'Discount') !== cents(cell(row, 'Subtotal'))
    )
      report('!quote_total', 'quotes', index, 'Total');
  });

  const listed = new Set<string>();
  t('attachments').forEach((row, index) => {
    const file = path.join(folder, cell(row, 'Path'));
    listed.add(cell(row, 'Path'));
    if (!existsSync(file)) {
      report('missing_file', 'attachments', index, 'Path');
      return;
    }
    const bytes = readFileSync(file);
    const head = bytes.subarray(0, 4).toString('latin1');
    const type = { '\x89PNG': 'image/png', '%PDF': 'application/pdf', RIFF: 'audio/wav' }[head];
    if (type !== cell(row, 'MIME') || String(bytes.length) !== cell(row, 'Size bytes'))
      report('!file', 'attachments', index, 'Path');
    if (createHash('sha256').update(bytes).digest('hex') !== cell(row, 'SHA-256'))
      report('file_mismatch', 'attachments', index, 'SHA-256');
  });
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (name.startsWith('attachments/') && statSync(path.join(folder, name)).isFile() && !listed.has(name))
      report('unlisted_file', name, -1, '');

  const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
    exported_at: string;
    files: Array<{ name: string; rows: number; bytes: number; sha256: string; exported_at: string }>;
  };
  for (const entry of manifest.files) {
    const bytes = readFileSync(path.join(folder, entry.name));
    const rows = tables[entry.name.slice(0, -4)]?.length;
    if (rows !== undefined && rows !== entry.rows) report('row_count_mismatch', entry.name, -1, '');
    if (entry.exported_at !== manifest.exported_at) report('D46', entry.name, -1, '');
    if (bytes.length !== entry.bytes || createHash('sha256').update(bytes).digest('hex') !== entry.sha256)
      report('!manifest', entry.name, -1, '');
    if (bytes[0] === 0xef || bytes.includes('\r') || bytes.at(-1) !== 0x0a)
      report('!encoding', entry.name, -1, '');
  }
  if (manifest.files.length !== readdirSync(folder).length - 2)
    report('!manifest_files', 'manifest.json', -1, '');
  for (const [file, column] of [
    ['customers', 'password'],
    ['fieldworkers', 'Account number'],
  ] as const)
    if (column in (t(file)[0] ?? {})) report('secret_dropped', file, -1, column);
  return [...found.values()];
}
