import { inTransaction } from '@octopipe/shared/db/index';
import { listWorkers } from '@octopipe/shared/mapped/list-workers';
import {
  countRecords,
  findConfirmedMapping,
  findMappedSet,
  linksOf,
  listBatches,
  outcomeCounts,
  readRecords,
  streamRecords,
} from '@octopipe/shared/mapped/read-mapped-set';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweep } from '../sweep.js';
import { type Rig, startRig } from '../testing/rig.js';
import type { StagedPackage } from '../testing/stage-folder.js';

let rig: Rig;
let staged: StagedPackage;
let versionId: string;
let setId: string;

beforeAll(async () => {
  rig = await startRig();
  staged = await rig.stageSample('harbour');
  versionId = await rig.confirmMapping(staged, 'harbour');
  await rig.map(staged, versionId);
  setId = await setOf(staged);
});
afterAll(() => rig.stop());

test('the sample is mapped whole: every row has one outcome, in the words of the report', async () => {
  const [set] = await rig.query('select state, error_code from transform.mapped_set');
  expect(set).toEqual({ state: 'mapped', error_code: null });
  const counts = await asTransform((tx) => outcomeCounts(tx, staged.tenantId, setId));
  const supported = counts.filter((count) => count.reason !== 'not_supported_yet');
  expect(
    supported.map((count) => `${count.object} ${count.outcome} ${count.reason} ${count.rows}`),
  ).toMatchInlineSnapshot(`
    [
      "appointment excluded duplicate_id_equal 1",
      "appointment mapped  106",
      "appointment rejected orphan_reference 1",
      "attachment excluded no_target_record 1",
      "attachment mapped  66",
      "automation excluded inventory_only 12",
      "booking mapped  103",
      "booking rejected orphan_reference 1",
      "booking_service merged  111",
      "booking_service rejected orphan_reference 1",
      "booking_status merged  13",
      "communication excluded automated_message 87",
      "communication mapped  15",
      "complaint mapped  4",
      "custom_field excluded inventory_only 1",
      "custom_field merged  33",
      "custom_field_option merged  23",
      "custom_field_value excluded no_target_record 8",
      "custom_field_value merged  10",
      "customer excluded deleted 1",
      "customer mapped  58",
      "customer rejected duplicate_id_conflict 2",
      "customer rejected missing_key 1",
      "customer_address mapped  3",
      "customer_address merged  58",
      "customer_address rejected orphan_reference 2",
      "customer_property mapped  9",
      "faq merged  12",
      "fieldworker merged  8",
      "form merged  5",
      "form_field merged  16",
      "form_response mapped  55",
      "form_response merged  123",
      "inquiry mapped  3",
      "inquiry merged  7",
      "invoice mapped  86",
      "invoice_item merged  115",
      "label excluded unused_label 1",
      "label merged  9",
      "message_template excluded inventory_only 11",
      "note mapped  65",
      "pay_rate excluded inventory_only 30",
      "payment mapped  91",
      "payment rejected orphan_reference 1",
      "payment rejected unparseable_amount 1",
      "payment_allocation merged  2",
      "portal_setting excluded inventory_only 20",
      "product mapped  10",
      "quote mapped  10",
      "quote_item merged  13",
      "refund mapped  3",
      "service mapped  13",
      "status_history excluded history_not_needed 280",
      "status_history merged  89",
      "status_history rejected orphan_reference 2",
      "user merged  3",
    ]
  `);
  const [staging] = await rig.query<{ rows: number }>('select count(*)::int as rows from ingest.staged_row');
  expect(counts.reduce((rows, count) => rows + count.rows, 0)).toBe(staging?.rows);
});

test('and becomes these records', async () => {
  const records = await asTransform((tx) => countRecords(tx, staged.tenantId, setId));
  expect(Object.fromEntries(records.map(({ entity, count }) => [entity, count]))).toMatchInlineSnapshot(`
    {
      "activity": 371,
      "deal": 114,
      "file": 66,
      "lead": 3,
      "note": 90,
      "organization": 8,
      "person": 61,
      "product": 23,
    }
  `);
});

test('money is counted once: what the deals bill and were paid is what invoices and payments say', async () => {
  const [sums] = await rig.query(`
    with deal as (select payload->'custom_fields' as f from transform.mapped_record where entity = 'deal')
    select sum((f->'Invoice total'->>'value')::numeric)::text as billed, sum((f->'Amount paid'->>'value')::numeric)::text as paid from deal`);
  // All invoices 20,262.08 less void ones. Approved payments 16,060.33 less the unapplied 75.25, the 99.00 on an invoice
  // that does not exist, and the approved refunds 75.00.
  expect(sums).toMatchInlineSnapshot(`
    {
      "billed": "19200.83",
      "paid": "15811.08",
    }
  `);
});

