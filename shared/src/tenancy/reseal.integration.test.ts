import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SetupError } from '../core/errors.js';
import { type DatabaseHandle, openDatabase } from '../db/index.js';
import { nodeFlags } from '../embedded/node-flags.js';
import type { KeptAnswer, Wanted } from '../http/idempotency.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { openIdempotencyStore } from './idempotency.js';
import { resealAll } from './reseal.js';
import { type KeyRing, parseMasterKey, seal, tenantDataKey, unseal } from './secrets.js';
import { getOrCreateTenant, type Tenant } from './tenant.js';

/** A rotation from the key A to the key B, with tenants and kept answers that were sealed under A. */
const [a, b] = [0, 0].map(() => randomBytes(32).toString('base64')) as [string, string];
const under = { a: parseMasterKey(a), ab: parseMasterKey(b, a), b: parseMasterKey(b) };
let testDatabase: TestDatabase;
let database: DatabaseHandle;
let acme: Tenant;
let beta: Tenant;
let dataKeys: Buffer[];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { max: 4, onError: () => {}, applicationName: 'reseal-test' });
  acme = await getOrCreateTenant(database.db, under.a, { slug: 'acme', name: 'Acme' });
  beta = await getOrCreateTenant(database.db, under.a, { slug: 'beta', name: 'Beta' });
  dataKeys = await dataKeysWith(under.a);
  await keepAnswer(under.a, 'of a');
});

afterEach(async () => {
  await database.destroy();
  await testDatabase.drop();
});

test('from A to B: both open meanwhile, new seals are of B, and when A is gone everything opens', async () => {
  // What a data key seals does not know of the master key: a token of a connection, say.
  const token = seal(dataKeys[0] as Buffer, Buffer.from('a token'), 'connection|acme');
  await keepAnswer(under.a, 'from before ids');
  await database.pool.query(`update core.idempotency set master_key_id = null where key = 'from before ids'`);

  expect(await dataKeysWith(under.ab)).toEqual(dataKeys);
  expect(await answerWith(under.ab, 'of a')).toBe('kept: of a');
  const gamma = await getOrCreateTenant(database.db, under.ab, { slug: 'gamma', name: 'Gamma' });
  await keepAnswer(under.ab, 'of b');
  const ofGamma = await tenantDataKey(database.db, under.b, gamma.id);
  await expect(tenantDataKey(database.db, under.a, gamma.id)).rejects.toThrow(SetupError);
  await expect(tenantDataKey(database.db, under.b, acme.id)).rejects.toThrow(under.a.id);

  expect(await resealAll(database.db, under.ab)).toEqual({ tenants: 2, answers: 2, damaged: 0, left: 0 });
  expect(await dataKeysWith(under.b)).toEqual(dataKeys);
  expect(await tenantDataKey(database.db, under.b, gamma.id)).toEqual(ofGamma);
  for (const key of ['of a', 'of b', 'from before ids'])
    expect(await answerWith(under.b, key)).toBe(`kept: ${key}`);
  const [ofAcme] = await dataKeysWith(under.b);
  expect(unseal(ofAcme as Buffer, token, 'connection|acme').toString()).toBe('a token');
  expect(await keyIds()).toEqual([under.b.id]);
  await expect(tenantDataKey(database.db, under.a, acme.id)).rejects.toThrow(SetupError);

  const before = await seals();
  expect(await resealAll(database.db, under.b)).toEqual({ tenants: 0, answers: 0, damaged: 0, left: 0 });
  expect(await seals()).toEqual(before);
});

test('without the former key it refuses, names it by its id, and changes nothing', async () => {
  const before = await seals();
  const { code, said } = await runReseal({ OCTOPIPE_MASTER_KEY: b });
  expect([code, said]).toEqual([1, expect.stringContaining(`sealed with master key ${under.a.id}`)]);
  for (const key of [a, b]) expect(said).not.toContain(key);
  expect(await seals()).toEqual(before);
  // One kept answer of it is enough: half a rotation would look like a whole one.
  await resealAll(database.db, under.ab);
  await keepAnswer(under.a, 'late');
  await expect(resealAll(database.db, under.b)).rejects.toThrow(SetupError);
});

