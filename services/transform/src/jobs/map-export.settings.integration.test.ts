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
