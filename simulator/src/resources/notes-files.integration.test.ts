import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../testing/running-simulator.js';

const sim = useSimulator();
const newDeal = () => sim.api.create('/api/v2/deals', { title: 'Roof' });

describe('notes', () => {
  test('keep add_time and author, speak v1, and name their parents', async () => {
    const deal = await newDeal();
    const { users } = await sim.api.state();
    const author = users[1];
    const note = await sim.api.create('/v1/notes', {
      content: 'hello',
      deal_id: deal.id,
      user_id: author?.id,
      add_time: '2019-01-02 03:04:05',
      pinned_to_deal_flag: 1,
    });
    expect(note).toMatchObject({
      add_time: '2019-01-02 03:04:05',
      user_id: author?.id,
      deal: { title: 'Roof' },
      pinned_to_deal_flag: true,
      active_flag: true,
    });
  });

  test('are sanitised: comments and foreign tags go, their text stays', async () => {
    const { id } = await newDeal();
    const content =
      '<p>Hi <!-- marker --><span style="x">there</span> <a href="https://a.example" onclick="x()">link</a></p><script>evil()</script>';
    const note = await sim.api.create('/v1/notes', { content, deal_id: id });
    expect(note.content).toBe('<p>Hi there <a href="https://a.example">link</a></p>');
  });

  test('accept ids in quotes and ignore unknown keys, as v1 does; refuse a bad time and a lonely pin', async () => {
    const { id } = await newDeal();
    expect(
      (await sim.api.post('/v1/notes', { content: 'x', deal_id: String(id), unheard_of: 1 })).status,
    ).toBe(200);
    expect(
      (await sim.api.post('/v1/notes', { content: 'x', deal_id: id, add_time: '2019-01-02T03:04:05Z' }))
        .status,
    ).toBe(400);
    expect(
      (await sim.api.post('/v1/notes', { content: 'x', deal_id: id, pinned_to_person_flag: 1 })).status,
    ).toBe(400);
    expect((await sim.api.post('/v1/notes', { content: 'x'.repeat(100_001), deal_id: id })).status).toBe(400);
  });

  test('change by PUT, keep what is not sent, and go', async () => {
    const { id: deal_id } = await newDeal();
    const { id } = await sim.api.create('/v1/notes', {
      content: 'a',
      deal_id,
      add_time: '2019-01-02 03:04:05',
    });
    const changed = await sim.api.put(`/v1/notes/${id}`, { content: 'b' });
    expect(changed.body.data).toMatchObject({ content: 'b', deal_id, add_time: '2019-01-02 03:04:05' });
    expect((await sim.api.remove(`/v1/notes/${id}`)).body).toMatchObject({ success: true, data: true });
    expect((await sim.api.get(`/v1/notes/${id}`)).status).toBe(404);
    expect((await sim.api.get(`/v1/notes?deal_id=${deal_id}`)).body.data).toEqual([]);
  });
});

