import { inTransaction } from '@octopipe/shared/db/index';
import { listAliases } from '@octopipe/shared/mapped/read-mapped-set';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from '../testing/rig.js';
import type { StagedPackage, Tables } from '../testing/stage-folder.js';

/** Two rows of Ada, three of a company's Grace, a couple with one mailbox, and a row that shares its id with another. */
const tables: Tables = {
  customers: [
    [
      'Customer ID',
      'first_name',
      'last_name',
      'Business name',
      'email',
      'mobile',
      'Street address',
      'Notes',
      'cf:7:Gate code',
    ],
    ['12', 'Ada', 'Lovelace', '', ' ADA@inlet.example', '', '9 Hill Rd', 'Gate at the back.', '4711'],
    ['9', 'Ada', 'Lovelace', '', 'ada@inlet.example', '0412 555 010', '', 'Two dogs.', ''],
    ['20', 'Grace', 'Hopper', 'Harbour Gardens', 'grace@gardens.example', '', '', '', ''],
    ['21', 'Grace', 'Hopper', '', 'grace@gardens.example', '0412 555 020', '', '', ''],
    ['22', 'Grace', 'Hopper', 'Harbour Gardens Pty Ltd', '', '+61 412 555 020', '1 Park Ln', '', ''],
    ['30', 'Emmy', 'Noether', '', 'noether@inlet.example', '', '', '', ''],
    ['31', 'Max', 'Noether', '', 'noether@inlet.example', '', '', '', ''],
    ['40', 'Ada', 'Lovelace', '', 'ada@inlet.example', '', '', '', ''],
    ['40', 'Ada', 'King', '', 'ada@inlet.example', '', '', '', ''],
  ],
  custom_fields: [
    ['Field ID', 'Label', 'Applies to', 'Type'],
    ['7', 'Gate code', 'Customer', 'Text box'],
  ],
  bookings: [
    ['Booking ID', 'Customer ID', 'Status', 'Start', 'Series ID'],
    ['101', '9', 'Completed', '2025-03-01 10:00', 's1'],
    ['102', '12', 'Completed', '2025-03-08 10:00', 's1'],
    ['103', '22', 'Completed', '2025-03-02 10:00', ''],
  ],
  invoices: [
    ['Invoice ID', 'Customer ID', 'Total', 'Status', 'Issue date'],
    ['501', '12', '90.00', 'Open', '2025-03-03'],
  ],
  payments: [
    ['Payment ID', 'Customer ID', 'Amount', 'Payment date', 'Status'],
    ['701', '12', '20.00', '2025-03-04', 'Approved'],
  ],
  notes: [
    ['Note ID', 'Object', 'Object ID', 'Body', 'Created'],
    ['801', 'customer', '12', 'Rang twice.', '2025-03-05 10:00'],
  ],
  customer_addresses: [
    ['Address ID', 'Customer ID', 'Street address'],
    ['61', '12', '9 Hill Rd'],
    ['62', '9', '1 Shore St'],
  ],
};
const manifest = { tenant: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' } };

interface Group {
  customers: string[];
  grade: string;
  evidence: unknown[];
  mergeInto: string | null;
}
interface Mapping {
  id: string;
  state: string;
  content_hash: string;
  content: { duplicates?: Group[]; settings: object };
}

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

const ids = (staged: StagedPackage) => ({ migration_id: staged.migrationId, export_id: staged.exportId });

async function propose(tenant: string, staged: StagedPackage, content?: object) {
  const answer = await rig.call('POST', `/v1/mappings?tenant=${tenant}`, {
    json: { ...ids(staged), ...(content ? { content } : {}) },
  });
  return { status: answer.status, body: answer.body as unknown as Mapping };
}

async function confirm(tenant: string, mapping: Mapping): Promise<void> {
  const { status } = await rig.call('POST', `/v1/mappings/${mapping.id}/confirm?tenant=${tenant}`, {
    json: { content_hash: mapping.content_hash },
  });
  expect(status).toBe(200);
}

/** A person decides on each group by its lowest id; what is not named is kept apart. */
function decided({ content }: Mapping, mergeInto: Record<string, string>, more: object = {}) {
  const duplicates = content.duplicates?.map((group) => ({
    ...group,
    mergeInto: mergeInto[group.customers[0] ?? ''] ?? null,
  }));
  return { ...content, duplicates, ...more };
}

async function dump(staged: StagedPackage) {
  const of = `set_id in (select id from transform.mapped_set where export_id = '${staged.exportId}')`;
  return {
    records: await rig.query(
      `select target_key, payload, payload_hash from transform.mapped_record where ${of} order by target_key collate "C"`,
    ),
    outcomes: await rig.query(
      `select object, row_number, source_id, outcome, reason from transform.source_outcome where ${of} order by object, row_number`,
    ),
    links: await rig.query(
      `select object, source_id, slot, target_key, role from transform.source_link where ${of} order by 1, 2, 3, 4`,
    ),
    aliases: await rig.query(
      `select source_id, surviving_id from transform.source_alias where ${of} order by source_id`,
    ),
  };
}

const merges = { 9: '9', 20: '21' };

async function mergedSet(tenant: string, more: { settings?: object; slices?: number } = {}) {
  const staged = await rig.stage(tenant, tables, {
    manifest,
    ...(more.settings ? { settings: more.settings } : {}),
  });
  const proposed = await propose(tenant, staged);
  const version = (await propose(tenant, staged, decided(proposed.body, merges))).body;
  await confirm(tenant, version);
  for (let tries = 0; tries < 100; tries += 1) {
    await rig.map(staged, version.id, more.slices);
    const [set] = await rig.query('select state, error_code from transform.mapped_set where export_id = $1', [
      staged.exportId,
    ]);
    if (set?.state !== 'mapping') {
      expect(set).toEqual({ state: 'mapped', error_code: null });
      return { staged, version };
    }
  }
  throw new Error('the set does not come to an end');
}

describe('proposing', () => {
  let staged: StagedPackage;
  beforeAll(async () => {
    staged = await rig.stage('proposing', tables, { manifest });
  });

  test('names those who look alike, with what they have in common and never its value, and keeps them apart', async () => {
    const { body } = await propose('proposing', staged);
    expect(body.content.duplicates).toEqual([
      {
        customers: ['9', '12'],
        grade: 'sure',
        evidence: [{ customers: ['9', '12'], same: ['name', 'email'] }],
        mergeInto: null,
      },
      {
        customers: ['20', '21', '22'],
        grade: 'sure',
        evidence: [
          { customers: ['20', '21'], same: ['name', 'email'] },
          { customers: ['21', '22'], same: ['name', 'phone'] },
        ],
        mergeInto: null,
      },
      {
        customers: ['30', '31'],
        grade: 'likely',
        evidence: [{ customers: ['30', '31'], same: ['email'] }],
        mergeInto: null,
      },
    ]);
    expect(JSON.stringify(body.content)).not.toMatch(/inlet\.example|Lovelace|412 ?555/);
  });

  test('a merge of a row that was set aside, or into one, is refused by name', async () => {
    const { body } = await propose('proposing', staged);
    const group = { customers: ['9', '40'], grade: 'sure', evidence: [], mergeInto: '9' };
    const refused = await propose('proposing', staged, { ...body.content, duplicates: [group] });
    expect(refused).toMatchObject({ status: 422, body: { code: 'mapping_unsound' } });
    expect(JSON.stringify(refused.body)).toContain('Customer 40');
    const chain = [
      { ...group, customers: ['9', '12'], mergeInto: '12' },
      { ...group, customers: ['12', '20'], mergeInto: '20' },
    ];
    expect((await propose('proposing', staged, { ...body.content, duplicates: chain })).status).toBe(422);
    // Kept apart, nobody minds.
    const apart = [{ ...group, mergeInto: null }];
    expect((await propose('proposing', staged, { ...body.content, duplicates: apart })).status).toBe(201);
  });
});

describe('a confirmed merge', () => {
  let staged: StagedPackage;
  let version: Mapping;
  let found: Awaited<ReturnType<typeof dump>>;
  const payload = (key: string) => found.records.find((record) => record.target_key === key)?.payload;

  beforeAll(async () => {
    ({ staged, version } = await mergedSet('merging'));
    found = await dump(staged);
  });

  test('the merged rows are merged in the equation, the others what they were', async () => {
    const customers = found.outcomes.filter(({ object }) => object === 'customer');
    expect(
      customers.map(({ source_id, outcome, reason }) => `${source_id} ${outcome} ${reason}`.trim()),
    ).toEqual([
      '12 merged',
      '9 mapped',
      '20 merged',
      '21 mapped',
      '22 merged',
      '30 mapped',
      '31 mapped',
      '40 rejected duplicate_id_conflict',
      '40 rejected duplicate_id_conflict',
    ]);
    expect(
      found.outcomes.filter(({ outcome, object }) => outcome === 'rejected' && object !== 'customer'),
    ).toEqual([]);
  });

  test('the one that stays has what it lacked; what is said otherwise stands in its note', () => {
    expect(payload('customer:9')).toMatchObject({
      name: 'Ada Lovelace',
      emails: [{ value: 'ada@inlet.example', primary: true }],
      phones: [{ value: '+61412555010', primary: true }],
      custom_fields: { Address: { value: '9 Hill Rd' }, 'Gate code': '4711' },
    });
    expect(payload('customer:9#note')).toMatchObject({
      content: 'Two dogs.<br><br>Gate at the back.<br><br>OctopusPro customer:9#note',
      person_id: { $ref: 'customer:9' },
    });
    expect(payload('customer:12')).toBeUndefined();
    expect(payload('customer:12#note')).toBeUndefined();
  });

  test('a company of merged customers is one organization, that of the one that stays', () => {
    expect(payload('customer:21#org')).toMatchObject({
      name: 'Harbour Gardens',
      address: { value: '1 Park Ln' },
    });
    expect(payload('customer:21')).toMatchObject({ org_id: { $ref: 'customer:21#org' } });
    expect(found.records.filter(({ target_key }) => /#org$/.test(String(target_key)))).toHaveLength(1);
  });

  test('the crosswalk leads from the merged ids to the same records, and the aliases say why', () => {
    const links = found.links.filter(
      ({ object, source_id }) => object === 'customer' && /^(9|12|2\d)$/.test(String(source_id)),
    );
    expect(
      links.map(({ source_id, slot, role, target_key }) => `${source_id}#${slot} ${role} ${target_key}`),
    ).toEqual([
      '12# merged customer:9',
      '12#note merged customer:9#note',
      '20# merged customer:21',
      '20#org merged customer:21#org',
      '21# primary customer:21',
      '21#org primary customer:21#org',
      '22# merged customer:21',
      '22#org merged customer:21#org',
      '9# primary customer:9',
      '9#note primary customer:9#note',
    ]);
    expect(found.aliases).toEqual([
      { source_id: '12', surviving_id: '9' },
      { source_id: '20', surviving_id: '21' },
      { source_id: '22', surviving_id: '21' },
    ]);
  });

  test('bookings, invoices, payments, notes and addresses of the merged id stand on the one that stays', () => {
    expect(payload('booking:102')).toMatchObject({ person_id: { $ref: 'customer:9' } });
    expect(payload('booking:103')).toMatchObject({
      person_id: { $ref: 'customer:21' },
      org_id: { $ref: 'customer:21#org' },
    });
    expect(payload('invoice:501')).toMatchObject({ person_id: { $ref: 'customer:9' } });
    expect(JSON.stringify(payload('payment:701'))).toContain('"$ref":"customer:9"');
    expect(payload('note:801')).toMatchObject({ person_id: { $ref: 'customer:9' } });
    // The merged row's address is the person's now; another one is a note.
    expect(payload('customer_address:61')).toBeUndefined();
    expect(payload('customer_address:62')).toMatchObject({ person_id: { $ref: 'customer:9' } });
    expect(JSON.stringify(found.records)).not.toMatch(/"\$ref":"customer:(12|20|22)[#"]/);
  });

  test('the same package and decisions give the same records and hashes, also when it stops after every slice', async () => {
    const again = await mergedSet('merging-again', { slices: 1 });
    expect(await dump(again.staged)).toEqual(found);
    expect(again.version.content_hash).toBe(version.content_hash);
  });

  test('proposed again, it stays decided: the version is the one that was confirmed', async () => {
    expect((await propose('merging', staged)).body).toMatchObject({ id: version.id, state: 'confirmed' });
  });

  test('another tenant sees no alias', async () => {
    const stranger = await rig.stage('stranger', { customers: [['Customer ID'], ['1']] });
    const [set] = await rig.query<{ id: string }>(
      'select id from transform.mapped_set where export_id = $1',
      [staged.exportId],
    );
    const seen = await inTransaction(
      rig.ctx.db,
      { role: 'reporter', tenantId: stranger.tenantId },
      async (tx) => [
        ...(await listAliases(tx, staged.tenantId, set?.id ?? '')),
        ...(await listAliases(tx, stranger.tenantId, set?.id ?? '')),
      ],
    );
    expect(seen).toEqual([]);
    const own = await inTransaction(rig.ctx.db, { role: 'reporter', tenantId: staged.tenantId }, (tx) =>
      listAliases(tx, staged.tenantId, set?.id ?? ''),
    );
    expect(own).toHaveLength(3);
  });
});

test('a series of merged customers is one deal, where the tenant wishes that', async () => {
  const { staged } = await mergedSet('series', { settings: { recurring_series: 'series' } });
  const { records, links } = await dump(staged);
  expect(records.filter(({ target_key }) => String(target_key).startsWith('series:'))).toMatchObject([
    { target_key: 'series:s1#9', payload: { person_id: { $ref: 'customer:9' } } },
  ]);
  expect(
    links.filter(({ slot }) => slot === 'series').map(({ source_id, role }) => `${source_id} ${role}`),
  ).toEqual(['101 primary', '102 merged']);
});

test('what OctopusPro has merged needs nobody’s word: over several steps, and with what a person merges besides', async () => {
  const staged = await rig.stage(
    'stated',
    {
      customers: [
        ['Customer ID', 'first_name', 'last_name', 'email', 'mobile', 'Notes', 'Merged into ID'],
        ['7', 'Ada', 'Lovelace', 'ada@inlet.example', '', '', ''],
        ['12', 'Ada', 'Lovelace', 'ada@inlet.example', '0412 555 010', 'Two dogs.', '13'],
        ['13', 'Ada', 'Lovelace', '', '', '', '7'],
        ['20', 'Ada', 'Lovelace', '', '0412 555 010', '', ''],
        ['30', 'Max', 'Noether', 'max@inlet.example', '', '', '99'],
      ],
      bookings: [
        ['Booking ID', 'Customer ID', 'Status', 'Start'],
        ['900', '12', 'Completed', '2025-03-01 10:00'],
        ['901', '30', 'Completed', '2025-03-01 10:00'],
      ],
    },
    { manifest },
  );
  const { body } = await propose('stated', staged);
  expect(body.content.duplicates?.map(({ customers }) => customers)).toEqual([['7', '20']]);
  const version = (await propose('stated', staged, decided(body, { 7: '20' }))).body;
  await confirm('stated', version);
  await rig.map(staged, version.id);
  const { records, outcomes, aliases } = await dump(staged);
  expect(aliases).toEqual([
    { source_id: '12', surviving_id: '20' },
    { source_id: '13', surviving_id: '20' },
    { source_id: '7', surviving_id: '20' },
  ]);
  expect(
    outcomes.filter(({ object }) => object === 'customer').map((row) => `${row.source_id} ${row.outcome}`),
  ).toEqual(['7 merged', '12 merged', '13 merged', '20 mapped', '30 mapped']);
  const payload = (key: string) => records.find((record) => record.target_key === key)?.payload;
  expect(payload('customer:20')).toMatchObject({
    emails: [{ value: 'ada@inlet.example' }],
    phones: [{ value: '+61412555010' }],
  });
  expect(JSON.stringify(payload('customer:20#note'))).toContain('Two dogs.');
  expect(payload('booking:900')).toMatchObject({ person_id: { $ref: 'customer:20' } });
  expect(payload('booking:901')).toMatchObject({ person_id: { $ref: 'customer:30' } });
});

test('kept apart, nothing is merged', async () => {
  const staged = await rig.stage('apart', tables, { manifest });
  const version = await rig.confirmMapping(staged, 'apart');
  await rig.map(staged, version);
  const { records, outcomes, aliases } = await dump(staged);
  expect(aliases).toEqual([]);
  expect(outcomes.filter(({ object, outcome }) => object === 'customer' && outcome === 'merged')).toEqual([]);
  expect(records.map(({ target_key }) => target_key)).toEqual(
    expect.arrayContaining(['customer:9', 'customer:12']),
  );
});
