// Writes the sample export package of Harbour Home Services, its answer key (defects.ndjson), its control totals
// and the defect table of its README.
//
//   node samples/make-harbour-home-services.mjs            write
//   node samples/make-harbour-home-services.mjs --check    compare with what is committed, exit 1 on a difference
//
// The order of work is a guarantee: the company is built whole and checked (nothing may be wrong), then the ten
// defects are put in, then the written package is checked again (exactly the listed findings may be there).
// No clock and no random source: every run writes the same bytes.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'csv-stringify/sync';
import { buildCompany } from './harbour-home-services/build-company.mjs';
import { checkPackage, controlTotals, filesUnder } from './harbour-home-services/check.mjs';
import * as company from './harbour-home-services/company.mjs';
import { headers } from './harbour-home-services/headers.mjs';
import { putDefectsIn } from './harbour-home-services/put-defects-in.mjs';
import { sha256 } from './harbour-home-services/values.mjs';

const home = join(dirname(fileURLToPath(import.meta.url)), 'harbour-home-services');

function csv(name, rows) {
  const customColumns = [
    ...new Set(rows.flatMap((row) => Object.keys(row).filter((column) => column.startsWith('cf:')))),
  ];
  const columns = [...headers[name], ...customColumns];
  for (const row of rows)
    for (const column of Object.keys(row))
      if (!columns.includes(column)) throw new Error(`${name}.csv has no column ${column}`);
  return Buffer.from(
    stringify(
      rows.map((row) => columns.map((column) => String(row[column] ?? ''))),
      { header: true, columns, record_delimiter: '\n' },
    ),
  );
}

