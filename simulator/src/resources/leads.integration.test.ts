import { beforeEach, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../json.js';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();
let person_id: number;

beforeEach(async () => {
  person_id = (await sim.api.create('/api/v2/persons', { name: 'Ann Lee' })).id;
});

const newLead = (body: JsonObject = {}) =>
  sim.api.create('/v1/leads', { title: 'Roof', person_id, ...body }) as unknown as Promise<
    JsonObject & { id: string }
  >;
const listed = async (path: string) => (await sim.api.get(path)).body.data as unknown as JsonObject[];
const titles = async (path: string) => (await listed(path)).map(({ title }) => title);

test('a lead goes by uuid, speaks of times with milliseconds, of visibility in a string', async () => {
  const reply = await sim.api.post('/v1/leads', {
    title: 'Roof',
    person_id,
    value: { amount: 99.5, currency: 'EUR' },
    expected_close_date: '2026-02-03',
    origin_id: 'op:1',
    was_seen: true,
  });
  expect(reply.status).toBe(201);
  expect(reply.body.data).toMatchObject({
    title: 'Roof',
    person_id,
    organization_id: null,
    value: { amount: 99.5, currency: 'EUR' },
    expected_close_date: '2026-02-03',
    origin: 'API',
    origin_id: 'op:1',
    source_name: 'API',
    was_seen: true,
    is_archived: false,
    visible_to: '7',
    label_ids: [],
    next_activity_id: null,
  });
  const id = String(reply.body.data?.id);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(reply.body.data?.add_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect((await sim.api.state()).leads).toMatchObject([{ id, title: 'Roof' }]);
  expect((await sim.api.ledger()).at(-1)).toMatchObject({
    op: 'create',
    entity: 'leads',
    id,
    operation: 'createLead',
    record: { id, title: 'Roof' },
  });
});

describe('is refused', () => {
  const refused: readonly (readonly [string, JsonObject])[] = [
    ['without a title', { title: '' }],
    ['without person and organization', { person_id: null }],
    ['with an unknown person', { person_id: 1_000_000 }],
    ['with an unknown organization', { organization_id: 1_000_000 }],
    ['with half a value', { value: { amount: 5 } }],
    ['with an unknown currency', { value: { amount: 5, currency: 'XXX' } }],
    ['with a label that is no lead label', { label_ids: ['f08b42a0-4e75-41ea-8643-03698ef1cfd6'] }],
    ['with a label that is a number', { label_ids: [5] }],
    ['with a visibility that is a number', { visible_to: 3 }],
    ['with a date in another form', { expected_close_date: '03.02.2026' }],
    ['with a word for a flag', { was_seen: 'yes' }],
    ['with is_archived, which is for PATCH', { is_archived: true }],
    ['with an unknown custom field', { [`${'0'.repeat(40)}`]: 'x' }],
    ['with an unknown channel', { channel: 7 }],
  ];
  test.each(refused)('%s', async (_what, body) => {
    const reply = await sim.api.post('/v1/leads', { title: 'Roof', person_id, ...body });
    expect(reply).toMatchObject({ status: 400, body: { success: false, data: null, additional_data: null } });
    expect((await sim.api.state()).leads).toEqual([]);
  });

  test('a visibility that the plan does not have, with 403', async () => {
    await sim.api.control('plan', { plan: 'growth' });
    const reply = await sim.api.post('/v1/leads', { title: 'Roof', person_id, visible_to: '5' });
    expect(reply.status).toBe(403);
  });

  test('taking the last contact away, or changing origin_id', async () => {
    const { id } = await newLead();
    expect((await sim.api.patch(`/v1/leads/${id}`, { person_id: null })).status).toBe(400);
    expect((await sim.api.patch(`/v1/leads/${id}`, { origin_id: 'x' })).status).toBe(400);
    expect((await sim.api.patch(`/v1/leads/${id}`, { label_ids: null })).status).toBe(400);
  });
});

test('custom fields are those of deals, flat on the root in their v1 form', async () => {
  const code = async (field_type: string, options?: Json) => {
    const made = await sim.api.create('/api/v2/dealFields', {
      field_name: field_type,
      field_type,
      ...(options && { options }),
    });
    return { code: String(made.field_code), options: made.options as unknown as { id: number }[] };
  };
  const text = await code('varchar');
  const money = await code('monetary');
  const range = await code('daterange');
  const set = await code('set', [{ label: 'a' }, { label: 'b' }]);
  const address = await code('address');
  const both = set.options.map(({ id }) => id).join(',');
  const { id, ...lead } = await newLead({
    [text.code]: 'op-1',
    [money.code]: 12.5,
    [`${money.code}_currency`]: 'EUR',
    [range.code]: '2026-01-02',
    [`${range.code}_until`]: '2026-01-03',
    [set.code]: both,
    [address.code]: 'Main Street 1',
    [`${address.code}_locality`]: 'Springfield',
  });
  const values = {
    [text.code]: 'op-1',
    [money.code]: 12.5,
    [`${money.code}_currency`]: 'EUR',
    [`${range.code}_until`]: '2026-01-03',
    [set.code]: both,
    [address.code]: 'Main Street 1',
    [`${address.code}_locality`]: 'Springfield',
  };
  expect(lead).toMatchObject(values);
  expect(lead).not.toHaveProperty('custom_fields');

  const path = `/v1/leads/${id}`;
  const changed = await sim.api.patch(path, { [money.code]: 20, [text.code]: null });
  expect(changed.body.data).toMatchObject({
    [money.code]: 20,
    [`${money.code}_currency`]: 'EUR',
    [set.code]: both,
  });
  expect(changed.body.data).not.toHaveProperty(text.code);
  for (const bad of [
    { [money.code]: 'much' },
    { [`${money.code}_currency`]: 'XXX' },
    { [`${text.code}_currency`]: 'EUR' },
    { [set.code]: '1,2,999999' },
    { [range.code]: '2026-13-01' },
  ]) {
    expect([bad, (await sim.api.patch(path, bad)).status]).toEqual([bad, 400]);
  }
});

test('lists: pages with their info on top, filters, sort', async () => {
  const org = await sim.api.create('/api/v2/organizations', { name: 'Acme' });
  await sim.api.control('clock', { set: '2026-05-04T10:00:00Z' });
  await newLead({ title: 'b' });
  await sim.api.control('clock', { set: '2026-05-04T11:00:00Z' });
  await newLead({ title: 'c', organization_id: org.id });
  await newLead({ title: 'a' });
  const page = await sim.api.get('/v1/leads?limit=2&start=0');
  expect(page.body.additional_data).toEqual({ start: 0, limit: 2, more_items_in_collection: true });
  expect(await titles('/v1/leads?limit=2&start=2')).toEqual(['a']);
  expect(await titles('/v1/leads')).toEqual(['b', 'c', 'a']);
  expect(await titles('/v1/leads?sort=title%20DESC')).toEqual(['c', 'b', 'a']);
  expect(await titles(`/v1/leads?organization_id=${org.id}`)).toEqual(['c']);
  expect(await titles(`/v1/leads?person_id=${person_id}&sort=title`)).toEqual(['a', 'b', 'c']);
  expect(await titles('/v1/leads?updated_since=2026-05-04T11:00:00Z')).toEqual(['c', 'a']);
  expect((await sim.api.get('/v1/leads?updated_since=yesterday')).status).toBe(400);
});

test('archived leads have their own list, cannot be changed, attached to or deleted, until unarchived', async () => {
  const { id } = await newLead();
  const path = `/v1/leads/${id}`;
  expect((await sim.api.patch(path, { is_archived: true })).body.data).toMatchObject({ is_archived: true });
  expect(await listed('/v1/leads')).toEqual([]);
  expect(await listed('/v1/leads/archived')).toMatchObject([{ id }]);
  expect((await sim.api.patch(path, { title: 'y' })).status).toBe(400);
  expect((await sim.api.patch(path, { is_archived: true })).status).toBe(400);
  expect((await sim.api.remove(path)).status).toBe(400);
  expect((await sim.api.post('/v1/notes', { content: 'x', lead_id: id })).status).toBe(400);
  expect((await sim.api.post('/api/v2/activities', { subject: 'x', lead_id: id })).status).toBe(400);
  expect((await sim.api.get(path)).body.data).toMatchObject({ id, is_archived: true });
  expect((await sim.api.patch(path, { is_archived: false, title: 'z' })).body.data).toMatchObject({
    title: 'z',
  });
  expect((await sim.api.remove(path)).body.data).toEqual({ id });
  expect(await sim.api.get(path)).toMatchObject({ status: 404, body: { error: 'requested lead not found' } });
  expect((await sim.api.remove(path)).status).toBe(404);
  expect(await listed('/v1/leads')).toEqual([]);
});

test('notes, files and activities hang on a lead', async () => {
  const { id } = await newLead();
  const note = await sim.api.create('/v1/notes', { content: 'x', lead_id: id, pinned_to_lead_flag: 1 });
  expect(note).toMatchObject({ lead_id: id, pinned_to_lead_flag: true });
  expect(await listed(`/v1/notes?lead_id=${id}`)).toHaveLength(1);
  const activity = await sim.api.create('/api/v2/activities', { subject: 'x', lead_id: id });
  expect((await sim.api.get(`/v1/leads/${id}`)).body.data).toMatchObject({ next_activity_id: activity.id });
  const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
  const both = await sim.api.create('/api/v2/activities', { subject: 'x', lead_id: id, deal_id: deal.id });
  expect(both).toMatchObject({ deal_id: deal.id, lead_id: null });
  const form = new FormData();
  form.set('file', new Blob(['x']), 'x.txt');
  form.set('lead_id', id);
  const { url, token } = sim.simulator;
  const uploaded = await fetch(`${url}/v1/files`, {
    method: 'POST',
    headers: { 'x-api-token': token },
    body: form,
  });
  expect(await uploaded.json()).toMatchObject({ data: { lead_id: id, lead_name: 'Roof' } });
  const stranger = '00000000-0000-4000-8000-000000000000';
  expect((await sim.api.post('/v1/notes', { content: 'x', lead_id: stranger })).status).toBe(400);
});

test('labels: three to begin with; made, renamed and deleted, also from the leads', async () => {
  const labels = await listed('/v1/leadLabels');
  expect(labels.map(({ name }) => name)).toEqual(['Hot', 'Warm', 'Cold']);
  const made = await sim.api.create('/v1/leadLabels', { name: 'Web', color: 'green' });
  const label_ids = [made.id, labels[0]?.id ?? ''] as unknown as string[];
  const { id } = await newLead({ label_ids });
  const path = `/v1/leadLabels/${made.id}`;
  expect((await sim.api.patch(path, { name: 'Website' })).body.data).toMatchObject({
    name: 'Website',
    color: 'green',
  });
  expect((await sim.api.patch(path, { color: null })).status).toBe(400);
  expect((await sim.api.remove(path)).body.data).toEqual({ id: made.id });
  expect((await sim.api.get(`/v1/leads/${id}`)).body.data).toMatchObject({ label_ids: [labels[0]?.id] });
  expect((await sim.api.remove(path)).status).toBe(404);
  expect((await sim.api.post('/v1/leadLabels', { name: 'x', color: 'mauve' })).status).toBe(400);
  expect((await sim.api.post('/v1/leadLabels', { color: 'red' })).status).toBe(400);
});

test('a person edits a lead in the web interface by its uuid; seeded leads are there from the start', async () => {
  const { id } = await newLead();
  await sim.api.control('edit', { changes: [{ entity: 'leads', id, set: { title: 'By hand' } }] });
  expect((await sim.api.get(`/v1/leads/${id}`)).body.data).toMatchObject({ title: 'By hand' });
  const { ids } = (await sim.api.control('seed', { leads: [{ title: 'Old', person_id }] })) as unknown as {
    ids: { leads: string[] };
  };
  expect((await sim.api.get(`/v1/leads/${ids.leads[0]}`)).body.data).toMatchObject({ title: 'Old' });
});
