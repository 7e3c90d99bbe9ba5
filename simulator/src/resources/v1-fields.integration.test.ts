import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.js';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();

interface V1Field {
  readonly id: number;
  readonly key: string;
  readonly options: readonly { id: number; label: string }[] | null;
}

async function fieldOf(path: string, key: string): Promise<V1Field> {
  const { body } = await sim.api.get(path);
  const field = (body.data as unknown as V1Field[]).find((known) => known.key === key);
  if (!field) throw new Error(`${path} has no ${key}`);
  return field;
}

describe.each([
  ['deals', '/v1/dealFields', '/api/v2/deals', { title: 'x' }],
  ['persons', '/v1/personFields', '/api/v2/persons', { name: 'x' }],
  ['organizations', '/v1/organizationFields', '/api/v2/organizations', { name: 'x' }],
])('labels of %s', (_what, fields, records, body: JsonObject) => {
  test('the full list by PUT, whatever v2 does with the options of the label field', async () => {
    await sim.api.control('switches', { label_options: 'refused' });
    const { id, options } = await fieldOf(fields, 'label');
    const put = await sim.api.put(`${fields}/${id}`, {
      options: [...(options ?? []), { label: 'Recurring' }],
    });
    expect(put.status).toBe(200);
    const after = (await fieldOf(fields, 'label')).options ?? [];
    expect(after.slice(0, -1)).toEqual(options);
    expect(after.at(-1)).toMatchObject({ label: 'Recurring' });
    const label_ids = [after.at(-1)?.id ?? 0];
    expect(await sim.api.create(records, { ...body, label_ids })).toMatchObject({ label_ids });
    expect((await sim.api.post(records, { ...body, label_ids: [1_000_000] })).status).toBe(400);
  });

  test('what is left out of the list is gone', async () => {
    const { id } = await fieldOf(fields, 'label');
    await sim.api.put(`${fields}/${id}`, { options: [{ label: 'A' }, { label: 'B' }] });
    const [a, b] = (await fieldOf(fields, 'label')).options ?? [];
    const put = await sim.api.put(`${fields}/${id}`, { options: [{ id: b?.id ?? 0, label: 'Bee' }] });
    expect(put.body.data).toMatchObject({ options: [{ id: b?.id, label: 'Bee' }], options_deleted: [a] });
    expect((await sim.api.post(records, { ...body, label_ids: [a?.id ?? 0] })).status).toBe(400);
  });
});

test('v1 and v2 show the same options, and the ledger has the code of the field', async () => {
  await sim.api.post('/api/v2/dealFields/label_ids/options', [{ label: 'A' }]);
  const { id, options } = await fieldOf('/v1/dealFields', 'label');
  expect(options).toMatchObject([{ label: 'A' }]);
  await sim.api.put(`/v1/dealFields/${id}`, { options: [...(options ?? []), { label: 'B' }] });
  const { options: shown } = (await sim.api.get('/api/v2/dealFields/label_ids')).body.data ?? {};
  expect(shown).toMatchObject([{ label: 'A' }, { label: 'B' }]);
  expect((await sim.api.ledger()).at(-1)).toMatchObject({
    op: 'update',
    entity: 'dealFields',
    id: 'label_ids',
    operation: 'updateDealFieldV1',
  });
});

test('custom fields can be renamed, built-in ones not; unknown fields and options are refused', async () => {
  const made = await sim.api.create('/api/v2/dealFields', { field_name: 'Source', field_type: 'varchar' });
  const own = await fieldOf('/v1/dealFields', String(made.field_code));
  const renamed = await sim.api.put(`/v1/dealFields/${own.id}`, { name: 'Origin' });
  expect(renamed.body.data).toMatchObject({ name: 'Origin', key: made.field_code, edit_flag: true });
  expect((await sim.api.put(`/v1/dealFields/${own.id}`, { options: [{ label: 'x' }] })).status).toBe(400);
  const label = await fieldOf('/v1/dealFields', 'label');
  expect((await sim.api.put(`/v1/dealFields/${label.id}`, { name: 'x' })).status).toBe(400);
  const unknown = { options: [{ id: 1_000_000, label: 'x' }] };
  expect((await sim.api.put(`/v1/dealFields/${label.id}`, unknown)).status).toBe(400);
  const title = await fieldOf('/v1/dealFields', 'title');
  expect((await sim.api.put(`/v1/dealFields/${title.id}`, { options: [] })).status).toBe(400);
  expect((await sim.api.put('/v1/dealFields/99999999', { options: [] })).status).toBe(404);
});

test('categories of products take the same way', async () => {
  const { id } = await fieldOf('/v1/productFields', 'category');
  await sim.api.put(`/v1/productFields/${id}`, { options: [{ label: 'Cleaning' }] });
  const category = (await fieldOf('/v1/productFields', 'category')).options?.[0]?.id ?? 0;
  expect(await sim.api.create('/api/v2/products', { name: 'x', category })).toMatchObject({ category });
});

test('pages are those of v1', async () => {
  const page = await sim.api.get('/v1/dealFields?start=2&limit=3');
  expect(page.body.data).toHaveLength(3);
  expect(page.body.additional_data).toEqual({
    pagination: { start: 2, limit: 3, more_items_in_collection: true, next_start: 5 },
  });
});
