import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrateToLatestOrThrow } from '@octopipe/shared/db/migrate';
import { createTestDatabase } from '@octopipe/shared/testing/postgres';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Rig, startRig, zipOf } from '../testing/rig.js';

const bookings = 'Booking ID,Customer ID,Status\n10,1,Completed\n';
const customers = 'Customer ID,first_name,email\n1,Ada,ada@canary.example\n';

let rig: Rig;
let receiver: Server;
let received: Array<{ path: string; body: string; headers: IncomingHttpHeaders }>;
/** By path: the statuses to answer, the last one for ever. */
let answers: Record<string, number[]>;
/** While there is a list, who comes to /slow… waits in it for an answer. */
let held: Array<() => void> | undefined;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

beforeEach(async () => {
  received = [];
  answers = {};
  held = undefined;
  receiver = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      const path = req.url ?? '';
      received.push({ path, body, headers: req.headers });
      const left = answers[path] ?? [204];
      const status = (left.length > 1 ? left.shift() : left[0]) ?? 204;
      if (held !== undefined && path.startsWith('/slow')) held.push(() => res.writeHead(status).end());
      else res.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => receiver.close(resolve)));

const at = (path: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

interface View {
  id: string;
  secret: string;
  state: string;
}

async function register(tenant: string, path: string, types?: string[]): Promise<View> {
  const { status, body } = await rig.call('POST', `/v1/webhooks?tenant=${tenant}`, {
    json: { url: at(path), ...(types ? { types } : {}) },
  });
  expect(status).toBe(201);
  return body as View;
}

async function until<T>(look: () => Promise<T> | T, found: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const value = await look();
    if (found(value)) return value;
  }
  throw new Error(`waited in vain; log:\n${rig.logs().slice(-3_000)}`);
}

async function takeIn(tenant: string): Promise<string> {
  const id = await rig.openMigration(tenant, `ref-${Math.random()}`);
  const zip = await zipOf({ 'customers.csv': customers, 'bookings.csv': bookings });
  const { body } = await rig.upload(id, tenant, zip);
  await rig.settled(id, tenant, (body as { id: string }).id);
  return id;
}

const messages = (path: string) =>
  received.filter((message) => message.path === path).map((message) => JSON.parse(message.body));

const ofTheCall = ({ instance, requestId }: { instance: string; requestId: string }) => ({
  instance,
  requestId,
});

async function makeDue(webhookId: string): Promise<void> {
  await rig.query('update ingest.webhook set rest_until = null where id = $1', [webhookId]);
  await rig.query(
    `update ingest.webhook_delivery set next_at = now() where webhook_id = $1 and state = 'pending'`,
    [webhookId],
  );
}

test('what happens to an export is told to its tenant, signed, in order, without a value of a customer', async () => {
  await rig.openMigration('east');
  await rig.openMigration('west');
  const mine = await register('east', '/east');
  await register('west', '/west');
  const only = await register('east', '/only', ['migration.stage_changed']);
  const id = await takeIn('east');
  await until(
    () => messages('/only'),
    (found) => found.some((message) => message.data.stage === 'assessed'),
  );
  await until(
    () => messages('/east'),
    (found) => found.some((message) => message.type === 'export.assessed'),
  );

  const told = messages('/east').filter((message) => message.data.migration_id === id);
  expect(told.map((message) => message.type)).toEqual(
    expect.arrayContaining(['export.assessed', 'migration.stage_changed']),
  );
  expect(told.find((message) => message.type === 'export.assessed')).toMatchObject({
    data: { tenant: 'east', migration_id: id },
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    sequence: expect.any(Number),
  });
  const sequences = told.map((message) => message.sequence);
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  expect(messages('/only').every((message) => message.type === 'migration.stage_changed')).toBe(true);
  expect(messages('/west')).toEqual([]);
  for (const message of received) {
    expect(message.body).not.toContain('canary');
    const secret = message.path === '/only' ? only.secret : mine.secret;
    expect(() => new Webhook(secret).verify(message.body, message.headers as never)).not.toThrow();
  }
  expect(rig.logs()).not.toContain('whsec_');
  expect(await rig.query('select count(*)::int as left from core.outbox')).toEqual([{ left: 0 }]);
});

