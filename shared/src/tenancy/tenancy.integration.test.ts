import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Problem, SetupError } from '../core/errors.js';
import { type DatabaseHandle, openDatabase } from '../db/index.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { type Caller, createApiKey, hasNoApiKeys, openAuthenticator, roles } from './api-key.js';
import { newSecret } from './key-form.js';
import { type KeyRing, parseMasterKey, tenantDataKey } from './secrets.js';
import { getOrCreateTenant, type Tenant, tenantOfCall } from './tenant.js';

let testDatabase: TestDatabase;
let database: DatabaseHandle;
let authenticate: ReturnType<typeof openAuthenticator>;
let raw: pg.Client;
let acme: Tenant;
let beta: Tenant;
const master = newMasterKey();

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { max: 4, onError: () => {}, applicationName: 'tenancy-test' });
  authenticate = openAuthenticator(database.db);
  raw = new pg.Client({ connectionString: testDatabase.url });
  await raw.connect();
  expect(await hasNoApiKeys(database.db)).toBe(true);
  acme = await getOrCreateTenant(database.db, master, { slug: 'acme', name: 'Acme Pools' });
  beta = await getOrCreateTenant(database.db, master, { slug: 'beta', name: 'Beta Gardens' });
});

afterAll(async () => {
  await raw.end();
  await database.destroy();
  await testDatabase.drop();
});

test('a key opens as what it was made for; only its hash is stored', async () => {
  for (const role of roles) {
    const secret = await createApiKey(database.db, { role, label: `${role} of acme`, tenantId: acme.id });
    expect(secret).toMatch(/^o2p_live_[0-9A-Za-z]{49}$/);
    expect(await authenticate(bearing(`Bearer ${secret}`))).toEqual({
      keyId: expect.any(String),
      familyId: expect.any(String),
      requestsPerMinute: null,
      label: `${role} of acme`,
      role,
      tenantId: acme.id,
    });
    const { rows } = await raw.query('select to_jsonb(k)::text as stored from core.api_key k');
    for (const { stored } of rows) expect(stored).not.toContain(secret.slice('o2p_live_'.length));
  }
  expect(await hasNoApiKeys(database.db)).toBe(false);
});

test('calls that come together share looks, and a key that is revoked meanwhile opens nothing any more', async () => {
  const secret = await createApiKey(database.db, { role: 'operator', label: 'busy' });
  const other = await createApiKey(database.db, { role: 'viewer', label: 'other', tenantId: acme.id });
  const ask = (key: string) =>
    authenticate(bearing(`Bearer ${key}`)).then(
      ({ label }) => label,
      () => 'refused',
    );
  const asked = Array.from({ length: 40 }, (_, i) => ask(i % 4 === 3 ? other : secret));
  const labels = await Promise.all(asked);
  expect(labels).toEqual(labels.map((_, i) => (i % 4 === 3 ? 'other' : 'busy')));
  // Some are under way while it is revoked; those that come afterwards are all refused.
  const before = Array.from({ length: 10 }, () => ask(secret));
  await raw.query(`update core.api_key set revoked_at = now() where label = 'busy'`);
  const after = await Promise.all(Array.from({ length: 10 }, () => ask(secret)));
  expect(new Set(after)).toEqual(new Set(['refused']));
  expect(await Promise.all(before)).toHaveLength(10);
  expect(await ask(other)).toBe('other');
});

