import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createLogger } from '@octopipe/shared/core/logger';
import { inTransaction } from '@octopipe/shared/db/index';
import { getRun } from '@octopipe/shared/run/read-run';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant, type Tenant } from '@octopipe/shared/tenancy/tenant';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { strFromU8, unzipSync } from 'fflate';
import readWorkbook from 'read-excel-file/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createContext, type ReporterContext } from '../context.js';
import { reconcileRun } from '../jobs/reconcile-run.js';
import { listDocuments } from '../reporter/documents.js';
import { seedRun } from '../testing/seed-run.js';

const hostile = `</style></title><img src=x onerror="alert('x')">`;

let database: TestDatabase;
let ctx: ReporterContext;
let root: string;
let tenant: Tenant;

beforeEach(async () => {
  database = await createTestDatabase();
  root = await mkdtemp(join(tmpdir(), 'octopipe-inventories-'));
  ctx = createContext(
    {
      db: { url: database.url, poolSize: 4 },
      queue: { redisUrl: undefined, concurrency: 1, sweepIntervalMs: 1_000, lockMs: 10_000 },
      files: { root },
      http: { host: '127.0.0.1', port: 0 },
      log: { level: 'error' },
      masterKey: parseMasterKey(randomBytes(32).toString('base64')),
    },
    createLogger('reporter', 'error'),
  );
  tenant = await getOrCreateTenant(ctx.db, ctx.masterKey, { slug: 'harbour', name: 'Harbour & Sons' });
});

afterEach(async () => {
  await ctx.destroy();
  await database.drop();
  await rm(root, { recursive: true, force: true });
});

