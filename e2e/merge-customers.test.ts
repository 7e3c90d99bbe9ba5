import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, readAccount, readCreates } from './account.js';
import {
  type Caller,
  type Journey,
  made,
  migrateOverHttp,
  reaches,
  type Served,
  serve,
  zipOf,
} from './journey.js';
import { type Simulator, startSimulator, temporaryFolder } from './programs.js';

const files = {
  'customers.csv': [
    'Customer ID,first_name,last_name,email,mobile,Street address',
    '1001,Ada,Lovelace,ada@inlet.example,0412 555 010,',
    '1002,Ada,Lovelace, ADA@inlet.example,02 5550 0001,9 Hill Rd',
    '1003,Emmy,Noether,noether@inlet.example,,',
    '1004,Max,Noether,noether@inlet.example,,',
  ],
  'bookings.csv': [
    'Booking ID,Customer ID,Status,Start,Total',
    '10101,1001,Completed,2025-03-01T10:00:00+11:00,90.00',
    '10102,1002,Completed,2025-03-08T10:00:00+11:00,110.00',
    '10103,1004,Completed,2025-03-09T10:00:00+11:00,70.00',
  ],
  'notes.csv': [
    'Note ID,Object,Object ID,Body,Created',
    '801,customer,1002,Rang twice.,2025-03-05T10:00:00+11:00',
  ],
};

interface Group {
  customers: string[];
  mergeInto: string | null;
}

/** One booking of a merged customer, from the package to the account and back out of it, over HTTP only. */
describe('a customer that stands in the export twice', () => {
  const folder = temporaryFolder();
  let served: Served;
  let sim: Simulator;
  let admin: Caller;
  let journey: Journey;
  let account: Account;

  beforeAll(async () => {
    served = await serve(path.join(folder.path, 'state'));
    sim = await startSimulator();
    const source = path.join(folder.path, 'package');
    mkdirSync(source);
    for (const [name, lines] of Object.entries(files))
      writeFileSync(path.join(source, name), `${lines.join('\n')}\n`);
    journey = await migrateOverHttp(
      await served.newKey('portal'),
      async (tenant) => {
        admin = await served.newKey('tenant_admin', tenant);
        return admin;
      },
      {
        tenant: 'harbour-home',
        zip: await zipOf(source),
        sim,
        edit(content) {
          const groups = content.duplicates as Group[];
          expect(groups.map(({ customers, mergeInto }) => [customers, mergeInto])).toEqual([
            [['1001', '1002'], null],
            [['1003', '1004'], null],
          ]);
          return {
            ...content,
            duplicates: groups.map((group, n) => ({ ...group, mergeInto: n === 0 ? '1001' : null })),
          };
        },
      },
    );
    account = await readAccount(sim.url);
  });
  afterAll(async () => {
    await served?.stop();
    await sim?.stop();
    folder.remove();
  });

  it('counts as merged; everything balances and reads back', () => {
    expect(journey.summary).toMatchObject({
      status: 'done',
      balanced: true,
      verified: { differences: 0 },
      source: { customer: { rows: 4, mapped: 3, merged: 1, excluded: {}, rejected: {} } },
    });
  });

  it('is one person in the account, with what both rows said; those who were kept apart are two', async () => {
    const { byKey } = await readCreates(sim.url);
    const people = [...byKey.keys()].filter((key) => /^customer:\d+$/.test(key)).sort();
    expect(people).toEqual(['customer:1001', 'customer:1003', 'customer:1004']);
    const ada = account.byKey.get('customer:1001');
    expect(ada).toMatchObject({
      emails: [{ value: 'ada@inlet.example' }],
      phones: [{ value: '+61412555010' }, { value: '+61255500001' }],
    });
    for (const booking of ['booking:10101', 'booking:10102'])
      expect(account.keyOf('persons', account.byKey.get(booking)?.person_id)).toBe('customer:1001');
    expect(account.keyOf('persons', account.byKey.get('booking:10103')?.person_id)).toBe('customer:1004');
    expect(account.keyOf('persons', account.byKey.get('note:801')?.person_id)).toBe('customer:1001');
  });

  it('is found in the crosswalk by the id that is gone', async () => {
    const found = await made<{ items: Array<Record<string, unknown>> }>(
      admin('GET', `/v1/crosswalk?connection_id=${journey.connectionId}&source_type=customer&source_id=1002`),
    );
    expect(found.items).toEqual([
      expect.objectContaining({ role: 'merged', target_key: 'customer:1001', target_type: 'person' }),
    ]);
    expect(found.items[0]?.target_id).toBe(String(account.byKey.get('customer:1001')?.id));
  });

  it('is gone with the rollback, and nothing leads to it', async () => {
    const run = await made<{ id: string }>(
      admin('POST', `/v1/runs/${journey.runId}/rollback`, { preview: false }),
    );
    await reaches(
      () => admin<{ status: string }>('GET', `/v1/runs/${run.id}`),
      ({ status }) => status === 'done' || status === 'rolled_back',
      ({ status }) => ['failed', 'cancelled', 'waiting_person'].includes(status),
    );
    expect([...(await readAccount(sim.url)).byKey.keys()]).toEqual([]);
    const left = await made<{ items: unknown[] }>(
      admin('GET', `/v1/crosswalk?connection_id=${journey.connectionId}&source_type=customer&source_id=1002`),
    );
    expect(left.items).toEqual([]);
  });
});
