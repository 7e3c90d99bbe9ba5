import { expect, test } from 'vitest';
import { startRig } from '../testing/rig.js';

test('merged quotes, automated messages, inquiries and invoices as deals, one deal for a series, when the settings wish them', async () => {
  const rig = await startRig();
  const mine = await rig.stageSample('wishes', {
    quote_deals: 'merged',
    include_automated_messages: true,
    inquiries: 'deals',
    invoice_deals: 'own',
    recurring_series: 'series',
  });
  await rig.map(mine, await rig.confirmMapping(mine, 'wishes'));
  const counts = await rig.query(
    `select object || ' ' || outcome || ' ' || count(*) as words from transform.source_outcome o
     join transform.mapped_set s on s.id = o.set_id and s.export_id = $1 and s.state = 'mapped'
     where object in ('quote', 'quote_item', 'communication', 'inquiry') group by object, outcome order by 1`,
    [mine.exportId],
  );
  expect(counts.map((row) => row.words)).toEqual([
    'communication mapped 102',
    'inquiry mapped 3',
    'inquiry merged 7',
    'quote mapped 8',
    'quote merged 2',
    'quote_item merged 13',
  ]);
  const stages = await rig.query(
    `select target_key, payload->>'status' as status, payload->'stage_id'->'$stage'->>'stage' as stage
     from transform.mapped_record r join transform.mapped_set s on s.id = r.set_id and s.export_id = $1
     where source_object = 'inquiry' and entity = 'deal' order by 1`,
    [mine.exportId],
  );
  expect(stages).toEqual(
    ['605', '608', '609'].map((id) => ({
      target_key: `inquiry:${id}#deal`,
      status: 'open',
      stage: 'Inquiry',
    })),
  );
  const [deal] = await rig.query<{ details: string }>(
    `select payload->'custom_fields'->>'More details' as details from transform.mapped_record r
     join transform.mapped_set s on s.id = r.set_id and s.export_id = $1 where target_key = 'booking:10130'`,
    [mine.exportId],
  );
  expect(deal?.details).toContain('Quote signed: Viktor Halász, 2025-03-26 15:28');
  const series = await rig.query(
    `select r.target_key, r.payload->>'value' as value, count(distinct l.source_id)::int as bookings,
       (select count(*)::int from transform.mapped_record o where o.set_id = r.set_id and o.entity = 'note'
         and o.payload->'deal_id'->>'$ref' = r.target_key and o.target_key like '%#occurrence') as notes,
       (select count(*)::int from transform.mapped_record o where o.set_id = r.set_id and o.entity = 'activity'
         and o.source_object in ('booking', 'appointment') and o.payload->'deal_id'->>'$ref' = r.target_key) as visits
     from transform.mapped_record r join transform.mapped_set s on s.id = r.set_id and s.export_id = $1
     join transform.source_link l on l.set_id = r.set_id and l.target_key = r.target_key and l.slot = 'series'
     group by r.set_id, r.target_key, r.payload order by 1`,
    [mine.exportId],
  );
  // Cancelled bookings do not count, and what is invoiced stands on the invoices.
  expect(series).toMatchInlineSnapshot(`
    [
      {
        "bookings": 12,
        "notes": 12,
        "target_key": "series:S-A#1048",
        "value": "116.6",
        "visits": 13,
      },
      {
        "bookings": 9,
        "notes": 9,
        "target_key": "series:S-B#1003",
        "value": null,
        "visits": 10,
      },
      {
        "bookings": 6,
        "notes": 6,
        "target_key": "series:S-C#1012",
        "value": "82.5",
        "visits": 7,
      },
      {
        "bookings": 4,
        "notes": 4,
        "target_key": "series:S-D#1050",
        "value": null,
        "visits": 4,
      },
    ]
  `);
  const money = await rig.query(
    `select source_object as of, count(*)::int as deals, count(payload->'value')::int as valued,
       sum((payload->>'value')::numeric)::text as value,
       sum((payload->'custom_fields'->'Invoice total'->>'value')::numeric)::text as billed
     from transform.mapped_record r join transform.mapped_set s on s.id = r.set_id and s.export_id = $1
     where entity = 'deal' and source_object in ('booking', 'invoice') group by 1 order by 1`,
    [mine.exportId],
  );
  expect(money).toMatchInlineSnapshot(`
    [
      {
        "billed": null,
        "deals": 76,
        "of": "booking",
        "value": "2825.5",
        "valued": 18,
      },
      {
        "billed": "19200.83",
        "deals": 86,
        "of": "invoice",
        "value": "20262.08",
        "valued": 86,
      },
    ]
  `);
  await rig.stop();
});