test('a sale is counted once: a quote that became a booking adds nothing to what was won', async () => {
  const sums = await rig.query(`
    select payload->>'status' as status, count(*)::int as quotes, sum((payload->>'value')::numeric)::text as value
    from transform.mapped_record where source_object = 'quote' group by 1 order by 1`);
  expect(sums).toEqual([
    { status: 'lost', quotes: 4, value: '1188.3' },
    { status: 'open', quotes: 4, value: '1027.64' },
    { status: 'won', quotes: 2, value: null },
  ]);
});

test('no payload holds a field that its object does not declare, and the plan of the smallest account has room', async () => {
  const [row] = await rig.query<{ content: { schema: { fields: Array<{ entity: string; name: string }> } } }>(
    'select content from transform.mapping_version',
  );
  const fields = row?.content.schema.fields ?? [];
  expect(fields.length).toBeLessThanOrEqual(30);
  const known = new Set(fields.map((field) => `${field.entity} ${field.name}`));
  const used = await rig.query<{ entity: string; name: string }>(
    // Leads show the fields of deals.
    `select distinct case entity when 'lead' then 'deal' else entity end as entity, jsonb_object_keys(payload->'custom_fields') as name
     from transform.mapped_record where payload ? 'custom_fields'`,
  );
  expect(used.map(({ entity, name }) => `${entity} ${name}`).filter((name) => !known.has(name))).toEqual([]);
});

test('every label of a record is one that provisioning makes, and every one that an object has is used', async () => {
  const [version] = await rig.query<{
    content: { schema: { labels: Array<{ entity: string; name: string }> } };
  }>('select content from transform.mapping_version');
  const made = new Set(version?.content.schema.labels.map(({ entity, name }) => `${entity} ${name}`));
  const used = await rig.query<{ entity: string; name: string }>(
    `select distinct entity, name from transform.mapped_record,
       jsonb_array_elements_text(payload->'label_ids'->'$labels') as name order by 1, 2`,
  );
  const names = used.map(({ entity, name }) => `${entity} ${name}`);
  expect(names.filter((name) => !made.has(name))).toEqual([]);
  expect(names).toMatchInlineSnapshot(`
    [
      "deal After hours",
      "deal Bond clean",
      "deal Commercial",
      "deal Dispute",
      "deal Quote accepted",
      "deal Quote declined",
      "deal Quote expired",
      "deal Website lead",
      "lead Contacted",
      "lead New",
      "lead Website lead",
      "organization Agent",
      "organization Commercial",
      "person Agent",
      "person Commercial",
      "person Garden",
      "person Senior",
      "person VIP",
    ]
  `);
});

test('findings of mapping name the header and repeat nothing', async () => {
  const findings = await rig.query(
    `select concat_ws(' ', code, object, source_id, column_name) as finding from core.finding where origin = 'map' and set_id = $1 order by 1`,
    [setId],
  );
  expect(findings.map((row) => row.finding)).toEqual([
    'invalid_email customer 1023 email',
    'unknown_status booking 10194 Status',
    'unparseable_amount payment 4407',
    'unparseable_date appointment 30027 Start',
  ]);
});

test('batches hold each key once, at most a hundred of one entity', async () => {
  const batches = await asTransform((tx) => listBatches(tx, staged.tenantId, setId));
  expect(Math.max(...batches.map((batch) => batch.targetKeys.length))).toBe(100);
  const keys = batches.flatMap((batch) => batch.targetKeys);
  expect(new Set(keys).size).toBe(keys.length);
  const [records] = await rig.query<{ n: number }>('select count(*)::int as n from transform.mapped_record');
  expect(keys.length).toBe(records?.n);
});

test('companies: three contacts of one strata manager are one organization, linked as merged', async () => {
  const links = await asTransform((tx) => linksOf(tx, staged.tenantId, setId, ['customer:1050#org']));
  expect(links.map((link) => `${link.sourceId} ${link.role}`)).toEqual([
    '1050 primary',
    '1051 merged',
    '1052 merged',
  ]);
});

test('stopped after every single slice, or mapped in another database, it comes to the same records and hashes', async () => {
  const other = await startRig();
  try {
    const again = await other.stageSample('somebody-else');
    const version = await other.confirmMapping(again, 'somebody-else');
    for (let tries = 0; (await stateIn(other)) !== 'mapped'; tries += 1) {
      if (tries > 200) throw new Error('the set does not come to an end');
      await other.map(again, version, 1);
    }
    for (const table of ['mapped_record', 'source_outcome', 'source_link']) {
      const columns = {
        mapped_record: 'target_key, entity, source_object, sort_key, payload, payload_hash',
        source_outcome: 'object, row_number, source_id, outcome, reason',
        source_link: 'object, source_id, slot, target_key, role',
      }[table];
      const text = `select ${columns} from transform.${table} order by 1, 2, 3, 4`;
      expect(await other.query(text)).toEqual(await rig.query(text));
    }
    const batches = 'select entity, seq, target_keys from transform.load_batch order by 1, 2';
    expect(await other.query(batches)).toEqual(await rig.query(batches));
  } finally {
    await other.stop();
  }
});

