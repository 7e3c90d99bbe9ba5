import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.js';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();
let product_id: number;
let path: string;
let dealPath: string;

beforeEach(async () => {
  product_id = (await sim.api.create('/api/v2/products', { name: 'Window cleaning' })).id;
  dealPath = `/api/v2/deals/${(await sim.api.create('/api/v2/deals', { title: 'Roof', value: 7 })).id}`;
  path = `${dealPath}/products`;
});

const line = (rest: JsonObject = {}): JsonObject => ({ product_id, item_price: 10, quantity: 1, ...rest });
const add = (rest: JsonObject = {}) => sim.api.create(path, line(rest));
const dealValue = async () => (await sim.api.get(dealPath)).body.data?.value;
const listed = async (at = path) =>
  (await sim.api.get(at)).body.data as unknown as (JsonObject & { id: number })[];

test('a line has the defaults, the name of its product and the currency of its deal', async () => {
  const reply = await sim.api.post(path, line({ comments: 'south side' }));
  expect(reply.status).toBe(201);
  expect(reply.body.data).toMatchObject({
    product_id,
    name: 'Window cleaning',
    currency: 'USD',
    comments: 'south side',
    item_price: 10,
    quantity: 1,
    sum: 10,
    tax: 0,
    discount: 0,
    discount_type: 'percentage',
    is_enabled: true,
    billing_frequency: 'one-time',
    billing_frequency_cycles: null,
    billing_start_date: null,
    product_variation_id: null,
    order_nr: 10,
  });
  expect((await add()).order_nr).toBe(20);
});

test('the enabled lines are the value of the deal, also after a change and without them', async () => {
  const first = await add({ item_price: 19.99, quantity: 3 });
  const second = await add({ quantity: 0.5 });
  expect(await dealValue()).toBe(64.97);
  await sim.api.patch(`${path}/${second.id}`, { is_enabled: false });
  expect(await dealValue()).toBe(59.97);
  // A value next to lines is dropped: reading back tells.
  expect((await sim.api.patch(dealPath, { value: 1, title: 'x' })).body.data).toMatchObject({
    value: 59.97,
    title: 'x',
  });
  const counted = await sim.api.get('/api/v2/deals?include_fields=products_count');
  expect(counted.body.data).toMatchObject([{ products_count: 2 }]);
  await sim.api.remove(`${path}/${first.id}`);
  await sim.api.remove(`${path}/${second.id}`);
  expect(await dealValue()).toBe(0);
});

test.each([
  [{ discount: 10 }, 90],
  [{ discount: 15, discount_type: 'amount' }, 85],
  [{ tax: 20, tax_method: 'exclusive' }, 120],
  [{ tax: 20, tax_method: 'inclusive' }, 100],
  [{ tax: 20, tax_method: 'none' }, 100],
  [{ discount: 10, tax: 20, tax_method: 'exclusive' }, 108],
  [{ item_price: 1.005, quantity: 1 }, 1.01],
])('%j comes to %d', async (rest, sum) => {
  const made = await add({ item_price: 50, quantity: 2, ...rest });
  expect(made.sum).toBe(sum);
  expect(await dealValue()).toBe(sum);
});

test('the tax method is one for the deal: the last one written', async () => {
  await add({ tax_method: 'none', tax: 10 });
  const inherits = await add({ tax: 10 });
  expect(inherits.tax_method).toBe('none');
  expect(await dealValue()).toBe(20);
  await sim.api.patch(`${path}/${inherits.id}`, { tax_method: 'exclusive' });
  expect((await listed()).map(({ tax_method }) => tax_method)).toEqual(['exclusive', 'exclusive']);
  expect(await dealValue()).toBe(22);
  // In a bulk, a line without a method follows the one before it.
  await sim.api.post(`${path}/bulk`, { data: [line({ tax_method: 'inclusive' }), line()] });
  expect(new Set((await listed()).map(({ tax_method }) => tax_method))).toEqual(new Set(['inclusive']));
});

