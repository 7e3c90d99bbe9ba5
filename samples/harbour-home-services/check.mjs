// Reads a written package back and returns everything that is not as it should be, as
// { code, file, row, column, source_id }. It shares no code with the maker, so a slip there shows up here.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'csv-parse/sync';
import { DateTime } from 'luxon';

// Primary key per file; the files not named here have none.
const keys = {
  customers: 'Customer ID',
  customer_addresses: 'Address ID',
  customer_properties: 'Property ID',
  fieldworkers: 'Fieldworker ID',
  users: 'User ID',
  services: 'Service ID',
  products: 'Product ID',
  inquiries: 'Inquiry ID',
  quotes: 'Quote ID',
  quote_items: 'Quote Item ID',
  bookings: 'Booking ID',
  booking_services: 'Booking Service ID',
  appointments: 'Appointment ID',
  invoices: 'Invoice ID',
  invoice_items: 'Invoice Item ID',
  payments: 'Payment ID',
  refunds: 'Refund ID',
  custom_fields: 'Field ID',
  custom_field_options: 'Option ID',
  booking_statuses: 'Status ID',
  labels: 'Label ID',
  forms: 'Form ID',
  form_fields: 'Form Field ID',
  notes: 'Note ID',
  communications: 'Message ID',
  complaints: 'Complaint ID',
  attachments: 'Attachment ID',
  automations: 'Automation ID',
  faqs: 'FAQ ID',
  message_templates: 'Template ID',
};

// Column -> file it points into, wherever the column occurs in another file.
const references = {
  'Customer ID': 'customers',
  'Property ID': 'customer_properties',
  'Customer property ID(s)': 'customer_properties',
  'Fieldworker ID': 'fieldworkers',
  'Fieldworker ID(s)': 'fieldworkers',
  'Fieldworker IDs': 'fieldworkers',
  'Parent fieldworker ID': 'fieldworkers',
  'Owner ID': 'users',
  'User ID': 'users',
  'Service ID': 'services',
  'Inquiry ID': 'inquiries',
  'Quote ID': 'quotes',
  'Booking ID': 'bookings',
  'Booking ID(s)': 'bookings',
  'Booking Service ID': 'booking_services',
  'Appointment ID': 'appointments',
  'Invoice ID': 'invoices',
  'Invoice ID(s)': 'invoices',
  'Payment ID': 'payments',
  'Field ID': 'custom_fields',
  'Form ID': 'forms',
  'Form Field ID': 'form_fields',
  'Attachment IDs': 'attachments',
};

const fileOfObject = {
  customer: 'customers',
  property: 'customer_properties',
  fieldworker: 'fieldworkers',
  service: 'services',
  inquiry: 'inquiries',
  quote: 'quotes',
  booking: 'bookings',
  invoice: 'invoices',
  payment: 'payments',
  complaint: 'complaints',
};

const money = new Set(
  'Subtotal|Extra charges|Discount|Tax|Total|Deposit|Paid|Balance|Refunded|Amount|Unit price|Line total|Price|Cost|Minimum price|Total revenue'.split(
    '|',
  ),
);
const moments = new Set(
  'Created|Modified|Start|End|Actual start|Actual end|Sent at|Paid at|Voided at|Accepted at|Declined at|Signed at|Payment date|Refund date|Uploaded at|Submitted at|Changed at|Resolved at|Last run|Deleted at|Invoice date|Due date|Quote date|Expiry date|Follow up date|Date joined'.split(
    '|',
  ),
);
const anInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/;
const aDate = /^\d{4}-\d\d-\d\d$/;
const anEmail = /^[^\s@]+@[^\s@]+\.[a-z]{2,}$/;
// 02 5550 xxxx, 02 7010 xxxx and 0491 57x xxx belong to nobody.
const fictional = /^(02|2)(5550|7010)\d{4}$|^(0|)49157\d{4}$/;

