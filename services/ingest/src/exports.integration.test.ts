import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@octopipe/shared/core/logger';
import { inTransaction, openDatabase } from '@octopipe/shared/db/index';
import { nodeFlags } from '@octopipe/shared/embedded/node-flags';
import { childRows, pageRows, rowsById, verdictsOf } from '@octopipe/shared/staging/read-staged';
import { startLostCommit } from '@octopipe/shared/testing/lost-commit';
import { startTestRedis } from '@octopipe/shared/testing/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create } from './service.js';
import { type ExportView, type Rig, startRig, zipOf } from './testing/rig.js';

const customers = 'Customer ID,first_name,password\n1,Ada,canary-1\n2,Grace,canary-2\n';
const bookings = 'Booking ID,Customer ID,Status,Shoe size\n10,1,Completed,43\n11,2,To Do,\n12,9,To Do,\n';
const appointments = 'Appointment ID,Booking ID,Start\n100,10,2025-01-01\n101,12,2025-01-02\n';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ maxUploadBytes: 200_000, bodyTimes: { wholeMs: 2_500, idleMs: 2_500 } });
});
afterAll(() => rig.stop());

async function stage(
  files: Record<string, string | Buffer>,
  tenant = 'north',
): Promise<ExportView & { migrationId: string }> {
  const migrationId = await rig.openMigration(tenant, `ref-${Math.random()}`);
  const { body } = await rig.upload(migrationId, tenant, await zipOf(files));
  const view = await rig.settled(migrationId, tenant, (body as { id: string }).id);
  return { ...view, migrationId };
}

async function filesOf(slug: string): Promise<string[]> {
  const [tenant] = await rig.query<{ id: string }>('select id from core.tenant where slug = $1', [slug]);
  return readdir(path.join(rig.filesDir, tenant?.id ?? ''));
}

const stateOf = (exportId: string) =>
  rig.query(
    `select object, row_number, source_id, cells, encode(row_hash, 'hex') as hash, refs from ingest.staged_row
     where export_id = $1 order by 1, 2`,
    [exportId],
  );

