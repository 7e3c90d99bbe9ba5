// The whole company, every row of every file, before any damage.
import { DateTime } from 'luxon';
import * as company from './company.mjs';
import { pdf, photo, seededRandom, signature } from './drawings.mjs';
import { headers } from './headers.mjs';
import {
  addressOf,
  at,
  exportTime,
  list,
  money,
  notAfterExport,
  oneLine,
  sha256,
  stamp,
  taxIn,
  total,
} from './values.mjs';

const serviceById = new Map(company.services.map((row) => [row[0], row]));
const productById = new Map(company.products.map((row) => [row[0], row]));
const workerById = new Map(company.fieldworkers.map((row) => [row[0], row]));
const userById = new Map(company.users.map((row) => [row[0], row]));

export async function buildCompany() {
  const random = seededRandom(20251117);
  const pick = (values) => values[Math.floor(random() * values.length)];
  const between = (low, high) => low + Math.floor(random() * (high - low + 1));
  const t = Object.fromEntries(Object.keys(headers).map((name) => [name, []]));
  const files = new Map();

  const customers = new Map();
  let mobiles = 0;
  let landlines = 0;
  const nextLandline = () => {
    landlines += 1;
    return landlines % 3
      ? `02 5550 ${String(100 + landlines).padStart(4, '0')}`
      : `(02) 7010 ${String(500 + landlines).padStart(4, '0')}`;
  };
  for (const [
    id,
    type,
    title,
    first,
    last,
    business,
    email,
    phones,
    unit,
    number,
    street,
    suburb,
    joined,
    more,
  ] of company.customers) {
    const same = more.same ? customers.get(more.same) : undefined;
    const mobile = phones.includes('m') ? company.fictionMobiles[mobiles++] : '';
    const row = {
      'Customer ID': id,
      'Customer type': type,
      'Customer title': title,
      first_name: first,
      last_name: last,
      'Business name': business,
      email,
      email2: more.email2 ?? '',
      mobile: id === 1014 ? mobile.replace(/^0/, '+61 ') : mobile,
      mobile2: more.m2 ? company.fictionMobiles[mobiles++] : '',
      // Colleagues of one firm share its switchboard.
      phone: phones.includes('p') ? (same ? same.row.phone : nextLandline()) : '',
      first_name2: more.first2 ?? '',
      last_name2: more.last2 ?? '',
      first_name3: more.first3 ?? '',
      last_name3: more.last3 ?? '',
      ...addressOf(unit, number, street, suburb),
      'Date joined': joined,
      Modified: stamp(
        notAfterExport(
          more.deletedAt
            ? at(more.deletedAt)
            : at(joined).plus({ days: between(5, 200), hours: between(8, 17), minutes: between(0, 59) }),
        ),
      ),
      Labels: list(more.labels ?? []),
      Owner: pick(company.users)[1],
      Branch: 'Sydney',
      'Trading name': company.tenant.name,
      Source: pick(['Website', 'Referral', 'Google', 'Phone', 'Flyer']),
      Notes: more.notes ?? '',
      'Email opt out': String(Boolean(more.optOut)),
      'SMS opt out': String(Boolean(more.optOut)),
      'Invoice due days': more.due ?? 7,
      'Billing cycle': more.due === 30 ? 'monthly' : 'per job',
      Rating: '',
      Balance: '',
      'Total revenue': '',
      'Is deleted': String(Boolean(more.deletedAt)),
      'Deleted at': more.deletedAt ?? '',
      'Merged into ID': '',
      // Canaries: a test that finds one of these anywhere behind the door has found a leak.
      password: id % 4 === 1 ? `canary-password-${String(id - 1000).padStart(4, '0')}` : '',
      'cf:731:Preferred contact': pick(['E-mail', 'SMS', 'Phone call', '']),
      'cf:732:Preferred days':
        type === 'Personal' && random() < 0.4
          ? list([...new Set([pick(['Monday', 'Tuesday']), pick(['Wednesday', 'Thursday']), 'Friday'])])
          : '',
      'cf:733:Birthday':
        type === 'Personal' && random() < 0.3
          ? `19${between(45, 99)}-0${between(1, 9)}-${between(10, 28)}`
          : '',
      'cf:734:Loyalty member': String(random() < 0.3),
      'cf:735:Visits per year': random() < 0.4 ? between(1, 26) : '',
      'cf:736:Referred by':
        random() < 0.15 ? pick(['Harriet Pell', 'Neighbour', 'Saltbush Café', '"The barista"']) : '',
      'cf:737:Service agreement': '',
      'cf:738:House plan': '',
      'cf:739:Household notes':
        random() < 0.15
          ? pick([
              'Shoes off, please.',
              'Baby sleeps 13:00–15:00 👶',
              'Line one: bins on Tuesday.\nLine two: recycling every other week.',
              'Piano: do not polish.',
            ])
          : '',
      'cf:740:Interested in': random() < 0.5 ? list([pick(['Cleaning', 'Gardening']), 'Handyman']) : '',
    };
    t.customers.push(row);
    customers.set(id, {
      row,
      business,
      due: more.due ?? 7,
      address: addressOf(unit, number, street, suburb),
      suburb,
      name: business || `${first} ${last}`,
    });
    const [, latitude, longitude] = company.suburbs[suburb];
    t.customer_addresses.push({
      'Address ID': 3000 + id - 1000,
      'Customer ID': id,
      Type: 'service',
      Label: business ? 'Premises' : 'Home',
      ...addressOf(unit, number, street, suburb),
      Latitude: latitude,
      Longitude: longitude,
      'Is primary': 'true',
    });
  }
  for (const [offset, id, label, street, suburb] of [
    [101, 1050, 'Accounts', 'PO Box 118', 'North Sydney'],
    [102, 1054, 'Accounts', 'PO Box 402', 'Balmain'],
    [103, 1005, 'Parents’ flat', 'Lemon Myrtle Avenue', 'Leichhardt'],
  ]) {
    t.customer_addresses.push({
      'Address ID': 3000 + offset,
      'Customer ID': id,
      Type: label === 'Accounts' ? 'billing' : 'service',
      Label: label,
      ...addressOf('', label === 'Accounts' ? '' : '54', street, suburb),
      Latitude: '',
      Longitude: '',
      'Is primary': 'false',
    });
  }
  const propertyById = new Map();
  for (const [id, customer, type, name, more] of company.properties) {
    propertyById.set(id, more);
    const where = more.suburb ? addressOf(more.unit, more.number, more.street, more.suburb) : {};
    t.customer_properties.push({
      'Property ID': id,
      'Customer ID': customer,
      'Property type': type,
      Name: name,
      ...where,
      'Is deleted': 'false',
      'cf:751:Care notes': more.breed ?? '',
    });
  }
  for (const [
    id,
    display,
    first,
    last,
    email,
    phone,
    role,
    employment,
    parent,
    status,
    structure,
    hourly,
    overtime,
    commission,
    services,
    areas,
    tracking,
  ] of company.fieldworkers) {
    const n = String(id - 40).padStart(4, '0');
    t.fieldworkers.push({
      'Fieldworker ID': id,
      'Display name': display,
      first_name: first,
      last_name: last,
      Email: email,
      Mobile: '',
      Phone: phone,
      'Emergency phone': `02 7010 ${String(300 + id).padStart(4, '0')}`,
      'Time zone': company.zone,
      ...addressOf('', String(id), 'Crew Street', 'Brookvale'),
      Role: role,
      'Employment type': employment,
      'Parent fieldworker ID': parent,
      Status: status,
      Labels: list(id === 42 ? ['Ladder ticket'] : []),
      Services: list(services.map((service) => serviceById.get(service)[1])),
      'Service areas': list(areas),
      'Travel radius': 25,
      'Location tracking': String(tracking),
      'Pay structure': structure,
      Hourly: money(hourly),
      Overtime: money(overtime),
      'First hour rate': '',
      'Commission %': commission,
      Bank: `canary-bank-${n}`,
      BSB: `canary-bsb-${n}`,
      'Account number': `canary-account-${n}`,
      'Tax ID': `canary-tfn-${n}`,
      'Licence number': `canary-licence-${n}`,
    });
    for (const service of services)
      t.pay_rates.push({
        'Fieldworker ID': id,
        'Service ID': service,
        Structure: structure,
        Rate: money(hourly),
        'Base commission': commission,
        'Upscale commission': commission ? '5' : '',
        'Product share': commission ? '10' : '',
      });
    t.custom_field_values.push({
      Object: 'fieldworker',
      'Record ID': id,
      'Field ID': 761,
      Value: `2026-0${(id % 9) + 1}-30`,
    });
  }
  for (const [id, display, first, last, email, phone, role] of company.users) {
    t.users.push({
      'User ID': id,
      'Display name': display,
      first_name: first,
      last_name: last,
      Email: email,
      Mobile: '',
      Phone: phone,
      'Time zone': company.zone,
      Role: role,
      Status: 'active',
    });
  }
  for (const [
    id,
    name,
    category,
    brief,
    scope,
    model,
    price,
    minutes,
    unit,
    active,
    more,
  ] of company.services) {
    t.services.push({
      'Service ID': id,
      'Service name': name,
      Category: category,
      Description: scope,
      Brief: brief,
      'Pricing model': model,
      Price: money(price),
      'Minimum price': money(more.min ?? ''),
      Deposit: money(more.deposit ?? ''),
      'Tax rate': '10',
      'Tax inclusive': 'true',
      'Price tiers': more.tiers ? JSON.stringify(more.tiers) : '',
      Duration: minutes,
      'Unit label': unit,
      Locations: 'mobile',
      'Service areas': list(more.areas ?? []),
      Active: String(active),
      'Show on portal': String(active),
    });
  }
  for (const [id, name, code, cost, markup, price, active] of company.products) {
    t.products.push({
      'Product ID': id,
      'Product name': name,
      'Item code': code,
      Cost: money(cost),
      'Markup %': markup,
      Price: money(price),
      'Tax rate': '10',
      Active: String(active),
    });
  }

  const line = (service, quantity, percent = 0) => {
    const price = serviceById.get(service)[6];
    const gross = Math.round((Math.round(quantity * 100) * price) / 100);
    const discount = Math.round((gross * percent) / 100);
    return {
      type: 'service',
      item: service,
      description: serviceById.get(service)[1],
      quantity,
      price,
      gross,
      discount,
      net: gross - discount,
    };
  };
  const extra = ([type, what, quantity, price]) => {
    const product = type === 'product' ? productById.get(what) : undefined;
    const unitPrice = product ? product[5] : price;
    const gross = Math.round((Math.round(quantity * 100) * unitPrice) / 100);
    return {
      type,
      item: product ? what : '',
      description: product ? product[1] : what,
      quantity,
      price: unitPrice,
      gross,
      discount: 0,
      net: gross,
    };
  };

  // Bookings: single ones and the occurrences of the series, numbered by the time they were created.
  const plans = company.bookings.map(([customer, start, minutes, workers, status, lines, title, more]) => {
    const created = more.created
      ? at(more.created)
      : DateTime.min(
          at(start.slice(0, 10)).minus({ days: between(2, 16) }),
          exportTime.startOf('day').minus({ days: between(2, 9) }),
        ).plus({ hours: between(8, 16), minutes: between(0, 59) });
    return {
      ...more,
      customer,
      visits: more.appts ?? [[start, minutes, workers]],
      status,
      lines,
      title,
      created,
    };
  });
  for (const {
    key,
    first,
    every,
    count,
    minutes,
    workers,
    status,
    inv,
    cancel,
    created,
    ...rest
  } of company.series) {
    for (let n = 0; n < count; n++) {
      const step = Object.fromEntries(Object.entries(every).map(([unit, value]) => [unit, value * n]));
      const start = at(first)
        .plus(step)
        .toISO({ includeOffset: false, suppressMilliseconds: true, suppressSeconds: true });
      plans.push({
        ...rest,
        key: `series-${key}-${n}`,
        series: `S-${key}`,
        visits: [[first.length === 10 ? start.slice(0, 10) : start, minutes, workers]],
        window: first.length === 10 ? 'Morning' : undefined,
        status: status[n] ?? 'Completed',
        inv: inv[n],
        cancel: cancel[n],
        created: at(created).plus({ minutes: n }),
      });
    }
  }
  plans.sort((a, b) => a.created - b.created);
  const byKey = new Map();
  plans.forEach((plan, index) => {
    plan.id = 10101 + index;
    plan.number = `BOK-${101 + index}`;
    if (plan.key) byKey.set(plan.key, plan);
  });

  let lineId = 20000;
  let visitId = 30000;
  for (const plan of plans) {
    const property = plan.property ? propertyById.get(plan.property) : undefined;
    const elsewhere = plan.address ?? (property?.suburb ? property : undefined);
    plan.where = elsewhere
      ? addressOf(elsewhere.unit, elsewhere.number, elsewhere.street, elsewhere.suburb)
      : customers.get(plan.customer).address;
    plan.owner = pick(company.users)[0];
    plan.money = plan.lines.map(([service, quantity, percent]) => line(service, quantity, percent));
    plan.extraMoney = (plan.extras ?? []).map(extra);
    plan.serviceLineIds = plan.money.map(() => ++lineId);
    plan.total = total([...plan.money, ...plan.extraMoney], (l) => l.net);
    plan.depositCents =
      plan.deposit ??
      (plan.inv === 'deposit' || plan.inv === 'perAppt' ? 20000 : plan.key === 'cancelDeposit' ? 5000 : 0);
    plan.money.forEach((l, n) => {
      const byTime = serviceById.get(l.item)[5] === 'time';
      t.booking_services.push({
        'Booking Service ID': plan.serviceLineIds[n],
        'Booking ID': plan.id,
        'Service ID': l.item,
        'Service name': l.description,
        Description: serviceById.get(l.item)[4],
        Quantity: l.quantity,
        'Unit price': money(l.price),
        Hours: byTime ? l.quantity : '',
        Discount: money(l.discount),
        Tax: money(taxIn(l.net)),
        'Line total': money(l.net),
        'Fieldworker share': '',
      });
    });

    const [, latitude, longitude] = company.suburbs[plan.where.Suburb];
    plan.stays = plan.visits.map(([start, minutes, workers], n) => {
      const dated = start.length === 10;
      const begin = at(start);
      const end = begin.plus({ minutes });
      const done = plan.status === 'Completed';
      const started =
        done || plan.status === 'In Progress'
          ? dated
            ? begin.plus({ hours: 8, minutes: between(0, 50) })
            : begin.plus({ minutes: between(-5, 12) })
          : undefined;
      const ended = done
        ? dated
          ? started.plus({ minutes: between(50, 200) })
          : end.plus({ minutes: between(-8, 20) })
        : undefined;
      return {
        id: ++visitId,
        dated,
        begin,
        end,
        started,
        ended,
        workers,
        startText: dated ? start : stamp(begin),
        endText: dated ? (plan.allDay ? start : '') : stamp(end),
        line: plan.serviceLineIds[plan.apptLines?.[n]?.[0] ?? 0],
      };
    });
    for (const stay of plan.stays) {
      const answer = plan.status === 'Declined' ? 'Declined' : 'Accepted';
      t.appointments.push({
        'Appointment ID': stay.id,
        'Booking ID': plan.id,
        'Booking Service ID': stay.line,
        Start: stay.startText,
        End: stay.endText,
        'All day': String(Boolean(plan.allDay)),
        Status:
          { Completed: 'Finished', Cancelled: 'Cancelled', Failed: 'Failed', 'In Progress': 'Started' }[
            plan.status
          ] ?? 'Scheduled',
        'Fieldworker IDs': list(stay.workers),
        Responses: list(plan.responses ?? stay.workers.map(() => answer)),
        'Actual start': stamp(stay.started),
        'Actual end': stamp(stay.ended),
        'Check-in lat/long':
          stay.started && workerById.get(stay.workers[0])[16] ? `${latitude},${longitude}` : '',
        Notes: '',
      });
    }
    plan.first = plan.stays[0];
    plan.last = plan.stays.at(-1);

    // The path a booking took. A status reached after the export is not known yet, hence the cap.
    const history = [['', 'To Do', plan.created]];
    const confirmed = plan.created.plus({ hours: between(1, 6) });
    if (plan.status === 'Completed')
      history.push(
        ['To Do', 'Confirmed', confirmed],
        ['Confirmed', 'In Progress', plan.first.started],
        ['In Progress', 'Completed', plan.last.ended],
      );
    else if (plan.status === 'In Progress')
      history.push(['To Do', 'Confirmed', confirmed], ['Confirmed', 'In Progress', plan.first.started]);
    else if (plan.status === 'Failed')
      history.push(
        ['To Do', 'Confirmed', confirmed],
        ['Confirmed', 'Failed', plan.first.begin.plus({ minutes: 25 })],
      );
    else if (plan.status === 'Awaiting Update')
      history.push(
        ['To Do', 'Confirmed', confirmed],
        ['Confirmed', 'Awaiting Update', plan.last.end.plus({ hours: 1 })],
      );
    else if (plan.status === 'Cancelled')
      history.push(['To Do', 'Cancelled', DateTime.max(confirmed, plan.first.begin.minus({ hours: 20 }))]);
    else if (plan.status === 'Rain Delay')
      history.push(
        ['To Do', 'Confirmed', confirmed],
        ['Confirmed', 'Rain Delay', plan.first.begin.minus({ minutes: 90 })],
      );
    else if (plan.status !== 'To Do') history.push(['To Do', plan.status, confirmed]);
    for (const [from, to, when] of history) {
      const human = ['In Progress', 'Completed', 'Failed'].includes(to)
        ? workerById.get(plan.first.workers[0])[1]
        : userById.get(plan.owner)[1];
      t.status_history.push({
        Object: 'booking',
        'Object ID': plan.id,
        From: from,
        To: to,
        'Changed at': stamp(notAfterExport(when)),
        'Changed by': to === 'Awaiting Update' ? 'System' : human,
        Note: to === plan.status ? (plan.cancel ?? plan.fail ?? '') : '',
      });
    }
    plan.modified = notAfterExport(history.at(-1)[2].plus({ minutes: between(3, 50) }));
  }

  // Quotes and inquiries.
  let quoteLineId = 40000;
  const quotedBooking = new Map();
  for (const [id, customer, status, date, expiry, lines, title, more] of company.quotes) {
    const booking = more.booking ? byKey.get(more.booking) : undefined;
    if (booking) quotedBooking.set(booking.id, [id, more.inquiry]);
    const worked = lines.map(([service, quantity, percent]) => line(service, quantity, percent));
    const made = at(`${date}T10:00`).plus({ minutes: id - 400 });
    const decided = booking ? booking.created : made.plus({ days: 3 });
    t.quotes.push({
      'Quote ID': id,
      'Quote number': `EST-${id}`,
      'Customer ID': customer,
      Status: status,
      'Quote date': date,
      'Expiry date': expiry,
      'Sent at': status === 'Draft' ? '' : stamp(made.plus({ minutes: 30 })),
      'Accepted at': status === 'Accepted' ? stamp(decided) : '',
      'Declined at': status === 'Declined' ? stamp(decided) : '',
      'Follow up date': status === 'Sent' ? made.plus({ days: 14 }).toISODate() : '',
      Subtotal: money(total(worked, (l) => l.gross)),
      Discount: money(total(worked, (l) => l.discount)),
      Tax: money(total(worked, (l) => taxIn(l.net))),
      Total: money(total(worked, (l) => l.net)),
      'Decline reason': more.reason ?? '',
      'Signed by': more.signed ?? '',
      'Signed at': more.signed ? stamp(decided) : '',
      'Booking ID': booking?.id ?? '',
      'Inquiry ID': more.inquiry ?? '',
      'Owner ID': 12,
      Address: oneLine(customers.get(customer).address),
      Description: title,
      Labels: list(more.inquiry ? ['Website lead'] : []),
      Created: stamp(made),
      Modified: stamp(status === 'Draft' ? made : decided),
    });
    for (const l of worked)
      t.quote_items.push({
        'Quote Item ID': ++quoteLineId,
        'Quote ID': id,
        'Service ID': l.item,
        'Service name': l.description,
        Description: serviceById.get(l.item)[4],
        Quantity: l.quantity,
        'Unit price': money(l.price),
        Discount: money(l.discount),
        Tax: money(taxIn(l.net)),
        'Line total': money(l.net),
      });
  }
  for (const [id, customer, status, source, created, services, notes, quote, key] of company.inquiries) {
    t.inquiries.push({
      'Inquiry ID': id,
      'Inquiry number': `INQ-${id}`,
      'Customer ID': customer,
      Status: status,
      Source: source,
      Created: stamp(at(created)),
      'Follow up date': status === 'Follow Up' ? '2025-11-24' : '',
      'Owner ID': 12,
      Services: list(services.map((service) => serviceById.get(service)[1])),
      Address: oneLine(customers.get(customer).address),
      Notes: notes,
      Labels: list(source === 'Website' ? ['Website lead'] : []),
      'Quote ID': quote,
      'Booking ID': key ? byKey.get(key).id : '',
    });
  }

  // Invoices are planned first and numbered by the time they were made, as a real ledger is.
  const invoicePlans = [];
  const planInvoice = (bookings, lines, created, more) =>
    invoicePlans.push({
      bookings,
      customer: bookings[0]?.customer,
      lines,
      created,
      pays: [],
      status: 'due',
      ...more,
    });
  const linesOf = (plan, only) =>
    [...plan.money.filter((_, n) => !only || only.includes(n)), ...(only ? [] : plan.extraMoney)].map(
      (l) => ({ ...l, booking: plan.id }),
    );
  const methods = [
    'Credit card',
    'Credit card',
    'Credit card',
    'Credit card',
    'Credit card',
    'Bank Transfer',
    'Bank Transfer',
    'Bank Transfer',
    'Cash',
    'Debit',
  ];
  const consolidated = plans.filter((plan) => plan.inv === 'consol');
  for (const plan of plans) {
    const after = (plan.last.ended ?? plan.last.end).plus({ minutes: between(30, 75) });
    const upFront = plan.created.plus({ minutes: 10 });
    const pay = (amount, moment, kind, method = plan.method ?? pick(methods), more = {}) => ({
      amount,
      moment,
      kind,
      method,
      status: 'Approved',
      ...more,
    });
    const later = (days) => notAfterExport(after.plus({ days, minutes: between(5, 400) }));
    const lines = linesOf(plan);
    const half = Math.floor(plan.total / 2);
    if (plan.inv === 'consol') {
      if (plan !== consolidated.at(-1)) continue;
      planInvoice(
        consolidated,
        consolidated.flatMap((one) => linesOf(one)),
        after,
        {
          pays: [
            pay(
              total(consolidated, (one) => one.total),
              later(9),
              'payment',
              'Bank Transfer',
            ),
          ],
          po: 'TD-0925',
          key: 'consolidated',
        },
      );
    } else if (plan.inv === 'perAppt') {
      // One deposit for both visits; its two parts are in payment_allocations.csv.
      const parts = [12000, 8000];
      plan.apptLines.forEach((only, n) => {
        const part = linesOf(plan, only);
        const due = total(part, (l) => l.net) - parts[n];
        planInvoice([plan], part, upFront.plus({ minutes: n }), {
          dueDate: plan.stays[n].begin.plus({ days: 7 }),
          pays: [pay(due, plan.stays[n].ended.plus({ days: 2 }), 'payment', 'Bank Transfer')],
          allocated: parts[n],
        });
      });
      plan.splitDeposit = pay(20000, upFront.plus({ hours: 2 }), 'deposit', 'Credit card');
    } else if (plan.inv === 'deposit' || plan.inv === 'depositOpen') {
      const pays = [pay(plan.depositCents, upFront.plus({ hours: 1 }), 'deposit', 'Credit card')];
      if (plan.inv === 'deposit')
        pays.push(pay(plan.total - plan.depositCents, later(between(1, 5)), 'payment'));
      planInvoice([plan], lines, upFront, { pays, dueDate: plan.last.end.plus({ days: 7 }) });
    } else if (plan.inv === 'twoPay')
      planInvoice([plan], lines, after, {
        pays: [pay(half, later(2), 'partial'), pay(plan.total - half, later(16), 'payment')],
      });
    else if (plan.inv === 'cardFailed')
      planInvoice([plan], lines, after, {
        pays: [
          pay(plan.total, later(1), 'payment', 'Credit card', { status: 'Failed', note: 'Card declined' }),
          pay(plan.total, later(3), 'payment', 'Credit card'),
        ],
      });
    else if (plan.inv === 'rejected')
      planInvoice([plan], lines, after, {
        pays: [
          pay(plan.total, later(2), 'payment', 'Cheque', { status: 'Rejected', note: 'Cheque not signed' }),
          pay(plan.total, later(9), 'payment', 'Bank Transfer'),
        ],
      });
    else if (plan.inv === 'part')
      planInvoice([plan], lines, after, { pays: [pay(half, later(4), 'partial')] });
    else if (plan.inv === 'unpaid') planInvoice([plan], lines, after, { key: plan.key });
    else if (plan.inv === 'unapproved')
      planInvoice([plan], lines, after, {
        pays: [
          pay(plan.total, later(5), 'payment', 'Cheque', {
            status: 'Unapproved',
            note: 'Cheque not cleared yet',
          }),
        ],
      });
    else if (plan.inv === 'overpaid')
      planInvoice([plan], lines, after, {
        pays: [pay(plan.total + 2500, later(2), 'payment', 'Bank Transfer')],
        refunded: 2500,
        key: 'overpaid',
      });
    else if (plan.inv === 'draft')
      planInvoice(
        [plan],
        lines,
        notAfterExport(plan.status === 'In Progress' ? plan.first.begin.plus({ hours: 2 }) : after),
        { status: 'draft' },
      );
    else if (plan.inv === 'voidReissue') {
      planInvoice([plan], lines, after, {
        status: 'void',
        voided: after.plus({ days: 1 }),
        notes: 'Wrong billing name, issued again.',
      });
      planInvoice([plan], lines, after.plus({ days: 1, minutes: 5 }), {
        pays: [pay(plan.total, later(6), 'payment')],
      });
    } else if (plan.status === 'Completed')
      planInvoice([plan], lines, after, {
        pays: [
          pay(
            plan.total,
            plan.method === 'Cash' ? after.plus({ minutes: 5 }) : later(between(1, 12)),
            'payment',
          ),
        ],
      });
  }
  // No booking behind this one, so it becomes a deal of its own.
  const glass = extra(['extra', 'Replacement of one glass shelf broken during a viewing', 1, 13475]);
  planInvoice(
    [],
    [
      { ...glass, booking: '' },
      { ...extra(['product', 505, 1]), booking: '' },
    ],
    at('2025-09-10T11:30'),
    {
      customer: 1059,
      key: 'manual',
      pays: [
        {
          amount: 14970,
          moment: at('2025-09-19T14:05'),
          kind: 'payment',
          method: 'Bank Transfer',
          status: 'Approved',
        },
      ],
    },
  );

  invoicePlans.sort((a, b) => a.created - b.created);
  const payments = [];
  const refunds = [];
  const allocations = [];
  let itemId = 50000;
  let pdfs = 0;
  for (const [index, plan] of invoicePlans.entries()) {
    plan.id = 5701 + index;
    // Display numbers can be edited in OctopusPro, so one of them no longer follows the id.
    plan.number = plan.key === 'consolidated' ? 'INV-TD-SEP25' : `INV-${plan.id}`;
    const customer = customers.get(plan.customer);
    const net = total(plan.lines, (l) => l.net);
    const approved = plan.pays.filter((one) => one.status === 'Approved');
    const paid = total(approved, (one) => one.amount) + (plan.allocated ?? 0);
    const balance = net - paid + (plan.refunded ?? 0);
    const due = (plan.dueDate ?? plan.created.plus({ days: customer.due })).toISODate();
    const status =
      plan.status === 'void'
        ? 'Void'
        : plan.status === 'draft'
          ? 'Draft'
          : balance === 0
            ? 'Closed'
            : due < exportTime.toISODate()
              ? 'Overdue'
              : 'Open';
    const paidAt = status === 'Closed' ? DateTime.max(...approved.map((one) => one.moment)) : undefined;
    plan.final = { status, paid, balance, net };
    const row = {
      'Invoice ID': plan.id,
      'Invoice number': plan.number,
      'Customer ID': plan.customer,
      'Booking ID(s)': list(plan.bookings.map((one) => one.id)),
      'Quote ID': plan.bookings.length === 1 ? (quotedBooking.get(plan.bookings[0].id)?.[0] ?? '') : '',
      Status: status,
      'Invoice date': plan.created.toISODate(),
      'Due date': due,
      'Sent at': status === 'Draft' ? '' : stamp(notAfterExport(plan.created.plus({ minutes: 12 }))),
      'Paid at': stamp(paidAt),
      'Voided at': stamp(plan.voided),
      Subtotal: money(total(plan.lines, (l) => l.gross)),
      Discount: money(total(plan.lines, (l) => l.discount)),
      Tax: money(total(plan.lines, (l) => taxIn(l.net))),
      Total: money(net),
      Paid: money(paid),
      Refunded: money(plan.refunded ?? 0),
      Balance: money(status === 'Void' ? 0 : balance),
      'Tax inclusive': 'true',
      'Billing address': oneLine(customer.address),
      'PO number': plan.po ?? '',
      Terms: `${customer.due} days`,
      Notes: plan.notes ?? '',
      'Owner ID': 11,
      Labels: list([
        ...(customer.business ? ['Commercial'] : []),
        ...(plan.key === 'disputed' ? ['Dispute'] : []),
      ]),
      'PDF file': '',
      Created: stamp(plan.created),
      Modified: stamp(plan.voided ?? paidAt ?? plan.created),
    };
    t.invoices.push(row);
    for (const l of plan.lines)
      t.invoice_items.push({
        'Invoice Item ID': ++itemId,
        'Invoice ID': plan.id,
        'Booking ID': l.booking,
        'Service/Product ID': l.item,
        Type: l.type,
        Description: l.description,
        Quantity: l.quantity,
        'Unit price': money(l.price),
        Discount: money(l.discount),
        Tax: money(taxIn(l.net)),
        'Line total': money(l.net),
      });
    for (const one of plan.pays)
      payments.push({
        ...one,
        invoice: plan.id,
        customer: plan.customer,
        booking: plan.bookings.length === 1 ? plan.bookings[0].id : '',
        refund: plan.refunded,
        from: plan.key,
      });
    if (status !== 'Draft' && (pdfs < 22 || ['consolidated', 'manual', 'disputed'].includes(plan.key))) {
      pdfs += 1;
      const text = [
        company.tenant.name,
        'ABN 00 000 000 000',
        '',
        `TAX INVOICE ${plan.number}`,
        `Date ${row['Invoice date']}  Due ${due}`,
        '',
        ascii(customer.name),
        ascii(row['Billing address']),
        '',
      ];
      for (const l of plan.lines)
        text.push(
          `${l.quantity} x ${ascii(l.description).slice(0, 34)}`.padEnd(44) + money(l.net).padStart(10),
        );
      text.push(
        '',
        'GST included'.padEnd(44) + row.Tax.padStart(10),
        'Total AUD'.padEnd(44) + row.Total.padStart(10),
      );
      const path = `attachments/invoices/${plan.id}/${plan.number}.pdf`;
      files.set(path, await pdf(plan.number, plan.created, text));
      row['PDF file'] = path;
      attach(t, files, 'invoice', plan.id, 'pdf', path, {
        when: notAfterExport(plan.created.plus({ minutes: 12 })),
        by: 'System',
        caption: plan.number,
      });
    }
  }

  // Payments that do not hang on one invoice.
  const split = byKey.get('split');
  payments.push({
    ...split.splitDeposit,
    invoice: '',
    customer: split.customer,
    booking: split.id,
    from: 'split',
    note: 'Deposit for both days',
  });
  const lost = byKey.get('cancelDeposit');
  payments.push({
    amount: 5000,
    moment: lost.created.plus({ hours: 1 }),
    kind: 'deposit',
    method: 'Credit card',
    status: 'Approved',
    invoice: '',
    customer: lost.customer,
    booking: lost.id,
    from: 'cancelDeposit',
  });
  payments.push({
    amount: 7525,
    moment: at('2025-10-13T09:41'),
    kind: 'payment',
    method: 'Bank Transfer',
    status: 'Approved',
    invoice: '',
    customer: 1016,
    booking: '',
    from: 'unapplied',
    note: 'Bank text "WHITCOMBE A GARDEN THX", no invoice named',
  });
  payments.push({
    amount: 9900,
    moment: at('2025-08-29T10:15'),
    kind: 'payment',
    method: 'Bank Transfer',
    status: 'Approved',
    invoice: '',
    customer: 1035,
    booking: '',
    from: 'dangling',
    note: 'Bank text names invoice 5999',
  });
  payments.sort((a, b) => a.moment - b.moment);
  payments.forEach((one, index) => {
    one.id = 4401 + index;
    const card = one.method === 'Credit card' || one.method === 'Debit';
    t.payments.push({
      'Payment ID': one.id,
      Amount: money(one.amount),
      'Payment date': stamp(one.moment),
      Method: one.method,
      'Invoice ID': one.invoice,
      'Customer ID': one.customer,
      'Booking ID': one.booking,
      Status: one.status,
      Kind: one.kind,
      Reference: card ? `ch_sample_${one.id}` : one.method === 'Cheque' ? `CHQ ${one.id % 1000}` : '',
      Gateway: one.method === 'Credit card' ? 'Stripe' : '',
      'Card last4': card ? String(4000 + ((one.id * 37) % 6000)) : '',
      'Insert type': card ? 'gateway' : one.method === 'Bank Transfer' ? 'import' : 'manual',
      'Added by': card ? 'System' : 'Brigitte Ashdown',
      'Fieldworker ID': '',
      Notes: one.note ?? '',
    });
    if (one.from === 'split') {
      for (const plan of invoicePlans.filter(({ allocated }) => allocated))
        allocations.push({ 'Payment ID': one.id, 'Invoice ID': plan.id, Amount: money(plan.allocated) });
    }
    if (one.from === 'overpaid')
      refunds.push({
        one,
        amount: 2500,
        status: 'Approved',
        mode: 'added',
        reason: 'Overpaid',
        text: 'Difference sent back to the bank account it came from',
        days: 3,
      });
    if (one.from === 'cancelDeposit')
      refunds.push({
        one,
        amount: 5000,
        status: 'Approved',
        mode: 'processed',
        reason: 'Cancelled by us',
        text: 'Deposit in full',
        days: 1,
      });
    if (one.from === 'consolidated')
      refunds.push({
        one,
        amount: 2915,
        status: 'Unapproved',
        mode: 'added',
        reason: 'Goodwill',
        text: 'Kitchenette missed on 16 September; waiting for Rowena',
        days: 20,
      });
  });
  t.payment_allocations.push(...allocations);
  refunds.forEach(({ one, amount, status, mode, reason, text, days }, index) => {
    const lag =
      one.from === 'cancelDeposit' ? lost.first.begin.minus({ hours: 12 }) : one.moment.plus({ days });
    t.refunds.push({
      'Refund ID': 901 + index,
      'Payment ID': one.id,
      'Invoice ID': one.invoice,
      'Booking ID': one.booking,
      Amount: money(amount),
      'Refund date': stamp(lag),
      Method: one.method,
      Status: status,
      Mode: mode,
      Reference: mode === 'processed' ? `re_sample_${901 + index}` : '',
      Reason: reason,
      Description: text,
      'Fieldworker ID': '',
    });
  });

  // Bookings last: they carry what invoices and payments came to.
  for (const plan of plans) {
    const invoices = invoicePlans.filter((invoice) => invoice.bookings.includes(plan));
    const joint = invoices.some((invoice) => invoice.bookings.length > 1);
    const received = total(
      payments.filter((one) => one.booking === plan.id && one.status === 'Approved'),
      (one) => one.amount,
    );
    const returned = total(
      refunds.filter(({ one, status }) => one.booking === plan.id && status === 'Approved'),
      ({ amount }) => amount,
    );
    const paid = joint ? plan.total : received - returned;
    const dead = plan.status === 'Cancelled' || plan.status === 'Failed';
    const [quote, inquiry] = quotedBooking.get(plan.id) ?? ['', ''];
    const [, latitude, longitude] = company.suburbs[plan.where.Suburb];
    const cleaning = plan.money.some((l) => l.item <= 306);
    const bond = plan.money.some((l) => l.item === 302);
    const bedrooms = cleaning && random() < 0.6 ? between(1, 4) : '';
    plan.row = {
      'Booking ID': plan.id,
      'Booking number': plan.number,
      'Customer ID': plan.customer,
      'Customer property ID(s)': list(plan.property ? [plan.property] : []),
      Status: plan.status,
      Title: plan.title,
      Description: plan.desc ?? plan.money.map((l) => serviceById.get(l.item)[4]).join(' '),
      Services: list(plan.money.map((l) => l.description)),
      'Fieldworker ID(s)': list([...new Set(plan.stays.flatMap((stay) => stay.workers))]),
      Start: plan.first.startText,
      End: plan.last.endText,
      'All day': String(Boolean(plan.allDay)),
      'Time window': plan.window ?? '',
      'Actual start': stamp(plan.first.started),
      'Actual end': stamp(plan.last.ended),
      Duration: total(plan.visits, ([, minutes]) => minutes) || '',
      'Location type': 'mobile',
      ...plan.where,
      'Second address': '',
      Latitude: latitude,
      Longitude: longitude,
      Subtotal: money(total(plan.money, (l) => l.gross)),
      'Extra charges': money(total(plan.extraMoney, (l) => l.net)),
      Discount: money(total(plan.money, (l) => l.discount)),
      Tax: money(total([...plan.money, ...plan.extraMoney], (l) => taxIn(l.net))),
      Total: money(plan.total),
      Deposit: money(plan.depositCents || ''),
      Paid: money(paid),
      Balance: dead ? '' : money(plan.total - paid),
      'Quote ID': quote,
      'Inquiry ID': inquiry,
      'Invoice ID(s)': list(invoices.map((invoice) => invoice.id)),
      'Series ID': plan.series ?? '',
      Recurrence: plan.recurrence ?? '',
      'Owner ID': plan.owner,
      'Sales rep': quote ? 'Felix Nguyen-Hart' : '',
      Branch: 'Sydney',
      'Trading name': company.tenant.name,
      Source: pick(['Website', 'Phone', 'Referral', 'Google']),
      Labels: list([
        ...(bond ? ['Bond clean'] : []),
        ...(!plan.first.dated && (plan.first.begin.hour >= 18 || plan.first.begin.hour < 5)
          ? ['After hours']
          : []),
      ]),
      'Cancel reason': plan.cancel ?? '',
      'Fail reason': plan.fail ?? '',
      Rating: plan.status === 'Completed' && random() < 0.4 ? between(3, 5) : '',
      Feedback:
        plan.status === 'Completed' && random() < 0.15
          ? pick(['Spotless!', 'Good work, a bit late.', 'Très bien 👌', 'They even watered the plants.'])
          : '',
      'Internal notes':
        random() < 0.1 ? pick(['Needs two ladders', 'Invoice goes to the wife', 'Ask about the key']) : '',
      'Customer notes':
        random() < 0.12 ? pick(['Please ring the bell', 'Dog is friendly', 'Gate sticks, push hard']) : '',
      Created: stamp(plan.created),
      'Created by': userById.get(plan.owner)[1],
      Modified: stamp(plan.modified),
      'Is deleted': 'false',
      'cf:701:Gate code': random() < 0.2 ? `#${between(1000, 9999)}` : '',
      'cf:702:Access notes':
        random() < 0.15
          ? pick([
              'Side gate, then left.\nWatch the step.',
              'Concierge has the key',
              'Lock box behind the "No Junk Mail" sign',
            ])
          : '',
      'cf:703:Bedrooms': bedrooms,
      'cf:704:Floor area m²': bond ? `${between(55, 140)}.5` : '',
      'cf:705:Fridge temperature on arrival':
        plan.customer === 1053 ? `${between(2, 6)}.${between(0, 9)} °C` : '',
      'cf:706:Price per bedroom': bedrooms ? money(Math.round(plan.total / bedrooms)) : '',
      'cf:707:Extra bathrooms': cleaning && random() < 0.3 ? between(1, 2) : '',
      'cf:708:Pets on site': cleaning ? String(random() < 0.3) : '',
      'cf:709:Oven included': cleaning ? String(bond || random() < 0.2) : '',
      'cf:710:Property size':
        cleaning && random() < 0.7 ? pick(['Small home', 'Medium home', 'Large home']) : '',
      'cf:711:Parking': random() < 0.5 ? pick(['Driveway', 'Street', 'Visitor bay']) : '',
      'cf:712:Product preference':
        plan.customer === 1010 ? 'Fragrance-free' : cleaning ? pick(['Standard', 'Eco', '']) : '',
      'cf:713:Rooms to skip': cleaning && random() < 0.15 ? list(['Study', 'Nursery, upstairs']) : '',
      'cf:714:Inspection date': bond ? plan.last.end.plus({ days: 2 }).toISODate() : '',
      'cf:715:Key pick-up time': bond ? '07:45' : '',
      'cf:716:Customer sign-off': '',
      'cf:717:Reference photo': '',
      'cf:719:Site contact e-mail': plan.property === 2003 ? 'caretaker@beaconpointstrata.example' : '',
      'cf:720:Site contact phone': plan.property === 2003 ? '02 7010 0808' : '',
      'cf:721:Listing link': bond ? `https://listings.example/${plan.id}` : '',
    };
    t.bookings.push(plan.row);
    if (bond)
      t.custom_field_values.push({
        Object: 'booking',
        'Record ID': plan.id,
        'Field ID': 718,
        Value: '402 Anchor Parade, Balmain NSW 2041',
      });
  }
  for (const [id, email] of [
    [1048, 'bills@tidewaterdental.example'],
    [1050, 'accounts@beaconpointstrata.example'],
    [1054, 'trust@gullandanchor.example'],
  ])
    t.custom_field_values.push({ Object: 'customer', 'Record ID': id, 'Field ID': 741, Value: email });

  // Derived columns of the customers.
  for (const row of t.customers) {
    const id = row['Customer ID'];
    const own = invoicePlans.filter(
      (plan) => plan.customer === id && ['Open', 'Overdue'].includes(plan.final.status),
    );
    const back = total(
      refunds.filter(({ one, status }) => one.customer === id && status === 'Approved'),
      ({ amount }) => amount,
    );
    row.Balance = money(total(own, (plan) => plan.final.balance));
    row['Total revenue'] = money(
      total(
        payments.filter((one) => one.customer === id && one.status === 'Approved'),
        (one) => one.amount,
      ) - back,
    );
    const rated = plans.filter((plan) => plan.customer === id && plan.row.Rating !== '');
    row.Rating = rated.length ? (total(rated, (plan) => plan.row.Rating) / rated.length).toFixed(1) : '';
  }

  // Definitions.
  const optionRows = company.customFields.flatMap(([field, , , , , options]) =>
    options.map((option, n) => [field, option, n]),
  );
  company.customFields.forEach(([id, label, appliesTo, type, group], index) => {
    t.custom_fields.push({
      'Field ID': id,
      Label: label,
      'Applies to': appliesTo,
      Type: type,
      Group: group,
      'Helper text': id === 701 ? 'Changes are rare; ring first' : '',
      Mandatory: 'false',
      'Hidden portal': String(id === 701),
      'Hidden invoice': 'true',
      Services: list(id === 714 ? ['End-of-lease clean'] : []),
      'Depends on': id === 707 ? '703' : '',
      Order: index + 1,
      Active: 'true',
    });
  });
  optionRows.forEach(([field, [label, price, minutes], n], index) => {
    t.custom_field_options.push({
      'Field ID': field,
      'Option ID': 7001 + index,
      Label: label,
      'Price effect': price,
      'Minutes effect': minutes,
      Order: n + 1,
      Active: 'true',
    });
  });
  company.statuses.forEach(([id, name, colour, system, invoicing, current], index) => {
    t.booking_statuses.push({
      'Status ID': id,
      Name: name,
      Colour: colour,
      System: String(system),
      'Allows invoicing': String(invoicing),
      'Is current': String(current),
      Active: 'true',
      Order: index + 1,
    });
  });
  for (const [id, name, colour, appliesTo] of company.labels)
    t.labels.push({ 'Label ID': id, Name: name, Colour: colour, 'Applies to': list(appliesTo) });
  for (const [id, name, displayTo, displayAt, services, statuses, mandatory] of company.forms)
    t.forms.push({
      'Form ID': id,
      Name: name,
      'Display to': list(displayTo),
      'Display at': displayAt,
      Services: list(services.map((service) => serviceById.get(service)[1])),
      Statuses: list(statuses),
      Mandatory: String(mandatory),
      Active: 'true',
    });
  company.formFields.forEach(([form, id, label, type, mandatory, options, rule], index) => {
    t.form_fields.push({
      'Form ID': form,
      'Form Field ID': id,
      Label: label,
      Type: type,
      Mandatory: String(mandatory),
      Options: list(options),
      'Photo rule': rule,
      Order: index + 1,
    });
  });

  // Photos, signatures, documents.
  const done = plans.filter((plan) => plan.status === 'Completed');
  const photoed = done.filter((_, index) => index % 6 === 0);
  const photos = new Map();
  for (const plan of photoed) {
    for (const tag of ['Before', 'After']) {
      const path = `attachments/bookings/${plan.id}/${tag.toLowerCase()}-1.png`;
      files.set(path, photo(random, tag === 'After'));
      const when =
        tag === 'Before' ? plan.first.started.plus({ minutes: 4 }) : plan.last.ended.minus({ minutes: 3 });
      const id = attach(t, files, 'booking', plan.id, 'photo', path, {
        when,
        by: workerById.get(plan.first.workers[0])[1],
        tag,
        caption: tag === 'Before' ? 'How we found it' : 'All done ✨',
        where: company.suburbs[plan.where.Suburb],
      });
      photos.set(`${plan.id}:${tag}`, id);
    }
    plan.row['cf:717:Reference photo'] = `attachments/bookings/${plan.id}/before-1.png`;
  }
  const signatures = new Map();
  for (const plan of done.filter((_, index) => index % 8 === 3)) {
    const path = `attachments/bookings/${plan.id}/signature.png`;
    files.set(path, signature(random));
    signatures.set(
      plan.id,
      attach(t, files, 'booking', plan.id, 'signature', path, {
        when: plan.last.ended,
        by: customers.get(plan.customer).name,
        caption: `Signed by ${customers.get(plan.customer).name}`,
      }),
    );
    plan.row['cf:716:Customer sign-off'] = path;
  }
  const document = (object, id, kind, path, bytes, when, caption) => {
    files.set(path, bytes);
    attach(t, files, object, id, kind, path, { when: at(when), by: 'Brigitte Ashdown', caption });
  };
  document(
    'customer',
    1048,
    'document',
    'attachments/customers/1048/service-agreement.pdf',
    await pdf('Service agreement', at('2025-08-20T11:00'), [
      'SERVICE AGREEMENT',
      '',
      'Tidewater Dental Pty Ltd and Harbour Home Services',
      '',
      'Weekly clean of the rooms, Tuesday after 18:30.',
      'Notice: four weeks, in writing.',
    ]),
    '2025-08-20T11:20',
    'Agreement from September 2025',
  );
  document(
    'customer',
    1054,
    'document',
    'attachments/customers/1054/agent-checklist.txt',
    Buffer.from(
      'Bond clean checklist, Gull & Anchor Realty\n\n[ ] oven and range hood\n[ ] window tracks\n[ ] behind the washing machine\n[ ] light switches – yes, all of them\n',
    ),
    '2025-01-06T10:30',
    'What the agent looks at',
  );
  document(
    'customer',
    1021,
    'document',
    'attachments/customers/1021/yard-plan.png',
    photo(random, true),
    '2025-03-20T15:00',
    'Sketch of the yard',
  );
  document(
    'quote',
    402,
    'signature',
    'attachments/quotes/402/signature.png',
    signature(random),
    stamp(byKey.get('split').created),
    'Accepted by Viktor Halász',
  );
  document(
    'service',
    302,
    'document',
    'attachments/services/302/bond-checklist.txt',
    Buffer.from(
      'End-of-lease clean: what is included\n\nKitchen, bathrooms, bedrooms, balcony.\nNot included: walls above arm height.\n',
    ),
    '2024-12-02T09:00',
    'Sent with every quote',
  );
  document(
    'fieldworker',
    42,
    'document',
    'attachments/fieldworkers/42/ladder-ticket.txt',
    Buffer.from('Working at heights, sample certificate.\nValid until 30/06/2026.\n'),
    '2024-12-02T09:10',
    'Working at heights',
  );
  t.customers.find((row) => row['Customer ID'] === 1048)['cf:737:Service agreement'] =
    'attachments/customers/1048/service-agreement.pdf';
  t.customers.find((row) => row['Customer ID'] === 1021)['cf:738:House plan'] =
    'attachments/customers/1021/yard-plan.png';

  // Form responses: one row per answer.
  let responseId = 8000;
  const respond = (form, plan, when, answers) => {
    responseId += 1;
    for (const [field, value, attachment] of answers)
      t.form_responses.push({
        'Response ID': responseId,
        'Form ID': form,
        'Booking ID': plan.id,
        'Appointment ID': plan.first.id,
        'Submitted by': workerById.get(plan.first.workers[0])[1],
        'Submitted at': stamp(when),
        'Form Field ID': field,
        Value: value,
        'Attachment IDs': list(attachment ? [attachment] : []),
      });
  };
  done.forEach((plan, index) => {
    if (index % 4 === 0)
      respond(81, plan, plan.first.started, [
        [811, String(random() < 0.8)],
        [812, pick(['None', 'Wet tiles', 'Loose hand rail on the "back" stairs', 'Dog 🐕'])],
        [813, pick(['Driveway', 'Street', 'Visitor bay'])],
      ]);
    if (index % 3 === 0) {
      const [after, signed] = [photos.get(`${plan.id}:After`), signatures.get(plan.id)];
      respond(82, plan, plan.last.ended, [
        [821, 'true'],
        [822, random() < 0.2 ? list(['Nursery, upstairs']) : ''],
        [823, between(0, 6)],
        ...(after ? [[824, 'after-1.png', after]] : []),
        ...(signed ? [[825, 'signature.png', signed]] : []),
      ]);
    }
    if (plan.money.some((l) => l.item === 302))
      respond(83, plan, plan.last.ended, [
        [831, pick(['Clean', 'Stained', 'Not present'])],
        [832, between(0, 4)],
        [833, pick(['', 'Hallway', 'Behind the door'])],
      ]);
    if (plan.money.some((l) => l.item === 310))
      respond(84, plan, plan.first.started, [
        [841, 'true'],
        [842, `${between(18, 44)}.5 °C`],
        ...(photos.has(`${plan.id}:Before`) ? [[843, 'before-1.png', photos.get(`${plan.id}:Before`)]] : []),
      ]);
  });
  respond(85, byKey.get('gap'), byKey.get('gap').last.ended.plus({ hours: 9 }), [
    [851, '2026-01-02'],
    [852, 'Great'],
  ]);

  // Notes.
  let noteId = 6000;
  const note = (object, objectId, author, visibility, when, body) => {
    const worker = workerById.get(author);
    t.notes.push({
      'Note ID': ++noteId,
      Object: object,
      'Object ID': objectId,
      'Author ID': author,
      'Author name': worker ? worker[1] : userById.get(author)[1],
      'Author type': worker ? 'fieldworker' : 'office',
      Created: stamp(notAfterExport(when)),
      Visibility: visibility,
      Body: body,
      Pinned: String(noteId % 9 === 0),
      'Attachment IDs': '',
    });
  };
  for (const [index, [customer, author, visibility, body]] of company.customerNotes.entries()) {
    const when = at('2025-02-12T14:00').plus({ days: index * 11, minutes: index * 7 });
    note('customer', customer, author, visibility, when, body);
  }
  for (const [key, author, visibility, body] of company.keyedNotes) {
    const plan = byKey.get(key);
    note(
      'booking',
      plan.id,
      author,
      visibility,
      (plan.last.ended ?? plan.last.end).plus({ days: author < 20 ? 3 : 0, minutes: 15 }),
      body,
    );
  }
  done.forEach((plan, index) => {
    if (index % 2 === 0)
      note(
        'booking',
        plan.id,
        plan.first.workers[0],
        index % 4 ? 'office' : 'customer',
        plan.last.ended.plus({ minutes: 6 }),
        company.crewRemarks[(index / 2) % company.crewRemarks.length],
      );
  });
  note('quote', 403, 12, 'office', at('2025-06-23T10:40'), 'He wanted it done "for a carton of beer".');
  note('inquiry', 605, 13, 'office', at('2025-08-22T09:15'), 'Left a message, will try again on Monday.');
  note(
    'invoice',
    invoicePlans.find((plan) => plan.key === 'disputed').id,
    11,
    'office',
    at('2025-06-27T08:30'),
    'Lines say 186.00. Header says something else? Do not remind until this is clear.',
  );

  // Communications: what the system sent, then what people said.
  const office = { email: 'hello@harbourhome.example', sms: '02 5550 0300', call: '02 5550 0300' };
  const messages = [];
  const reach = (customer, channel) =>
    channel === 'email' ? customer.row.email : customer.row.mobile || customer.row.phone;
  plans.forEach((plan, index) => {
    const customer = customers.get(plan.customer);
    const channel = customer.row.mobile && index % 2 ? 'sms' : 'email';
    const to = reach(customer, channel);
    if (!to) return;
    const greeting = customer.row.first_name || customer.name;
    const send = (template, subject, body, when) =>
      messages.push({
        when,
        channel,
        direction: 'out',
        customer: plan.customer,
        object: 'booking',
        objectId: plan.id,
        from: office[channel],
        to,
        subject: channel === 'email' ? subject : '',
        body,
        template,
        automated: true,
      });
    if (index % 3 !== 2)
      send(
        'Booking confirmed',
        `Booked: ${plan.number}`,
        channel === 'email'
          ? `<p>Hello ${greeting},</p><p>see you on ${plan.first.begin.toFormat('d LLLL yyyy')}.</p><p>${company.tenant.name}</p>`
          : `Hi ${greeting}, you are booked for ${plan.first.begin.toFormat('d LLL')}. ${plan.number}`,
        plan.created.plus({ minutes: 6 }),
      );
    if (plan.status === 'Completed' && index % 4 === 1)
      send(
        'How did we do?',
        'How did we do?',
        `Thank you, ${greeting}! Tell us how it went.`,
        plan.last.ended.plus({ hours: 2 }),
      );
  });
  for (const [customerId, channel, when, body] of company.inboundMessages) {
    const customer = customers.get(customerId);
    messages.push({
      when: at(when),
      channel,
      direction: 'in',
      customer: customerId,
      object: 'customer',
      objectId: customerId,
      from: reach(customer, channel),
      to: office[channel],
      subject: channel === 'email' ? 'Re: your visit' : '',
      body,
      template: '',
      automated: false,
      seconds: channel === 'call' ? between(40, 420) : '',
    });
  }
  messages.push({
    when: at('2025-06-26T09:30'),
    channel: 'email',
    direction: 'out',
    customer: 1027,
    object: 'customer',
    objectId: 1027,
    from: 'rowena@harbourhome.example',
    to: 'stan.kowalczyk@shipyardpost.example',
    cc: 'felix@harbourhome.example',
    subject: 'Re: your visit',
    body: 'Dear Stan,\n\nyou are right to ask. I am checking the lines against the total and come back to you this week.\n\nRowena',
    template: '',
    automated: false,
    user: 11,
  });
  messages.push({
    when: at('2025-10-20T16:05'),
    channel: 'whatsapp',
    direction: 'out',
    customer: 1022,
    object: 'customer',
    objectId: 1022,
    from: office.sms,
    to: customers.get(1022).row.mobile,
    subject: '',
    body: 'Rug photos received, thanks Kenji 🙏',
    template: '',
    automated: false,
    user: 12,
  });
  messages.push({
    when: at('2025-10-28T08:15'),
    channel: 'sms',
    direction: 'out',
    customer: 1005,
    worker: 41,
    object: 'customer',
    objectId: 1005,
    from: office.sms,
    to: customers.get(1005).row.mobile,
    subject: '',
    body: 'Sorry, running about 15 minutes late! Maeve D.',
    template: 'Running late',
    automated: false,
  });
  messages.sort((a, b) => a.when - b.when);
  messages
    .filter((one) => one.when <= exportTime)
    .forEach((one, index) => {
      t.communications.push({
        'Message ID': 9001 + index,
        Channel: one.channel,
        Direction: one.direction,
        'Customer ID': one.customer,
        'Fieldworker ID': one.worker ?? '',
        Object: one.object,
        'Object ID': one.objectId,
        From: one.from,
        To: one.to,
        Cc: one.cc ?? '',
        Subject: one.subject,
        Body: one.body,
        'Sent at': stamp(one.when),
        Status: one.direction === 'in' ? 'received' : 'delivered',
        'Duration seconds': one.seconds ?? '',
        'Recording file': '',
        Template: one.template,
        Automated: String(one.automated),
        'User ID': one.user ?? '',
      });
    });

  company.complaints.forEach(([key, object, type, status, created, resolved, withheld, text], index) => {
    const invoice = invoicePlans.find((plan) => plan.key === key);
    const plan = byKey.get(key);
    t.complaints.push({
      'Complaint ID': 971 + index,
      Number: `ISS-${971 + index}`,
      Object: object,
      'Object ID': object === 'invoice' ? invoice.id : plan.id,
      'Customer ID': plan.customer,
      Type: type,
      Status: status,
      Created: stamp(at(created)),
      'Follow up date': resolved ? '' : '2025-11-21',
      'Resolved at': resolved ? stamp(at(resolved)) : '',
      'Payment withheld': String(withheld),
      Description: text,
      'Owner ID': 11,
    });
  });

  // Inventory only.
  company.automations.forEach(
    (
      [
        name,
        category,
        enabled,
        trigger,
        detail,
        conditions,
        actions,
        channels,
        audience,
        frequency,
        offset,
        names,
        runs,
      ],
      index,
    ) => {
      t.automations.push({
        'Automation ID': 101 + index,
        Name: name,
        Category: category,
        Enabled: String(enabled),
        'Trigger type': trigger,
        'Trigger detail': detail,
        Conditions: conditions,
        Actions: actions,
        Channels: list(channels),
        Audience: audience,
        Frequency: frequency,
        Offset: offset,
        'Template names': list(names),
        'Last run': runs ? stamp(exportTime.minus({ hours: 5 + index * 3 })) : '',
        'Runs 30d': runs,
      });
    },
  );
  company.faqs.forEach(([question, answer, services], index) => {
    t.faqs.push({
      'FAQ ID': 151 + index,
      Question: question,
      Answer: answer,
      Services: list(services.map((service) => serviceById.get(service)[1])),
      'Show on portal': 'true',
      Order: index + 1,
      Active: 'true',
    });
  });
  company.templates.forEach(([name, channel, receiver, automatic, subject, body], index) => {
    t.message_templates.push({
      'Template ID': 181 + index,
      Name: name,
      Channel: channel,
      Receiver: receiver,
      Automatic: String(automatic),
      Subject: subject,
      Body: body,
      Attachments: '',
      Active: 'true',
    });
  });
  for (const [section, key, value, notes] of company.portalSettings)
    t.portal_settings.push({ Section: section, Key: key, Value: value, Notes: notes });
  const areas = {
    type: 'FeatureCollection',
    features: company.areas.flatMap(([name, priceZone, ring]) =>
      company.fieldworkers
        .filter((worker) => worker[15].includes(name))
        .map((worker) => ({
          type: 'Feature',
          properties: { owner_type: 'fieldworker', owner_id: worker[0], name, price_zone: priceZone },
          geometry: { type: 'Polygon', coordinates: [ring] },
        })),
    ),
  };
  return { t, files, areas, byKey, invoicePlans };
}

// The standard PDF fonts know Western letters only.
const ascii = (text) => text.normalize('NFD').replace(/[^\x20-\x7e]/g, '');

function attach(t, files, object, objectId, kind, path, { when, by, tag = '', caption = '', where }) {
  const bytes = files.get(path);
  const id = 60001 + t.attachments.length;
  const mime = { png: 'image/png', pdf: 'application/pdf', txt: 'text/plain' }[path.split('.').pop()];
  t.attachments.push({
    'Attachment ID': id,
    Object: object,
    'Object ID': objectId,
    Kind: kind,
    'File name': path.split('/').pop(),
    Path: path,
    'Original URL': '',
    MIME: mime,
    'Size bytes': bytes.length,
    'SHA-256': sha256(bytes),
    'Photo tag': tag,
    Caption: caption,
    'Uploaded by': by,
    'Uploaded at': stamp(when),
    Latitude: where?.[1] ?? '',
    Longitude: where?.[2] ?? '',
    Visibility: kind === 'photo' ? 'customer' : 'office',
  });
  return id;
}
