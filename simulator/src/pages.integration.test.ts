import { expect, test } from 'vitest';
import type { Calls } from './testing/call-simulator.js';
import { useSimulator } from './testing/running-simulator.js';

const sim = useSimulator();

type Listed = { id: number; update_time: string };

async function walk(
  api: Calls,
  path: string,
  between: (page: number) => Promise<unknown> = async () => undefined,
) {
  const ids: number[] = [];
  let cursor: string | null = null;
  for (let page = 0; page === 0 || cursor; page += 1) {
    const { body } = await api.get(`${path}${cursor ? `&cursor=${cursor}` : ''}`);
    ids.push(...(body.data as unknown as Listed[]).map(({ id }) => id));
    cursor = (body.additional_data as { next_cursor: string | null }).next_cursor;
    await between(page);
  }
  return ids;
}

async function seedOrganizations(count: number): Promise<number[]> {
  const organizations = Array.from({ length: count }, (_, index) => ({ name: `Org ${index}` }));
  const { ids } = (await sim.api.control('seed', { organizations })) as { ids: { organizations: number[] } };
  return ids.organizations;
}

test('a walk by cursor sees every record once, in order', async () => {
  const ids = await seedOrganizations(23);
  expect(await walk(sim.api, '/api/v2/organizations?limit=5')).toEqual(ids);
  expect(await walk(sim.api, '/api/v2/organizations?limit=5&sort_direction=desc')).toEqual(ids.toReversed());
});

test('100 records without a limit, up to 500 with one', async () => {
  await seedOrganizations(510);
  const count = async (query: string) =>
    ((await sim.api.get(`/api/v2/organizations${query}`)).body.data as unknown as unknown[]).length;
  expect(await count('')).toBe(100);
  expect(await count('?limit=500')).toBe(500);
});

test('inserts and deletes between two pages neither repeat nor hide others', async () => {
  const ids = await seedOrganizations(12);
  const seen = await walk(sim.api, '/api/v2/organizations?limit=4', async (page) => {
    // The record the cursor points at, and one that was already seen.
    if (page === 0) {
      await sim.api.remove(`/api/v2/organizations/${ids[4]}`);
      await sim.api.remove(`/api/v2/organizations/${ids[0]}`);
      await sim.api.create('/api/v2/organizations', { name: 'late' });
    }
  });
  expect(seen.slice(0, -1)).toEqual(ids.filter((_, index) => index !== 4));
  expect(new Set(seen).size).toBe(seen.length);
});

test('updated_since includes the second itself, updated_until does not', async () => {
  const [first = 0, second = 0] = await seedOrganizations(2);
  await sim.api.control('clock', { advance_ms: 10_000 });
  const patched = await sim.api.patch(`/api/v2/organizations/${second}`, { name: 'changed' });
  const time = (patched.body.data as unknown as Listed).update_time;
  expect(await walk(sim.api, `/api/v2/organizations?updated_since=${time}`)).toEqual([second]);
  expect(await walk(sim.api, `/api/v2/organizations?updated_until=${time}`)).toEqual([first]);
  expect(
    await walk(sim.api, '/api/v2/organizations?sort_by=update_time&sort_direction=desc&limit=1'),
  ).toEqual([second, first]);
});

test('ids picks records and leaves out those that do not exist', async () => {
  const [first, second, third] = await seedOrganizations(3);
  await sim.api.remove(`/api/v2/organizations/${second}`);
  expect(await walk(sim.api, `/api/v2/organizations?ids=${third},${second},${first},99999999`)).toEqual([
    first,
    third,
  ]);
});

test('filters of deals and activities', async () => {
  const { api } = sim;
  const person = await api.create('/api/v2/persons', { name: 'Ann' });
  const won = await api.create('/api/v2/deals', { title: 'a', status: 'won', person_id: person.id });
  const open = await api.create('/api/v2/deals', { title: 'b' });
  const lost = await api.create('/api/v2/deals', { title: 'c', status: 'lost' });
  const call = await api.create('/api/v2/activities', { subject: 'a', deal_id: won.id, done: true });
  const todo = await api.create('/api/v2/activities', {
    subject: 'b',
    participants: [{ person_id: person.id, primary: true }],
  });
  expect(await walk(api, '/api/v2/deals?status=won,lost')).toEqual([won.id, lost.id]);
  expect(await walk(api, '/api/v2/deals?status=open')).toEqual([open.id]);
  expect(await walk(api, `/api/v2/deals?person_id=${person.id}`)).toEqual([won.id]);
  expect(await walk(api, `/api/v2/deals?stage_id=${String(open.stage_id)}`)).toEqual([
    won.id,
    open.id,
    lost.id,
  ]);
  expect(await walk(api, `/api/v2/activities?deal_id=${won.id}`)).toEqual([call.id]);
  expect(await walk(api, '/api/v2/activities?done=false')).toEqual([todo.id]);
  expect(await walk(api, `/api/v2/activities?person_id=${person.id}`)).toEqual([todo.id]);
  expect(await walk(api, `/api/v2/persons?deal_id=${won.id}`)).toEqual([person.id]);
});

test('v1 pages by start and limit, files at most 100 a page', async () => {
  const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
  const notes: number[] = [];
  for (const content of ['a', 'b', 'c'])
    notes.push((await sim.api.create('/v1/notes', { content, deal_id: deal.id })).id);
  const first = await sim.api.get('/v1/notes?limit=2&sort=id%20DESC');
  expect((first.body.data as unknown as Listed[]).map(({ id }) => id)).toEqual([notes[2], notes[1]]);
  expect(first.body.additional_data).toEqual({
    pagination: { start: 0, limit: 2, more_items_in_collection: true, next_start: 2 },
  });
  const second = await sim.api.get('/api/v1/notes?start=2&limit=2&sort=id%20DESC');
  expect(second.body.additional_data).toEqual({
    pagination: { start: 2, limit: 2, more_items_in_collection: false },
  });
  const files = await sim.api.get('/v1/files?limit=500');
  expect(files.body.additional_data).toMatchObject({ pagination: { limit: 100 } });
});