test('what the mapping leaves out, what is kept as a file and what nobody knows is counted by its rule', async () => {
  const rig = await startRig();
  const tenants = ['harbour', 'other'];
  const packages = [];
  for (const tenant of tenants) {
    const mine = await rig.stage(
      tenant,
      {
        customers: [
          ['Customer ID', 'first_name'],
          ['1', 'Ada'],
        ],
        faqs: [
          ['FAQ ID', 'Question', 'Answer'],
          ['1', 'Why?', 'Because.'],
        ],
        pay_rates: [
          ['Fieldworker ID', 'Rate'],
          ['41', '30.00'],
        ],
      },
      { settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' } },
    );
    packages.push(mine);
    const file = (path: string, object: string | null, kind: string, state: string, rows: number) =>
      rig.query(
        `insert into ingest.export_file (tenant_id, export_id, path, object, kind, state, blob, bytes, sha256, row_count)
         values ($1, $2, $3, $4, $5, $6, 'none', 1, 'none', $7)`,
        [mine.tenantId, mine.exportId, path, object, kind, state, rows],
      );
    await file('pay_rates.json', 'pay_rate', 'json', 'kept', 2);
    await file('customers.json', 'customer', 'json', 'kept', 3);
    await file('timesheets.csv', null, 'unknown', 'ignored', 40);
  }
  const [mine] = packages;
  if (!mine) throw new Error('nothing was staged');
  const { body } = await rig.call('POST', '/v1/mappings?tenant=harbour', {
    json: { migration_id: mine.migrationId, export_id: mine.exportId },
  });
  const { content } = body as { content: { objects: Array<{ object: string; supported: boolean }> } };
  const objects = content.objects.map((one) => (one.object === 'faq' ? { ...one, supported: false } : one));
  const edited = await rig.call('POST', '/v1/mappings?tenant=harbour', {
    json: { migration_id: mine.migrationId, export_id: mine.exportId, content: { ...content, objects } },
  });
  const { id, content_hash } = edited.body as { id: string; content_hash: string };
  await rig.call('POST', `/v1/mappings/${id}/confirm?tenant=harbour`, { json: { content_hash } });
  await rig.map(mine, id);
  expect(await rig.query('select state, error_code from transform.mapped_set')).toEqual([
    { state: 'mapped', error_code: null },
  ]);
  const counts = await rig.query(
    `select concat_ws(' ', object, outcome, reason, count(*)) as words from transform.source_outcome
     where tenant_id = $1 group by object, outcome, reason order by 1`,
    [mine.tenantId],
  );
  expect(counts.map((row) => row.words)).toEqual([
    'customer excluded json_not_read 3',
    'customer mapped  1',
    'faq excluded not_in_mapping 1',
    'pay_rate excluded inventory_only 3',
    'timesheets.csv excluded out_of_scope 40',
  ]);
  await rig.stop();
});

test('lines as products, when the settings wish them', async () => {
  const rig = await startRig();
  const mine = await rig.stageSample('lines', { deal_lines: 'products' });
  await rig.map(mine, await rig.confirmMapping(mine, 'lines'));
  const [set] = await rig.query<{ id: string }>(
    "select id from transform.mapped_set where export_id = $1 and state = 'mapped'",
    [mine.exportId],
  );
  const setId = set?.id;
  const counts = await rig.query(
    `select object || ' ' || outcome || ' ' || count(*) as words from transform.source_outcome
     where set_id = $1 and object in ('booking_service', 'quote_item', 'invoice_item')
     group by object, outcome order by 1`,
    [setId],
  );
  expect(counts.map((row) => row.words)).toMatchInlineSnapshot(`
    [
      "booking_service mapped 111",
      "booking_service rejected 1",
      "invoice_item mapped 2",
      "invoice_item merged 113",
      "quote_item mapped 10",
      "quote_item merged 3",
    ]
  `);
  // Written for this test alone: the lines of each deal come to its value, in the database's own arithmetic.
  const unequal = await rig.query(
    `select deal.target_key, deal.payload->>'value' as value, sums.total from transform.mapped_record deal
     join (
       select payload->'deal_id'->>'$ref' as deal, sum(case when payload->>'is_enabled' = 'true' then round(
         ((payload->>'item_price')::numeric * (payload->>'quantity')::numeric
           - case payload->>'discount_type' when 'amount' then (payload->>'discount')::numeric
             else (payload->>'item_price')::numeric * (payload->>'quantity')::numeric * (payload->>'discount')::numeric / 100 end)
         * case payload->>'tax_method' when 'exclusive' then 1 + (payload->>'tax')::numeric / 100 else 1 end, 2) else 0 end) as total
       from transform.mapped_record where set_id = $1 and entity = 'line' group by 1
     ) as sums on sums.deal = deal.target_key
     where deal.set_id = $1 and (deal.payload->>'value')::numeric is distinct from sums.total`,
    [setId],
  );
  expect(unequal).toEqual([]);
  const [said] = await rig.query<{ products: number; stay: number }>(
    `select (select count(*)::int from transform.mapped_record where set_id = $1 and target_key = 'product:ad-hoc') as products,
       (select count(*)::int from core.finding where set_id = $1 and code = 'lines_stay_text') as stay`,
    [setId],
  );
  expect(said).toMatchInlineSnapshot(`
    {
      "products": 1,
      "stay": 0,
    }
  `);
  // The lines of a deal are in one batch, and no batch is larger than a hundred.
  const [cut] = await rig.query(
    `select count(*)::int as split from (
       select payload->'deal_id'->>'$ref' from transform.mapped_record r
       join transform.load_batch b on b.set_id = r.set_id and r.target_key = any(b.target_keys)
       where r.set_id = $1 and r.entity = 'line' group by 1 having count(distinct b.id) > 1) as deals`,
    [setId],
  );
  expect(cut).toEqual({ split: 0 });
  const [batched] = await rig.query(
    `select (select count(*)::int from transform.mapped_record where set_id = $1 and entity = 'line')
       - (select sum(cardinality(target_keys))::int from transform.load_batch where set_id = $1 and entity = 'line') as left,
       (select max(cardinality(target_keys)) <= 100 from transform.load_batch where set_id = $1) as small`,
    [setId],
  );
  expect(batched).toEqual({ left: 0, small: true });
  await rig.stop();
});