describe('is refused', () => {
  const refused: readonly (readonly [string, JsonObject])[] = [
    ['an unknown product', { product_id: 1_000_000 }],
    ['a number in quotes', { item_price: '10' }],
    ['no quantity', { quantity: null }],
    ['an unknown tax method', { tax_method: 'some' }],
    ['a variation', { product_variation_id: 5 }],
    ['cycles of a one-time line', { billing_frequency_cycles: 3 }],
    ['a weekly line without cycles', { billing_frequency: 'weekly' }],
    ['too many cycles', { billing_frequency: 'monthly', billing_frequency_cycles: 209 }],
    ['a start far away', { billing_start_date: '1999-01-01' }],
  ];
  test.each(refused)('%s', async (_what, rest) => {
    expect((await sim.api.post(path, line(rest))).status).toBe(400);
    expect(await listed()).toEqual([]);
    expect(await dealValue()).toBe(7);
  });

  test('a product that is not linkable', async () => {
    await sim.api.patch(`/api/v2/products/${product_id}`, { is_linkable: false });
    expect((await sim.api.post(path, line())).status).toBe(400);
  });

  test('a recurring line on Lite with 403, the twenty-first with 400', async () => {
    const monthly = line({ billing_frequency: 'monthly' });
    expect((await sim.api.post(`${path}/bulk`, { data: Array(20).fill(monthly) })).status).toBe(201);
    expect((await sim.api.post(path, monthly)).status).toBe(400);
    await sim.api.control('plan', { plan: 'lite' });
    expect((await sim.api.post(path, line({ billing_frequency: 'monthly' }))).status).toBe(403);
  });

  test('anything on an archived deal', async () => {
    const { id } = await add();
    await sim.api.patch(dealPath, { is_archived: true });
    expect((await sim.api.post(path, line())).status).toBe(400);
    expect((await sim.api.post(`${path}/bulk`, { data: [line()] })).status).toBe(400);
    expect((await sim.api.patch(`${path}/${id}`, { quantity: 2 })).status).toBe(400);
    expect((await sim.api.remove(`${path}/${id}`)).status).toBe(400);
    expect((await sim.api.remove(path)).status).toBe(400);
    expect(await listed()).toMatchObject([{ id }]);
  });
});

test('a line is found under its own deal only, deleted once, then gone', async () => {
  const { id } = await add();
  const other = await sim.api.create('/api/v2/deals', { title: 'x' });
  expect((await sim.api.patch(`/api/v2/deals/${other.id}/products/${id}`, { quantity: 2 })).status).toBe(404);
  expect((await sim.api.remove(`${path}/${id}`)).body.data).toEqual({ id });
  expect((await sim.api.remove(`${path}/${id}`)).status).toBe(410);
  expect((await sim.api.patch(`${path}/${id}`, { quantity: 2 })).status).toBe(404);
  expect((await sim.api.state()).dealProducts).toMatchObject([{ id, is_deleted: true }]);
});

test('lines of many deals, in pages', async () => {
  const other = await sim.api.create('/api/v2/deals', { title: 'x' });
  await add();
  await sim.api.create(`/api/v2/deals/${other.id}/products`, line());
  await add();
  const [, , , , dealId] = dealPath.split('/');
  const many = `/api/v2/deals/products?deal_ids=${dealId},${other.id},99999999`;
  expect(await listed(many)).toHaveLength(3);
  const page = await sim.api.get(`${many}&limit=2&sort_by=deal_id`);
  const { next_cursor } = page.body.additional_data as { next_cursor: string };
  expect(await listed(`${many}&limit=2&cursor=${next_cursor}`)).toHaveLength(1);
  expect((await sim.api.get('/api/v2/deals/products')).status).toBe(400);
  expect((await sim.api.get('/api/v2/deals/products?deal_ids=a')).status).toBe(400);
  const ids = Array.from({ length: 101 }, (_, index) => index + 1).join(',');
  expect((await sim.api.get(`/api/v2/deals/products?deal_ids=${ids}`)).status).toBe(400);
});

