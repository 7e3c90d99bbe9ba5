import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExportView, filesOfFolder, type Rig, startRig, zipOf } from './testing/rig.js';

const sample = fileURLToPath(new URL('../../../samples/harbour-home-services', import.meta.url));

let rig: Rig;
let migrationId: string;
let view: ExportView;

beforeAll(async () => {
  rig = await startRig();
  migrationId = await rig.openMigration('harbour');
  const zip = await zipOf(await filesOfFolder(path.join(sample, 'package')));
  const { status, body } = await rig.upload(migrationId, 'harbour', zip);
  expect(status).toBe(202);
  view = await rig.settled(migrationId, 'harbour', (body as { id: string }).id);
});
afterAll(() => rig.stop());

test('the sample is staged whole: every file listed, every row counted as the control totals say', async () => {
  const totals = JSON.parse(await readFile(path.join(sample, 'control-totals.json'), 'utf8'));
  expect(view.state).toBe('assessed');
  const counted = view.files.filter((file) => file.rows !== null).map((file) => [file.path, file.rows]);
  expect(Object.fromEntries(counted)).toEqual(totals.rows);
  const paths = Object.keys(await filesOfFolder(path.join(sample, 'package'))).sort();
  expect(view.files.map((file) => file.path).sort()).toEqual(paths);
  const staged = await rig.query<{ n: number }>('select count(*)::int as n from ingest.staged_row');
  const tables = view.files.filter((file) => file.kind === 'table');
  expect(staged[0]?.n).toBe(tables.reduce((sum, file) => sum + (file.rows ?? 0), 0));
});

test('exactly the ten defects are found, with what follows from them', async () => {
  const defects = (await readFile(path.join(sample, 'defects.ndjson'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Defect);
  // What we judge from one record only; sums over several records are the reconciliation's.
  const ofOthers = new Set([
    'invoice_paid_mismatch',
    'booking_paid_mismatch',
    'customer_revenue_mismatch',
    'invoice_header_mismatch',
  ]);
  const expected = defects
    .flatMap((defect) => [defect, ...defect.consequences])
    .filter((defect) => !ofOthers.has(defect.expected_finding))
    // The history repeats the booking's word; the mapping asks for it once.
    .filter((defect) => defect.file !== 'status_history.csv')
    .map((defect) => `${codeOf(defect)} ${defect.file} ${defect.row} ${defect.column}`);
  const found = await rig.query<{ found: string }>(
    `select concat_ws(' ', code, file, row_number, column_name) as found from core.finding
     where code <> 'secret_dropped'`,
  );
  expect(found.map((row) => row.found).sort()).toEqual(
    [
      ...expected,
      // What hangs on a rejected record and is not in the answer key: an address of the doubled customer 1044, and
      // the history of the booking without a customer.
      'orphan_reference customer_addresses.csv 44 Customer ID',
      'orphan_reference status_history.csv 366 Object ID',
      'orphan_reference status_history.csv 367 Object ID',
    ].sort(),
  );
});

test('every rejected row has its finding, every excluded one its rule', async () => {
  const verdicts = await rig.query(
    `select object, verdict, reason, count(*)::int as n from ingest.row_verdict group by 1, 2, 3 order by 1, 2, 3`,
  );
  expect(verdicts.map((row) => Object.values(row).join(' '))).toEqual([
    'appointment excluded duplicate_id_equal 1',
    'appointment rejected orphan_reference 1',
    'booking rejected orphan_reference 1',
    'booking_service rejected orphan_reference 1',
    'customer excluded deleted 1',
    'customer rejected duplicate_id_conflict 2',
    'customer rejected missing_key 1',
    'customer_address excluded parent_deleted 1',
    'customer_address rejected orphan_reference 1',
    'payment rejected orphan_reference 1',
    'payment rejected unparseable_amount 1',
    'status_history rejected orphan_reference 2',
  ]);
});

interface Defect {
  file: string;
  row: number;
  column: string;
  expected_finding: string;
  consequences: Defect[];
}

function codeOf(defect: Defect): string {
  if (defect.expected_finding === 'parent_quarantined') return 'orphan_reference';
  if (defect.file === 'payments.csv' && defect.column === 'Amount') return 'unparseable_amount';
  return defect.expected_finding;
}

test('no secret passes the door: not into Postgres, not into the log, not in the clear onto the disk', async () => {
  const dropped = view.files.filter((file) => file.dropped_columns.length > 0);
  expect(Object.fromEntries(dropped.map((file) => [file.path, file.dropped_columns]))).toEqual({
    'customers.csv': ['password'],
    'fieldworkers.csv': ['Bank', 'BSB', 'Account number', 'Tax ID', 'Licence number'],
  });
  const tables = await rig.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  expect(tables.length).toBeGreaterThan(20);
  for (const { name } of tables) {
    const hits = await rig.query(`select 1 from ${name} t where t::text like '%canary-%' limit 1`);
    expect({ name, hits }).toEqual({ name, hits: [] });
  }
  expect(rig.logs()).not.toContain('canary-');
  const [tenant] = await readdir(rig.filesDir);
  for (const blob of await readdir(path.join(rig.filesDir, tenant ?? ''))) {
    const bytes = await readFile(path.join(rig.filesDir, tenant ?? '', blob));
    expect(bytes.includes('canary-')).toBe(false);
  }
});
