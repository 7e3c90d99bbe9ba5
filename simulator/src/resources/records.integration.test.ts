import { describe, expect, test } from 'vitest';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();
const atTen = '2026-05-04T10:00:00Z';
const clockTo = (set: string) => sim.api.control('clock', { set });

async function dataOf(path: string) {
  const { body } = await sim.api.get(path);
  return body.data ?? {};
}

describe('times', () => {
  test('add_time of organizations and persons is kept, of products and activities it is dropped', async () => {
    const add_time = '2019-03-04T05:06:07Z';
    expect(await sim.api.create('/api/v2/organizations', { name: 'x', add_time })).toMatchObject({
      add_time,
    });
    expect(await sim.api.create('/api/v2/persons', { name: 'x', add_time })).toMatchObject({ add_time });
    expect((await sim.api.create('/api/v2/products', { name: 'x', add_time })).add_time).not.toBe(add_time);
    expect((await sim.api.create('/api/v2/activities', { subject: 'x', add_time })).add_time).not.toBe(
      add_time,
    );
  });

  test('any change moves update_time, of the clock of the account', async () => {
    await clockTo(atTen);
    const { id } = await sim.api.create('/api/v2/organizations', { name: 'x' });
    await clockTo('2026-05-04T11:00:00Z');
    await sim.api.patch(`/api/v2/organizations/${id}`, { name: 'y' });
    expect(String((await dataOf(`/api/v2/organizations/${id}`)).update_time)).toMatch(/^2026-05-04T11:00:0/);
  });

  test.each(['activity', 'note', 'file'])('a new %s moves the update_time of its parents', async (child) => {
    await clockTo(atTen);
    const org = await sim.api.create('/api/v2/organizations', { name: 'x' });
    const person = await sim.api.create('/api/v2/persons', { name: 'x' });
    const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
    await clockTo('2026-05-04T12:00:00Z');
    const links = { deal_id: deal.id, org_id: org.id };
    if (child === 'activity') {
      const participants = [{ person_id: person.id, primary: true }];
      await sim.api.create('/api/v2/activities', { ...links, participants });
    } else if (child === 'note') {
      await sim.api.create('/v1/notes', { ...links, person_id: person.id, content: 'x' });
    } else {
      const form = new FormData();
      form.set('file', new Blob(['x']), 'x.txt');
      for (const [name, id] of Object.entries({ ...links, person_id: person.id })) form.set(name, String(id));
      const headers = { 'x-api-token': sim.simulator.token };
      await fetch(`${sim.simulator.url}/v1/files`, { method: 'POST', headers, body: form });
    }
    for (const path of [`deals/${deal.id}`, `organizations/${org.id}`, `persons/${person.id}`]) {
      expect(String((await dataOf(`/api/v2/${path}`)).update_time)).toMatch(/^2026-05-04T12:00:0/);
    }
    const counted = await sim.api.get(
      '/api/v2/deals?include_fields=activities_count,notes_count,files_count',
    );
    const counters = {
      activities_count: 0,
      notes_count: 0,
      files_count: 0,
      [`${child === 'activity' ? 'activitie' : child}s_count`]: 1,
    };
    expect(counted.body.data).toMatchObject([counters]);
  });

  test('done at creation is done now', async () => {
    await clockTo(atTen);
    const activity = await sim.api.create('/api/v2/activities', {
      done: true,
      due_date: '2020-01-02',
      due_time: '09:30',
      duration: '01:15',
    });
    expect(activity).toMatchObject({
      subject: 'Call',
      type: 'call',
      due_date: '2020-01-02',
      due_time: '09:30:00',
      duration: '01:15:00',
    });
    expect(String(activity.marked_as_done_time)).toMatch(/^2026-05-04T10:00:0/);
  });
});

