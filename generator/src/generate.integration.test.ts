import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { canonicalObjects } from '@octopipe/shared/octopuspro/canonical-fields';
import { matchHeaders, objectOfFileName } from '@octopipe/shared/octopuspro/headers';
import { afterAll, expect, test } from 'vitest';
import { type GenerateOptions, generate, plantableIds } from './generate.js';
import { checkPackage } from './testing/check-package.js';

const root = mkdtempSync(path.join(tmpdir(), 'octopipe-generator-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let runs = 0;
async function made(changes: Partial<GenerateOptions> = {}) {
  const out = path.join(root, String(runs++));
  const facts = await generate({
    size: 'XS',
    seed: 1,
    defects: 'none',
    out,
    files: true,
    maxFiles: 10_000,
    zip: false,
    ...changes,
  });
  return { out, folder: path.join(out, 'package'), facts };
}

function keyOf(out: string): string[] {
  const lines = readFileSync(path.join(out, 'defects.ndjson'), 'utf8').split('\n').filter(Boolean);
  return lines
    .map((line) => {
      const { expected_finding, file, row, column } = JSON.parse(line);
      return `${expected_finding} ${file} ${row} ${column}`;
    })
    .sort();
}

const foundIn = (folder: string) =>
  checkPackage(folder)
    .map(({ code, file, row, column }) => `${code} ${file} ${row} ${column}`)
    .sort();

test('the same seed gives the same bytes, another seed another company', async () => {
  const [one, same, other] = [
    await made({ defects: 'typical', zip: true }),
    await made({ defects: 'typical', zip: true }),
    await made({ seed: 2, defects: 'typical', zip: true }),
  ];
  expect(bytesOf(same.out)).toEqual(bytesOf(one.out));
  expect(bytesOf(other.out)['package/customers.csv']).not.toEqual(bytesOf(one.out)['package/customers.csv']);
});

test.each([1, 2, 3, 4, 5])('without defects the checker finds nothing (seed %i)', async (seed) => {
  const { folder, out } = await made({ seed });
  expect(foundIn(folder)).toEqual([]);
  expect(keyOf(out)).toEqual([]);
});

test.each([1, 2, 3])(
  'typical: the key is what the checker finds, and every defect is there (seed %i)',
  async (seed) => {
    const { folder, out, facts } = await made({ seed, defects: 'typical' });
    expect(foundIn(folder)).toEqual(keyOf(out));
    expect(facts.defectIds).toEqual(plantableIds({ defects: 'typical' }));
  },
);

test('heavy, one defect alone, and no files: the key is what the checker finds', async () => {
  for (const options of [
    { defects: 'heavy' },
    { defects: 'D12=0.1' },
    { defects: 'typical', files: false },
  ]) {
    const { folder, out } = await made(options);
    expect(foundIn(folder)).toEqual(keyOf(out));
  }
});

test('every header is its canonical field', async () => {
  const { folder } = await made({ defects: 'typical' });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.csv'))) {
    const definition = canonicalObjects.find((one) => `${one.file}.csv` === name);
    expect(objectOfFileName(name)).toBe(definition);
    if (!definition) continue;
    const headers = readFileSync(path.join(folder, name), 'utf8').split('\n')[0]?.split(',') ?? [];
    const match = matchHeaders(definition, headers);
    expect(match.missing).toEqual([]);
    expect(
      match.columns.filter(
        (column) => !column.secret && column.field === null && !column.header.startsWith('cf:'),
      ),
    ).toEqual([]);
  }
});

test('control totals are those of the files', async () => {
  const { out, folder } = await made({ defects: 'heavy' });
  const totals = JSON.parse(readFileSync(path.join(out, 'control-totals.json'), 'utf8'));
  const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  expect(Object.keys(totals.rows).sort()).toEqual(
    manifest.files.map((file: { name: string }) => file.name).sort(),
  );
  expect(totals.distinct_ids.bookings).toBe(100);
});

test('a folder with something else in it is left alone', async () => {
  await expect(made({ out: fileURLToPath(new URL('.', import.meta.url)) })).rejects.toThrow('not ours');
});

test.runIf(existsSync(fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url))))(
  'S is written in constant memory and holds together',
  () => {
    const main = fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url));
    const out = path.join(root, 'S');
    const said = execFileSync(
      process.execPath,
      [...nodeFlags, main, '--size', 'S', '--seed', '7', '--defects', 'none', '--out', out],
      { encoding: 'utf8' },
    );
    console.log(said.trim());
    expect(Number(/peak memory ([\d.]+) MB/.exec(said)?.[1])).toBeLessThan(300);
    expect(foundIn(path.join(out, 'package'))).toEqual([]);
  },
);

function bytesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort();
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(path.join(folder, name)))
        .digest('hex'),
    ]),
  );
}