const listOf = (cell) => (cell === '' ? [] : cell.startsWith('[') ? JSON.parse(cell).map(String) : [cell]);
const cents = (cell) => (/^-?\d+(\.\d\d)?$/.test(cell) ? Math.round(Number(cell) * 100) : 0);
const sum = (rows, column) => rows.reduce((total, row) => total + cents(row[column]), 0);
const isPlainMoney = (cell) => /^-?\d+\.\d\d$/.test(cell);

export function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name))
        .split('\\')
        .join('/'),
    )
    .sort();
}

export function readPackage(folder) {
  const tables = {};
  for (const name of filesUnder(folder).filter((path) => path.endsWith('.csv'))) {
    tables[name.slice(0, -4)] = parse(readFileSync(join(folder, name)), { columns: true });
  }
  return tables;
}

export function checkPackage(folder) {
  const t = readPackage(folder);
  const found = [];
  const report = (code, file, index, column, sourceId) =>
    found.push({ code, file: `${file}.csv`, row: index + 1, column, source_id: sourceId });
  const each = (visit) => {
    for (const [file, rows] of Object.entries(t))
      for (const [index, row] of rows.entries()) visit(file, row, index, row[keys[file]] ?? '');
  };

  const ids = {};
  for (const [file, key] of Object.entries(keys)) {
    const seen = new Map();
    for (const [index, row] of t[file].entries()) {
      const [id, content] = [row[key], JSON.stringify(row)];
      if (id === '') report('missing_key', file, index, key, '');
      else if (!seen.has(id)) seen.set(id, content);
      else
        report(
          seen.get(id) === content ? 'duplicate_id_equal' : 'duplicate_id_conflict',
          file,
          index,
          key,
          id,
        );
    }
    ids[file] = new Set(seen.keys());
  }
  // The second copy of an equal row must not be counted twice below.
  const distinct = (file) => [...new Map(t[file].map((row) => [row[keys[file]], row])).values()];
  const missing = (file, id) => id !== '' && !ids[file].has(id);

  each((file, row, index, id) => {
    for (const [column, target] of Object.entries(references)) {
      if (column === keys[file] || row[column] === undefined) continue;
      if (listOf(row[column]).some((reference) => missing(target, reference)))
        report('orphan_reference', file, index, column, id);
    }
    const [object, objectId] = [row.Object, row['Object ID'] ?? row['Record ID']];
    if (object && objectId && missing(fileOfObject[object], objectId))
      report('orphan_reference', file, index, 'Object ID', id);
    if (
      row['Service/Product ID'] &&
      missing(row.Type === 'product' ? 'products' : 'services', row['Service/Product ID'])
    )
      report('orphan_reference', file, index, 'Service/Product ID', id);
    for (const [column, cell] of Object.entries(row)) {
      if (cell === '') continue;
      // Without its amount a payment or refund says nothing: a code of its own, because the row is set aside.
      const carriesMoney = column === 'Amount' && (file.startsWith('payments') || file.startsWith('refunds'));
      const unreadable = carriesMoney ? 'unparseable_amount' : 'unparseable_number';
      if (money.has(column) && !isPlainMoney(cell)) report(unreadable, file, index, column, id);
      if (moments.has(column)) {
        const shape = anInstant.test(cell) || aDate.test(cell);
        const at = DateTime.fromISO(cell, { setZone: true });
        if (!shape || !at.isValid) report('unparseable_date', file, index, column, id);
        else if (cell.length > 10 && at.setZone('Australia/Sydney').offset !== at.offset)
          report('wrong_offset', file, index, column, id);
      }
      if (/^e-?mail\d?$/i.test(column) && !anEmail.test(cell))
        report('invalid_email', file, index, column, id);
      for (const address of cell.match(/[\w.+-]+@[\w.-]+\.\w+/g) ?? [])
        if (!address.endsWith('.example')) report('real_domain', file, index, column, id);
      if (!/sha|id$|ids?\b|tax|account|bsb|licence/i.test(column) && !moments.has(column)) {
        for (const phone of cell.match(/(?<![\d.])(?:\+61 ?|0)\d[\d ]{7,10}\d/g) ?? []) {
          if (!fictional.test(phone.replace(/^\+61/, '').replace(/ /g, '')))
            report('real_phone', file, index, column, id);
        }
      }
    }
  });

  const knownStatuses = new Set(t.booking_statuses.map((row) => row.Name));
  for (const [index, row] of t.bookings.entries()) {
    if (!knownStatuses.has(row.Status))
      report('unknown_status', 'bookings', index, 'Status', row['Booking ID']);
  }
  for (const [index, row] of t.status_history.entries()) {
    if (row.Object === 'booking' && !knownStatuses.has(row.To))
      report('unknown_status', 'status_history', index, 'To', row['Object ID']);
  }
  const knownLabels = new Set(t.labels.map((row) => row.Name));
  each(
    (file, row, index, id) =>
      row.Labels &&
      listOf(row.Labels).some((label) => !knownLabels.has(label)) &&
      report('unknown_label', file, index, 'Labels', id),
  );

  const approved = t.payments.filter((row) => row.Status === 'Approved');
  const splitPayments = new Set(t.payment_allocations.map((row) => row['Payment ID']));
  const approvedRefunds = t.refunds.filter((row) => row.Status === 'Approved');
  const today = '2025-11-17';
  t.invoices.forEach((invoice, index) => {
    const id = invoice['Invoice ID'];
    const lines = t.invoice_items.filter((line) => line['Invoice ID'] === id);
    const bad = (code, column) => report(code, 'invoices', index, column, id);
    if (sum(lines, 'Line total') !== cents(invoice.Total)) bad('invoice_total_mismatch', 'Total');
    if (cents(invoice.Subtotal) - cents(invoice.Discount) !== cents(invoice.Total))
      bad('invoice_header_mismatch', 'Subtotal');
    if (sum(lines, 'Tax') !== cents(invoice.Tax)) bad('invoice_tax_mismatch', 'Tax');
    if (sum(lines, 'Discount') !== cents(invoice.Discount)) bad('invoice_discount_mismatch', 'Discount');
    const paid =
      sum(
        approved.filter((row) => row['Invoice ID'] === id),
        'Amount',
      ) +
      sum(
        t.payment_allocations.filter((row) => row['Invoice ID'] === id),
        'Amount',
      );
    if (paid !== cents(invoice.Paid)) bad('invoice_paid_mismatch', 'Paid');
    if (
      sum(
        approvedRefunds.filter((row) => row['Invoice ID'] === id),
        'Amount',
      ) !== cents(invoice.Refunded)
    )
      bad('invoice_refunded_mismatch', 'Refunded');
    const balance =
      invoice.Status === 'Void' ? 0 : cents(invoice.Total) - cents(invoice.Paid) + cents(invoice.Refunded);
    if (balance !== cents(invoice.Balance)) bad('invoice_balance_mismatch', 'Balance');
    const expected = ['Draft', 'Void'].includes(invoice.Status)
      ? invoice.Status
      : balance === 0
        ? 'Closed'
        : invoice['Due date'] < today
          ? 'Overdue'
          : 'Open';
    if (expected !== invoice.Status) bad('invoice_status_mismatch', 'Status');
    if (invoice.Status === 'Void' && paid) bad('void_with_payments', 'Paid');
    if (invoice['Paid at'] && Date.parse(invoice['Paid at']) < Date.parse(invoice.Created))
      bad('paid_before_issued', 'Paid at');
    if (invoice['Due date'] < invoice['Invoice date']) bad('due_before_issued', 'Due date');
    const owners = new Set(
      listOf(invoice['Booking ID(s)']).map(
        (booking) => t.bookings.find((row) => row['Booking ID'] === booking)?.['Customer ID'],
      ),
    );
    if (owners.size && (owners.size > 1 || !owners.has(invoice['Customer ID'])))
      bad('customer_mismatch', 'Customer ID');
  });
  t.payments.forEach((row, index) => {
    if (cents(row.Amount) <= 0 && isPlainMoney(row.Amount))
      report('amount_not_positive', 'payments', index, 'Amount', row['Payment ID']);
    const invoice = t.invoices.find((candidate) => candidate['Invoice ID'] === row['Invoice ID']);
    if (invoice && invoice['Customer ID'] !== row['Customer ID'])
      report('customer_mismatch', 'payments', index, 'Customer ID', row['Payment ID']);
    if (invoice && row['Payment date'] && Date.parse(row['Payment date']) < Date.parse(invoice.Created))
      report('paid_before_issued', 'payments', index, 'Payment date', row['Payment ID']);
    const parts = t.payment_allocations.filter((part) => part['Payment ID'] === row['Payment ID']);
    if (parts.length && sum(parts, 'Amount') !== cents(row.Amount))
      report('allocation_mismatch', 'payments', index, 'Amount', row['Payment ID']);
    if (parts.length && row['Invoice ID'])
      report('allocation_and_invoice', 'payments', index, 'Invoice ID', row['Payment ID']);
  });
  t.refunds.forEach((row, index) => {
    const payment = t.payments.find((candidate) => candidate['Payment ID'] === row['Payment ID']);
    if (payment?.Status !== 'Approved' || cents(payment.Amount) < cents(row.Amount))
      report('refund_mismatch', 'refunds', index, 'Amount', row['Refund ID']);
  });

  for (const [file, key] of [
    ['booking_services', 'Booking Service ID'],
    ['invoice_items', 'Invoice Item ID'],
    ['quote_items', 'Quote Item ID'],
  ]) {
    t[file].forEach((line, index) => {
      const gross = Math.round((Math.round(Number(line.Quantity) * 100) * cents(line['Unit price'])) / 100);
      if (gross - cents(line.Discount) !== cents(line['Line total']))
        report('line_mismatch', file, index, 'Line total', line[key]);
      if (Math.round(cents(line['Line total']) / 11) !== cents(line.Tax))
        report('line_tax_mismatch', file, index, 'Tax', line[key]);
    });
  }
  t.quotes.forEach((quote, index) => {
    const lines = t.quote_items.filter((line) => line['Quote ID'] === quote['Quote ID']);
    if (
      sum(lines, 'Line total') !== cents(quote.Total) ||
      sum(lines, 'Tax') !== cents(quote.Tax) ||
      cents(quote.Subtotal) - cents(quote.Discount) !== cents(quote.Total)
    )
      report('quote_total_mismatch', 'quotes', index, 'Total', quote['Quote ID']);
  });
  t.bookings.forEach((booking, index) => {
    const id = booking['Booking ID'];
    const bad = (code, column) => report(code, 'bookings', index, column, id);
    const lines = t.booking_services.filter((line) => line['Booking ID'] === id);
    if (
      sum(lines, 'Line total') + sum(lines, 'Discount') !== cents(booking.Subtotal) ||
      sum(lines, 'Discount') !== cents(booking.Discount)
    )
      bad('booking_lines_mismatch', 'Subtotal');
    if (
      cents(booking.Subtotal) + cents(booking['Extra charges']) - cents(booking.Discount) !==
      cents(booking.Total)
    )
      bad('booking_total_mismatch', 'Total');
    const listed = listOf(booking['Invoice ID(s)']);
    const invoices = t.invoices.filter((invoice) => listOf(invoice['Booking ID(s)']).includes(id));
    if (JSON.stringify(listed) !== JSON.stringify(invoices.map((invoice) => invoice['Invoice ID'])))
      bad('booking_invoices_mismatch', 'Invoice ID(s)');
    const live = invoices.filter((invoice) => invoice.Status !== 'Void');
    const invoicedHere = sum(
      t.invoice_items.filter(
        (line) =>
          live.some((invoice) => invoice['Invoice ID'] === line['Invoice ID']) && line['Booking ID'] === id,
      ),
      'Line total',
    );
    if (live.length && invoicedHere !== cents(booking.Total)) bad('booking_invoice_mismatch', 'Total');
    // A consolidated payment has no single booking, so the paid amount of its bookings is checked by the invoice alone.
    if (!live.some((invoice) => listOf(invoice['Booking ID(s)']).length > 1)) {
      const paid =
        sum(
          approved.filter((row) => row['Booking ID'] === id),
          'Amount',
        ) -
        sum(
          approvedRefunds.filter((row) => row['Booking ID'] === id),
          'Amount',
        );
      if (paid !== cents(booking.Paid)) bad('booking_paid_mismatch', 'Paid');
    }
    if (booking.Balance && cents(booking.Total) - cents(booking.Paid) !== cents(booking.Balance))
      bad('booking_balance_mismatch', 'Balance');
    const visits = distinct('appointments').filter((visit) => visit['Booking ID'] === id);
    if (!visits.length) bad('booking_without_appointment', 'Start');
    else if (
      DateTime.fromISO(visits[0].Start).isValid &&
      (visits[0].Start !== booking.Start || visits.at(-1).End !== booking.End)
    )
      bad('booking_times_mismatch', 'Start');
    if (booking.End && Date.parse(booking.End) < Date.parse(booking.Start)) bad('end_before_start', 'End');
    if (booking.Status === 'Completed' && !booking['Actual end']) bad('completed_without_end', 'Actual end');
  });
  t.customers.forEach((row, index) => {
    const id = row['Customer ID'];
    if (id === '' || !row.Balance) return;
    const own = (rows) => rows.filter((candidate) => candidate['Customer ID'] === id);
    if (
      sum(
        own(t.invoices).filter((invoice) => ['Open', 'Overdue'].includes(invoice.Status)),
        'Balance',
      ) !== cents(row.Balance)
    )
      report('customer_balance_mismatch', 'customers', index, 'Balance', id);
    const refunded = approvedRefunds.filter((refund) =>
      own(t.payments).some((payment) => payment['Payment ID'] === refund['Payment ID']),
    );
    if (sum(own(approved), 'Amount') - sum(refunded, 'Amount') !== cents(row['Total revenue']))
      report('customer_revenue_mismatch', 'customers', index, 'Total revenue', id);
  });

  // Attachments: every listed file is there with the stated size and hash, and every file is listed.
  const onDisk = new Set(filesUnder(folder).filter((path) => path.startsWith('attachments/')));
  for (const [index, row] of t.attachments.entries()) {
    if (!onDisk.delete(row.Path)) {
      report('file_absent', 'attachments', index, 'Path', row['Attachment ID']);
      continue;
    }
    const bytes = readFileSync(join(folder, row.Path));
    if (
      String(bytes.length) !== row['Size bytes'] ||
      createHash('sha256').update(bytes).digest('hex') !== row['SHA-256']
    )
      report('file_changed', 'attachments', index, 'SHA-256', row['Attachment ID']);
    const head = bytes.subarray(0, 8).toString('latin1');
    const right = {
      'image/png': head === '\x89PNG\r\n\x1a\n',
      'application/pdf': head.startsWith('%PDF-'),
      'text/plain': true,
    }[row.MIME];
    if (!right) report('wrong_type', 'attachments', index, 'MIME', row['Attachment ID']);
  }
  for (const path of onDisk)
    found.push({ code: 'file_unlisted', file: path, row: 0, column: '', source_id: '' });
  const listedPaths = new Set(t.attachments.map((row) => row.Path));
  each((file, row, index, id) => {
    for (const [column, cell] of Object.entries(row)) {
      const isPath = column === 'PDF file' || (column.startsWith('cf:') && cell.startsWith('attachments/'));
      if (isPath && cell !== '' && !listedPaths.has(cell)) report('file_absent', file, index, column, id);
    }
  });

  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const unlisted = new Set(
    filesUnder(folder).filter((path) => !path.includes('/') && path !== 'manifest.json'),
  );
  for (const entry of manifest.files) {
    unlisted.delete(entry.name);
    const bytes = readFileSync(join(folder, entry.name));
    const rows = entry.format === 'csv' ? t[entry.object].length : JSON.parse(bytes).features.length;
    const same =
      entry.rows === rows &&
      entry.bytes === statSync(join(folder, entry.name)).size &&
      entry.sha256 === createHash('sha256').update(bytes).digest('hex');
    const clean = bytes[0] !== 0xef && !bytes.includes('\r') && bytes.at(-1) === 0x0a;
    if (!same || !clean)
      found.push({
        code: same ? 'bad_encoding' : 'manifest_mismatch',
        file: entry.name,
        row: 0,
        column: '',
        source_id: '',
      });
  }
  for (const name of unlisted)
    found.push({ code: 'not_in_manifest', file: name, row: 0, column: '', source_id: '' });

  // Split payments are the only ones that may touch two invoices.
  if (splitPayments.size !== 1)
    found.push({
      code: 'split_deposit_count',
      file: 'payment_allocations.csv',
      row: 0,
      column: '',
      source_id: '',
    });
  return found;
}

