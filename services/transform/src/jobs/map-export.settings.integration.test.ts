import { expect, test } from 'vitest';
import { startRig } from '../testing/rig.js';

test('merged quotes, automated messages and inquiries as deals, when the settings wish them', async () => {
  const rig = await startRig();
  const mine = await rig.stageSample('wishes', {
    quote_deals: 'merged',
    include_automated_messages: true,
    inquiries: 'deals',
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