describe('files', () => {
  async function upload(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    links: Record<string, number>,
    part = 'file',
  ) {
    const form = new FormData();
    for (const [property, id] of Object.entries(links)) form.set(property, String(id));
    form.append(part, new Blob([bytes], { type: 'image/jpeg' }), name);
    const headers = { 'x-api-token': sim.simulator.token };
    const response = await fetch(`${sim.simulator.url}/v1/files`, { method: 'POST', headers, body: form });
    return {
      status: response.status,
      body: (await response.json()) as { data: Record<string, unknown> & { id: number; url: string } },
    };
  }

  test('bytes come back as they went, under an altered stored name', async () => {
    const { id: deal_id } = await newDeal();
    const bytes = new Uint8Array(randomBytes(300_001));
    const { body } = await upload(bytes, 'Photo één.jpg', { deal_id });
    expect(body.data).toMatchObject({
      name: 'Photo één.jpg',
      file_size: 300_001,
      file_type: 'img',
      deal_id,
      deal_name: 'Roof',
    });
    expect(body.data.file_name).toMatch(/^Photo_één_[0-9a-f]{40}\.jpg$/);
    const download = await fetch(body.data.url, { headers: { 'x-api-token': sim.simulator.token } });
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
    const [stored] = (await sim.api.state()).files;
    expect(stored?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    const [line] = (await sim.api.ledger()).filter(({ entity }) => entity === 'files');
    expect(line).toMatchObject({ op: 'create', operation: 'uploadFile', id: body.data.id });
  });

  test('an empty file is a file', async () => {
    const { id: deal_id } = await newDeal();
    const { body } = await upload(new Uint8Array(), 'empty.txt', { deal_id });
    expect(body.data.file_size).toBe(0);
    const download = await fetch(body.data.url, { headers: { 'x-api-token': sim.simulator.token } });
    expect((await download.arrayBuffer()).byteLength).toBe(0);
  });

  test('hang on activities and products too, and are listed by record, newest first on request', async () => {
    const { id: deal_id } = await newDeal();
    const product = await sim.api.create('/api/v2/products', { name: 'x' });
    const activity = await sim.api.create('/api/v2/activities', { subject: 'x', deal_id });
    const ids: number[] = [];
    for (const links of [{ deal_id, activity_id: activity.id }, { product_id: product.id }, { deal_id }]) {
      ids.push((await upload(new Uint8Array([1]), 'a.txt', links)).body.data.id);
    }
    const idsOf = async (path: string) =>
      ((await sim.api.get(path)).body.data as unknown as { id: number }[]).map(({ id }) => id);
    expect(await idsOf(`/v1/deals/${deal_id}/files?sort=id%20DESC`)).toEqual([ids[2], ids[0]]);
    expect(await idsOf(`/v1/products/${product.id}/files`)).toEqual([ids[1]]);
    expect(await idsOf('/v1/files')).toEqual(ids);
  });

  test('are renamed and described by a form, and go', async () => {
    const { id: deal_id } = await newDeal();
    const { id } = (await upload(new Uint8Array([1]), 'a.txt', { deal_id })).body.data;
    const headers = { 'x-api-token': sim.simulator.token };
    const form = new URLSearchParams({ name: 'b.txt', description: 'marker' });
    await fetch(`${sim.simulator.url}/v1/files/${id}`, { method: 'PUT', headers, body: form });
    expect((await sim.api.put(`/v1/files/${id}`, { name: 'c.txt' })).status).toBe(400);
    expect((await sim.api.get(`/v1/files/${id}`)).body.data).toMatchObject({
      name: 'b.txt',
      description: 'marker',
    });
    expect((await sim.api.remove(`/v1/files/${id}`)).body.data).toEqual({ id });
    expect((await sim.api.get(`/v1/files/${id}/download`)).status).toBe(404);
  });

  test('no file, a wrong part and an unknown parent are refused', async () => {
    const headers = { 'x-api-token': sim.simulator.token };
    const form = new FormData();
    form.set('deal_id', '1');
    expect(
      (await fetch(`${sim.simulator.url}/v1/files`, { method: 'POST', headers, body: form })).status,
    ).toBe(400);
    expect((await upload(new Uint8Array([1]), 'a.txt', {}, 'document')).status).toBe(400);
    expect((await upload(new Uint8Array([1]), 'a.txt', { deal_id: 99_999_999 })).status).toBe(400);
    expect((await sim.api.state()).files).toEqual([]);
  });

  test('an upload whose answer was lost is stored', async () => {
    const { id: deal_id } = await newDeal();
    await sim.api.faults([{ operation: 'uploadFile', kind: 'reset-after' }]);
    await expect(upload(new Uint8Array([1, 2, 3]), 'a.txt', { deal_id })).rejects.toThrow();
    expect((await sim.api.state()).files).toMatchObject([{ name: 'a.txt', file_size: 3, deal_id }]);
  });
});