export function controlTotals(folder) {
  const t = readPackage(folder);
  const plain = (value) => (value / 100).toFixed(2);
  const by = (rows, column, amount) =>
    Object.fromEntries(
      [...new Set(rows.map((row) => row[column]))].sort().map((value) => {
        const group = rows.filter((row) => row[column] === value);
        return [value, { count: group.length, sum: plain(sum(group, amount)) }];
      }),
    );
  const total = (rows, column) => plain(sum(rows, column));
  const linked = new Set(t.bookings.map((row) => row['Customer ID']));
  const customerIds = new Set(t.customers.map((row) => row['Customer ID']).filter(Boolean));
  const starts = t.bookings.map((row) => row.Start.slice(0, 10)).sort();
  return {
    about:
      'Counted over the package as written, defects included. An amount that is no number counts as 0.00.',
    rows: Object.fromEntries(
      Object.entries(t)
        .map(([file, rows]) => [`${file}.csv`, rows.length])
        .concat([
          [
            'service_areas.json',
            JSON.parse(readFileSync(join(folder, 'service_areas.json'))).features.length,
          ],
        ]),
    ),
    distinct_ids: Object.fromEntries(
      Object.entries(keys).map(([file, key]) => [
        file,
        new Set(t[file].map((row) => row[key]).filter(Boolean)).size,
      ]),
    ),
    bookings: {
      total: total(t.bookings, 'Total'),
      by_status: by(t.bookings, 'Status', 'Total'),
      first_start: starts[0],
      last_start: starts.at(-1),
    },
    invoices: {
      total: total(t.invoices, 'Total'),
      paid: total(t.invoices, 'Paid'),
      balance: total(t.invoices, 'Balance'),
      tax: total(t.invoices, 'Tax'),
      by_status: by(t.invoices, 'Status', 'Total'),
    },
    payments: {
      total: total(t.payments, 'Amount'),
      by_status: by(t.payments, 'Status', 'Amount'),
      by_kind: by(t.payments, 'Kind', 'Amount'),
      by_method: by(t.payments, 'Method', 'Amount'),
    },
    refunds: { total: total(t.refunds, 'Amount'), by_status: by(t.refunds, 'Status', 'Amount') },
    quotes: { total: total(t.quotes, 'Total'), by_status: by(t.quotes, 'Status', 'Total') },
    customers: {
      with_bookings: [...customerIds].filter((id) => linked.has(id)).length,
      without_bookings: [...customerIds].filter((id) => !linked.has(id)).length,
    },
    attachments: {
      files: t.attachments.length,
      bytes: t.attachments.reduce((bytes, row) => bytes + Number(row['Size bytes']), 0),
    },
  };
}