describe('an upload', () => {
  test('of the same bytes is the same export, and only one blob stays', async () => {
    const id = await rig.openMigration('twice');
    const zip = await zipOf({ 'customers.csv': customers });
    const first = await rig.upload(id, 'twice', zip);
    const second = await rig.upload(id, 'twice', zip);
    expect([first.status, second.status]).toEqual([202, 200]);
    expect((second.body as { id: string }).id).toBe((first.body as { id: string }).id);
    await rig.settled(id, 'twice', (first.body as { id: string }).id);
    // The original and its one file.
    expect((await filesOf('twice')).length).toBe(2);
  });

  test('whose commit is not answered goes on, and sent again it is the same export', async () => {
    const id = await rig.openMigration('unanswered');
    const zip = await zipOf({ 'customers.csv': customers });
    const line = await startLostCommit(rig.databaseUrl);
    const another = await create(
      { ...rig.config, db: { ...rig.config.db, url: line.url } },
      { logger: createLogger('ingest', 'silent') },
    );
    try {
      line.loseCommitOf('insert into "ingest"."export" ');
      const first = await fetch(`${another.url}/v1/migrations/${id}/exports?tenant=unanswered`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rig.operatorKey}`, 'content-type': 'application/zip' },
        body: zip as never,
      });
      expect([first.status, line.lost()]).toEqual([503, 1]);
    } finally {
      await another.destroy();
      await line.close();
    }
    const [row] = await rig.query<{ id: string }>('select id from ingest.export where migration_id = $1', [
      id,
    ]);
    expect((await rig.settled(id, 'unanswered', row?.id ?? '')).state).toBe('assessed');
    const again = await rig.upload(id, 'unanswered', zip);
    expect([again.status, (again.body as { id: string }).id]).toEqual([200, row?.id]);
    expect((await filesOf('unanswered')).length).toBe(2);
  });

  test('of bytes whose file was lost before it was unpacked brings the file back', async () => {
    const id = await rig.openMigration('lost');
    const zip = await zipOf({ 'customers.csv': customers });
    const [row] = await rig.query<{ id: string }>(
      `insert into ingest.export (tenant_id, migration_id, state, sha256, bytes, blob)
       select tenant_id, id, 'received', $2, $3, $4 from ingest.migration where id = $1 returning id`,
      [id, createHash('sha256').update(zip).digest('hex'), zip.length, randomBytes(16).toString('hex')],
    );
    const again = await rig.upload(id, 'lost', zip);
    expect([again.status, (again.body as { id: string }).id]).toEqual([200, row?.id]);
    expect((await rig.settled(id, 'lost', row?.id ?? '')).state).toBe('assessed');
    expect((await filesOf('lost')).length).toBe(2);
  });

  test('too large, of another type, or cut off leaves nothing', async () => {
    const id = await rig.openMigration('refused');
    const big = await rig.upload(id, 'refused', Buffer.alloc(200_001));
    expect([big.status, (big.body as { code: string }).code]).toEqual([413, 'body_too_large']);
    expect(await chunked(id, 300_000)).toBe(413);
    const other = await rig.call('POST', `/v1/migrations/${id}/exports?tenant=refused`, {
      bytes: Buffer.from('x'),
      type: 'text/csv',
    });
    expect(other.status).toBe(415);
    await cutOff(id);
    const [tenant] = await rig.query<{ id: string }>(`select id from core.tenant where slug = 'refused'`);
    const folder = path.join(rig.filesDir, tenant?.id ?? '');
    for (let tries = 0; tries < 100 && (await readdir(folder).catch(() => [])).length > 0; tries++)
      await sleep(20);
    expect(await readdir(folder)).toEqual([]);
    expect(await rig.query('select 1 from ingest.export where tenant_id = $1', [tenant?.id])).toEqual([]);
    // Whoever is asked why uploads fail finds it, once.
    const aborted = rig
      .logs()
      .split('\n')
      .filter((line) => line.includes('request aborted') && line.includes(id))
      .map((line) => JSON.parse(line));
    expect(aborted).toMatchObject([
      { level: 'info', method: 'POST', migrationId: id, tookMs: expect.any(Number) },
    ]);
    expect(await (await fetch(`${rig.url}/metrics`)).text()).toContain(
      'method="POST",route="/v1/migrations/:id/exports",status="aborted"',
    );
  });

  test('may take longer than any limit while it moves; one that stands still is a problem and leaves nothing', async () => {
    const id = await rig.openMigration('refused', 'slow');
    const zip = await zipOf({ 'customers.csv': customers });
    const size = Math.ceil(zip.length / 40);
    const pieces = Array.from({ length: 40 }, (_, n) => zip.subarray(n * size, (n + 1) * size));
    const startedAt = Date.now();
    const moving = await slowly(id, pieces);
    expect([moving.status, Date.now() - startedAt > 2_500]).toEqual([202, true]);
    expect((await rig.settled(id, 'refused', moving.body.id)).state).toBe('assessed');

    const other = await rig.openMigration('refused', 'stalled');
    const stalled = await slowly(other, pieces.slice(0, 3), { isEndless: true });
    expect(stalled).toMatchObject({ status: 408, body: { code: 'body_too_slow' } });
    expect(await rig.query('select 1 from ingest.export where migration_id = $1', [other])).toEqual([]);
    // A repeat whose first was carried out is read for its hash only, under the same limit.
    const again = { 'idempotency-key': 'slow-1' };
    const first = await slowly(other, pieces, { headers: again });
    expect([first.status, (await slowly(other, pieces, { headers: again })).body]).toEqual([202, first.body]);
    expect(await slowly(other, pieces.slice(0, 3), { isEndless: true, headers: again })).toMatchObject({
      status: 408,
    });
    const [tenant] = await rig.query<{ id: string }>(`select id from core.tenant where slug = 'refused'`);
    await rig.settled(other, 'refused', first.body.id);
    // Two packages with one file each: nothing of what stood still.
    expect((await readdir(path.join(rig.filesDir, tenant?.id ?? ''))).length).toBe(4);
  });

  function slowly(
    id: string,
    pieces: Buffer[],
    { isEndless = false, headers = {} }: { isEndless?: boolean; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: { id: string; code?: string } }> {
    return new Promise((resolve, reject) => {
      const req = open(id, { 'transfer-encoding': 'chunked', ...headers });
      const left = [...pieces];
      const timer = setInterval(() => {
        const piece = left.shift();
        if (piece) req.write(piece);
        else if (!isEndless) req.end();
      }, 100);
      req.on('error', reject);
      req.on('response', async (res) => {
        clearInterval(timer);
        const chunks: Buffer[] = [];
        for await (const chunk of res) chunks.push(chunk as Buffer);
        req.off('error', reject).on('error', () => {});
        req.destroy();
        resolve({ status: res.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
      });
    });
  }

  const open = (id: string, headers: Record<string, string>) =>
    request(`${rig.url}/v1/migrations/${id}/exports?tenant=refused`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.operatorKey}`, 'content-type': 'application/zip', ...headers },
    });

  function chunked(id: string, bytes: number): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const req = open(id, { 'transfer-encoding': 'chunked' });
      req.on('response', (res) => resolve(res.resume().statusCode));
      req.on('error', reject);
      for (let sent = 0; sent < bytes; sent += 10_000) req.write(Buffer.alloc(10_000));
      req.end();
    });
  }

  function cutOff(id: string): Promise<void> {
    return new Promise((resolve) => {
      const req = open(id, { 'content-length': '100000' });
      req.on('error', () => resolve());
      req.write(Buffer.alloc(50_000));
      setTimeout(() => req.destroy(new Error('cut')), 100);
    });
  }
});