describe('deals', () => {
  test('won and lost times are kept and bring close_time and the local dates', async () => {
    const won = await sim.api.create('/api/v2/deals', {
      title: 'x',
      status: 'won',
      won_time: '2021-02-03T04:05:06Z',
    });
    expect(won).toMatchObject({
      won_time: '2021-02-03T04:05:06Z',
      close_time: '2021-02-03T04:05:06Z',
      local_won_date: '2021-02-03',
      local_close_date: '2021-02-03',
    });
    const lost = await sim.api.create('/api/v2/deals', {
      title: 'x',
      status: 'lost',
      lost_time: '2021-02-03T04:05:06+02:00',
      lost_reason: 'price',
    });
    expect(lost).toMatchObject({ lost_time: '2021-02-03T02:05:06Z', lost_reason: 'price' });
    expect(lost).not.toHaveProperty('won_time');
  });

  test.each([
    [{ status: 'open', won_time: '2021-02-03T04:05:06Z' }],
    [{ status: 'won', lost_time: '2021-02-03T04:05:06Z' }],
    [{ status: 'won', lost_reason: 'price' }],
    [{ close_time: '2021-02-03T04:05:06Z' }],
  ])('times need their status: %j', async (body) => {
    expect((await sim.api.post('/api/v2/deals', { title: 'x', ...body })).status).toBe(400);
  });

  test('open, won, lost and open again', async () => {
    await clockTo(atTen);
    const { id } = await sim.api.create('/api/v2/deals', { title: 'x' });
    const path = `/api/v2/deals/${id}`;
    const won = await sim.api.patch(path, { status: 'won' });
    expect(String(won.body.data?.won_time)).toMatch(/^2026-05-04T10:00:0/);
    await clockTo('2026-05-05T10:00:00Z');
    const lost = await sim.api.patch(path, { status: 'lost' });
    expect(String(lost.body.data?.close_time)).toMatch(/^2026-05-05T10:00:0/);
    expect(lost.body.data).not.toHaveProperty('won_time');
    const open = await sim.api.patch(path, { status: 'open' });
    expect(open.body.data).toMatchObject({ close_time: null, lost_reason: null });
    const [listed] = (await sim.api.get('/api/v2/deals?include_fields=first_won_time')).body
      .data as unknown as [{ first_won_time: string }];
    expect(listed.first_won_time).toMatch(/^2026-05-04T10:00:0/);
  });

  test('a stage brings its pipeline, a pipeline its first stage, nothing the first pipeline', async () => {
    const pipeline = await sim.api.create('/api/v2/pipelines', { name: 'Jobs' });
    const first = await sim.api.create('/api/v2/stages', { name: 'A', pipeline_id: pipeline.id });
    const second = await sim.api.create('/api/v2/stages', { name: 'B', pipeline_id: pipeline.id });
    expect([first.order_nr, second.order_nr]).toEqual([1, 2]);
    const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
    expect(deal.pipeline_id).not.toBe(pipeline.id);
    expect(await sim.api.create('/api/v2/deals', { title: 'x', stage_id: second.id })).toMatchObject({
      pipeline_id: pipeline.id,
    });
    expect(await sim.api.create('/api/v2/deals', { title: 'x', pipeline_id: pipeline.id })).toMatchObject({
      stage_id: first.id,
    });
    const clash = await sim.api.post('/api/v2/deals', {
      title: 'x',
      stage_id: deal.stage_id,
      pipeline_id: pipeline.id,
    });
    expect(clash.status).toBe(400);
    expect((await sim.api.remove(`/api/v2/stages/${first.id}`)).status).toBe(400);
    expect((await sim.api.remove(`/api/v2/pipelines/${pipeline.id}`)).status).toBe(400);
  });

  test('archived deals leave the list, cannot be edited, attached to or deleted, until unarchived', async () => {
    const { id } = await sim.api.create('/api/v2/deals', { title: 'x' });
    const path = `/api/v2/deals/${id}`;
    await sim.api.patch(path, { is_archived: true, archive_time: '2020-01-02 03:04:05' });
    expect(await dataOf(path)).toMatchObject({ is_archived: true, archive_time: '2020-01-02T03:04:05Z' });
    expect(await dataOf('/api/v2/deals')).toEqual([]);
    expect(await dataOf('/api/v2/deals/archived')).toMatchObject([{ id }]);
    expect((await sim.api.patch(path, { title: 'y' })).status).toBe(400);
    expect((await sim.api.remove(path)).status).toBe(400);
    expect((await sim.api.post('/v1/notes', { content: 'x', deal_id: id })).status).toBe(400);
    expect((await sim.api.post('/api/v2/activities', { subject: 'x', deal_id: id })).status).toBe(400);
    expect((await sim.api.patch(path, { is_archived: true })).status).toBe(400);
    const back = await sim.api.patch(path, { is_archived: false, title: 'z' });
    expect(back.body.data).toMatchObject({ is_archived: false, archive_time: null, title: 'z' });
    expect(await dataOf('/api/v2/deals')).toMatchObject([{ id, title: 'z' }]);
    expect(await dataOf('/api/v2/deals/archived')).toEqual([]);
    expect((await sim.api.remove(path)).status).toBe(200);
  });

  test('a deal archived without a time, also at its creation, is archived now', async () => {
    await clockTo(atTen);
    const deal = await sim.api.create('/api/v2/deals', { title: 'x', status: 'won', is_archived: true });
    expect(String(deal.archive_time)).toMatch(/^2026-05-04T10:00:0/);
    expect(await dataOf('/api/v2/deals')).toEqual([]);
    const early = { title: 'x', archive_time: '2020-01-02 03:04:05' };
    expect((await sim.api.post('/api/v2/deals', early)).status).toBe(400);
  });

  test('deleted deals are listed for 30 days when asked for', async () => {
    const { id } = await sim.api.create('/api/v2/deals', { title: 'x' });
    await sim.api.remove(`/api/v2/deals/${id}`);
    expect(await dataOf('/api/v2/deals')).toEqual([]);
    expect(await dataOf('/api/v2/deals?status=deleted')).toMatchObject([{ id, is_deleted: true }]);
    await sim.api.control('clock', { advance_ms: 31 * 86_400_000 });
    expect(await dataOf('/api/v2/deals?status=deleted')).toEqual([]);
  });
});

