import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { expect, test } from 'vitest';
import { startSimulator } from '../server.js';
import { callsTo } from '../testing/call-simulator.js';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();

test('the ledger tells every committed write in order, with what it was and what became of it', async () => {
  const { id } = await sim.api.create('/api/v2/organizations', { name: 'a' });
  await sim.api.patch(`/api/v2/organizations/${id}`, { name: 'b' });
  await sim.api.post('/api/v2/organizations', { name: 5 });
  await sim.api.get('/api/v2/organizations');
  await sim.api.remove(`/api/v2/organizations/${id}`);
  const lines = await sim.api.ledger();
  expect(
    lines.map(({ seq, op, entity, operation, body, record }) => [
      seq,
      op,
      entity,
      operation,
      body,
      record.name,
      record.is_deleted,
    ]),
  ).toEqual([
    [1, 'create', 'organizations', 'createOrganization', { name: 'a' }, 'a', false],
    [2, 'update', 'organizations', 'updateOrganization', { name: 'b' }, 'b', false],
    [3, 'delete', 'organizations', 'deleteOrganization', {}, 'b', true],
  ]);
  expect((await sim.api.get('/__sim/ledger?after=2')).text.split('\n')).toHaveLength(2);
});

test('a ledger line keeps the request id of the answer', async () => {
  const reply = await sim.api.post('/api/v2/organizations', { name: 'a' });
  expect(await sim.api.ledger()).toMatchObject([{ request_id: reply.headers.get('x-correlation-id') }]);
});

test("seeded records are the customer's own: there, but in no ledger and at no price", async () => {
  const { ids } = await sim.api.control('seed', {
    users: [{ name: 'Zoe Field', email: 'zoe@elsewhere.example' }],
    organizations: [{ name: 'Old Org' }],
    persons: [
      { name: 'Old Person', emails: [{ value: 'old@example.com' }], add_time: '2015-01-01T00:00:00Z' },
    ],
    deals: [{ title: 'Old Deal', person_id: 12_345 }],
    personFields: [{ field_name: 'Pet', field_type: 'enum', options: ['Dog', 'Cat'] }],
  });
  const listed = async (path: string) => (await sim.api.get(path)).body.data;
  const known = ids as unknown as Record<string, number[]>;
  expect(await listed('/api/v2/organizations')).toMatchObject([
    { id: known.organizations?.[0], name: 'Old Org' },
  ]);
  expect(await listed('/api/v2/persons')).toMatchObject([
    {
      id: known.persons?.[0],
      add_time: '2015-01-01T00:00:00Z',
      emails: [{ value: 'old@example.com', primary: true, label: 'work' }],
    },
  ]);
  expect(await listed('/api/v2/deals')).toMatchObject([{ title: 'Old Deal', person_id: 12_345 }]);
  expect(await listed('/v1/users')).toContainEqual(
    expect.objectContaining({ email: 'zoe@elsewhere.example', is_you: false }),
  );
  expect(await listed(`/api/v2/personFields/${known.personFields?.[0]}`)).toMatchObject({
    options: [{ label: 'Dog' }, { label: 'Cat' }],
  });
  expect(await sim.api.ledger()).toEqual([]);
});

test('edits are what a person does: update_time moves, nothing is charged or recorded', async () => {
  const { id } = await sim.api.create('/api/v2/organizations', { name: 'a' });
  await sim.api.control('clock', { advance_ms: 5_000 });
  const before = (await sim.api.requests()).tokens.total;
  await sim.api.control('edit', { changes: [{ entity: 'organizations', id, set: { name: 'by hand' } }] });
  const [org] = (await sim.api.state()).organizations;
  expect(org?.name).toBe('by hand');
  expect(Date.parse(org?.update_time ?? '') - Date.parse(org?.add_time ?? '')).toBeGreaterThanOrEqual(5_000);
  await sim.api.control('edit', { changes: [{ entity: 'organizations', id, delete: true }] });
  expect((await sim.api.get(`/api/v2/organizations/${id}`)).status).toBe(404);
  expect(await sim.api.ledger()).toHaveLength(1);
  expect((await sim.api.requests()).tokens.total).toBe(before + 1);
  await expect(sim.api.control('edit', { changes: [{ entity: 'deals', id: 1 }] })).rejects.toThrow(
    /does not exist/,
  );
});

test('the same seed founds the same account, another seed another one', async () => {
  const shape = async (seed: number) => {
    await sim.api.control('reset', { seed });
    const { users, stages, personFields } = await sim.api.state();
    return JSON.stringify(
      [users, stages, personFields].map((rows) => rows.map(({ id, name }) => [id, name])),
    );
  };
  const first = await shape(5);
  expect(await shape(5)).toBe(first);
  expect(await shape(6)).not.toBe(first);
});

