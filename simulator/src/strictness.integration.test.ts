import { describe, expect, test } from 'vitest';
import { useSimulator } from './testing/running-simulator.js';

const sim = useSimulator();

describe('token', () => {
  test('a wrong or missing token gets the literal 401 and costs nothing', async () => {
    const wrong = await sim.api.send('GET', '/api/v2/deals', undefined, { 'x-api-token': 'nobody' });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('x-401-by-gw')).toBe('true');
    expect(wrong.body).toEqual({
      success: false,
      error: 'unauthorized access',
      errorCode: 401,
      error_info: 'Please check developers.pipedrive.com',
    });
    expect((await sim.api.requests()).tokens.today).toBe(0);
  });

  test('an api_token in the query does not count', async () => {
    const { url, token } = sim.simulator;
    expect((await fetch(`${url}/v1/users/me?api_token=${token}`)).status).toBe(401);
  });
});

describe('v2 bodies', () => {
  test.each([
    ['a number in quotes', { title: 'x', value: '12' }, 'value'],
    ['a fraction where an id belongs', { title: 'x', org_id: 1.5 }, 'org_id'],
    ['a boolean as a word', { title: 'x', is_archived: 'true' }, 'is_archived'],
    ['an unknown status', { title: 'x', status: 'deleted' }, 'status'],
    ['a probability above 100', { title: 'x', probability: 101 }, 'probability'],
    ['an impossible date', { title: 'x', expected_close_date: '2026-02-30' }, 'expected_close_date'],
    ['a blank title', { title: '  ' }, 'title'],
    ['a missing title', { value: 1 }, 'title'],
    ['a label that is text', { title: 'x', label_ids: ['1'] }, 'label_ids.0'],
  ])('refuse %s', async (_what, body, path) => {
    const reply = await sim.api.post('/api/v2/deals', body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ success: false, code: 'ERR_SCHEMA_VALIDATION_FAILED' });
    expect(reply.body.error).toContain(`Validation failed: ${path}:`);
    expect((await sim.api.state()).deals).toEqual([]);
  });

  test('refuse what is not JSON', async () => {
    const { url, token } = sim.simulator;
    const headers = { 'x-api-token': token };
    const form = await fetch(`${url}/api/v2/deals`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ title: 'x' }),
    });
    expect(form.status).toBe(400);
    const broken = await fetch(`${url}/api/v2/deals`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"title":',
    });
    expect(broken.status).toBe(400);
  });

  test('POST drops an unknown key silently, PATCH refuses it', async () => {
    const deal = await sim.api.create('/api/v2/deals', { title: 'x', origin_id: 'ours' });
    expect(deal.origin_id).toBeNull();
    const patched = await sim.api.patch(`/api/v2/deals/${deal.id}`, { origin_id: 'ours' });
    expect(patched.body).toEqual({
      success: false,
      error: "Validation failed: origin_id: Parameter 'origin_id' is not allowed for this request",
      code: 'ERR_SCHEMA_VALIDATION_FAILED',
    });
  });

  test('a custom field code outside custom_fields is refused on POST too', async () => {
    const field = await sim.api.create('/api/v2/personFields', { field_name: 'Pet', field_type: 'varchar' });
    const reply = await sim.api.post('/api/v2/persons', { name: 'Ann', [String(field.field_code)]: 'Rex' });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain(`Parameter '${String(field.field_code)}' is not allowed`);
  });

  test("an activity's person_id is read-only, its primary participant sets it", async () => {
    const person = await sim.api.create('/api/v2/persons', { name: 'Ann' });
    const refused = await sim.api.post('/api/v2/activities', { subject: 'x', person_id: person.id });
    expect(refused).toMatchObject({ status: 400, body: { code: 'ERR_BAD_REQUEST' } });
    expect(refused.body.error).toContain("'person_id' is a read-only field");
    const activity = await sim.api.create('/api/v2/activities', {
      subject: 'x',
      participants: [{ person_id: person.id, primary: true }],
    });
    expect(activity.person_id).toBe(person.id);
  });

  test.each(['postal_address', 'notes', 'im', 'birthday', 'job_title'])(
    'person %s without contact sync is a 403',
    async (property) => {
      const reply = await sim.api.post('/api/v2/persons', { name: 'Ann', [property]: 'x' });
      expect(reply.status).toBe(403);
    },
  );

  test.each([
    ['/api/v2/deals', { title: 'x', person_id: 99_999_999 }],
    ['/api/v2/deals', { title: 'x', label_ids: [99_999_999] }],
    ['/api/v2/deals', { title: 'x', owner_id: 99_999_999 }],
    ['/api/v2/deals', { title: 'x', currency: 'XYZ' }],
    ['/api/v2/persons', { name: 'x', org_id: 99_999_999 }],
    ['/api/v2/activities', { subject: 'x', type: 'no_such_type' }],
    ['/api/v2/products', { name: 'x', prices: [{ currency: 'XYZ', price: 1 }] }],
    ['/v1/notes', { content: 'x' }],
    ['/v1/notes', { content: 'x', deal_id: 99_999_999 }],
    ['/v1/activityTypes', { name: 'x', icon_key: 'unicorn' }],
  ])('%s refuses %j', async (path, body) => {
    expect((await sim.api.post(path, body)).status).toBe(400);
  });

  test('a deactivated user cannot become owner', async () => {
    const { ids } = (await sim.api.control('seed', {
      users: [{ name: 'Old Hand', active_flag: false }],
    })) as {
      ids: { users: number[] };
    };
    const reply = await sim.api.post('/api/v2/deals', { title: 'x', owner_id: ids.users[0] });
    expect(reply).toMatchObject({
      status: 403,
      body: { error: 'You do not have permission to change the owner.' },
    });
  });

  test('visible_to follows the plan', async () => {
    await sim.api.control('plan', { plan: 'growth' });
    expect((await sim.api.post('/api/v2/deals', { title: 'x', visible_to: 7 })).status).toBe(403);
    await sim.api.control('plan', { plan: 'premium' });
    expect((await sim.api.post('/api/v2/deals', { title: 'x', visible_to: 7 })).status).toBe(200);
  });
});

describe('queries', () => {
  test.each([
    ['an unknown parameter', '/api/v2/activities?type=call'],
    ['a limit above 500', '/api/v2/deals?limit=501'],
    ['a limit of 0', '/api/v2/deals?limit=0'],
    ['a fraction of a second', '/api/v2/deals?updated_since=2026-01-01T00:00:00.000Z'],
    ['a date without a time', '/api/v2/deals?updated_since=2026-01-01'],
    ['an unknown order', '/api/v2/deals?sort_by=title'],
    ['an unknown include_fields', '/api/v2/deals?include_fields=secrets'],
    ['more than 100 ids', `/api/v2/deals?ids=${Array.from({ length: 101 }, (_, i) => i).join(',')}`],
    [
      'more than 15 custom fields',
      `/api/v2/deals?custom_fields=${Array.from({ length: 16 }, (_, i) => i).join(',')}`,
    ],
    ['a cursor it never gave', '/api/v2/deals?cursor=bm9uc2Vuc2U'],
  ])('refuse %s', async (_what, path) => {
    expect((await sim.api.get(path)).status).toBe(400);
  });

  test('a path we do not serve is a 404 and is reported', async () => {
    expect((await sim.api.get('/api/v2/leads/search')).status).toBe(404);
    expect((await sim.api.get('/v2/deals')).status).toBe(404);
    expect((await sim.api.requests()).unexpected).toEqual({
      'GET /api/v2/leads/search': 1,
      'GET /v2/deals': 1,
    });
  });
});