test('reads JSON and tables alike, escapes everything, and prints the same bytes again', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  const exportId = await exportOf(runId);
  await keepJson(exportId, 'automation', 'automations.json', {
    automations: [
      {
        id: 1,
        name: `=HYPERLINK("${hostile}")`,
        enabled: true,
        trigger_detail: 'Quote sent, no answer',
        channels: ['email', 'sms'],
        template_names: ['Still there?', 'Gone'],
      },
      { id: 2, name: 'Howl', enabled: false, trigger_detail: 'Full moon' },
    ],
  });
  await keepJson(exportId, 'portal_setting', 'portal_settings.json', {
    Booking: { lead_time: { hours: 24 }, [hostile]: hostile },
    Payment: { gateway_secret: 'canary-secret' },
  });
  await stage(
    exportId,
    'message_template',
    ['template_id', 'name', 'channel', 'body'],
    [
      [
        '9',
        'Still there?',
        'email',
        `<p>Hello {customer_first_name} ${hostile} <a href="https://harbour.example/q">look</a></p>`,
      ],
    ],
  );
  await stage(
    exportId,
    'faq',
    ['faq_id', 'question', 'answer'],
    [['1', hostile, '<p>Ask <a href="https://harbour.example/help">us</a></p><script>alert(1)</script>']],
  );
  await stage(
    exportId,
    'pay_rate',
    ['fieldworker_id', 'structure', 'rate'],
    [
      ['41', 'Hourly', '34.20'],
      ['41', '', '35.00'],
    ],
  );
  await stage(
    exportId,
    'invoice',
    ['invoice_id', 'invoice_number', 'status', 'total', 'balance'],
    [
      ['5', hostile, 'Closed', '100.00', '0'],
      ['6', 'INV-6', 'Closed', '1100.00', '0'],
    ],
  );
  // Payment 7 of the seed is of 1,100.00 and belongs to no invoice until this reference says so. It is allocated, too: the
  // parts count then, and what the reference says does not count beside them.
  await stage(
    exportId,
    'payment_allocation',
    ['payment_id', 'invoice_id', 'amount'],
    [
      ['7', '6', '1000.00'],
      ['7', '6', '100.00'],
    ],
  );
  const refs = [
    ['payment', 1, 'invoice', '6'],
    ['payment_allocation', 1, 'payment', '7'],
    ['payment_allocation', 1, 'invoice', '6'],
    ['payment_allocation', 2, 'payment', '7'],
    ['payment_allocation', 2, 'invoice', '6'],
  ] as const;
  await ctx.db
    .insertInto('ingest.stagedRef')
    .values(
      refs.map(([object, rowNumber, parentObject, parentId]) => ({
        tenantId: tenant.id,
        exportId,
        object,
        rowNumber,
        relation: `${parentObject}_id`,
        parentObject,
        parentId,
      })),
    )
    .execute();

  const first = await print(runId);
  const pages = Object.entries(first).filter(([name]) => name.endsWith('.html'));
  expect(pages.map(([name]) => name)).toHaveLength(8);
  for (const [name, text] of pages) {
    expect([name, text.match(/<img|<script|canary-secret|34\.20/)]).toEqual([name, null]);
    expect([name, text.match(/<\/title>/g)?.length, text.match(/<\/style>/g)?.length]).toEqual([name, 1, 1]);
  }
  const inventories = JSON.parse(first['inventories.json'] ?? '');
  expect({
    rules: inventories.automations.automations.map((rule: Rule) => [
      rule.enabled,
      rule.equivalent?.kind ?? null,
      rule.missing_templates,
    ]),
    placeholders: inventories.automations.automations[0].templates[0].placeholders,
    limit: inventories.automations.limit,
    answer: inventories.faqs.faqs[0].answer,
    booking: inventories.portal.sections.find((part: { section: string }) => part.section === 'Booking flags')
      .settings[0],
    payment: inventories.portal.sections.find((part: { section: string }) => part.section === 'Payment')
      .settings[0],
    pay: inventories.manual_review.pay,
    disputes: inventories.billing_disputes.map((one: Case) => [
      one.key,
      one.disputes.map(({ rule }) => rule),
    ]),
  }).toEqual({
    rules: [
      [true, 'quote_not_answered', ['Gone']],
      [false, null, []],
    ],
    placeholders: [{ name: 'customer_first_name', becomes: 'person: first name' }],
    limit: { active: 50, waits: 3 },
    answer: 'Ask us [https://harbour.example/help]',
    booking: { section: 'Booking', key: 'lead_time.hours', value: '24', notes: '' },
    payment: { section: 'Payment', key: 'gateway_secret', value: null, notes: '' },
    pay: {
      rates: 2,
      workers_with_rates: 1,
      by_structure: [
        { structure: 'hourly', rates: 1 },
        { structure: 'not stated', rates: 1 },
      ],
      workers_with_pay_columns: 0,
    },
    disputes: [['invoice:5', ['balance_not_payments', 'closed_with_balance']]],
  });
  expect(first['inventory-faqs.html']).toContain(
    '<a href="https://harbour.example/help" rel="noopener noreferrer nofollow">',
  );
  expect(await print(runId)).toEqual(first);
  const book = Buffer.from(first['inventories.xlsx'] ?? '', 'latin1');
  const sheets = await readWorkbook(book);
  const table = (name: string) => sheets.find(({ sheet }) => sheet === name)?.data ?? [];
  expect({
    sheets: sheets.map(({ sheet, data }) => [sheet, data.length - 1]),
    rule: table('Automations')[1]?.slice(0, 3),
    question: table('Questions')[1]?.slice(0, 3),
    credential: table('Portal settings').find((row) => row[1] === 'gateway secret')?.[2],
    doubt: table('Billing doubts')[2]?.slice(0, 7),
    about: table('Read me first').find(([name]) => name === 'Questions'),
  }).toMatchInlineSnapshot(`
    {
      "about": [
        "Questions",
        "Questions and answers of the customer portal, for your website or knowledge base.",
        1,
      ],
      "credential": "not printed: looks like a credential",
      "doubt": [
        "Invoice </style></title><img src=x onerror="alert('x')">",
        "Closed",
        "The invoice is closed, but money is left over or still owed.",
        "0.00",
        "100.00",
        null,
        "AUD",
      ],
      "question": [
        null,
        "Ask us [https://harbour.example/help]",
        "all",
      ],
      "rule": [
        "=HYPERLINK("</style></title><img src=x onerror="alert('x')">")",
        "on",
        "good",
      ],
      "sheets": [
        [
          "Read me first",
          14,
        ],
        [
          "Automations",
          2,
        ],
        [
          "Message texts",
          1,
        ],
        [
          "Questions",
          1,
        ],
        [
          "Forms",
          0,
        ],
        [
          "Form fields",
          0,
        ],
        [
          "Custom fields",
          0,
        ],
        [
          "Portal settings",
          8,
        ],
        [
          "Workers without user",
          0,
        ],
        [
          "To review by hand",
          11,
        ],
        [
          "Service areas",
          0,
        ],
        [
          "Dropped columns",
          0,
        ],
        [
          "Not migrated",
          10,
        ],
        [
          "Billing doubts",
          2,
        ],
      ],
    }
  `);
  const parts = Object.entries(unzipSync(book)).map(([path, part]) => [path, strFromU8(part)] as const);
  // Shown, never calculated, whatever a stranger wrote; and neither secrets nor pay.
  expect(parts.filter(([, xml]) => /<f[ >]|canary-secret|34\.20/.test(xml))).toEqual([]);
  const automations = parts.find(([path]) => path === 'xl/worksheets/sheet2.xml')?.[1];
  expect(automations).toContain('<autoFilter ref="A1:S3"/>');
  expect(automations).toContain('state="frozen"');
});