function writePackage(folder, { t, files, areas }) {
  const put = (path, bytes) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  const listed = [];
  for (const [name, rows] of Object.entries(t))
    listed.push([`${name}.csv`, name, 'csv', rows.length, csv(name, rows)]);
  listed.push([
    'service_areas.json',
    'service_areas',
    'json',
    areas.features.length,
    Buffer.from(`${JSON.stringify(areas, null, 1)}\n`),
  ]);
  for (const [path, , , , bytes] of listed) put(path, bytes);
  for (const [path, bytes] of files) put(path, bytes);
  const manifest = {
    format: 'octopuspro-export',
    version: 1,
    tenant: company.tenant,
    exported_at: company.exportedAt,
    range: { from: '2024-12-01', to: '2025-12-31' },
    include_deleted: true,
    files: listed.map(([name, object, format, rows, bytes]) => ({
      name,
      object,
      format,
      rows,
      bytes: bytes.length,
      sha256: sha256(bytes),
      exported_at: company.exportedAt,
    })),
  };
  put('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
}

const signOf = ({ code, expected_finding, file, row, column }) =>
  `${expected_finding ?? code} ${file}:${row} ${column}`;

// What the checker of this sample can see by itself. Whether a booking is quarantined is policy, and of a
// conflicting pair it names the second row only.
const beyondTheChecker = (entry, parent) =>
  entry.expected_finding === 'parent_quarantined' ||
  (parent && entry.expected_finding === 'duplicate_id_conflict');

function assertSame(found, expected) {
  const [seen, wanted] = [new Set(found.map(signOf)), new Set(expected.map(signOf))];
  const surprise = [...seen].filter((one) => !wanted.has(one)).map((one) => `not expected: ${one}`);
  const absent = [...wanted].filter((one) => !seen.has(one)).map((one) => `not found: ${one}`);
  if (surprise.length || absent.length)
    throw new Error(`The package is not what it should be\n${[...surprise, ...absent].join('\n')}`);
}

// What the product is meant to do with each finding, for the README.
const answers = {
  missing_key: 'Set aside and listed: without an id nothing can be linked to it.',
  orphan_reference:
    'Set aside and listed, with everything that hangs on it. Nothing is invented; export the missing record too.',
  duplicate_id_equal: 'The second copy is dropped and counted.',
  duplicate_id_conflict: 'Both rows are set aside until somebody says which one is right.',
  unparseable_date: 'Left out and listed; a visit takes the time of its booking.',
  unparseable_amount: 'Set aside and listed: no amount is guessed.',
  invoice_total_mismatch:
    'Reported with both figures. The stated total is migrated as stated, never silently "fixed".',
  invalid_email: 'The address is not sent to Pipedrive; the person is.',
  unknown_status:
    'Goes to the default stage with the word kept in a field, and is listed so that the status can be mapped.',
};
function readmeWith(defects, text) {
  const rows = defects.map((one, n) => {
    const also =
      one.consequences
        .map((next) => `\`${next.expected_finding}\` ${next.file} row ${next.row}`)
        .join('; ') || '–';
    const { file, row, column, defect, expected_finding: finding, note } = one;
    return [n + 1, file, row, column, defect, `\`${finding}\``, note, answers[finding], also].map(String);
  });
  const titles = [
    '#',
    'File',
    'Row',
    'Column',
    'Defect',
    'Finding',
    'What is wrong',
    'What the product does',
    'Follows from it',
  ];
  // Columns are padded because the formatter of the repository pads them, and --check compares bytes.
  const widths = titles.map((title, n) => Math.max(3, title.length, ...rows.map((row) => row[n].length)));
  const drawn = (cells, fill) => `| ${cells.map((cell, n) => cell.padEnd(widths[n], fill)).join(' | ')} |`;
  const table = [
    drawn(titles, ' '),
    drawn(
      titles.map(() => ''),
      '-',
    ),
    ...rows.map((row) => drawn(row, ' ')),
  ].join('\n');
  return text.replace(
    /(<!-- defects -->\n)[\s\S]*?(\n<!-- \/defects -->)/,
    (_, open, close) => open + table + close,
  );
}

async function makeInto(folder) {
  const whole = await buildCompany();
  const scratch = mkdtempSync(join(tmpdir(), 'harbour-whole-'));
  try {
    writePackage(scratch, whole);
    assertSame(checkPackage(scratch), []);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  const defects = putDefectsIn(whole);
  writePackage(join(folder, 'package'), whole);
  const expected = defects.flatMap((one) => [
    one,
    ...one.consequences.filter((next) => !beyondTheChecker(next, one)),
  ]);
  assertSame(checkPackage(join(folder, 'package')), expected);
  writeFileSync(join(folder, 'defects.ndjson'), defects.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(
    join(folder, 'control-totals.json'),
    `${JSON.stringify(controlTotals(join(folder, 'package')), null, 2)}\n`,
  );
  writeFileSync(
    join(folder, 'README.md'),
    readmeWith(defects, readFileSync(join(home, 'README.md'), 'utf8')),
  );
}

const made = (path) =>
  path.startsWith('package/') || ['defects.ndjson', 'control-totals.json', 'README.md'].includes(path);
const scratch = mkdtempSync(join(tmpdir(), 'harbour-'));
try {
  await makeInto(scratch);
  const [fresh, present] = [filesUnder(scratch), existsSync(home) ? filesUnder(home).filter(made) : []];
  const bytesIn = (root, path) =>
    existsSync(join(root, path)) ? sha256(readFileSync(join(root, path))) : '';
  const different = [...new Set([...fresh, ...present])].filter(
    (path) => bytesIn(scratch, path) !== bytesIn(home, path),
  );
  const fingerprint = sha256(fresh.map((path) => `${path} ${bytesIn(scratch, path)}\n`).join(''));
  if (process.argv.includes('--check')) {
    for (const path of different) process.stderr.write(`differs: ${path}\n`);
    process.exitCode = different.length ? 1 : 0;
  } else {
    rmSync(join(home, 'package'), { recursive: true, force: true });
    for (const path of fresh) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), readFileSync(join(scratch, path)));
    }
  }
  process.stdout.write(
    `${fresh.length} files, ${different.length} different from what was there, sha256 ${fingerprint}\n`,
  );
} finally {
  rmSync(scratch, { recursive: true });
}