test('a second run of a finished set changes nothing', async () => {
  const before = await rig.query('select finished_at from transform.mapped_set where id = $1', [setId]);
  await rig.map(staged, versionId);
  expect(await rig.query('select finished_at from transform.mapped_set where id = $1', [setId])).toEqual(
    before,
  );
});

test('a locked set is left to whoever holds it', async () => {
  const mine = await rig.stageSample('locked');
  const version = await rig.confirmMapping(mine, 'locked');
  await rig.map(mine, version, 2);
  const text = 'select progress from transform.mapped_set where export_id = $1';
  const before = await rig.query(text, [mine.exportId]);
  await inTransaction(rig.ctx.db, { role: 'transform', tenantId: mine.tenantId }, async (tx) => {
    await tx
      .selectFrom('transform.mappedSet')
      .select('id')
      .where('exportId', '=', mine.exportId)
      .forUpdate()
      .execute();
    await rig.map(mine, version);
  });
  expect(await rig.query(text, [mine.exportId])).toEqual(before);
});

test.each([
  [
    'dangling_reference',
    `update transform.mapped_record set payload = jsonb_set(payload, '{person_id,$ref}', '"customer:none"') where set_id = $1 and target_key = 'booking:10101'`,
  ],
  ['equation_broken', `delete from transform.source_outcome where set_id = $1 and object = 'refund'`],
])('%s is found before anything is loaded', async (code, damage) => {
  const mine = await rig.stageSample(code.replace('_', '-'));
  const version = await rig.confirmMapping(mine, code.replace('_', '-'));
  await runTo('finish', mine, version);
  await rig.query(damage, [await setOf(mine)]);
  await rig.map(mine, version);
  const [set] = await rig.query('select state, error_code from transform.mapped_set where export_id = $1', [
    mine.exportId,
  ]);
  expect(set).toEqual({ state: 'failed', error_code: code });
  const events = await rig.query('select kind from core.event where tenant_id = $1 order by id', [
    mine.tenantId,
  ]);
  expect(events.map((event) => event.kind)).toEqual(['mapping.proposed', 'mapping.confirmed', 'set.failed']);
});

test('the sweep hints sets that are not finished, and runs whose set nobody has begun', async () => {
  const sent: unknown[] = [];
  const ctx = {
    ...rig.ctx,
    producer: { ...rig.ctx.producer, send: async (...job: unknown[]) => void sent.push(job) },
  };
  await sweep(ctx as never);
  const open = await rig.query(
    `select tenant_id, export_id, mapping_version_id from transform.mapped_set where state = 'mapping'`,
  );
  expect(sent).toEqual(
    open.map((row) => [
      'map-export',
      { tenantId: row.tenant_id, exportId: row.export_id, mappingVersionId: row.mapping_version_id },
    ]),
  );
});

test('another tenant sees nothing of it, through any of the named queries', async () => {
  const stranger = await rig.stage('stranger', {
    customers: [
      ['Customer ID', 'first_name'],
      ['1', 'A'],
    ],
  });
  await inTransaction(rig.ctx.db, { role: 'loader', tenantId: stranger.tenantId }, async (tx) => {
    for (const tenantId of [stranger.tenantId, staged.tenantId]) {
      expect(await findMappedSet(tx, tenantId, staged.exportId, versionId)).toBeUndefined();
      expect(await findConfirmedMapping(tx, tenantId, staged.exportId)).toBeUndefined();
      expect(await countRecords(tx, tenantId, setId)).toEqual([]);
      expect(await readRecords(tx, tenantId, setId, ['booking:10101'])).toEqual([]);
      expect(await listBatches(tx, tenantId, setId)).toEqual([]);
      expect(await linksOf(tx, tenantId, setId, ['booking:10101'])).toEqual([]);
      expect(await outcomeCounts(tx, tenantId, setId)).toEqual([]);
      expect(await listWorkers(tx, tenantId, staged.exportId)).toEqual([]);
      for await (const record of streamRecords(tx, tenantId, setId, 'deal')) expect(record).toBeUndefined();
    }
  });
});

