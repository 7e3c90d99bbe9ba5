import { describe, expect, test } from 'vitest';
import type { Json } from '../json.js';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();

interface Field {
  field_code: string;
  field_name: string;
  options: { id: number; label: string }[];
  is_custom_field: boolean;
}

async function createField(
  field_type: string,
  options?: string[],
  entity = 'organizationFields',
): Promise<Field> {
  const labels = options && { options: options.map((label) => ({ label })) };
  return (await sim.api.create(`/api/v2/${entity}`, {
    field_name: 'F',
    field_type,
    ...labels,
  })) as unknown as Field;
}

async function listFields(entity: string): Promise<Field[]> {
  return (await sim.api.get(`/api/v2/${entity}?limit=500`)).body.data as unknown as Field[];
}

const store = (code: string, value: Json) =>
  sim.api.post('/api/v2/organizations', { name: 'x', custom_fields: { [code]: value } });

describe('values by type', () => {
  test.each<[string, Json, Json]>([
    ['varchar', 'text', 'text'],
    ['varchar_auto', 'text', 'text'],
    ['phone', '+1 555 0100', '+1 555 0100'],
    ['text', 'x'.repeat(1_000), 'x'.repeat(1_000)],
    ['double', 1.5, 1.5],
    ['monetary', { value: 12.5, currency: 'EUR' }, { value: 12.5, currency: 'EUR' }],
    ['date', '2024-02-29', '2024-02-29'],
    ['daterange', { value: '2024-01-01', until: '2024-01-31' }, { value: '2024-01-01', until: '2024-01-31' }],
    [
      'time',
      { value: '08:30:00', timezone_name: 'Europe/Berlin' },
      { value: '08:30:00', timezone_name: 'Europe/Berlin' },
    ],
    ['time', { value: '08:30:00' }, { value: '08:30:00', timezone_name: 'Europe/London' }],
    [
      'timerange',
      { value: '08:30:00', until: '09:00:00', timezone_name: 'UTC' },
      { value: '08:30:00', until: '09:00:00', timezone_name: 'UTC' },
    ],
  ])('%s takes %j', async (type, value, stored) => {
    const { field_code } = await createField(type);
    const reply = await store(field_code, value);
    expect(reply.body.data?.custom_fields).toEqual({ [field_code]: stored });
  });

  test.each<[string, Json]>([
    ['varchar', 5],
    ['varchar', 'x'.repeat(256)],
    ['double', '5'],
    ['monetary', 12.5],
    ['monetary', { value: 12.5, currency: 'XYZ' }],
    ['monetary', { value: '12.5', currency: 'EUR' }],
    ['date', '2023-02-29'],
    ['date', '2024-01-01T00:00:00Z'],
    ['daterange', { value: '2024-01-01' }],
    ['time', '08:30:00'],
    ['time', { value: '08:30', timezone_name: 'UTC' }],
    ['time', { value: '08:30:00', timezone_name: 'Mars/Base' }],
    ['address', { country: 'Malta' }],
    ['user', 99_999_999],
    ['people', 'Ann'],
  ])('%s refuses %j and names the field', async (type, value) => {
    const { field_code } = await createField(type);
    const reply = await store(field_code, value);
    expect(reply).toMatchObject({ status: 400, body: { code: 'ERR_SCHEMA_VALIDATION_FAILED' } });
    expect(reply.body.error).toContain(`custom_fields: ${field_code}`);
  });

  test('enum and set take option ids, not labels; a set is never empty', async () => {
    const single = await createField('enum', ['Yes', 'No']);
    const several = await createField('set', ['A', 'B']);
    const [yes] = single.options;
    const ids = several.options.map(({ id }) => id);
    expect((await store(single.field_code, yes?.id ?? 0)).status).toBe(200);
    expect((await store(single.field_code, 'Yes')).body.error).toContain(
      "Expected 'number' as value for single option custom",
    );
    expect((await store(single.field_code, ids[0] ?? 0)).status).toBe(400);
    expect((await store(several.field_code, ids)).body.data?.custom_fields).toMatchObject({
      [several.field_code]: ids,
    });
    expect((await store(several.field_code, [])).status).toBe(400);
    expect((await store(several.field_code, null)).status).toBe(200);
  });

  test('address parts that were not sent become null', async () => {
    const { field_code } = await createField('address');
    const reply = await store(field_code, { value: '1 High St', locality: 'Leeds' });
    expect(reply.body.data?.custom_fields).toMatchObject({
      [field_code]: { value: '1 High St', locality: 'Leeds', country: null },
    });
  });
});