test('slow receivers of one tenant keep neither the packages nor the messages of another waiting', async () => {
  await rig.openMigration('slow');
  await rig.openMigration('quick');
  await register('quick', '/quick', ['export.assessed']);
  // More of them than jobs that the service works on at a time: all would have begun before the package's first step.
  const slow = await Promise.all(
    Array.from({ length: 12 }, (_, n) => register('slow', `/slow-${n}`, ['webhook.test'])),
  );
  held = [];
  for (const { id } of slow) await rig.call('POST', `/v1/webhooks/${id}/test?tenant=slow`, { json: {} });
  await until(
    () => received.length,
    (count) => count > 0,
  );
  await takeIn('quick');
  await until(
    () => messages('/quick'),
    (found) => found.length === 1,
  );
  expect(received.filter(({ path }) => path.startsWith('/slow')).length).toBeLessThan(slow.length);
  const waiting = held;
  held = undefined;
  for (const answer of waiting) answer();
  await until(
    () => new Set(received.map(({ path }) => path)),
    (paths) => slow.every((_webhook, n) => paths.has(`/slow-${n}`)),
  );
});

test('a receiver that fails rests and gets everything later, each under its own id', async () => {
  await rig.openMigration('down');
  answers['/down'] = [500, 503, 204];
  const webhook = await register('down', '/down', ['export.assessed']);
  await takeIn('down');
  await takeIn('down');
  const states = () =>
    rig.query<{ state: string; attempts: number }>(
      'select state, attempts, last_status from ingest.webhook_delivery where webhook_id = $1 order by event_id',
      [webhook.id],
    );
  await until(states, (rows) => rows.length === 2 && rows.some((row) => row.attempts > 0));
  const { body: resting } = await rig.call('GET', `/v1/webhooks/${webhook.id}?tenant=down`);
  expect(resting).toMatchObject({ failures: expect.any(Number), rest_until: expect.stringMatching(/Z$/) });
  await until(
    async () => {
      await makeDue(webhook.id);
      return states();
    },
    (rows) => rows.every((row) => row.state === 'delivered'),
  );
  const ids = received.map((message) => message.headers['webhook-id']);
  expect(new Set(ids).size).toBe(2);
  expect(ids.length).toBeGreaterThanOrEqual(4);
  const { body } = await rig.call('GET', `/v1/webhooks/${webhook.id}?tenant=down`);
  expect(body).toMatchObject({ state: 'active', failures: 0, rest_until: null });
});

test('a delivery fails after its last attempt, and is sent again on request', async () => {
  await rig.openMigration('poor');
  answers['/poor'] = [500];
  const webhook = await register('poor', '/poor', ['webhook.test']);
  const { body: sent } = await rig.call('POST', `/v1/webhooks/${webhook.id}/test?tenant=poor`, { json: {} });
  const log = async (query = '') => {
    const answer = await rig.call('GET', `/v1/webhooks/${webhook.id}/deliveries?tenant=poor${query}`);
    return (answer.body as { items: Array<{ id: string; state: string; attempts: number }> }).items;
  };
  const failed = await until(
    async () => {
      await makeDue(webhook.id);
      return log('&state=failed');
    },
    (items) => items.length === 1,
  );
  expect(failed).toMatchObject([{ id: (sent as View).id, attempts: 11, last_status: 500 }]);

  answers['/poor'] = [204];
  const again = await rig.call(
    'POST',
    `/v1/webhooks/${webhook.id}/deliveries/${failed[0]?.id}/resend?tenant=poor`,
    { json: {} },
  );
  expect(again.status).toBe(202);
  await until(log, (items) => items[0]?.state === 'delivered');
});

test('a receiver that is gone is left alone until somebody tries it, and then told what happened meanwhile', async () => {
  await rig.openMigration('gone');
  answers['/gone'] = [410, 204];
  const webhook = await register('gone', '/gone', ['export.assessed']);
  await rig.call('POST', `/v1/webhooks/${webhook.id}/test?tenant=gone`, { json: {} });
  const view = async () =>
    (await rig.call('GET', `/v1/webhooks/${webhook.id}?tenant=gone`)).body as View & {
      disabled_reason: string;
    };
  expect(await until(view, (row) => row.state === 'disabled')).toMatchObject({ disabled_reason: 'gone' });
  await takeIn('gone');
  await takeIn('gone');
  await until(
    async () =>
      (await rig.call('GET', `/v1/webhooks/${webhook.id}/deliveries?tenant=gone&state=pending`)).body as {
        items: unknown[];
      },
    ({ items }) => items.length === 3,
  );
  expect(received).toHaveLength(1);
  await rig.call('POST', `/v1/webhooks/${webhook.id}/test?tenant=gone`, { json: {} });
  await until(
    () => new Set(received.map(({ headers }) => headers['webhook-id'])).size,
    (count) => count === 4,
  );
  expect(messages('/gone').filter(({ type }) => type === 'export.assessed')).toHaveLength(2);
  expect(await view()).toMatchObject({ state: 'active', disabled_reason: null });
});

