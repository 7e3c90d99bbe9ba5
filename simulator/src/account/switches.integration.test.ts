import { expect, test } from 'vitest';
import type { JsonObject } from '../json.js';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();
const add_time = '2019-03-04T05:06:07Z';
const createDeal = () => sim.api.post('/api/v2/deals', { title: 'x', add_time });

test('deal_add_time: dropped, honoured, rejected', async () => {
  const dropped = await createDeal();
  expect(dropped.status).toBe(200);
  expect(dropped.body.data?.add_time).not.toBe(add_time);
  await sim.api.control('switches', { deal_add_time: 'honoured' });
  expect((await createDeal()).body.data?.add_time).toBe(add_time);
  await sim.api.control('switches', { deal_add_time: 'rejected' });
  expect(await createDeal()).toMatchObject({ status: 400, body: { code: 'ERR_SCHEMA_VALIDATION_FAILED' } });
});

test('deal_time_format: one form is taken, the other refused', async () => {
  const win = (won_time: string) => sim.api.post('/api/v2/deals', { title: 'x', status: 'won', won_time });
  expect((await win('2021-02-03 04:05:06')).status).toBe(400);
  await sim.api.control('reset', { switches: { deal_time_format: 'sql' } });
  expect((await win('2021-02-03 04:05:06')).body.data?.won_time).toBe('2021-02-03T04:05:06Z');
  expect((await win('2021-02-03T04:05:06Z')).status).toBe(400);
});

test('daily_headers: present, absent', async () => {
  expect((await createDeal()).headers.has('x-daily-ratelimit-token-limit')).toBe(true);
  await sim.api.control('switches', { daily_headers: 'absent' });
  const { headers } = await createDeal();
  expect([...headers.keys()].filter((name) => name.startsWith('x-daily'))).toEqual([]);
  expect(headers.has('x-ratelimit-limit')).toBe(true);
});

test('charge_failed: yes, no', async () => {
  await sim.api.post('/api/v2/deals', {});
  expect((await sim.api.requests()).tokens.today).toBe(5);
  await sim.api.control('switches', { charge_failed: 'no' });
  await sim.api.post('/api/v2/deals', {});
  expect((await sim.api.requests()).tokens.today).toBe(5);
});

test('daily_requests_left: absent, present and counting POST and PUT', async () => {
  expect((await createDeal()).headers.has('x-daily-requests-left')).toBe(false);
  await sim.api.control('switches', { daily_requests_left: 'present' });
  expect((await createDeal()).headers.get('x-daily-requests-left')).toBe('9998');
  expect((await sim.api.get('/api/v2/deals')).headers.get('x-daily-requests-left')).toBe('9998');
});

test('label_options: accepted, refused', async () => {
  const add = () => sim.api.post('/api/v2/dealFields/label_ids/options', [{ label: 'x' }]);
  expect((await add()).status).toBe(200);
  await sim.api.control('switches', { label_options: 'refused' });
  expect((await add()).status).toBe(400);
});

test('new_pipeline_stages: none, five', async () => {
  const stagesOfNew = async () => {
    const { id } = await sim.api.create('/api/v2/pipelines', { name: 'x' });
    return ((await sim.api.get(`/api/v2/stages?pipeline_id=${id}`)).body.data as unknown as unknown[]).length;
  };
  expect(await stagesOfNew()).toBe(0);
  await sim.api.control('switches', { new_pipeline_stages: 'five' });
  expect(await stagesOfNew()).toBe(5);
});

test('bulk_lines: one bad line refuses all, or only itself', async () => {
  const product = await sim.api.create('/api/v2/products', { name: 'x' });
  const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
  const line = (comments: string) => ({ product_id: product.id, item_price: 1, quantity: 1, comments });
  const path = `/api/v2/deals/${deal.id}/products`;
  const bulk = (...data: JsonObject[]) => sim.api.post(`${path}/bulk`, { data });
  const stored = async () =>
    ((await sim.api.get(path)).body.data as unknown as JsonObject[]).map(({ comments }) => comments);
  const unknown = { ...line('unknown product'), product_id: 1_000_000 };
  const malformed = { ...line('malformed'), quantity: '1' };

  expect((await bulk(line('a'), unknown)).status).toBe(400);
  expect((await bulk(line('a'), malformed)).body.error).toContain('data.1.quantity');
  expect(await stored()).toEqual([]);
  await sim.api.control('switches', { bulk_lines: 'partial' });
  const reply = await bulk(line('a'), unknown, malformed, line('b'));
  expect(reply).toMatchObject({ status: 201, body: { data: [{ comments: 'a' }, { comments: 'b' }] } });
  expect(await stored()).toEqual(['a', 'b']);
  expect((await bulk(unknown, malformed)).status).toBe(400);
  expect(await stored()).toEqual(['a', 'b']);
});

test('unarchive_over_cap: refused, accepted', async () => {
  await sim.api.control('reset', { plan: 'lite', seats: 1 });
  const { id } = await sim.api.create('/api/v2/deals', { title: 'x' });
  await sim.api.patch(`/api/v2/deals/${id}`, { is_archived: true });
  await sim.api.control('seed', { deals: Array.from({ length: 2_500 }, () => ({ title: 'x' })) });
  const unarchive = () => sim.api.patch(`/api/v2/deals/${id}`, { is_archived: false });
  expect((await unarchive()).status).toBe(403);
  await sim.api.control('switches', { unarchive_over_cap: 'accepted' });
  expect((await unarchive()).status).toBe(200);
});

test('get_deleted: not_found, record', async () => {
  const { id } = await sim.api.create('/api/v2/deals', { title: 'x' });
  await sim.api.remove(`/api/v2/deals/${id}`);
  expect((await sim.api.get(`/api/v2/deals/${id}`)).status).toBe(404);
  await sim.api.control('switches', { get_deleted: 'record' });
  expect((await sim.api.get(`/api/v2/deals/${id}`)).body.data).toMatchObject({ id, is_deleted: true });
});

test('unknown switches and positions are refused, others keep their position', async () => {
  await sim.api.control('switches', { bulk_lines: 'partial' });
  await expect(sim.api.control('switches', { deal_add_time: 'perhaps' })).rejects.toThrow(/400|Invalid/);
  await expect(sim.api.control('switches', { gravity: 'off' })).rejects.toThrow(/gravity/);
  const { switches } = await sim.api.control('switches', { daily_headers: 'absent' });
  expect(switches).toMatchObject({
    bulk_lines: 'partial',
    daily_headers: 'absent',
    deal_add_time: 'dropped',
  });
});