test('workers are listed with what their users are found by', async () => {
  const workers = await asTransform((tx) => listWorkers(tx, staged.tenantId, staged.exportId));
  expect(workers.length).toBe(11);
  expect(workers.filter((worker) => worker.email === null || !worker.active)).toEqual([
    { sourceKey: 'fieldworker:46', email: null, name: 'Sam O.', active: true },
    {
      sourceKey: 'fieldworker:47',
      email: 'dane.whitlock@harbourhome.example',
      name: 'Dane W.',
      active: false,
    },
    { sourceKey: 'fieldworker:48', email: 'ines@harbourhome.example', name: 'Ines C.', active: false },
  ]);
});

test('records are read in the order asked for, and streamed whole', async () => {
  await asTransform(async (tx) => {
    const records = await readRecords(tx, staged.tenantId, setId, [
      'customer:1001',
      'none:1',
      'booking:10101',
    ]);
    expect(records.map((record) => record.targetKey)).toEqual(['customer:1001', 'booking:10101']);
    const keys: string[] = [];
    for await (const record of streamRecords(tx, staged.tenantId, setId, 'activity', 50))
      keys.push(record.targetKey);
    expect(new Set(keys).size).toBe(371);
  });
});

test('invoices that only the booking names, and payments that name theirs by number, stand on the booking', async () => {
  const mine = await rig.stage(
    'numbers',
    {
      customers: [
        ['Customer ID', 'first_name'],
        ['1', 'Ada'],
      ],
      bookings: [
        ['Booking ID', 'Customer ID', 'Status', 'Total', 'Invoice ID(s)', 'Invoice number'],
        ['10', '1', 'Completed', '100.00', '51', ''],
        ['11', '1', 'Completed', '80.00', '', 'INV-52'],
        // One invoice over two bookings, of which the other one is not in the export.
        ['12', '1', 'Completed', '60.00', '', ''],
      ],
      invoices: [
        ['Invoice ID', 'Invoice number', 'Customer ID', 'Status', 'Total', 'Booking ID(s)'],
        ['51', 'INV-51', '1', 'Open', '100.00', ''],
        ['52', 'INV-52', '1', 'Open', '80.00', ''],
        ['53', 'INV-53', '1', 'Open', '90.00', '["12","99"]'],
      ],
      payments: [
        ['Payment ID', 'Amount', 'Payment date', 'Method', 'Invoice number', 'Customer ID'],
        ['1', '40.00', '2025-01-01', 'Cash', 'INV-51', '1'],
        ['2', '50.00', '2025-01-01', 'Cash', 'INV-52', '1'],
        ['3', '90.00', '2025-01-01', 'Cash', 'INV-53', '1'],
      ],
      // The first payment names its invoice and is allocated to it, too.
      payment_allocations: [
        ['Payment ID', 'Invoice ID', 'Amount'],
        ['1', '51', '40.00'],
      ],
    },
    { settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' } },
  );
  await rig.map(mine, await rig.confirmMapping(mine, 'numbers'));
  const deals = await rig.query(
    `select target_key, payload->'custom_fields'->'Invoice total'->>'value' as billed,
       payload->'custom_fields'->'Amount paid'->>'value' as paid
     from transform.mapped_record where set_id = $1 and entity = 'deal' order by 1`,
    [await setOf(mine)],
  );
  expect(deals).toEqual([
    { target_key: 'booking:10', billed: '100', paid: '40' },
    { target_key: 'booking:11', billed: '80', paid: '50' },
    { target_key: 'booking:12', billed: '90', paid: '90' },
  ]);
  const activities = await rig.query(
    `select target_key || ' ' || (payload->'deal_id'->>'$ref') as words from transform.mapped_record
     where set_id = $1 and entity = 'activity' and source_object in ('invoice', 'payment') order by 1`,
    [await setOf(mine)],
  );
  expect(activities.map(({ words }) => words)).toEqual([
    'invoice:51#activity booking:10',
    'invoice:52#activity booking:11',
    'invoice:53#activity booking:12',
    'payment:1 booking:10',
    'payment:2 booking:11',
    'payment:3 booking:12',
  ]);
});

function asTransform<T>(work: Parameters<typeof inTransaction<T>>[2]): Promise<T> {
  return inTransaction(rig.ctx.db, { role: 'transform', tenantId: staged.tenantId }, work);
}

async function runTo(step: string, mine: StagedPackage, version: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    await rig.map(mine, version, 1);
    const [set] = await rig.query<{ progress: { step: string } }>(
      'select progress from transform.mapped_set where export_id = $1',
      [mine.exportId],
    );
    if (set?.progress.step === step) return;
  }
  throw new Error(`the set never came to ${step}`);
}

async function setOf(mine: StagedPackage): Promise<string> {
  const [set] = await rig.query<{ id: string }>('select id from transform.mapped_set where export_id = $1', [
    mine.exportId,
  ]);
  return set?.id ?? '';
}

async function stateIn(other: Rig): Promise<string | undefined> {
  const [set] = await other.query<{ state: string }>('select state from transform.mapped_set');
  return set?.state;
}
