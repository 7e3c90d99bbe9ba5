import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { TenantGone } from '../core/errors.js';
import { openFileStore } from './store.js';

const root = await mkdtemp(join(tmpdir(), 'octopipe-files-'));
afterAll(() => rm(root, { recursive: true }));

const store = openFileStore(root);
const tenantId = randomUUID();
const dataKey = randomBytes(32);

describe.each([
  ['empty', 0],
  ['one byte', 1],
  ['5 MB', 5_000_000],
])('a file of size: %s', (_name, size) => {
  const content = randomBytes(size);

  test('comes back as it was, with its size and SHA-256', async () => {
    const stored = await put(content);
    expect(stored).toEqual({
      blob: expect.stringMatching(/^[0-9a-f]{32}$/),
      bytes: size,
      sha256: await sha256(content),
    });
    expect((await store.read(tenantId, dataKey, stored.blob)).equals(content)).toBe(true);
  });

  test('is refused when a bit of it is flipped, wherever, or its end is cut off', async () => {
    const { blob } = await put(content);
    const file = join(root, tenantId, blob);
    const good = await readFile(file);
    for (const at of [0, 11, 12, good.length >> 1, good.length - 17, good.length - 16, good.length - 1]) {
      const bent = Buffer.from(good);
      bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
      await writeFile(file, bent);
      await expect(store.read(tenantId, dataKey, blob), `byte ${at}`).rejects.toThrow();
    }
    for (const length of new Set([0, 10, 20, 27, good.length - 1])) {
      await writeFile(file, good);
      await truncate(file, length);
      await expect(store.read(tenantId, dataKey, blob), `cut to ${length}`).rejects.toThrow();
    }
    await writeFile(file, good);
    expect((await store.read(tenantId, dataKey, blob)).equals(content)).toBe(true);
  });

  test("does not open with another tenant's key, from another tenant's folder, or under another name", async () => {
    const { blob } = await put(content);
    await expect(store.read(tenantId, randomBytes(32), blob)).rejects.toThrow();
    await expect(store.read(randomUUID(), dataKey, blob)).rejects.toThrow(/ENOENT/);
    const other = await put(content);
    await writeFile(join(root, tenantId, other.blob), await readFile(join(root, tenantId, blob)));
    await expect(store.read(tenantId, dataKey, other.blob)).rejects.toThrow();
  });
});

test('the content is not on the disk in the open, and only we may read what is', async () => {
  const content = Buffer.from('jane.citizen@example.test,0400 000 000\n'.repeat(50));
  const { blob } = await put(content);
  const file = join(root, tenantId, blob);
  expect((await readFile(file)).includes('jane.citizen')).toBe(false);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, tenantId))).mode & 0o777).toBe(0o700);
});

test('the same content twice is two files that look different', async () => {
  const [one, other] = [await put(Buffer.from('same')), await put(Buffer.from('same'))];
  expect(one.blob).not.toBe(other.blob);
  const bytes = await Promise.all([one, other].map(({ blob }) => readFile(join(root, tenantId, blob))));
  expect(bytes[0]).not.toEqual(bytes[1]);
});

test.each([
  [`../${tenantId}`, 'a'.repeat(32)],
  ['', 'a'.repeat(32)],
  [tenantId.toUpperCase(), 'a'.repeat(32)],
  [tenantId, '../secret'],
  [tenantId, `${'a'.repeat(31)}/`],
  [tenantId, 'A'.repeat(32)],
  [tenantId, `${'a'.repeat(32)}\n`],
  [tenantId, `${'a'.repeat(32)}.part`],
  [tenantId, ''],
])('names that are not ours never touch a path: %j %j', async (tenant, blob) => {
  const refusal = /^not a stored file name$/;
  await expect(store.open(tenant, dataKey, blob)).rejects.toThrow(refusal);
  await expect(store.read(tenant, dataKey, blob)).rejects.toThrow(refusal);
  await expect(store.remove(tenant, blob)).rejects.toThrow(refusal);
});

test('a failed put leaves nothing behind', async () => {
  const tenant = randomUUID();
  async function* broken() {
    yield randomBytes(200_000);
    throw new Error('the upload broke off');
  }
  await expect(store.put(tenant, dataKey, Readable.from(broken()))).rejects.toThrow('the upload broke off');
  expect(await readdir(join(root, tenant))).toEqual([]);
});

test('a removed file is gone; removing it again is fine', async () => {
  const { blob } = await put(Buffer.from('x'));
  await store.remove(tenantId, blob);
  await store.remove(tenantId, blob);
  expect(existsSync(join(root, tenantId, blob))).toBe(false);
});

test.runIf(existsSync('/proc/self/fd'))('a reader that stops early leaves no open file', async () => {
  const { blob } = await put(randomBytes(5_000_000));
  for await (const chunk of await store.open(tenantId, dataKey, blob)) {
    expect((chunk as Buffer).length).toBeGreaterThan(0);
    break;
  }
  await vi.waitFor(() => expect(openFiles().filter((name) => name.includes(blob))).toEqual([]));
});

function put(content: Buffer) {
  // In pieces, as an upload comes.
  const pieces = Array.from({ length: Math.ceil(content.length / 60_000) }, (_, n) =>
    content.subarray(n * 60_000, (n + 1) * 60_000),
  );
  return store.put(tenantId, dataKey, Readable.from(pieces));
}

async function sha256(content: Buffer): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', content)).toString('hex');
}

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // The one that readdir itself had open.
    }
  });
}

describe('the files of a tenant that is purged', () => {
  test('are counted, go at once, and none comes after', async () => {
    const gone = randomUUID();
    let isGone = false;
    const guarded = openFileStore(root, async () => {
      if (isGone) throw new TenantGone();
    });
    const first = await guarded.put(gone, dataKey, Readable.from(['one']));
    await guarded.put(gone, dataKey, Readable.from(['two and more']));
    // A nonce and a tag around each.
    const usage = { files: 2, bytes: 3 + 12 + 2 * 28 };
    expect(await guarded.usage(gone)).toEqual(usage);
    isGone = true;
    await guarded.retire(gone);
    await expect(guarded.open(gone, dataKey, first.blob)).rejects.toThrow(/ENOENT/);
    await expect(guarded.put(gone, dataKey, Readable.from(['late']))).rejects.toThrow(TenantGone);
    // Asked again after a crash, with a file half written: what counts stays, what came does not.
    await mkdir(join(root, gone));
    await writeFile(join(root, gone, 'late.part'), 'half');
    await guarded.retire(gone);
    expect(await guarded.usage(gone)).toEqual(usage);
    await guarded.removeRetired(gone);
    await guarded.retire(gone);
    await guarded.removeRetired(gone);
    expect(await guarded.usage(gone)).toEqual({ files: 0, bytes: 0 });
    expect((await readdir(root)).filter((name) => name.startsWith(gone))).toEqual([]);
  });

  test('a refused file leaves no folder, and takes none that others use', async () => {
    const [fresh, used] = [randomUUID(), randomUUID()];
    const refusing = openFileStore(root, async () => {
      throw new TenantGone();
    });
    await store.put(used, dataKey, Readable.from(['kept']));
    for (const tenant of [fresh, used])
      await expect(refusing.put(tenant, dataKey, Readable.from(['late']))).rejects.toThrow(TenantGone);
    expect((await readdir(root)).filter((name) => name === fresh || name === used)).toEqual([used]);
    expect(await store.usage(used)).toEqual({ files: 1, bytes: 4 + 28 });
  });
});