test.each([
  ['not_a_zip', Buffer.from('Customer ID\n1\n')],
  ['empty_package', {}],
  ['nothing_recognised', { 'readme.txt': 'hello', 'notes.docx': 'x' }],
  ['unreadable_manifest', { 'manifest.json': '{', 'customers.csv': customers }],
])('%s fails the export with a sentence', async (code, content) => {
  const id = await rig.openMigration('broken', code);
  const zip = Buffer.isBuffer(content) ? content : await zipOf(content as Record<string, string>);
  const { body } = await rig.upload(id, 'broken', zip);
  const view = await rig.settled(id, 'broken', (body as { id: string }).id);
  expect([view.state, view.error_code]).toEqual(['failed', code]);
  expect(view.error_detail).toMatch(/^.{40,300}\.$/);
  expect(view.files).toEqual([]);
});

test('rows, references, verdicts and what the other services read of them', async () => {
  const view = await stage({
    'customers.csv': customers,
    'bookings.csv': bookings,
    'appointments.csv': appointments,
  });
  expect(view.state).toBe('assessed');
  expect(view.findings).toEqual({ orphan_reference: 2, secret_dropped: 1, unknown_column: 1 });
  const database = openDatabase(rig.databaseUrl, { max: 2, onError: () => {}, applicationName: 'test' });
  try {
    const [tenant] = await rig.query<{ id: string }>(`select id from core.tenant where slug = 'north'`);
    const tenantId = tenant?.id ?? '';
    // As transform: it may read what ingest has attached.
    await inTransaction(database.db, { role: 'transform', tenantId }, async (tx) => {
      expect(await pageRows(tx, tenantId, view.id, 'booking', { afterRow: 0, limit: 10 })).toEqual([
        {
          object: 'booking',
          rowNumber: 1,
          sourceId: '10',
          fields: { booking_id: '10', customer_id: '1', status: 'Completed' },
          extra: { 'Shoe size': '43' },
        },
        {
          object: 'booking',
          rowNumber: 2,
          sourceId: '11',
          fields: { booking_id: '11', customer_id: '2', status: 'To Do' },
          extra: {},
        },
      ]);
      expect([...(await rowsById(tx, tenantId, view.id, 'customer', ['2', '9'])).keys()]).toEqual(['2']);
      const visits = await childRows(tx, tenantId, view.id, 'appointment', 'booking', ['10', '12']);
      expect([...visits].map(([id, rows]) => [id, rows.map((row) => row.sourceId)])).toEqual([
        ['10', ['100']],
      ]);
      expect(await verdictsOf(tx, tenantId, view.id)).toEqual([
        {
          object: 'appointment',
          rowNumber: 2,
          sourceId: '101',
          verdict: 'rejected',
          reason: 'orphan_reference',
        },
        { object: 'booking', rowNumber: 3, sourceId: '12', verdict: 'rejected', reason: 'orphan_reference' },
      ]);
    });
    // Another tenant's transaction sees none of it, even when it asks with the right ids.
    await rig.openMigration('south');
    const [other] = await rig.query<{ id: string }>(`select id from core.tenant where slug = 'south'`);
    await inTransaction(database.db, { role: 'transform', tenantId: other?.id ?? '' }, async (tx) => {
      expect(await pageRows(tx, tenantId, view.id, 'booking', { afterRow: 0, limit: 10 })).toEqual([]);
      expect(await verdictsOf(tx, tenantId, view.id)).toEqual([]);
    });
  } finally {
    await database.destroy();
  }
});

