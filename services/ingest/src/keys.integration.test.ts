import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from './testing/rig.js';

interface Key {
  id: string;
  family_id: string;
  hint: string;
  secret: string;
  role: string;
  tenant: string | null;
  label: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
}

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
  for (const tenant of ['acme', 'beta']) await rig.openMigration(tenant);
});

afterAll(() => rig.stop());

test('a key is made, listed without its secret, used, rotated with overlap and revoked', async () => {
  const made = await make({ role: 'tenant_admin', label: 'Olive', tenant: 'acme', expires_in_days: 90 });
  expect(made.body).toEqual({
    id: expect.any(String),
    family_id: expect.any(String),
    hint: made.body.secret.slice(0, 15),
    secret: expect.stringMatching(/^o2p_live_[0-9A-Za-z]{49}$/),
    role: 'tenant_admin',
    tenant: 'acme',
    label: 'Olive',
    created_by: 'test',
    requests_per_minute: null,
    created_at: expect.any(String),
    expires_at: expect.any(String),
    revoked_at: null,
    last_used_at: null,
  });
  expect(await statusWith(made.body.secret)).toBe(200);
  const { secret: _shownOnce, ...kept } = made.body;
  expect(await listed('?tenant=acme')).toEqual([{ ...kept, last_used_at: expect.any(String) }]);

  const rotated = await rotate(made.body.id, { overlap_seconds: 3600 });
  expect(rotated.body).toMatchObject({
    family_id: made.body.family_id,
    role: 'tenant_admin',
    tenant: 'acme',
    expires_at: made.body.expires_at,
  });
  expect([await statusWith(made.body.secret), await statusWith(rotated.body.secret)]).toEqual([200, 200]);
  const former = (await listed('?tenant=acme')).find(({ id }) => id === made.body.id);
  expect(Date.parse(former?.expires_at ?? '') - Date.now()).toBeLessThanOrEqual(3_600_000);
  const again = await rotate(rotated.body.id, { overlap_seconds: 0 });
  expect([await statusWith(rotated.body.secret), await statusWith(again.body.secret)]).toEqual([401, 200]);
  expect((await rotate(rotated.body.id, {})).status).toBe(404);

  const revoked = await rig.call('DELETE', `/v1/keys/${again.body.id}`);
  expect(revoked).toMatchObject({ status: 200, body: { revoked_at: expect.any(String) } });
  expect(await rig.call('DELETE', `/v1/keys/${again.body.id}`)).toEqual(revoked);
  expect(await statusWith(again.body.secret)).toBe(401);
  // Of the three secrets the database holds none, and no log line does.
  const [{ stored = '' } = {}] = await rig.query<{ stored: string }>(
    `select string_agg(k::text, ' ') || (select string_agg(i::text, ' ') from core.idempotency i) as stored from core.api_key k`,
  );
  for (const secret of [made.body.secret, rotated.body.secret, again.body.secret]) {
    expect(stored + rig.logs()).not.toContain(secret.slice(15));
  }
});

test('rotated again within its overlap, as when the secret got lost, a key hands on its own expiry', async () => {
  const made = await make({ role: 'operator', label: 'of the portal' });
  const lost = await rotate(made.body.id, { overlap_seconds: 3600 });
  const again = await rotate(made.body.id, { overlap_seconds: 7200 });
  expect([lost.body.expires_at, again.status, again.body.expires_at]).toEqual([null, 201, null]);
  const former = (await listed('')).find(({ id }) => id === made.body.id);
  const hoursLeft = (Date.parse(former?.expires_at ?? '') - Date.now()) / 3_600_000;
  expect(hoursLeft).toBeGreaterThan(0.9);
  expect(hoursLeft).toBeLessThanOrEqual(1);
  for (const key of [lost, again]) await rig.call('DELETE', `/v1/keys/${key.body.id}`);
  // What is left of it ends by itself, so it is no key that others could be made with for good.
  const own = (await listed('')).find(({ label }) => label === 'test');
  expect((await rig.call('DELETE', `/v1/keys/${own?.id}`)).status).toBe(409);
  await rig.call('DELETE', `/v1/keys/${made.body.id}`);
});

test('which keys there may be: tenant roles are bound, the tenant exists, the last operator key stays', async () => {
  expect(await make({ role: 'viewer', label: 'nobody’s' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/tenant' }] },
  });
  expect((await make({ role: 'viewer', label: 'x', tenant: 'no-such' })).status).toBe(404);
  await expect(
    rig.query(`insert into core.api_key (key_hash, role, label) values ('', 'viewer', 'unbound')`),
  ).rejects.toThrow(/tenant_roles_have_a_tenant/);
  const own = (await listed('')).find(({ label }) => label === 'test');
  expect(await rig.call('DELETE', `/v1/keys/${own?.id}`)).toMatchObject({
    status: 409,
    body: { code: 'last_operator_key' },
  });
  // One that ends by itself does not count, one that is bound to a tenant cannot make keys.
  await make({ role: 'operator', label: 'for a week', expires_in_days: 7 });
  await make({ role: 'operator', label: 'of acme', tenant: 'acme' });
  expect((await rig.call('DELETE', `/v1/keys/${own?.id}`)).status).toBe(409);
});

test('the list comes in pages', async () => {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await rig.call('GET', `/v1/keys?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
    const page = body as { items: Key[]; next_cursor: string | null };
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(ids).toEqual((await listed('')).map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test('why a key is refused stands in the log, not in the answer', async () => {
  const good = await make({ role: 'operator', label: 'to be revoked' });
  await rig.call('DELETE', `/v1/keys/${good.body.id}`);
  const swapped = good.body.secret.replace(/(.)(.)$/, (_all, a: string, b: string) =>
    a === b ? `${a}_` : b + a,
  );
  const answers = [];
  for (const key of [swapped, good.body.secret]) {
    const { status, body } = await rig.call('GET', '/v1/keys', { key });
    const { requestId: _own, ...shown } = body as { requestId: string };
    answers.push({ status, shown });
  }
  expect(answers[0]).toEqual(answers[1]);
  const reasons = rig
    .logs()
    .split('\n')
    .filter((line) => line.includes('api key refused'))
    .map((line) => JSON.parse(line) as { reason: string; hint?: string });
  expect(reasons.slice(-2)).toMatchObject([
    { reason: 'mistyped' },
    { reason: 'revoked', hint: good.body.hint },
  ]);
});

async function make(json: object): Promise<{ status: number; body: Key }> {
  return rig.call('POST', '/v1/keys', { json });
}

async function rotate(id: string, json: object): Promise<{ status: number; body: Key }> {
  return rig.call('POST', `/v1/keys/${id}/rotate`, { json });
}

async function listed(query: string): Promise<Key[]> {
  const { body } = await rig.call('GET', `/v1/keys${query}`);
  return (body as { items: Key[] }).items;
}

async function statusWith(key: string): Promise<number> {
  return (await rig.call('GET', '/v1/migrations', { key })).status;
}
