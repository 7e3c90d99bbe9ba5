import { expect, test } from 'vitest';
import { useSimulator } from './testing/running-simulator.js';

const sim = useSimulator();

test('every answer says what is left, prices are those of the facts table', async () => {
  await sim.api.control('reset', { plan: 'growth', seats: 2 });
  const reply = await sim.api.post('/api/v2/organizations', { name: 'Acme' });
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'x-ratelimit-limit': '40',
    'x-ratelimit-remaining': '39',
    'x-ratelimit-reset': '2',
    'x-daily-ratelimit-token-limit': '120000',
    'x-daily-ratelimit-token-remaining': '119995',
  });
  expect(reply.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  await sim.api.get('/v1/users');
  expect((await sim.api.requests()).tokens).toEqual({
    today: 25,
    total: 25,
    daily_limit: 120_000,
    remaining: 119_975,
  });
});

test('the burst window refuses the request after the last, and 2 seconds later takes it again', async () => {
  await sim.api.control('reset', { plan: 'lite' });
  const replies = await Promise.all(Array.from({ length: 25 }, () => sim.api.get('/v1/users/me')));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(20);
  const refused = replies.find(({ status }) => status === 429);
  expect(refused?.body).toMatchObject({ success: false, error: 'request over limit' });
  expect(Number(refused?.headers.get('x-daily-ratelimit-token-remaining'))).toBeGreaterThan(0);
  expect((await sim.api.requests()).tokens.today).toBe(40);
  await sim.api.control('clock', { advance_ms: 2_000 });
  expect((await sim.api.get('/v1/users/me')).status).toBe(200);
});

test('a spent day is refused with 0 remaining until UTC midnight of the simulated clock', async () => {
  await sim.api.control('reset', { plan: 'lite', seats: 1 });
  await sim.api.control('clock', { set: '2026-03-01T23:59:00Z' });
  await sim.api.control('spend', { tokens: 29_999 });
  const last = await sim.api.post('/api/v2/organizations', {
    name: 'the last one may cost more than is left',
  });
  expect(last.status).toBe(200);
  expect(last.headers.get('x-daily-ratelimit-token-remaining')).toBe('0');
  const refused = await sim.api.post('/api/v2/organizations', { name: 'too late' });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('x-daily-ratelimit-token-remaining')).toBe('0');
  expect(refused.headers.get('date')).toMatch(/^Sun, 01 Mar 2026 23:59/);
  await sim.api.control('clock', { advance_ms: 60_000 });
  const next = await sim.api.post('/api/v2/organizations', { name: 'new day' });
  expect(next.status).toBe(200);
  expect(next.headers.get('x-daily-ratelimit-token-remaining')).toBe('29995');
  expect((await sim.api.requests()).tokens).toMatchObject({ today: 5, total: 30_009 });
});

test('a larger plan takes effect at once', async () => {
  await sim.api.control('reset', { plan: 'lite', seats: 1 });
  await sim.api.control('spend', { tokens: 30_000 });
  expect((await sim.api.get('/v1/users/me')).status).toBe(429);
  await sim.api.control('plan', { plan: 'ultimate', seats: 2 });
  const reply = await sim.api.get('/v1/users/me');
  expect(reply.status).toBe(200);
  expect(reply.headers.get('x-daily-ratelimit-token-limit')).toBe('420000');
});

test('the burst limit can be replaced and taken back', async () => {
  const limit = async () => (await sim.api.get('/v1/users/me')).headers.get('x-ratelimit-limit');
  await sim.api.control('plan', { requests_per_2s: 7 });
  expect(await limit()).toBe('7');
  await sim.api.control('plan', { requests_per_2s: null });
  expect(await limit()).toBe('120');
});

test('ignoring 429 ends in a page of HTML for a quarter of an hour', async () => {
  await sim.api.faults([{ operation: 'getCurrentUser', kind: '429' }]);
  for (let i = 0; i < 61; i += 1) {
    // The window of 2 s is not what this test is about.
    if (i % 50 === 49) await sim.api.control('clock', { advance_ms: 2_000 });
    expect((await sim.api.get('/v1/users/me')).status).toBe(429);
  }
  await sim.api.faults([]);
  const blocked = await sim.api.get('/v1/users/me');
  expect(blocked.status).toBe(403);
  expect(blocked.headers.get('content-type')).toContain('text/html');
  expect(blocked.text).toContain('Cloudflare');
  await sim.api.control('clock', { advance_ms: 15 * 60_000 });
  expect((await sim.api.get('/v1/users/me')).status).toBe(200);
});