test('an invoice that is named by its number only is found by it, when no other carries it', async () => {
  const view = await stage(
    {
      'customers.csv': customers,
      'bookings.csv':
        'Booking ID,Customer ID,Status,Invoice ID(s),Invoice number\n10,1,Completed,,"inv-1, INV-2"\n11,2,Completed,52,INV-1\n',
      'invoices.csv':
        'Invoice ID,Invoice number,Customer ID,Status,Total\n51,INV-1,1,Open,10\n52,INV-2,1,Open,10\n53,INV-3,1,Open,10\n54,INV-3,2,Open,10\n',
      'payments.csv':
        'Payment ID,Amount,Payment date,Method,Invoice number,Customer ID\n1,5,2025-01-01,Cash, INV-1 ,1\n2,5,2025-01-01,Cash,INV-3,1\n3,5,2025-01-01,Cash,INV-9,1\n4,5,2025-01-01,Cash,n/a,1\n5,5,2025-01-01,Cash,,1\n',
    },
    'numbers',
  );
  const found = await rig.query<{ said: string }>(
    `select concat_ws(' ', code, source_id, column_name, facts) as said from core.finding
     where code in ('number_not_unique', 'orphan_reference') and export_id = $1 order by 1`,
    [view.id],
  );
  expect(found.map(({ said }) => said)).toEqual([
    'number_not_unique 2 Invoice number {"records": 2}',
    'orphan_reference 3 Invoice number {"parent": "absent"}',
  ]);
  const [tenant] = await rig.query<{ id: string }>(`select id from core.tenant where slug = 'numbers'`);
  const tenantId = tenant?.id ?? '';
  const database = openDatabase(rig.databaseUrl, { max: 1, onError: () => {}, applicationName: 'test' });
  try {
    await inTransaction(database.db, { role: 'transform', tenantId }, async (tx) => {
      const read = async (object: string, field: string) =>
        (await pageRows(tx, tenantId, view.id, object, { afterRow: 0, limit: 10 })).map((row) => [
          row.sourceId,
          row.fields[field] ?? null,
        ]);
      expect(await read('payment', 'invoice_id')).toEqual([
        ['1', '51'],
        ['2', null],
        ['4', null],
        ['5', null],
      ]);
      // An id is never put aside for a number.
      expect(await read('booking', 'invoice_ids')).toEqual([
        ['10', '["51","52"]'],
        ['11', '52'],
      ]);
      const paying = await childRows(tx, tenantId, view.id, 'payment', 'invoice', ['51', '53']);
      expect([...paying].map(([id, rows]) => [id, rows.map((row) => row.sourceId)])).toEqual([['51', ['1']]]);
    });
  } finally {
    await database.destroy();
  }
});

test('foreign and absent answer alike', async () => {
  const view = await stage({ 'customers.csv': customers });
  await rig.openMigration('south');
  const key = await rig.keyOfTenant('south');
  const absent = '00000000-0000-4000-8000-000000000000';
  for (const tail of ['', `/exports/${view.id}`, `/exports/${view.id}/findings`]) {
    const answers = await Promise.all([
      rig.call('GET', `/v1/migrations/${view.migrationId}${tail}`, { key }),
      rig.call('GET', `/v1/migrations/${absent}${tail.replace(view.id, absent)}`, { key }),
    ]);
    const [foreign, missing] = answers.map(({ status, body }) => {
      const { instance: _path, requestId: _id, ...rest } = body as Record<string, unknown>;
      return { status, ...rest };
    });
    expect(foreign).toEqual(missing);
    expect(foreign).toMatchObject({ status: 404 });
  }
  const upload = await rig.call('POST', `/v1/migrations/${view.migrationId}/exports`, {
    key,
    bytes: Buffer.from('x'),
  });
  expect(upload.status).toBe(404);
  const { body } = await rig.call('GET', '/v1/migrations', { key });
  expect((body as { items: Array<{ tenant: string }> }).items.map((item) => item.tenant)).toEqual(['south']);
});

