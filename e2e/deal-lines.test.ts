import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, markerOf, readAccount, readLedger, readState } from './account.js';
import { migrateArgs, octopipe, type Simulator, startSimulator, temporaryFolder } from './programs.js';
import { readTable, rowsOnce } from './sample-source.js';

/** The sample with its lines as products on the deals, judged by what the account itself says. */
describe('the sample package with deal lines', () => {
  const folder = temporaryFolder();
  let sim: Simulator;
  let account: Account;

  const migrate = async () => {
    const { code, output } = await octopipe(migrateArgs(sim, folder.path, ['--deal-lines', 'products'])).exit;
    expect(code, output).toBe(0);
    return JSON.parse(readFileSync(path.join(folder.path, 'out/summary.json'), 'utf8')) as Summary;
  };
  let summary: Summary;
  beforeAll(async () => {
    sim = await startSimulator();
    summary = await migrate();
    account = await readAccount(sim.url);
  });
  afterAll(async () => {
    await sim.stop();
    folder.remove();
  });

  it('balances, reads everything back without a difference, and costs what was planned', () => {
    expect(summary).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
    expect(summary.source.booking_service).toMatchObject({ rows: 112, mapped: 111, merged: 0 });
    expect(summary.target.line).toMatchObject({ failed: 0, waiting: 0 });
    expect(Math.abs(summary.tokens.spent - summary.tokens.planned)).toBeLessThanOrEqual(
      summary.tokens.planned * 0.02,
    );
  });

  it('puts every line on the deal of its booking, and leaves its value as it was, to the cent', () => {
    const bookings = rowsOnce(readTable('bookings.csv'), 'Booking ID');
    const services = rowsOnce(readTable('services.csv'), 'Service ID');
    let lines = 0;
    let deals = 0;
    for (const [id, row] of rowsOnce(readTable('booking_services.csv'), 'Booking Service ID')) {
      const line = account.byKey.get(`booking_service:${id}`);
      if (!line) continue;
      lines += 1;
      expect(account.keyOf('deals', line.deal_id)).toBe(`booking:${row['Booking ID']}`);
      const isActive = services.get(row['Service ID'] ?? '')?.Active === 'true';
      expect(account.keyOf('products', line.product_id), `line ${id}`).toBe(
        isActive ? `service:${row['Service ID']}` : 'product:ad-hoc',
      );
    }
    for (const [id, booking] of bookings) {
      const deal = account.byKey.get(`booking:${id}`);
      if (!deal) continue;
      deals += 1;
      expect(Number(deal.value).toFixed(2), `booking ${id}`).toBe(Number(booking.Total || 0).toFixed(2));
    }
    expect([lines, deals]).toEqual([111, 103]);
  });

  it('creates each target key once, by the ledger, and writes nothing the second time', async () => {
    const state = await readState(sim.url);
    const ledger = await readLedger(sim.url);
    const created = new Map<string, number>();
    for (const line of ledger.filter(
      ({ op, entity }) => op === 'create' && !/Field|stage|pipeline|Type/i.test(entity),
    )) {
      const key = markerOf(state, line.entity, line.record);
      if (key) created.set(key, (created.get(key) ?? 0) + 1);
    }
    expect([...created].filter(([, count]) => count !== 1)).toEqual([]);
    expect(created.size).toBe(Object.values(summary.target).reduce((all, of) => all + of.created, 0));
    const second = await migrate();
    expect(second).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
    expect((await readLedger(sim.url)).length).toBe(ledger.length);
  });
});

interface Summary {
  status: string;
  balanced: boolean;
  source: Record<string, { rows: number; mapped: number; merged: number }>;
  target: Record<string, { created: number; failed: number; waiting: number }>;
  verified: { differences: number };
  tokens: { planned: number; spent: number };
}