test('a fresh account has its users, one pipeline with five stages and six activity types', async () => {
  await sim.api.control('reset', { company: 'brightfield', seats: 4 });
  const { users, pipelines, stages, activityTypes, deals } = await sim.api.state();
  expect(users).toHaveLength(4);
  expect(new Set(users.map(({ email }) => email)).size).toBe(4);
  for (const { email } of users) expect(email).toMatch(/@brightfield\.example$/);
  expect(stages.map(({ pipeline_id }) => pipeline_id)).toEqual(Array(5).fill(pipelines[0]?.id));
  expect(activityTypes.map(({ key_string }) => key_string)).toEqual([
    'call',
    'meeting',
    'task',
    'deadline',
    'email',
    'lunch',
  ]);
  expect(deals).toEqual([]);
  expect((await sim.api.get('/v1/users/me')).body.data).toMatchObject({
    company_domain: 'brightfield',
    is_you: true,
  });
});

test('reset forgets everything, keepUsers keeps the users', async () => {
  await sim.api.control('seed', { users: [{ name: 'Zoe Field' }], deals: [{ title: 'x' }] });
  await sim.api.faults([{ operation: '*', kind: '5xx-before' }]);
  await sim.api.control('reset', { keepUsers: true, seed: 9 });
  const { users, deals } = await sim.api.state();
  expect(users.map(({ name }) => name)).toContain('Zoe Field');
  expect(deals).toEqual([]);
  expect((await sim.api.get('/v1/users/me')).status).toBe(200);
  expect((await sim.api.requests()).operations).toEqual({ getCurrentUser: { '2xx': 1 } });
});

test('a token of somebody who is no admin sees what is theirs and what visibility grants, and nothing else is there', async () => {
  const { users } = (await sim.api.get('/__sim/state?entities=users')).body as unknown as {
    users: Array<{ id: number }>;
  };
  const [admin, other] = users.map(({ id }) => id);
  const deal = async (owner_id: number | undefined, visible_to: number) =>
    (await sim.api.create('/api/v2/deals', { title: 'd', owner_id, visible_to })).id;
  const [company, group, hidden, own] = [
    await deal(admin, 7),
    await deal(admin, 3),
    await deal(admin, 1),
    await deal(other, 1),
  ];
  await sim.api.post('/v1/notes', { content: 'unseen', deal_id: hidden });
  await sim.api.post('/v1/notes', { content: 'seen', deal_id: own });
  const listed = async (path: string) =>
    ((await sim.api.get(path)).body.data as unknown as Array<{ id: number; content?: string }>).map(
      ({ id, content }) => content ?? id,
    );
  expect(await listed('/api/v2/deals')).toEqual([company, group, hidden, own]);

  expect(await sim.api.control('caller', { user: other })).toMatchObject({ user: { is_admin: 0 } });
  expect((await sim.api.get('/v1/users/me')).body.data).toMatchObject({
    id: other,
    access: expect.arrayContaining([{ app: 'sales', admin: false }]),
  });
  expect(await listed('/api/v2/deals')).toEqual([company, group, own]);
  expect(await listed('/v1/notes')).toEqual(['seen']);
  expect((await sim.api.get(`/api/v2/deals/${hidden}`)).status).toBe(404);
  expect((await sim.api.remove(`/api/v2/deals/${hidden}`)).status).toBe(404);

  await sim.api.control('caller', { admin: true });
  expect(await listed('/api/v2/deals')).toHaveLength(4);
  expect((await sim.api.post('/__sim/caller', { user: 1 })).status).toBe(400);
});

test('unknown control calls and bodies are refused', async () => {
  expect((await sim.api.post('/__sim/explode', {})).status).toBe(404);
  expect((await sim.api.post('/__sim/reset', { seats: 0 })).status).toBe(400);
  expect((await sim.api.post('/__sim/clock', { set: 'tomorrow' })).status).toBe(400);
  expect((await sim.api.get('/__sim/health')).body).toMatchObject({ ok: true });
});

test('parallel creates all get their own id and ledger line', async () => {
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, i) => sim.api.post('/api/v2/organizations', { name: `o${i}` })),
  );
  const ids = replies.map(({ body }) => body.data?.id);
  expect(new Set(ids).size).toBe(100);
  expect((await sim.api.ledger()).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
});

test('close ends silent connections and removes the bytes', async () => {
  const own = await startSimulator();
  const api = callsTo(own);
  await api.faults([{ operation: '*', kind: 'timeout-after' }]);
  const silent = expect(api.get('/v1/users/me')).rejects.toThrow();
  while (Object.keys((await api.requests()).operations).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await own.close();
  await silent;
});

const built = new URL('../../dist/bundle/main.js', import.meta.url);

test('the process says one line when ready and ends on SIGTERM', async (context) => {
  context.skip(!existsSync(built), 'needs a build: npm run build');
  const child = spawn(process.execPath, [
    ...nodeFlags,
    built.pathname,
    '--port',
    '0',
    '--token',
    'T',
    '--company',
    'acme',
    '--seats',
    '2',
  ]);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const url = /at (http:\S+) /.exec(output)?.[1];
  const reply = await fetch(`${url}/v1/users/me`, { headers: { 'x-api-token': 'T' } });
  expect(reply.status).toBe(200);
  child.kill('SIGTERM');
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(0);
  expect(output).toMatch(
    /^simulator ready at http:\/\/127\.0\.0\.1:\d+ \(company acme, plan growth x 2\)\n$/,
  );
});