test('parts of one object are numbered on, and broken rows are set aside without taking others along', async () => {
  const view = await stage({
    'export/customers_1.csv': 'Customer ID,first_name\n1,Ada\n2,"un\n3,Eve\n',
    'export/customers_2.csv':
      '\uFEFFCustomer ID;first_name\r\n1;Ada\r\n4;Zoë;extra\r\n;Nobody\r\n5;Bob\r\n5;Rob\r\n\uFEFFCustomer ID;first_name\r\n',
    'export/__MACOSX/._x': 'junk',
  });
  expect(view.objects).toEqual([{ object: 'customer', rows: 9 }]);
  const rows = await rig.query<{ n: number; id: string | null; reason: string | null }>(
    `select r.row_number as n, r.source_id as id, v.reason from ingest.staged_row r
     left join ingest.row_verdict v using (export_id, object, row_number) where r.export_id = $1 order by 1`,
    [view.id],
  );
  expect(rows.map(({ n, id, reason }) => `${n} ${id} ${reason}`)).toEqual([
    '1 1 null',
    '2 null ragged_row',
    '3 3 null',
    '4 1 duplicate_id_equal',
    '5 null ragged_row',
    '6 null missing_key',
    '7 5 duplicate_id_conflict',
    '8 5 duplicate_id_conflict',
    '9 null repeated_header',
  ]);
  const { body } = await rig.call(
    'GET',
    `/v1/migrations/${view.migrationId}/exports/${view.id}/findings?tenant=north&limit=500`,
  );
  const items = (body as { items: Array<{ code: string; file: string; row_number: number }> }).items;
  expect(items.find((item) => item.code === 'missing_key')).toMatchObject({
    file: 'customers_2.csv',
    row_number: 3,
  });
});

test('a row is deleted by its flag, or where that is silent by the day it was deleted', async () => {
  const view = await stage({
    'customers.csv': [
      'Customer ID,first_name,Is deleted,Deleted at',
      '1,Ada,true,',
      '2,Bob,,2025-03-04 10:00:00',
      '3,Cleo,no,2025-03-04 10:00:00',
      '4,Dan,,0000-00-00 00:00:00',
      '5,Eve,,\n',
    ].join('\n'),
  });
  const verdicts = await rig.query(
    'select row_number as n, verdict, reason from ingest.row_verdict where export_id = $1 order by 1',
    [view.id],
  );
  expect(verdicts).toEqual([1, 2].map((n) => ({ n, verdict: 'excluded', reason: 'deleted' })));
});

test('a customer that OctopusPro has merged is not deleted, nor is what it had; a merge that leads nowhere is found', async () => {
  const view = await stage({
    'customers.csv': [
      'Customer ID,first_name,Is deleted,Merged into ID',
      '7,Ada,,0',
      '12,Ada,true,13',
      '13,Ada,true,7',
      '20,Eve,true,',
      '21,Eve,true,20',
      '30,Max,true,99',
      '31,Rob,,32',
      '32,Rob,true,31\n',
    ].join('\n'),
    'bookings.csv': 'Booking ID,Customer ID,Status\n900,12,To Do\n901,21,To Do\n902,30,To Do\n903,32,To Do\n',
  });
  const verdicts = await rig.query(
    `select concat_ws(' ', object, r.source_id, verdict, reason) as says from ingest.row_verdict v
     join ingest.staged_row r using (export_id, object, row_number) where v.export_id = $1 order by 1`,
    [view.id],
  );
  expect(verdicts.map(({ says }) => says)).toEqual([
    'booking 901 excluded parent_deleted',
    'customer 20 excluded deleted',
    'customer 21 excluded deleted',
  ]);
  const found = await rig.query(
    `select concat_ws(' ', code, source_id, column_name) as says from core.finding where export_id = $1 order by 1`,
    [view.id],
  );
  expect(found.map(({ says }) => says)).toEqual([
    'merge_leads_nowhere 30 Merged into ID',
    'merge_leads_nowhere 31 Merged into ID',
    'merge_leads_nowhere 32 Merged into ID',
  ]);
});