describe('the custom_fields object', () => {
  test('holds every defined field; a value stays until cleared by null; {} clears all', async () => {
    const [a, b] = [await createField('varchar'), await createField('double')];
    const org = (await store(a.field_code, 'x')).body.data as unknown as {
      id: number;
      custom_fields: object;
    };
    expect(org.custom_fields).toEqual({ [a.field_code]: 'x', [b.field_code]: null });
    const patch = async (custom_fields: Json) =>
      (await sim.api.patch(`/api/v2/organizations/${org.id}`, { custom_fields })).body.data?.custom_fields;
    expect(await patch({ [b.field_code]: 5 })).toEqual({ [a.field_code]: 'x', [b.field_code]: 5 });
    expect(await patch({ [a.field_code]: null })).toEqual({ [a.field_code]: null, [b.field_code]: 5 });
    expect(await patch({})).toEqual({ [a.field_code]: null, [b.field_code]: null });
  });

  test('the query names the fields to answer, labels come on request', async () => {
    const a = await createField('enum', ['Yes']);
    const b = await createField('varchar');
    await store(a.field_code, a.options[0]?.id ?? 0);
    const listed = async (query: string) => (await sim.api.get(`/api/v2/organizations?${query}`)).body.data;
    expect(await listed(`custom_fields=${b.field_code}`)).toMatchObject([
      { custom_fields: { [b.field_code]: null } },
    ]);
    expect(await listed('include_option_labels=true')).toMatchObject([
      { custom_fields: { [a.field_code]: { id: a.options[0]?.id, label: 'Yes' } } },
    ]);
  });

  test('a field of another entity, a deleted one and an unknown one are all refused', async () => {
    const other = await createField('varchar', undefined, 'dealFields');
    const deleted = await createField('varchar');
    await sim.api.remove(`/api/v2/organizationFields/${deleted.field_code}`);
    for (const code of [other.field_code, deleted.field_code, 'a'.repeat(40)]) {
      expect(await store(code, 'x')).toMatchObject({
        status: 400,
        body: { code: 'ERR_SCHEMA_VALIDATION_FAILED' },
      });
    }
  });
});

describe('fields', () => {
  test('built-in ones are listed beside ours; codes are 40 hex digits and differ by seed', async () => {
    const ours = await createField('varchar');
    expect(ours.field_code).toMatch(/^[0-9a-f]{40}$/);
    const listed = await listFields('organizationFields');
    expect(
      listed.filter(({ is_custom_field }) => is_custom_field).map(({ field_code }) => field_code),
    ).toEqual([ours.field_code]);
    expect(listed.map(({ field_code }) => field_code)).toEqual(
      expect.arrayContaining(['name', 'address', 'label_ids']),
    );
    await sim.api.control('reset', { seed: 2 });
    expect((await createField('varchar')).field_code).not.toBe(ours.field_code);
    await sim.api.control('reset', { seed: 1 });
    expect((await createField('varchar')).field_code).toBe(ours.field_code);
  });

  test('renamed, not retyped; deleted once; built-in ones stay', async () => {
    const { field_code } = await createField('varchar');
    const path = `/api/v2/organizationFields/${field_code}`;
    expect((await sim.api.patch(path, { field_name: 'G' })).body.data).toMatchObject({
      field_name: 'G',
      field_code,
    });
    expect((await sim.api.patch(path, { field_type: 'double' })).status).toBe(400);
    expect((await sim.api.remove(path)).status).toBe(200);
    expect((await sim.api.remove(path)).status).toBe(410);
    expect((await sim.api.get(path)).status).toBe(404);
    expect((await sim.api.remove('/api/v2/organizationFields/name')).status).toBe(400);
  });

  test.each([
    [{ field_name: 'x', field_type: 'boolean' }],
    [{ field_name: '', field_type: 'varchar' }],
    [{ field_name: 'x', field_type: 'enum' }],
    [{ field_name: 'x', field_type: 'set', options: [] }],
    [{ field_name: 'x', field_type: 'enum', options: [{ label: '' }] }],
    [{ field_type: 'varchar' }],
  ])('refuses %j', async (body) => {
    expect((await sim.api.post('/api/v2/dealFields', body)).status).toBe(400);
  });

  test('options are added, renamed and removed, all or nothing, and only those concerned are answered', async () => {
    const field = await createField('enum', ['A', 'B']);
    const path = `/api/v2/organizationFields/${field.field_code}/options`;
    const labels = async () =>
      (await listFields('organizationFields'))
        .find((f) => f.field_code === field.field_code)
        ?.options.map((o) => o.label);
    const added = await sim.api.post(path, [{ label: 'C' }]);
    expect(added.body.data).toMatchObject([{ label: 'C' }]);
    const [a, b] = field.options;
    expect(
      (
        await sim.api.patch(path, [
          { id: a?.id ?? 0, label: 'AA' },
          { id: 99_999_999, label: 'Z' },
        ])
      ).status,
    ).toBe(400);
    expect(await labels()).toEqual(['A', 'B', 'C']);
    await sim.api.patch(path, [{ id: a?.id ?? 0, label: 'AA' }]);
    const removed = await sim.api.send('DELETE', path, [{ id: b?.id ?? 0 }]);
    expect(removed.body.data).toMatchObject([{ id: b?.id, label: 'B' }]);
    expect(await labels()).toEqual(['AA', 'C']);
  });

  test('labels: default ones for persons and organizations, none for deals, more can be added', async () => {
    const optionsOf = async (entity: string) =>
      (await listFields(entity)).find((f) => f.field_code === 'label_ids')?.options ?? [];
    expect(await optionsOf('personFields')).toHaveLength(4);
    expect(await optionsOf('dealFields')).toEqual([]);
    await sim.api.post('/api/v2/dealFields/label_ids/options', [{ label: 'Urgent' }]);
    const [urgent] = await optionsOf('dealFields');
    expect(await sim.api.create('/api/v2/deals', { title: 'x', label_ids: [urgent?.id ?? 0] })).toMatchObject(
      { label_ids: [urgent?.id] },
    );
    const listed = await sim.api.get('/api/v2/deals?include_labels=true');
    expect(listed.body.data).toMatchObject([{ labels: [{ id: urgent?.id, label: 'Urgent' }] }]);
  });
});