test('missing, unknown, malformed and expired keys get one answer', async () => {
  const good = await createApiKey(database.db, { role: 'operator', label: 'good' });
  const revoked = await createApiKey(database.db, { role: 'operator', label: 'revoked' });
  await raw.query(`update core.api_key set revoked_at = now() where label = 'revoked'`);
  const expired = await createApiKey(database.db, { role: 'operator', label: 'expired' });
  await raw.query(`update core.api_key set expires_at = now() - interval '1 minute' where label = 'expired'`);
  const refused = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer o2p_live_${randomBytes(32).toString('base64url')}`,
    `Bearer ${newSecret()}`,
    `Bearer ${revoked}`,
    `Bearer ${good}x`,
    `Bearer ${good.slice(0, -1)}`,
    `Bearer ${good.replace('o2p_', '')}`,
    `Basic ${good}`,
    good,
    `Bearer ${expired}`,
  ];
  const answers = await Promise.all(refused.map((value) => problemOf(authenticate(bearing(value)))));
  expect(answers.map(({ status, code }) => `${status} ${code}`)).toEqual(
    refused.map(() => '401 unauthorized'),
  );
  expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
  expect(await authenticate(bearing(`bearer ${good}`))).toMatchObject({ label: 'good' });
});

test('a key that expires later still opens', async () => {
  const secret = await createApiKey(database.db, {
    role: 'viewer',
    label: 'until tomorrow',
    tenantId: acme.id,
  });
  await raw.query(
    `update core.api_key set expires_at = now() + interval '1 day' where label = 'until tomorrow'`,
  );
  expect(await authenticate(bearing(`Bearer ${secret}`))).toMatchObject({ role: 'viewer' });
});

test('a bound key acts for its own tenant, named or not', async () => {
  expect(await tenantOfCall(database.db, callerOf(acme), undefined)).toEqual(acme);
  expect(await tenantOfCall(database.db, callerOf(acme), 'acme')).toEqual(acme);
});

test('a bound key that names another tenant hears what it hears of one that does not exist', async () => {
  const foreign = await problemOf(tenantOfCall(database.db, callerOf(acme), 'beta'));
  const absent = await problemOf(tenantOfCall(database.db, callerOf(acme), 'no-such'));
  expect(foreign).toEqual(absent);
  expect(foreign).toMatchObject({ status: 404, code: 'tenant_not_found' });
});

test('an unbound key names the tenant per call and must name one that exists', async () => {
  expect(await tenantOfCall(database.db, callerOf(null), 'beta')).toEqual(beta);
  expect(await problemOf(tenantOfCall(database.db, callerOf(null), undefined))).toMatchObject({
    status: 422,
    code: 'tenant_required',
  });
  expect(await problemOf(tenantOfCall(database.db, callerOf(null), 'no-such'))).toMatchObject({
    status: 404,
    code: 'tenant_not_found',
  });
});

test('a tenant is made once, also by several at the same moment, and keeps its name and key', async () => {
  const made = await Promise.all(
    Array.from({ length: 4 }, (_, n) =>
      getOrCreateTenant(database.db, master, { slug: 'race', name: `Race ${n}` }),
    ),
  );
  expect(new Set(made.map((tenant) => JSON.stringify(tenant))).size).toBe(1);
  const id = made[0]?.id ?? '';
  const before = await tenantDataKey(database.db, master, id);
  await getOrCreateTenant(database.db, master, { slug: 'race', name: 'Renamed' });
  expect(await tenantDataKey(database.db, master, id)).toEqual(before);
});

test('each tenant has a data key of its own, which the database does not hold in the open', async () => {
  const keys = await Promise.all([acme, beta].map(({ id }) => tenantDataKey(database.db, master, id)));
  expect(keys.map((key) => key.length)).toEqual([32, 32]);
  expect(keys[0]).not.toEqual(keys[1]);
  const { rows } = await raw.query<{ wrapped_data_key: Buffer }>('select wrapped_data_key from core.tenant');
  for (const { wrapped_data_key } of rows) {
    for (const key of keys) expect(wrapped_data_key.includes(key)).toBe(false);
  }
});

test('another master key is told from a damaged one: by its id, and by the seal', async () => {
  const other = newMasterKey();
  const wrongId = await tenantDataKey(database.db, other, acme.id).catch((error: unknown) => error);
  expect(wrongId).toBeInstanceOf(SetupError);
  expect((wrongId as Error).message).toContain(master.id);
  expect((wrongId as Error).message).toContain(other.id);
  await expect(tenantDataKey(database.db, { ...other, id: master.id }, acme.id)).rejects.toThrow();
});

test("a tenant's wrapped key moved to another tenant's row does not open", async () => {
  const thief = await getOrCreateTenant(database.db, master, { slug: 'thief', name: 'Thief' });
  await raw.query(
    `update core.tenant set wrapped_data_key = (select wrapped_data_key from core.tenant where slug = 'acme') where slug = 'thief'`,
  );
  await expect(tenantDataKey(database.db, master, thief.id)).rejects.toThrow();
});

function newMasterKey(): KeyRing {
  return parseMasterKey(randomBytes(32).toString('base64'));
}

/** All that `authenticate` reads of a request. */
function bearing(authorization: string | undefined): Request {
  return { headers: { authorization } } as Request;
}

function callerOf(tenant: Tenant | null): Caller {
  return {
    keyId: 'k',
    familyId: 'f',
    requestsPerMinute: null,
    label: 'test',
    role: 'operator',
    tenantId: tenant?.id ?? null,
  };
}

async function problemOf(work: Promise<unknown>): Promise<{ status: number; code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Problem)) throw new Error(`expected a Problem, got ${String(error)}`);
  return { status: error.status, code: error.code, message: error.message };
}