test('a table that is no object of the export is counted by its path; files that a record names are not unlisted', async () => {
  const view = await stage({
    'customers.csv': 'Customer ID,first_name,cf:738:House plan\n1,Ada,attachments/plan.png\n',
    'attachments.csv': 'Attachment ID,Object,Object ID,File name,Path\n',
    'attachments/plan.png': 'x',
    'attachments/nobody.png': 'y',
    'timesheets.csv': 'Worker;Day;Hours\n41;2025-01-01;"7\n5"\n42;2025-01-01;8\n',
    'read-me.txt': 'Dear migrator,\nhere is all we have, and more.\n',
  });
  expect(
    await rig.query(
      'select path, row_count from ingest.export_file where export_id = $1 and kind = $2 order by 1',
      [view.id, 'unknown'],
    ),
  ).toEqual([
    { path: 'read-me.txt', row_count: null },
    { path: 'timesheets.csv', row_count: 2 },
  ]);
  expect(view.objects.map(({ object }) => object)).toEqual(['attachment', 'customer']);
  const unlisted = await rig.query(
    'select file from core.finding where export_id = $1 and code = $2 order by 1',
    [view.id, 'unlisted_file'],
  );
  expect(unlisted).toEqual([{ file: 'attachments/nobody.png' }, { file: 'read-me.txt' }]);
});

test('one bad byte costs its character and is found; a file in another encoding is said to be', async () => {
  const names = Array.from({ length: 50 }, (_, n) => `${n + 10},Zoë\n`).join('');
  const view = await stage({
    'customers.csv': Buffer.concat([
      Buffer.from(`Customer ID,first_name\n${names}7,caf`),
      Buffer.from([0xc3]),
      Buffer.from('\n8,Müller\n'),
    ]),
    'bookings.csv': Buffer.from('Booking ID,Customer ID,Status,Title\n1,8,To Do,Caf\xe9\n', 'latin1'),
  });
  const titles = await rig.query<{ cells: string[] }>(
    `select cells from ingest.staged_row where export_id = $1 and source_id in ('1', '7', '8') order by object, source_id`,
    [view.id],
  );
  expect(titles.map(({ cells }) => cells.at(-1))).toEqual(['Café', 'caf\uFFFD', 'Müller']);
  const found = await rig.query(
    `select concat_ws(' ', origin, code, object, source_id, file, row_number, column_name) as says
     from core.finding where export_id = $1 order by code`,
    [view.id],
  );
  expect(found.map(({ says }) => says)).toEqual([
    'stage read_as_windows_1252 booking bookings.csv',
    'stage unreadable_characters customer 7 customers.csv 51 first_name',
  ]);
  expect(view.findings).toEqual({ read_as_windows_1252: 1, unreadable_characters: 1 });
});

test('a file whose format is not read is found by name, with its rows where the manifest tells them', async () => {
  const view = await stage({
    'customers.csv': customers,
    'attachments.csv': 'Attachment ID,Object,Object ID,File name,Path\n1,customer,1,list.xlsx,list.xlsx\n',
    'list.xlsx': 'listed',
    'bookings.xlsx': 'PK',
    'invoices.csv.gz': 'x',
    'other.xlsx': 'PK',
    'payments.json': '[{}, {}]',
    'automations.json': '[{}]',
    'pay_rates.json': 'no JSON',
    'manifest.json': JSON.stringify({
      format: 'octopuspro-export',
      version: 1,
      files: [{ name: 'bookings.xlsx', object: 'bookings', format: 'xlsx', rows: 24_000 }],
    }),
  });
  const found = await rig.query(
    `select concat_ws(' ', severity, object, file, facts ->> 'rows') as says from core.finding
     where export_id = $1 and code in ('unread_file', 'unlisted_file') order by file`,
    [view.id],
  );
  expect(found.map(({ says }) => says)).toEqual([
    'block booking bookings.xlsx 24000',
    'block invoice invoices.csv.gz',
    'block  other.xlsx',
    'block pay_rate pay_rates.json',
    'block payment payments.json 2',
  ]);
});