test('sixty refusals spread over time do not', async () => {
  await sim.api.faults([{ operation: 'getCurrentUser', kind: '429' }]);
  for (let i = 0; i < 80; i += 1) {
    await sim.api.control('clock', { advance_ms: 1_000 });
    expect((await sim.api.get('/v1/users/me')).status).toBe(429);
  }
});

test('failed requests cost their price', async () => {
  expect((await sim.api.post('/api/v2/deals', {})).status).toBe(400);
  expect((await sim.api.get('/api/v2/deals/99999999')).status).toBe(404);
  expect((await sim.api.requests()).tokens.today).toBe(6);
});

test('deals above the plan are refused; deleting or archiving makes room', async () => {
  await sim.api.control('reset', { plan: 'lite', seats: 1 });
  const { ids } = (await sim.api.control('seed', {
    deals: Array.from({ length: 2_500 }, (_, index) => ({ title: `Deal ${index}` })),
  })) as { ids: { deals: number[] } };
  const refused = await sim.api.post('/api/v2/deals', { title: 'one too many' });
  expect(refused).toMatchObject({
    status: 403,
    body: { error: "Couldn't add the deal. Open deals limit reached.", code: 'feature_capping_deals_limit' },
  });
  await sim.api.patch(`/api/v2/deals/${ids.deals[0]}`, { is_archived: true });
  await sim.api.remove(`/api/v2/deals/${ids.deals[1]}`);
  expect((await sim.api.post('/api/v2/deals', { title: 'room' })).status).toBe(200);
  expect((await sim.api.post('/api/v2/deals', { title: 'room' })).status).toBe(200);
  expect((await sim.api.post('/api/v2/deals', { title: 'full' })).status).toBe(403);
});

test('leads count with deals; what is unarchived counts again', async () => {
  await sim.api.control('reset', { plan: 'lite', seats: 1 });
  const person = await sim.api.create('/api/v2/persons', { name: 'x' });
  const lead = { title: 'x', person_id: person.id };
  await sim.api.control('seed', { deals: Array.from({ length: 2_498 }, () => ({ title: 'x' })) });
  const { id } = await sim.api.create('/v1/leads', lead);
  const deal = await sim.api.create('/api/v2/deals', { title: 'the last' });
  const full = { status: 403, body: { code: 'feature_capping_deals_limit' } };
  expect(await sim.api.post('/v1/leads', lead)).toMatchObject(full);
  expect(await sim.api.post('/api/v2/deals', { title: 'x' })).toMatchObject(full);

  // Archived, both make room; the room taken, neither comes back.
  await sim.api.patch(`/v1/leads/${id}`, { is_archived: true });
  await sim.api.patch(`/api/v2/deals/${deal.id}`, { is_archived: true });
  expect((await sim.api.post('/v1/leads', lead)).status).toBe(201);
  expect((await sim.api.post('/api/v2/deals', { title: 'x' })).status).toBe(200);
  expect(await sim.api.patch(`/v1/leads/${id}`, { is_archived: false })).toMatchObject(full);
  expect(await sim.api.patch(`/api/v2/deals/${deal.id}`, { is_archived: false })).toMatchObject(full);
  expect((await sim.api.get('/api/v2/deals/archived')).body.data).toMatchObject([{ id: deal.id }]);
});

test('custom fields above the plan are refused, all entities counted together', async () => {
  await sim.api.control('reset', { plan: 'lite', seats: 1 });
  const rows = Array.from({ length: 15 }, (_, index) => ({ field_name: `F${index}` }));
  await sim.api.control('seed', { dealFields: rows, personFields: rows.slice(1) });
  const create = () => sim.api.post('/api/v2/productFields', { field_name: 'x', field_type: 'varchar' });
  expect((await create()).status).toBe(200);
  expect((await create()).status).toBe(403);
});

test.each([
  [20, {}],
  [8, { activity_types: 8 }],
])(
  'activity types above %i are refused with the literal text; one that goes makes room',
  async (most, switches) => {
    await sim.api.control('reset', { switches });
    const add = (name: string) => sim.api.post('/v1/activityTypes', { name, icon_key: 'task' });
    const standing = (await sim.api.state()).activityTypes.length;
    const added = Array.from({ length: most - standing }, (_, index) => `Type ${index}`);
    for (const name of added) expect((await add(name)).status).toBe(200);
    expect(await add('x')).toMatchObject({
      status: 403,
      body: { error: "Couldn't add activity type. You've reached the activity type per company limit." },
    });
    const { activityTypes } = await sim.api.state();
    await sim.api.remove(`/v1/activityTypes/${activityTypes.at(-1)?.id}`);
    expect((await add('x')).status).toBe(200);
  },
);
