import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import yazl from 'yazl';
import { PackageRefused } from './refused.js';
import { withZip, zipLimits } from './zip.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'octopipe-zip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface File {
  name: string;
  content?: string | Buffer;
  mode?: number;
}

/** Names that yazl refuses are written under a stand-in of equal length and then patched into the bytes. */
async function zipOf(files: File[]): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  const patches: Array<[string, string]> = [];
  for (const [index, { name, content = 'x', mode }] of files.entries()) {
    const standIn = `${index}`.padEnd(Buffer.byteLength(name), '_');
    zip.addBuffer(Buffer.from(content as string), standIn, { mtime: new Date(0), ...(mode ? { mode } : {}) });
    patches.push([standIn, name]);
  }
  zip.end();
  const bytes = await buffer(zip.outputStream);
  for (const [from, to] of patches) {
    for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1)) bytes.write(to, at);
  }
  return bytes;
}

async function open(bytes: Buffer, limits = zipLimits): Promise<Record<string, string>> {
  const file = path.join(folder, `${Math.random()}.zip`);
  await writeFile(file, bytes);
  return withZip(
    file,
    bytes.length,
    async (entries) => {
      const found: Record<string, string> = {};
      for (const entry of entries) found[entry.path] = (await buffer(await entry.open())).toString();
      return found;
    },
    limits,
  );
}

async function refusal(bytes: Buffer, limits = zipLimits): Promise<string> {
  try {
    await open(bytes, limits);
  } catch (error) {
    if (error instanceof PackageRefused) return error.code;
    throw error;
  }
  return 'taken';
}

test('files come in path order, folders are none', async () => {
  const bytes = await zipOf([
    { name: 'b.csv', content: 'bb' },
    { name: 'attachments/1/Foto – Küche.jpg', content: 'j' },
    { name: 'a.csv', content: '' },
    { name: 'inner.zip', content: 'PK not followed' },
  ]);
  expect(await open(bytes)).toEqual({
    'a.csv': '',
    'attachments/1/Foto – Küche.jpg': 'j',
    'b.csv': 'bb',
    'inner.zip': 'PK not followed',
  });
});

test.each([
  ['parent folder', '../evil.csv'],
  ['parent folder inside', 'a/../../evil.csv'],
  ['absolute', '/etc/passwd'],
  ['drive', 'C:/evil.csv'],
  ['backslash', 'a\\..\\evil.csv'],
  ['NUL', 'evil\u0000.csv'],
  ['line end', 'evil\n.csv'],
  ['empty segment', 'a//evil.csv'],
  ['dot segment', './evil.csv'],
])('unsafe name: %s', async (_kind, name) => {
  expect(await refusal(await zipOf([{ name: 'ok.csv' }, { name }]))).toBe('unsafe_entry');
});

test('a symbolic link is not followed but refused', async () => {
  expect(await refusal(await zipOf([{ name: 'link', content: '/etc/passwd', mode: 0o120777 }]))).toBe(
    'unsafe_entry',
  );
});

test('two files of one name, also when only the case differs', async () => {
  expect(await refusal(await zipOf([{ name: 'a.csv' }, { name: 'a.csv' }]))).toBe('duplicate_entry');
  expect(await refusal(await zipOf([{ name: 'Photo.JPG' }, { name: 'photo.jpg' }]))).toBe('duplicate_entry');
});

test('a bomb is judged by the directory, before it is unpacked', async () => {
  const bomb = await zipOf([{ name: 'zeros.csv', content: Buffer.alloc(8 * 2 ** 20) }]);
  expect(await refusal(bomb)).toBe('suspicious_ratio');
  const many = await zipOf(
    Array.from({ length: 50 }, (_, n) => ({ name: `f${n}.csv`, content: Buffer.alloc(900_000) })),
  );
  expect(await refusal(many)).toBe('suspicious_ratio');
  expect(await refusal(many, { ...zipLimits, maxRatio: 1e6, maxTotalBytes: 2e6 })).toBe('too_large_unpacked');
  expect(await refusal(many, { ...zipLimits, maxEntries: 10 })).toBe('too_many_entries');
});

test('an entry that lies about its size ends at the stated size', async () => {
  const bytes = await zipOf([{ name: 'a.csv', content: 'id\n'.repeat(1_000) }]);
  const directory = bytes.lastIndexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
  bytes.writeUInt32LE(10, directory + 24);
  expect(await refusal(bytes)).toBe('damaged_entry');
});

test('encrypted, unusual, damaged, cut off, something else', async () => {
  const good = await zipOf([{ name: 'a.csv', content: 'id,name\n'.repeat(50) }]);
  const directory = good.lastIndexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
  const changed = (work: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good);
    work(bytes);
    return bytes;
  };
  expect(await refusal(changed((bytes) => bytes.writeUInt16LE(1, directory + 8)))).toBe('encrypted_entry');
  expect(await refusal(changed((bytes) => bytes.writeUInt16LE(99, directory + 10)))).toBe(
    'unsupported_entry',
  );
  expect(await refusal(changed((bytes) => bytes.writeUInt32LE(7, directory + 16)))).toBe('damaged_entry');
  expect(await refusal(good.subarray(0, good.length - 30))).toBe('not_a_zip');
  expect(await refusal(Buffer.from('Customer ID,first_name\n1,Ada\n'))).toBe('not_a_zip');
  expect(await refusal(Buffer.alloc(0))).toBe('not_a_zip');
});

test('what does not come from the package is not blamed on it', async () => {
  const good = await zipOf([{ name: 'a.csv' }]);
  const file = path.join(folder, 'own.zip');
  await writeFile(file, good);
  await expect(withZip(file, good.length, () => Promise.reject(new Error('disk full')))).rejects.toThrow(
    'disk full',
  );
});