test('staging and assessing again changes nothing', async () => {
  const view = await stage({ 'customers.csv': customers, 'bookings.csv': bookings });
  const before = await stateOf(view.id);
  const findings = () =>
    rig.query(
      'select code, object, source_id, file, row_number from core.finding where export_id = $1 order by 1,2,3',
      [view.id],
    );
  const found = await findings();
  await rig.query(`update ingest.export set state = 'staged' where id = $1`, [view.id]);
  await rig.settled(view.migrationId, 'north', view.id);
  expect(await stateOf(view.id)).toEqual(before);
  expect(await findings()).toEqual(found);
});

describe('a process killed in the middle of a file', () => {
  const main = fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url));

  test('leaves nothing half, and the next one finishes', async () => {
    const idle = await startRig({ withoutService: true });
    const env = (failpoint?: string) => ({
      ...process.env,
      DATABASE_URL: idle.databaseUrl,
      OCTOPIPE_MASTER_KEY: idle.config.masterKey.key.toString('base64'),
      OCTOPIPE_FILES_DIR: idle.filesDir,
      SWEEP_INTERVAL_MS: '200',
      ...(failpoint ? { OCTOPIPE_FAILPOINT: failpoint } : {}),
    });
    const start = async (failpoint?: string) => {
      const child = spawn(process.execPath, [...nodeFlags, main], {
        env: env(failpoint),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('exit', (_code, signal) => resolve(signal)),
      );
      const url = await new Promise<string>((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const ready = /ready at (\S+)/.exec(text);
          if (ready?.[1]) resolve(ready[1]);
        });
        child.once('exit', () => reject(new Error('ended before it was ready')));
      });
      return { url, ended, stop: () => child.kill('SIGTERM') };
    };
    const call = async (url: string, method: string, route: string, body?: Buffer | string) => {
      const answer = await fetch(`${url}${route}`, {
        method,
        headers: {
          authorization: `Bearer ${idle.operatorKey}`,
          'content-type': Buffer.isBuffer(body) ? 'application/zip' : 'application/json',
        },
        ...(body === undefined ? {} : { body: body as never }),
      });
      return (await answer.json()) as { id: string; state: string };
    };
    try {
      const rows = Array.from({ length: 20_000 }, (_, n) => `${n + 1},Name ${n}`).join('\n');
      const zip = await zipOf({ 'customers.csv': `Customer ID,first_name\n${rows}\n` });
      const first = await start('ingest.mid_file:2');
      const migration = await call(
        first.url,
        'POST',
        '/v1/migrations',
        JSON.stringify({ tenant: 'crash', reference: 'r', name: 'n' }),
      );
      const { id } = await call(
        first.url,
        'POST',
        `/v1/migrations/${migration.id}/exports?tenant=crash`,
        zip,
      );
      expect(await first.ended).toBe('SIGKILL');
      const table = `ingest.staged_row_${id.replaceAll('-', '')}`;
      expect(await idle.query(`select count(*)::int as n from ${table}`)).toEqual([{ n: 0 }]);
      expect(await idle.query('select state from ingest.export_file')).toEqual([{ state: 'pending' }]);

      const second = await start();
      let state = '';
      for (const until = Date.now() + 60_000; state !== 'assessed' && Date.now() < until; await sleep(100))
        state = (await call(second.url, 'GET', `/v1/migrations/${migration.id}/exports/${id}?tenant=crash`))
          .state;
      expect(state).toBe('assessed');
      expect(
        await idle.query('select count(*)::int as n, max(row_number) as last from ingest.staged_row'),
      ).toEqual([{ n: 20_000, last: 20_000 }]);
      second.stop();
      await second.ended;
    } finally {
      await idle.stop();
    }
  });
});

test('the same on Redis', async ({ skip }) => {
  const redis = await startTestRedis();
  if (!redis) return skip('redis-server is not installed');
  const onRedis = await startRig({ redisUrl: redis.url });
  try {
    const id = await onRedis.openMigration('redis');
    const { body } = await onRedis.upload(id, 'redis', await zipOf({ 'customers.csv': customers }));
    const view = await onRedis.settled(id, 'redis', (body as { id: string }).id);
    expect([view.state, view.objects]).toEqual(['assessed', [{ object: 'customer', rows: 2 }]]);
  } finally {
    await onRedis.stop();
    await redis.stop();
  }
});