test('a message of a disabled webhook that is sent again goes out; at another url it starts anew', async () => {
  await rig.openMigration('back');
  answers['/back'] = [410, 204, 410, 204];
  const webhook = await register('back', '/back');
  const route = `/v1/webhooks/${webhook.id}`;
  const view = async () => (await rig.call('GET', `${route}?tenant=back`)).body as View;
  const { body: sent } = await rig.call('POST', `${route}/test?tenant=back`, { json: {} });
  await until(view, (row) => row.state === 'disabled');

  const again = await rig.call('POST', `${route}/deliveries/${(sent as View).id}/resend?tenant=back`, {
    json: {},
  });
  expect(again.status).toBe(202);
  await until(
    () => received.filter(({ path }) => path === '/back').length,
    (count) => count === 2,
  );
  expect((await view()).state).toBe('active');

  await rig.call('POST', `${route}/test?tenant=back`, { json: {} });
  await until(view, (row) => row.state === 'disabled');
  const moved = await rig.call('PATCH', `${route}?tenant=back`, {
    json: { url: at('/moved') },
    headers: { 'if-match': '*' },
  });
  expect(moved).toMatchObject({ status: 200, body: { state: 'active', disabled_reason: null, failures: 0 } });
  // What waited for the receiver goes to where it is now.
  await makeDue(webhook.id);
  await rig.call('POST', `${route}/test?tenant=back`, { json: {} });
  await until(
    () => received.filter(({ path }) => path === '/moved').length,
    (count) => count >= 2,
  );
});

test('after a rotation both secrets sign for a while; a repeat does not rotate again, whenever it comes', async () => {
  await rig.openMigration('turn');
  const webhook = await register('turn', '/turn');
  const rotate = () =>
    rig.call('POST', `/v1/webhooks/${webhook.id}/secret?tenant=turn`, {
      json: {},
      headers: { 'idempotency-key': 'turn-1' },
    });
  const rotated = await rotate();
  const fresh = (rotated.body as View).secret;
  expect(fresh).not.toBe(webhook.secret);
  // Written by one transaction: no crash comes between the new secret and the answer that shows it.
  expect(
    await rig.query(
      `select kept.xmin = webhook.xmin as together from core.idempotency kept, ingest.webhook webhook
       where kept.key = 'turn-1' and webhook.id = $1`,
      [webhook.id],
    ),
  ).toEqual([{ together: true }]);
  expect(await rotate()).toEqual(rotated);
  await rig.call('POST', `/v1/webhooks/${webhook.id}/test?tenant=turn`, { json: {} });
  await until(
    () => received.length,
    (count) => count > 0,
  );
  for (const secret of [webhook.secret, fresh])
    expect(new Webhook(secret).verify(received[0]?.body ?? '', received[0]?.headers as never)).toMatchObject({
      type: 'webhook.test',
    });

  // The receiver may have either of them when the next answer is lost and asked for again.
  const later: string[] = [];
  for (let n = 0; n < 2; n++) {
    const { body } = await rig.call('POST', `/v1/webhooks/${webhook.id}/secret?tenant=turn`, { json: {} });
    later.push((body as View).secret);
  }
  await rig.call('POST', `/v1/webhooks/${webhook.id}/test?tenant=turn`, { json: {} });
  await until(
    () => received.length,
    (count) => count > 1,
  );
  const last = received.at(-1);
  expect(new Set([webhook.secret, fresh, ...later]).size).toBe(4);
  for (const secret of [webhook.secret, fresh, ...later])
    expect(() => new Webhook(secret).verify(last?.body ?? '', last?.headers as never)).not.toThrow();
});