test('bulk: up to 100 lines in order, one ledger line each, one price', async () => {
  await sim.api.control('reset');
  product_id = (await sim.api.create('/api/v2/products', { name: 'x' })).id;
  const deal = await sim.api.create('/api/v2/deals', { title: 'x' });
  const own = `/api/v2/deals/${deal.id}/products`;
  const before = (await sim.api.requests()).tokens.today;
  const data = Array.from({ length: 100 }, (_, index) => line({ comments: `line ${index}` }));
  const reply = await sim.api.post(`${own}/bulk`, { data });
  expect(reply.status).toBe(201);
  expect((await sim.api.requests()).tokens.today - before).toBe(25);
  const lines = reply.body.data as unknown as JsonObject[];
  expect(lines.map(({ comments }) => comments)).toEqual(data.map(({ comments }) => comments));
  const written = (await sim.api.ledger()).filter(({ entity }) => entity === 'dealProducts');
  expect(written).toHaveLength(100);
  expect(new Set(written.map((entry) => (entry as unknown as JsonObject).request_id)).size).toBe(1);
  expect((await sim.api.post(`${own}/bulk`, { data: [...data, line()] })).status).toBe(400);
  expect((await sim.api.post(`${own}/bulk`, { data: [] })).status).toBe(400);

  const [first, second] = await listed(own);
  const some = await sim.api.remove(`${own}?ids=${first?.id},${second?.id},99999999`);
  expect(some.body).toMatchObject({
    data: { ids: [first?.id, second?.id] },
    additional_data: { more_items_in_collection: false },
  });
  await sim.api.post(`${own}/bulk`, { data: data.slice(0, 3) });
  const all = await sim.api.remove(own);
  expect((all.body.data as unknown as { ids: number[] }).ids).toHaveLength(100);
  expect(all.body.additional_data).toEqual({ more_items_in_collection: true });
  expect(await listed(own)).toHaveLength(1);
  expect((await sim.api.remove(`${own}?ids=`)).status).toBe(400);
});

test('lines die with their deal', async () => {
  await add();
  await sim.api.remove(dealPath);
  expect((await sim.api.get(path)).status).toBe(404);
  expect((await sim.api.state()).dealProducts).toMatchObject([{ is_deleted: true }]);
});

test('seeded lines are part of the value', async () => {
  const [, , , , deal_id] = dealPath.split('/');
  await sim.api.control('seed', { dealProducts: [line({ deal_id: Number(deal_id), quantity: 4 })] });
  expect(await dealValue()).toBe(40);
});

test('participants: added once, listed, taken away', async () => {
  const person = await sim.api.create('/api/v2/persons', { name: 'Ann Lee' });
  const people = `${dealPath.replace('v2', 'v1')}/participants`;
  const added = await sim.api.create(people, { person_id: person.id });
  expect(added).toMatchObject({
    person_id: { value: person.id, name: 'Ann Lee' },
    related_item_type: 'deal',
  });
  expect((await sim.api.post(people, { person_id: person.id })).status).toBe(400);
  expect((await sim.api.post(people, { person_id: 1_000_000 })).status).toBe(400);
  expect(await listed(people)).toMatchObject([{ id: added.id }]);
  const counted = await sim.api.get('/api/v2/deals?include_fields=participants_count');
  expect(counted.body.data).toMatchObject([{ participants_count: 1 }]);
  await sim.api.patch(dealPath, { is_archived: true });
  expect((await sim.api.remove(`${people}/${added.id}`)).status).toBe(400);
  await sim.api.patch(dealPath, { is_archived: false });
  expect((await sim.api.remove(`${people}/${added.id}`)).body.data).toEqual({ id: added.id });
  expect((await sim.api.remove(`${people}/${added.id}`)).status).toBe(404);
});
