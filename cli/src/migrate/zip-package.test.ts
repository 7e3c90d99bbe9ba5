import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectPackage } from './inspect-package.js';
import { readZipText } from './read-zip.js';
import { zipPackage } from './zip-package.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'octopipe-zip-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const files: ReadonlyArray<readonly [string, string]> = [
  ['customers.csv', 'Customer ID,Name\n1,Ann\n'],
  ['attachments/bookings/10/before.jpg', 'not really a picture'],
  ['manifest.json', '{"tenant":{"name":"Harbour"}}'],
  ['bookings.csv', 'Booking ID\n10\n'],
];

function makeFolder(name: string, order: typeof files, mtime: Date): string {
  const folder = join(root, name);
  for (const [path, content] of order) {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, mtime, mtime);
  }
  return folder;
}

async function sendable(folder: string): Promise<Buffer> {
  return buffer(zipPackage(await inspectPackage(folder)));
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('the same files give the same bytes, whatever their order, dates and time zone', async () => {
  const one = await sendable(makeFolder('one', files, new Date('2020-01-01T00:00:00Z')));
  const before = process.env.TZ;
  process.env.TZ = 'Pacific/Auckland';
  const folder = makeFolder('two', [...files].reverse(), new Date('2026-11-22T10:00:00Z'));
  writeFileSync(join(folder, '.DS_Store'), 'left by a Mac');
  const two = await sendable(folder);
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
  expect(sha256(two)).toBe(sha256(one));
});

test('one changed byte changes the hash', async () => {
  const one = await sendable(makeFolder('one', files, new Date(0)));
  const folder = makeFolder('two', files, new Date(0));
  writeFileSync(join(folder, 'bookings.csv'), 'Booking ID\n11\n');
  expect(sha256(await sendable(folder))).not.toBe(sha256(one));
});

test('what is sent is a zip with the files by their names', async () => {
  const file = join(root, 'sent.zip');
  writeFileSync(file, await sendable(makeFolder('one', files, new Date(0))));
  expect(await readZipText(file, 'manifest.json', 1_000)).toBe('{"tenant":{"name":"Harbour"}}');
  expect(await readZipText(file, 'customers.csv', 1_000)).toBe('Customer ID,Name\n1,Ann\n');
});

test('a zip file is sent as it is', async () => {
  const bytes = await sendable(makeFolder('one', files, new Date(0)));
  writeFileSync(join(root, 'export.zip'), bytes);
  expect(sha256(await sendable(join(root, 'export.zip')))).toBe(sha256(bytes));
});

describe('what cannot be sent is one clear sentence', () => {
  const cases: Array<[string, (path: string) => void, RegExp]> = [
    ['a missing path', () => {}, /There is no file or folder .*thing/],
    ['an empty folder', (path) => mkdirSync(path), /is empty; put the exported files into it/],
    [
      'a folder of empty files',
      (path) => {
        mkdirSync(path);
        writeFileSync(join(path, 'customers.csv'), '');
      },
      /All files in .* are empty/,
    ],
    ['a file that is no zip', (path) => writeFileSync(path, 'a,b\n1,2\n'), /is not a complete zip file/],
    [
      'a link in the folder',
      (path) => {
        mkdirSync(path);
        symlinkSync('/etc/passwd', join(path, 'customers.csv'));
      },
      /customers.csv is a link or a device/,
    ],
  ];
  test.each(cases)('%s', async (_name, make, sentence) => {
    make(join(root, 'thing'));
    await expect(inspectPackage(join(root, 'thing'))).rejects.toMatchObject({
      ending: 'usage',
      message: expect.stringMatching(sentence),
    });
  });
});