test('killed half-way it goes on: nothing is shut meanwhile, and a second time there is nothing to do', async () => {
  for (let n = 0; n < 250; n++) await insertTenant(`many-${n}`);
  const env = { OCTOPIPE_MASTER_KEY: b, OCTOPIPE_OTHER_MASTER_KEYS: a };
  expect(await runReseal({ ...env, OCTOPIPE_FAILPOINT: 'reseal.after_slice' })).toMatchObject({
    signal: 'SIGKILL',
  });
  const counts = async () =>
    (
      await database.pool.query<{ n: number }>(
        `select count(*)::int as n from core.tenant where master_key_id = $1`,
        [under.b.id],
      )
    ).rows[0]?.n;
  expect(await counts()).toBe(100);
  expect(await dataKeysWith(under.ab)).toEqual(dataKeys);

  const goneOn = await runReseal(env);
  expect([goneOn.code, goneOn.said]).toEqual([
    0,
    expect.stringContaining('152 tenants, 1 kept answers; 0 damaged; 0 left'),
  ]);
  expect(await counts()).toBe(252);
  expect(await dataKeysWith(under.b)).toEqual(dataKeys);
  const again = await runReseal({ OCTOPIPE_MASTER_KEY: b });
  expect([again.code, again.said]).toEqual([0, expect.stringContaining('0 tenants, 0 kept answers')]);
  for (const text of [goneOn.said, again.said]) for (const key of [a, b]) expect(text).not.toContain(key);
});

test('two at once do each row once; what a process with the former key seals meanwhile is said to be left', async () => {
  for (let n = 0; n < 30; n++) await insertTenant(`many-${n}`);
  const both = await Promise.all([1, 2].map(() => resealAll(database.db, under.ab, 5)));
  expect(both.map(({ tenants }) => tenants).reduce((sum, n) => sum + n)).toBe(32);
  expect(await dataKeysWith(under.b)).toEqual(dataKeys);
  const late = await getOrCreateTenant(database.db, under.a, { slug: 'late', name: 'Late' });
  const lateKey = await tenantDataKey(database.db, under.a, late.id);
  expect(await resealAll(database.db, under.ab)).toMatchObject({ tenants: 1, left: 0 });
  expect(await tenantDataKey(database.db, under.b, late.id)).toEqual(lateKey);
});

test('a damaged seal is left as it is and said, and keeps nobody else; a purged tenant has none', async () => {
  await database.pool.query(
    `update core.tenant set wrapped_data_key = set_byte(wrapped_data_key, 20, get_byte(wrapped_data_key, 20) # 1) where slug = 'acme'`,
  );
  const gone = await getOrCreateTenant(database.db, under.a, { slug: 'gone', name: 'Gone' });
  await database.pool.query(
    `insert into core.purge (id, subject_id, slug_hash, requested_by) values ($1, $2, '\\x00', $3)`,
    [randomUUID(), gone.id, randomUUID()],
  );
  await database.pool.query(
    `update core.tenant set purge_id = (select id from core.purge), wrapped_data_key = '' where slug = 'gone'`,
  );
  const { code, said } = await runReseal({ OCTOPIPE_MASTER_KEY: b, OCTOPIPE_OTHER_MASTER_KEYS: a });
  expect([code, said]).toEqual([
    1,
    expect.stringContaining('1 tenants, 1 kept answers; 1 damaged; 1 left under another key'),
  ]);
  expect(await tenantDataKey(database.db, under.b, beta.id)).toEqual(dataKeys[1]);
});

function dataKeysWith(ring: KeyRing): Promise<Buffer[]> {
  return Promise.all([acme, beta].map(({ id }) => tenantDataKey(database.db, ring, id)));
}

const wantedOf = (key: string): Wanted => ({
  ...{ familyId: acme.id, route: 'POST /v1/things', key, tenantId: acme.id },
  requestHash: Buffer.alloc(32),
});

async function keepAnswer(ring: KeyRing, key: string): Promise<void> {
  const store = openIdempotencyStore(database.db, ring, 10_000);
  const claimed = await store.claim(wantedOf(key));
  if (claimed.kind !== 'mine') throw new Error('it was not free');
  const answer: KeptAnswer = { status: 201, headers: {}, body: Buffer.from(`kept: ${key}`), bodyHash: null };
  expect(await store.keep(claimed.claim, answer)).toBe(true);
}

async function answerWith(ring: KeyRing, key: string): Promise<string> {
  const claimed = await openIdempotencyStore(database.db, ring, 10_000).claim(wantedOf(key));
  return claimed.kind === 'done' ? claimed.answer.body.toString() : claimed.kind;
}

async function insertTenant(slug: string): Promise<void> {
  await getOrCreateTenant(database.db, under.a, { slug, name: slug });
}

async function keyIds(): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    'select master_key_id as id from core.tenant union select master_key_id from core.idempotency order by 1',
  );
  return rows.map(({ id }) => id);
}

async function seals(): Promise<unknown[]> {
  const { rows } = await database.pool.query(
    `select id, wrapped_data_key as sealed, master_key_id from core.tenant
     union all select id, sealed_body, master_key_id from core.idempotency order by 1`,
  );
  return rows;
}

async function runReseal(env: Record<string, string>) {
  const program = fileURLToPath(new URL('../../dist/bundle/reseal.js', import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, program], {
    env: { PATH: process.env.PATH, DATABASE_URL: testDatabase.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = Promise.all(
    [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray()),
  );
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { code, signal, said: (await texts).flat().join('') };
}
