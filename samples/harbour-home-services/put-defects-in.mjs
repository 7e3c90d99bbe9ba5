import { addressOf, money } from './values.mjs';

// Each entry damages the whole company in one place and says so. `column` is where the damage can be seen.
// Consequences are findings a thorough reader will also raise; they are not defects of their own.
export function putDefectsIn({ t, byKey, invoicePlans }) {
  const defects = [];
  const rowOf = (file, row) => t[file].indexOf(row) + 1;
  const find = (file, column, value) => t[file].find((row) => row[column] === value);
  const add = (file, row, column, defect, sourceId, finding, note, consequences = []) =>
    defects.push({
      file: `${file}.csv`,
      at: row,
      table: file,
      column,
      defect,
      source_id: String(sourceId),
      expected_finding: finding,
      note,
      consequences,
    });
  const also = (file, row, column, sourceId, finding, note) => ({
    file: `${file}.csv`,
    at: row,
    table: file,
    column,
    source_id: String(sourceId),
    expected_finding: finding,
    note,
  });
  const insertAfter = (file, row, copy) => {
    t[file].splice(rowOf(file, row), 0, copy);
    return copy;
  };

  const neighbour = insertAfter('customers', find('customers', 'Customer ID', 1033), {
    ...find('customers', 'Customer ID', 1046),
    'Customer ID': '',
    'Customer title': 'Mr',
    first_name: 'Ambrose',
    last_name: 'Pickering',
    email: 'ambrose.pickering@postbox.example',
    phone: '02 5550 0299',
    Notes: 'Typed in by hand at the counter',
    'Is deleted': 'false',
    'Deleted at': '',
    'Date joined': '2025-03-12',
    Modified: '2025-03-12T16:20:00+11:00',
    ...addressOf('', '11', 'Chandlery Street', 'Manly'),
    password: '',
  });
  add(
    'customers',
    neighbour,
    'Customer ID',
    'D40',
    '',
    'missing_key',
    'Ambrose Pickering has no Customer ID; nothing refers to him.',
  );

  const orphan = byKey.get('orphan').row;
  orphan['Customer ID'] = 1999;
  const ofOrphan = (file) => t[file].filter((row) => row['Booking ID'] === orphan['Booking ID']);
  add(
    'bookings',
    orphan,
    'Customer ID',
    'D12',
    orphan['Booking ID'],
    'orphan_reference',
    'Customer 1999 does not exist (merged away and gone).',
    [
      ...ofOrphan('booking_services').map((row) =>
        also(
          'booking_services',
          row,
          'Booking ID',
          row['Booking Service ID'],
          'parent_quarantined',
          'Only if the policy rejects the booking.',
        ),
      ),
      ...ofOrphan('appointments').map((row) =>
        also(
          'appointments',
          row,
          'Booking ID',
          row['Appointment ID'],
          'parent_quarantined',
          'Only if the policy rejects the booking.',
        ),
      ),
    ],
  );

  const visit = t.appointments[40];
  const twin = insertAfter('appointments', visit, { ...visit });
  add(
    'appointments',
    twin,
    'Appointment ID',
    'D21',
    visit['Appointment ID'],
    'duplicate_id_equal',
    'The same appointment twice, equal in every column; the row above is the first.',
  );

  const first = find('customers', 'Customer ID', 1044);
  const second = insertAfter('customers', find('customers', 'Customer ID', 1047), {
    ...first,
    first_name: 'Edwina',
    'Customer title': 'Ms',
    email: 'edwina.larkin@kelpmail.example',
    phone: '02 5550 0298',
    ...addressOf('', '61', 'Ferndale Street', 'Balgowlah'),
    password: '',
  });
  add(
    'customers',
    second,
    'Customer ID',
    'D21',
    1044,
    'duplicate_id_conflict',
    'Edmund and Edwina Larkin share id 1044 with different content; no booking refers to either.',
    [
      also(
        'customers',
        first,
        'Customer ID',
        1044,
        'duplicate_id_conflict',
        'The other half of the pair is quarantined too.',
      ),
    ],
  );

  const broken = t.appointments.find((row) => row['Booking ID'] === byKey.get('series-D-3').id);
  broken.Start = '31/02/2025';
  broken.End = '';
  add(
    'appointments',
    broken,
    'Start',
    'D09',
    broken['Appointment ID'],
    'unparseable_date',
    '31 February does not exist; the booking itself still has its true start.',
  );

  const cashed = t.payments.find(
    (row) =>
      row['Payment ID'] ===
      t.payments.find(
        (one) =>
          one['Invoice ID'] ===
          invoicePlans.find((plan) => plan.bookings.some((one) => one.key === 'cents')).id,
      )['Payment ID'],
  );
  const [hurt, hurtBooking, hurtCustomer] = [
    find('invoices', 'Invoice ID', cashed['Invoice ID']),
    find('bookings', 'Booking ID', cashed['Booking ID']),
    find('customers', 'Customer ID', cashed['Customer ID']),
  ];
  const was = cashed.Amount;
  cashed.Amount = 'twelve';
  add(
    'payments',
    cashed,
    'Amount',
    'D20',
    cashed['Payment ID'],
    'unparseable_amount',
    `Was ${was}; a word is not an amount and is not read as 12.`,
    [
      also(
        'invoices',
        hurt,
        'Paid',
        hurt['Invoice ID'],
        'invoice_paid_mismatch',
        `Paid says ${was}, the payments that can be read come to 0.00.`,
      ),
      also(
        'bookings',
        hurtBooking,
        'Paid',
        hurtBooking['Booking ID'],
        'booking_paid_mismatch',
        'Same money, seen from the booking.',
      ),
      also(
        'customers',
        hurtCustomer,
        'Total revenue',
        hurtCustomer['Customer ID'],
        'customer_revenue_mismatch',
        'Same money, seen from the customer.',
      ),
    ],
  );

  const disputed = find('invoices', 'Invoice ID', invoicePlans.find((plan) => plan.key === 'disputed').id);
  const disputedCustomer = find('customers', 'Customer ID', disputed['Customer ID']);
  const right = disputed.Total;
  disputed.Total = money(Math.round(Number(right) * 100) + 900);
  disputed.Balance = disputed.Total;
  disputedCustomer.Balance = disputed.Total;
  add(
    'invoices',
    disputed,
    'Total',
    'D16',
    disputed['Invoice ID'],
    'invoice_total_mismatch',
    `Lines come to ${right}, the header says ${disputed.Total}; the customer disputes it (complaint 971).`,
    [
      also(
        'invoices',
        disputed,
        'Subtotal',
        disputed['Invoice ID'],
        'invoice_header_mismatch',
        'Subtotal less discount is not the total either.',
      ),
    ],
  );

  const dangling = t.payments.find((row) => row.Notes === 'Bank text names invoice 5999');
  dangling['Invoice ID'] = 5999;
  add(
    'payments',
    dangling,
    'Invoice ID',
    'D14',
    dangling['Payment ID'],
    'orphan_reference',
    'Invoice 5999 does not exist; the customer does.',
  );

  const owen = find('customers', 'Customer ID', 1023);
  owen.email = 'none@none';
  add(
    'customers',
    owen,
    'email',
    'D06',
    1023,
    'invalid_email',
    'Typed to get past a mandatory field. Phone and name are good.',
  );

  const parked = byKey.get('parked').row;
  parked.Status = 'Parked';
  const change = t.status_history.find(
    (row) => row['Object ID'] === parked['Booking ID'] && row.To === 'Rain Delay',
  );
  change.To = 'Parked';
  add(
    'bookings',
    parked,
    'Status',
    'D24',
    parked['Booking ID'],
    'unknown_status',
    'Parked is neither in booking_statuses.csv nor a status OctopusPro ships.',
    [
      also(
        'status_history',
        change,
        'To',
        parked['Booking ID'],
        'unknown_status',
        'The same word in the history.',
      ),
    ],
  );

  // Positions are only final when the last row is in.
  const finish = ({ at: row, table, ...rest }) => {
    const { file, ...others } = rest;
    return {
      file,
      row: rowOf(table, row),
      ...others,
      ...(others.consequences ? { consequences: others.consequences.map(finish) } : {}),
    };
  };
  return defects.map(finish);
}