test('after a restore and its migrate step no event has a number that was told before', async () => {
  const backup = await createTestDatabase();
  const id = await rig.openMigration('again');
  await rig.upload(id, 'again', await zipOf({ 'customers.csv': customers }));
  const [told] = await rig.query<{ most: string }>('select max(id)::text as most from core.event');
  const client = new pg.Client({ connectionString: backup.url });
  await client.connect();
  try {
    await migrateToLatestOrThrow(backup.url);
    const { rows } = await client.query<{ next: string }>(
      `select nextval('core.event_id_seq')::text as next`,
    );
    expect(Number(rows[0]?.next)).toBeGreaterThan(Number(told?.most));
    expect(Number.isSafeInteger(Number(rows[0]?.next))).toBe(true);
  } finally {
    await client.end();
    await backup.drop();
  }
});

test('an edit says what it read: without that it is refused, and of two editors the second is told', async () => {
  await rig.openMigration('edit');
  const webhook = await register('edit', '/edit', ['webhook.test']);
  const route = `/v1/webhooks/${webhook.id}?tenant=edit`;
  const change = (json: object, etag?: string) =>
    rig.call('PATCH', route, { json, headers: etag === undefined ? {} : { 'if-match': etag } });
  const etagNow = async () =>
    (
      await fetch(`${rig.url}${route}`, { headers: { authorization: `Bearer ${rig.operatorKey}` } })
    ).headers.get('etag') ?? '';
  const made = await fetch(`${rig.url}/v1/webhooks?tenant=edit`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: at('/fresh'), types: ['webhook.test'] }),
  });
  const { id: fresh } = (await made.json()) as { id: string };
  expect(
    await rig.call('PATCH', `/v1/webhooks/${fresh}?tenant=edit`, {
      json: { types: ['report.ready'] },
      headers: { 'if-match': made.headers.get('etag') ?? '' },
    }),
  ).toMatchObject({ status: 200, body: { types: ['report.ready'] } });
  const read = await etagNow();
  expect(read).toMatch(/^"[0-9a-f]{32}"$/);
  expect(await change({ types: ['report.ready'] })).toMatchObject({
    status: 428,
    body: { code: 'if_match_required' },
  });
  const [one, other] = await Promise.all([
    change({ types: ['report.ready'] }, read),
    change({ url: at('/other') }, `"elsewhere", ${read}`),
  ]);
  expect([one.status, other.status].sort()).toEqual([200, 412]);
  expect(await change({ url: 'https://10.0.0.1/' }, await etagNow())).toMatchObject({
    status: 422,
    body: { code: 'webhook_url_refused' },
  });
  expect((await change({ types: ['export.failed'] }, `W/${await etagNow()}`)).status).toBe(412);
  expect(await change({ types: ['export.failed'], url: at('/last') }, await etagNow())).toMatchObject({
    status: 200,
    body: { id: webhook.id, types: ['export.failed'], url: at('/last') },
  });
});

test('foreign and absent answer alike, the secret is never shown again, a hostile address is refused', async () => {
  await rig.openMigration('own');
  await rig.openMigration('other');
  const webhook = await register('own', '/own');
  const foreignKey = await rig.keyOfTenant('other');
  const absent = '00000000-0000-4000-8000-000000000000';
  const calls: Array<[string, string]> = [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/secret'],
    ['POST', '/test'],
    ['GET', '/deliveries'],
    ['POST', `/deliveries/${absent}/resend`],
  ];
  for (const [method, rest] of calls) {
    const ask = (id: string) =>
      rig.call(method, `/v1/webhooks/${id}${rest}`, {
        key: foreignKey,
        ...(method === 'GET' || method === 'DELETE' ? {} : { json: {}, headers: { 'if-match': '*' } }),
      });
    const [foreign, missing] = [await ask(webhook.id), await ask(absent)];
    expect([rest, foreign.status, foreign.body]).toEqual([
      rest,
      404,
      { ...(missing.body as object), ...ofTheCall(foreign.body) },
    ]);
  }
  const { body } = await rig.call('GET', '/v1/webhooks?tenant=own');
  expect(JSON.stringify(body)).not.toMatch(/secret|whsec/);
  expect((body as { items: View[] }).items).toMatchObject([{ id: webhook.id }]);
  for (const url of ['http://10.0.0.1/', 'https://169.254.169.254/latest/', 'https://localhost:22/']) {
    const answer = await rig.call('POST', '/v1/webhooks?tenant=own', { json: { url } });
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([422, 'webhook_url_refused']);
  }
  expect((await rig.call('DELETE', `/v1/webhooks/${webhook.id}?tenant=own`)).status).toBe(200);
  expect((await rig.call('GET', `/v1/webhooks/${webhook.id}?tenant=own`)).status).toBe(404);
});