test('an export without any of it says so on every page, and a kept file that is gone is named', async () => {
  const { runId } = await seedRun(ctx.db, tenant);
  await ctx.db
    .insertInto('ingest.exportFile')
    .values({
      ...file(await exportOf(runId), 'automation', 'automations.json'),
      kind: 'json',
      state: 'kept',
      rowCount: 3,
    })
    .execute();
  const pages = await print(runId);
  expect(pages['inventory-automations.html']).toContain('The export holds no automations');
  expect(pages['inventory-automations.html']).toContain('the original is no longer kept');
  expect(pages['inventory-faqs.html']).toContain('The export holds no questions and answers');
  expect(pages['inventory-forms-and-fields.html']).toContain('The export holds no forms or checklists');
  expect(pages['inventory-portal.html']).toContain('The export holds no portal settings');
  expect(pages['inventory-manual-review.html']).toContain('The export holds no service areas.');
  expect(pages['billing-disputes.html']).toContain('No candidates');
});

interface Rule {
  enabled: boolean;
  equivalent: { kind: string } | null;
  missing_templates: string[];
}

interface Case {
  key: string;
  disputes: Array<{ rule: string }>;
}

/** Prints the run and answers its documents by name; the reconciliation too, because it links them. A workbook byte for byte. */
async function print(runId: string): Promise<Record<string, string>> {
  const log = createLogger('reporter', 'error');
  await reconcileRun.handle(
    ctx,
    { version: 1, tenantId: tenant.id, runId, entity: '' },
    new AbortController().signal,
    log,
  );
  const documents = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, (tx) =>
    listDocuments(tx, tenant.id, runId),
  );
  const dataKey = await ctx.dataKey(tenant.id);
  const texts: Record<string, string> = {};
  for (const { name, blob } of documents)
    texts[name] = (await ctx.files.read(tenant.id, dataKey, blob)).toString(
      name.endsWith('.xlsx') ? 'latin1' : 'utf8',
    );
  return texts;
}

async function exportOf(runId: string): Promise<string> {
  const run = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, (tx) =>
    getRun(tx, tenant.id, runId),
  );
  return run.exportId;
}

function file(exportId: string, object: string, path: string) {
  return {
    tenantId: tenant.id,
    exportId,
    object,
    path,
    kind: 'table',
    state: 'staged',
    blob: '0'.repeat(32),
    bytes: 100,
    sha256: 'f'.repeat(64),
    rowCount: 0,
    firstRow: 1,
  };
}

async function keepJson(exportId: string, object: string, path: string, content: object): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(content));
  const { blob } = await ctx.files.put(tenant.id, await ctx.dataKey(tenant.id), Readable.from([bytes]));
  await ctx.db
    .insertInto('ingest.exportFile')
    .values({ ...file(exportId, object, path), kind: 'json', state: 'kept', blob, firstRow: null })
    .execute();
}

async function stage(exportId: string, object: string, fields: string[], rows: string[][]): Promise<void> {
  const { id: fileId } = await ctx.db
    .insertInto('ingest.exportFile')
    .values({
      ...file(exportId, object, `${object}s.csv`),
      rowCount: rows.length,
      columns: JSON.stringify(fields.map((field) => ({ header: field, field }))),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await ctx.db
    .insertInto('ingest.stagedRow')
    .values(
      rows.map((cells, index) => ({
        tenantId: tenant.id,
        exportId,
        object,
        rowNumber: index + 1,
        sourceId: cells[0] ?? '',
        fileId,
        cells,
        rowHash: Buffer.from('hash'),
        refs: [],
      })),
    )
    .execute();
}
