import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, readAccount, readCreates, readLedger, readRequests, readState } from './account.js';
import { migrateArgs, octopipe, type Simulator, startSimulator, temporaryFolder } from './programs.js';
import { readBytes, readTable, rowsOnce, utc } from './sample-source.js';

/**
 * The sample, from its files to the account, judged by what the account itself says. The expectations are computed here
 * from the source files by other code than the product's.
 */
describe('the sample package', () => {
  const folder = temporaryFolder();
  let sim: Simulator;
  let account: Account;
  let summary: Summary;

  beforeAll(async () => {
    sim = await startSimulator();
    const { code, output } = await octopipe(migrateArgs(sim, folder.path)).exit;
    expect(code, output).toBe(0);
    account = await readAccount(sim.url);
    summary = readSummary(folder.path);
  });
  afterAll(async () => {
    await sim.stop();
    folder.remove();
  });

  it('balances, and reads everything back without a difference', () => {
    expect(summary).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
    for (const [object, of] of Object.entries(summary.source)) {
      expect(of.mapped + of.merged + sum(of.excluded) + sum(of.rejected), object).toBe(of.rows);
    }
    for (const [entity, of] of Object.entries(summary.target)) {
      expect(of.created + of.updated + of.unchanged + of.failed, entity).toBe(of.planned);
      expect(of.waiting, entity).toBe(0);
    }
    expect(summary.verified.records).toBe(
      Object.values(summary.target).reduce((all, of) => all + of.planned, 0),
    );
  });

  it('counts every row of every file of the package', () => {
    const totals = JSON.parse(
      readFileSync(path.join(path.dirname(readPath()), 'control-totals.json'), 'utf8'),
    ) as { rows: Record<string, number> };
    const inFiles = Object.values(totals.rows).reduce((a, b) => a + b, 0);
    const inSummary = Object.values(summary.source).reduce((all, of) => all + of.rows, 0);
    expect(inSummary).toBe(inFiles);
  });

  it('creates each target key once, by the ledger, and nothing besides', async () => {
    const { byKey: created, unmarked } = await readCreates(sim.url);
    expect([...created].filter(([, count]) => count !== 1)).toEqual([]);
    expect(created.size).toBe(Object.values(summary.target).reduce((all, of) => all + of.created, 0));
    // The probe deal, made and deleted at once, is the only record without a target key.
    expect(unmarked).toBe(1);
  });

  it('gives every booking its deal: value to the cent, customer, won and lost times in UTC', () => {
    const bookings = rowsOnce(readTable('bookings.csv'), 'Booking ID');
    const customers = rowsOnce(readTable('customers.csv'), 'Customer ID');
    let compared = 0;
    for (const [id, booking] of bookings) {
      const deal = account.byKey.get(`booking:${id}`);
      if (!customers.has(booking['Customer ID'] ?? '')) {
        expect(deal, `booking ${id} has no customer`).toBeUndefined();
        continue;
      }
      expect(deal, `booking ${id}`).toBeDefined();
      if (!deal) continue;
      compared += 1;
      expect(Number(deal.value).toFixed(2), `booking ${id}`).toBe(Number(booking.Total || 0).toFixed(2));
      expect(deal.currency).toBe('AUD');
      const person = account.keyOf('persons', deal.person_id);
      const org = account.keyOf('organizations', deal.org_id);
      expect(
        person === `customer:${booking['Customer ID']}` || (person === undefined && org !== undefined),
        `booking ${id} → ${person}, ${org}`,
      ).toBe(true);
      if (booking.Status === 'Completed') {
        expect(deal.status, `booking ${id}`).toBe('won');
        if (booking['Actual end'])
          expect(String(deal.won_time).slice(0, 16)).toBe(
            `${utc(booking['Actual end']).date}T${utc(booking['Actual end']).time}`,
          );
      }
      if (booking.Status === 'Cancelled' || booking.Status === 'Failed')
        expect(deal.status, `booking ${id}`).toBe('lost');
      expect(account.custom('deals', deal, 'Booking status'), `booking ${id}`).toBe(booking.Status);
    }
    expect(compared).toBe(103);
  });

  it('gives every inquiry its lead, or the deal that it became says so', () => {
    const bookings = rowsOnce(readTable('bookings.csv'), 'Booking ID');
    const became: string[] = [];
    for (const [id, inquiry] of rowsOnce(readTable('inquiries.csv'), 'Inquiry ID')) {
      const lead = account.byKey.get(`inquiry:${id}`);
      const bookingId = inquiry['Booking ID'] && bookings.has(inquiry['Booking ID']) && inquiry['Booking ID'];
      const deal = account.byKey.get(
        bookingId ? `booking:${bookingId}` : `quote:${inquiry['Quote ID'] || 'none'}`,
      );
      if (deal) {
        became.push(id);
        expect(lead, `inquiry ${id}`).toBeUndefined();
        expect(account.custom('deals', deal, 'Inquiry number')).toBe(inquiry['Inquiry number']);
        continue;
      }
      expect(account.listOf.get(`inquiry:${id}`), `inquiry ${id}`).toBe('leads');
      expect(account.keyOf('persons', lead?.person_id)).toBe(`customer:${inquiry['Customer ID']}`);
      expect(lead).toMatchObject({ was_seen: true, is_archived: false, origin_id: `inquiry:${id}` });
      const at = utc(inquiry.Created ?? '');
      expect(String(lead && account.custom('leads', lead, 'Inquiry created')).slice(0, 16)).toBe(
        `${at.date}T${at.time}`,
      );
    }
    expect(became).toEqual(['601', '602', '603', '604', '606', '607', '610']);
    // The comment on inquiry 605 stands on its lead.
    expect(account.keyOf('leads', account.byKey.get('note:6064')?.lead_id)).toBe('inquiry:605');
  });

  it('labels people, companies, deals and leads as the export does', () => {
    const named = (cell: string | undefined) => (cell ? (JSON.parse(cell) as string[]) : []);
    const unique = (names: string[]) => [...new Set(names)].sort();
    for (const [id, customer] of rowsOnce(readTable('customers.csv'), 'Customer ID')) {
      const person = account.byKey.get(`customer:${id}`);
      if (person) expect(account.labels('persons', person), id).toEqual(unique(named(customer.Labels)));
    }
    const clinic = account.byKey.get('customer:1048#org');
    expect(clinic && account.labels('organizations', clinic)).toEqual(['Commercial']);
    const invoices = readTable('invoices.csv');
    const inquiries = rowsOnce(readTable('inquiries.csv'), 'Inquiry ID');
    let labelled = 0;
    for (const [id, booking] of rowsOnce(readTable('bookings.csv'), 'Booking ID')) {
      const deal = account.byKey.get(`booking:${id}`);
      if (!deal) continue;
      const its = invoices.filter((invoice) => named(invoice['Booking ID(s)']).includes(id));
      const origin = [...inquiries.values()].filter((inquiry) => inquiry['Booking ID'] === id);
      const expected = unique([booking, ...its, ...origin].flatMap((row) => named(row.Labels)));
      expect(account.labels('deals', deal), `booking ${id}`).toEqual(expected);
      if (expected.length > 0) labelled += 1;
    }
    expect(labelled).toBe(34);
    const answers = new Set(['Accepted', 'Declined', 'Expired']);
    for (const [id, quote] of rowsOnce(readTable('quotes.csv'), 'Quote ID')) {
      const deal = account.byKey.get(`quote:${id}`);
      const said = answers.has(quote.Status ?? '') ? [`Quote ${quote.Status?.toLowerCase()}`] : [];
      const origin = [...inquiries.values()].filter((inquiry) => inquiry['Quote ID'] === id);
      const expected = unique([...said, ...[quote, ...origin].flatMap((row) => named(row.Labels))]);
      expect(deal && account.labels('deals', deal), `quote ${id}`).toEqual(expected);
    }
    const lead = account.byKey.get('inquiry:608');
    expect(lead && account.labels('leads', lead)).toEqual(['New', 'Website lead']);
  });

  it('puts every appointment on its deal at its time in UTC', () => {
    const appointments = rowsOnce(readTable('appointments.csv'), 'Appointment ID');
    const bookings = rowsOnce(readTable('bookings.csv'), 'Booking ID');
    let moved = 0;
    let compared = 0;
    for (const [id, appointment] of appointments) {
      const activity = account.byKey.get(`appointment:${id}`);
      if (!activity) continue;
      compared += 1;
      expect(account.keyOf('deals', activity.deal_id)).toBe(`booking:${appointment['Booking ID']}`);
      // The planted 31/02/2025: the visit takes its booking's time.
      const start =
        appointment.Start === '31/02/2025'
          ? (bookings.get(appointment['Booking ID'] ?? '')?.Start ?? '')
          : (appointment.Start ?? '');
      const at = utc(start);
      expect(activity.due_date, `appointment ${id}`).toBe(at.date);
      if (at.time && appointment['All day'] !== 'true')
        expect(String(activity.due_time).slice(0, 5), `appointment ${id}`).toBe(at.time);
      if (at.date !== start.slice(0, 10)) moved += 1;
    }
    expect(compared).toBe(106);
    expect(moved).toBeGreaterThan(0);
  });

  it('gives every payment and refund its activity, with the amount to the cent', () => {
    const payments = rowsOnce(readTable('payments.csv'), 'Payment ID');
    let compared = 0;
    for (const [id, payment] of payments) {
      const activity = account.byKey.get(`payment:${id}`);
      if (payment.Amount === 'twelve' || payment['Invoice ID'] === '5999') {
        expect(activity, `payment ${id}`).toBeUndefined();
        continue;
      }
      compared += 1;
      expect(activity, `payment ${id}`).toBeDefined();
      expect(activity?.due_date, `payment ${id}`).toBe(utc(payment['Payment date'] ?? '').date);
      expect(String(activity?.note)).toContain(`AUD ${payment.Amount}`);
      if (payment['Booking ID'])
        expect(account.keyOf('deals', activity?.deal_id), `payment ${id}`).toBe(
          `booking:${payment['Booking ID']}`,
        );
    }
    expect(compared).toBe(91);
    const refunds = rowsOnce(readTable('refunds.csv'), 'Refund ID');
    for (const [id, refund] of refunds)
      expect(String(account.byKey.get(`refund:${id}`)?.note)).toContain(`AUD ${refund.Amount}`);
  });

  it('rolls approved payments and refunds up on the deal', () => {
    const bookings = rowsOnce(readTable('bookings.csv'), 'Booking ID');
    const payments = [...rowsOnce(readTable('payments.csv'), 'Payment ID').values()];
    // Bookings whose single invoice and payments are untouched by a planted defect or a split deposit.
    const simple = [...bookings.values()].filter((booking) => {
      const own = payments.filter((payment) => payment['Booking ID'] === booking['Booking ID']);
      return (
        own.length > 0 &&
        own.every(
          (payment) =>
            payment.Status === 'Approved' && payment.Amount !== 'twelve' && payment['Invoice ID'] !== '5999',
        )
      );
    });
    const refunded = new Set(readTable('refunds.csv').map((refund) => refund['Booking ID']));
    let compared = 0;
    for (const booking of simple.filter((one) => !refunded.has(one['Booking ID']))) {
      const deal = account.byKey.get(`booking:${booking['Booking ID']}`);
      if (!deal) continue;
      const paid = payments
        .filter((payment) => payment['Booking ID'] === booking['Booking ID'])
        .reduce((cents, payment) => cents + Math.round(Number(payment.Amount) * 100), 0);
      if ((paid / 100).toFixed(2) !== booking.Paid) continue;
      compared += 1;
      const shown = account.custom('deals', deal, 'Amount paid') as { value: number } | undefined;
      expect(Math.round((shown?.value ?? Number.NaN) * 100), `booking ${booking['Booking ID']}`).toBe(paid);
    }
    expect(compared).toBeGreaterThan(50);
  });

  it('uploads each invoice PDF, byte for byte', async () => {
    const state = await readState(sim.url);
    const attachments = readTable('attachments.csv').filter(
      (row) => row.Object === 'invoice' && row.Kind === 'pdf',
    );
    expect(attachments).toHaveLength(25);
    for (const row of attachments) {
      const file = (state.files ?? []).find(
        (one) => one.id === account.byKey.get(`attachment:${row['Attachment ID']}`)?.id,
      );
      expect(file?.sha256, row.Path ?? '').toBe(
        createHash('sha256')
          .update(readBytes(row.Path ?? ''))
          .digest('hex'),
      );
      expect(account.keyOf('activities', file?.activity_id)).toBe(`invoice:${row['Object ID']}#activity`);
    }
  });

  it('keeps names, e-mails and joining dates of people', () => {
    const customers = rowsOnce(readTable('customers.csv'), 'Customer ID');
    let people = 0;
    for (const [id, customer] of customers) {
      const person = account.byKey.get(`customer:${id}`);
      if (!person) continue;
      people += 1;
      const name = [customer.first_name, customer.last_name].filter(Boolean).join(' ');
      if (name) expect(person.name).toBe(name);
      if (customer.email && customer.email !== 'none@none') {
        expect((person.emails as Array<{ value: string }>).map((email) => email.value)).toContain(
          customer.email.trim().toLowerCase(),
        );
      }
      if (/^\d{4}-\d{2}-\d{2}$/.test(customer['Date joined'] ?? '')) {
        // Midnight in Sydney is the afternoon before in UTC.
        const joined = new Date(String(person.add_time)).toLocaleDateString('en-CA', {
          timeZone: 'Australia/Sydney',
        });
        expect(joined, `customer ${id}`).toBe(customer['Date joined']);
      }
    }
    expect(people).toBeGreaterThan(45);
  });

  it('finds the ten planted defects and nothing else', () => {
    const planted = readFileSync(path.join(path.dirname(readPath()), 'defects.ndjson'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { expected_finding: string });
    expect(planted).toHaveLength(10);
    for (const { expected_finding } of planted) {
      expect(summary.findings[expected_finding], expected_finding).toBeGreaterThan(0);
    }
    const told = new Set([...planted.map((one) => one.expected_finding), 'secret_dropped']);
    expect(Object.keys(summary.findings).filter((code) => !told.has(code))).toEqual([]);
  });

  it('costs at most 1.10 of the floor, as planned, and never meets a 429', async () => {
    expect(summary.tokens.spent).toBeLessThanOrEqual(summary.tokens.floor * 1.1);
    expect(Math.abs(summary.tokens.spent - summary.tokens.planned)).toBeLessThanOrEqual(
      summary.tokens.planned * 0.02,
    );
    const requests = await readRequests(sim.url);
    const refused = Object.entries(requests.operations).flatMap(([operation, counts]) =>
      Object.entries(counts)
        .filter(([status]) => status !== '2xx')
        .map(([status, count]) => `${operation} ${status} ${count}`),
    );
    expect(refused).toEqual([]);
    expect(requests.unexpected).toEqual({});
  });

  it('says nothing of a customer in its logs, and lets no secret in', () => {
    const logs = readdirSync(path.join(folder.path, 'state/logs')).map((name) =>
      readFileSync(path.join(folder.path, 'state/logs', name), 'utf8'),
    );
    const text = logs.join('\n');
    expect(text).toContain('"service":"loader"');
    const values = readTable('customers.csv').flatMap((row) => [
      row.email,
      row.mobile,
      row.phone,
      row.last_name,
      row['Business name'],
      row.Notes,
    ]);
    const told = [...new Set(values)].filter(
      (value): value is string => value !== undefined && value.length > 4 && text.includes(value),
    );
    expect(told).toEqual([]);
    expect(text).not.toMatch(/canary-/);
    expect(text).not.toContain(sim.token);
    expect(readFileSync(path.join(folder.path, 'out/mapped.ndjson'), 'utf8')).not.toMatch(/canary-/);
  });

  it('writes nothing the second time, and the payload hashes are the same', async () => {
    const ledgerBefore = (await readLedger(sim.url)).length;
    const firstHashes = readFileSync(path.join(folder.path, 'out/mapped.ndjson'), 'utf8');
    const { code, output } = await octopipe(migrateArgs(sim, folder.path)).exit;
    expect(code, output).toBe(0);
    const second = readSummary(folder.path);
    expect(
      Object.values(second.target).reduce((all, of) => all + of.created + of.updated + of.failed, 0),
    ).toBe(0);
    expect((await readLedger(sim.url)).length).toBe(ledgerBefore);
    expect(second.balanced).toBe(true);
    expect(readFileSync(path.join(folder.path, 'out/mapped.ndjson'), 'utf8')).toBe(firstHashes);
  });
});

interface Summary {
  status: string;
  balanced: boolean;
  source: Record<
    string,
    {
      rows: number;
      mapped: number;
      merged: number;
      excluded: Record<string, number>;
      rejected: Record<string, number>;
    }
  >;
  target: Record<
    string,
    { planned: number; created: number; updated: number; unchanged: number; failed: number; waiting: number }
  >;
  verified: { records: number; fields: number; differences: number };
  findings: Record<string, number>;
  tokens: { planned: number; spent: number; floor: number };
}

function readSummary(folder: string): Summary {
  return JSON.parse(readFileSync(path.join(folder, 'out/summary.json'), 'utf8')) as Summary;
}

function readPath(): string {
  return path.join(new URL('../samples/harbour-home-services/package', import.meta.url).pathname);
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