test.each([
  ['organizations', { name: 'x' }],
  ['persons', { name: 'x' }],
  ['deals', { title: 'x' }],
  ['products', { name: 'x' }],
  ['activities', { subject: 'x' }],
])('%s: deleted once, then gone, not found and not listed', async (entity, body) => {
  const { id } = await sim.api.create(`/api/v2/${entity}`, body);
  const path = `/api/v2/${entity}/${id}`;
  const deleted = await sim.api.remove(path);
  expect(deleted).toMatchObject({ status: 200, body: { success: true, data: { id } } });
  expect((await sim.api.remove(path)).status).toBe(410);
  expect((await sim.api.get(path)).status).toBe(404);
  expect((await sim.api.patch(path, body)).status).toBe(404);
  expect(await dataOf(`/api/v2/${entity}`)).toEqual([]);
  expect((await sim.api.remove(`/api/v2/${entity}/99999999`)).status).toBe(404);
  const state = (await sim.api.state())[entity as 'deals'];
  expect(state).toMatchObject([{ id, is_deleted: true }]);
});

test('persons: names are split, one value is primary, labels default to work', async () => {
  const person = await sim.api.create('/api/v2/persons', {
    name: 'Ann van Dam',
    emails: [{ value: 'ann@example.com' }, { value: 'a@example.com', label: 'home' }],
    phones: [{ value: '1' }, { value: '2', primary: true }],
  });
  expect(person).toMatchObject({
    first_name: 'Ann',
    last_name: 'van Dam',
    emails: [
      { value: 'ann@example.com', primary: true, label: 'work' },
      { value: 'a@example.com', primary: false, label: 'home' },
    ],
    phones: [
      { value: '1', primary: false, label: 'work' },
      { value: '2', primary: true, label: 'work' },
    ],
  });
});

test('products: answered with 201, prices default to 0 and are replaced as a whole', async () => {
  const created = await sim.api.post('/api/v2/products', { name: 'x' });
  expect(created.status).toBe(201);
  expect(created.body.data?.prices).toMatchObject([{ price: 0, currency: 'USD' }]);
  const path = `/api/v2/products/${String(created.body.data?.id)}`;
  await sim.api.patch(path, {
    prices: [
      { currency: 'EUR', price: 5 },
      { currency: 'USD', price: 6 },
    ],
  });
  await sim.api.patch(path, { prices: [{ currency: 'EUR', price: 7 }] });
  expect((await dataOf(path)).prices).toMatchObject([{ currency: 'EUR', price: 7 }]);
});

test('PATCH changes what is sent and nothing else; null clears', async () => {
  const org = await sim.api.create('/api/v2/organizations', { name: 'x' });
  const deal = await sim.api.create('/api/v2/deals', {
    title: 'x',
    value: 5,
    currency: 'EUR',
    org_id: org.id,
  });
  const path = `/api/v2/deals/${deal.id}`;
  await sim.api.patch(path, { title: 'y' });
  expect(await dataOf(path)).toMatchObject({ title: 'y', value: 5, currency: 'EUR', org_id: org.id });
  await sim.api.patch(path, { org_id: null });
  expect(await dataOf(path)).not.toHaveProperty('org_id');
});

test('activity types: key made once, deleted ones stay listed as inactive', async () => {
  const type = await sim.api.create('/v1/activityTypes', { name: 'Payment / refund', icon_key: 'pricetag' });
  expect(type).toMatchObject({ key_string: 'payment_refund', is_custom_flag: true, active_flag: true });
  expect(type.add_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const renamed = await sim.api.put(`/v1/activityTypes/${type.id}`, { name: 'Payment' });
  expect(renamed.body.data).toMatchObject({ name: 'Payment', key_string: 'payment_refund' });
  await sim.api.remove(`/v1/activityTypes/${type.id}`);
  const listed = (await dataOf('/v1/activityTypes')) as unknown as { id: number; active_flag: boolean }[];
  expect(listed.find(({ id }) => id === type.id)).toMatchObject({ active_flag: false });
  expect((await sim.api.post('/api/v2/activities', { type: 'payment_refund' })).status).toBe(400);
});
