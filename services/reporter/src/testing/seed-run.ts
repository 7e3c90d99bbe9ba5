import { hashOf } from '@octopipe/shared/core/canonical-json';
import type { Database } from '@octopipe/shared/db/index';
import { contentHash, type MappingContent } from '@octopipe/shared/domain/mapping/content';
import { phases, type RunStatus } from '@octopipe/shared/domain/run/states';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';
import { sql } from 'kysely';

export interface SeededRun {
  runId: string;
  migrationId: string;
  exportId: string;
  connectionId: string;
}

export const startedAt = new Date('2026-11-20T22:00:00Z');
export const finishedAt = new Date('2026-11-21T00:05:30Z');

/** A value that would do harm in a spreadsheet or a page. All people and companies here are invented. */
export const hostile = `=HYPERLINK("https://evil.example","<script>alert('x')</script>")`;

const content: MappingContent = {
  settings: {
    country: 'AU',
    currency: 'AUD',
    timeZone: 'Australia/Sydney',
    dateFormat: 'dd/MM/yyyy',
    pipeline: 'OctopusPro',
    dealValue: 'booking_total',
    includeDeleted: false,
  },
  schema: { fields: [], pipelines: [], activityTypes: [{ name: 'Refund', iconKey: 'loop' }] },
  objects: [
    {
      object: 'customer',
      rows: 5,
      supported: true,
      columns: [
        {
          header: 'Birthday',
          field: 'birthday',
          target: null,
          confidence: 1,
          evidence: 'alias',
          lossy: 'Pipedrive takes no birthday; it stands in a note',
        },
      ],
    },
    { object: 'automation', rows: 2, supported: false, columns: [] },
  ],
  bookingStatuses: { completed: { status: 'won', stage: 'Done' } },
  lossy: [{ object: 'booking', says: 'Pipedrive sets the creation time; the original stands in a field.' }],
};

const records = [
  record('customer:1', 'person', 'customer', { name: 'Mira Fallow' }),
  record('customer:2', 'person', 'customer', { name: hostile }),
  record('booking:10', 'deal', 'booking', { title: 'Deep clean', value: '120.50', status: 'won' }),
  record('booking:11', 'deal', 'booking', { title: 'Gutters', value: '80', currency: 'AUD', status: 'open' }),
  record('payment:7', 'activity', 'payment', {
    subject: 'Payment',
    note: 'Kind: Payment<br>Amount: AUD 1100.00<br>Method: Card',
  }),
  record('refund:3', 'activity', 'refund', { subject: 'Refund', note: 'Kind: Refund<br>Amount: AUD 50.00' }),
];

/**
 * A run in the state that the other three services leave behind, written straight into their tables: seven rows of
 * five kinds of outcome, six records, one of them refused by Pipedrive when `status` is `done`.
 */
export async function seedRun(
  db: Database,
  tenant: Tenant,
  options: {
    status?: RunStatus;
    reason?: string;
    waivers?: object[];
    name?: string;
    /** Of the migration. */
    settings?: object;
    /** Over those of the mapping. */
    mapping?: Partial<MappingContent['settings']>;
  } = {},
): Promise<SeededRun> {
  const tenantId = tenant.id;
  const status = options.status ?? 'done';
  const ended = status === 'done' || status === 'failed';
  const migrationId = await idOf(
    db
      .insertInto('ingest.migration')
      .values({
        tenantId,
        reference: `ref-${Math.random()}`,
        name: options.name ?? 'Harbour & Sons <Move>',
        settings: JSON.stringify({ time_zone: 'Australia/Sydney', ...options.settings }),
      })
      .returning('id'),
  );
  const exportId = await idOf(
    db
      .insertInto('ingest.export')
      .values({
        tenantId,
        migrationId,
        state: 'assessed',
        sha256: 'e'.repeat(64),
        bytes: 12_345,
        blob: '0'.repeat(32),
      })
      .returning('id'),
  );
  await stageFiles(db, tenantId, exportId);
  const mapped = { ...content, settings: { ...content.settings, ...options.mapping } };
  const mappingVersionId = await idOf(
    db
      .insertInto('transform.mappingVersion')
      .values({
        tenantId,
        migrationId,
        exportId,
        number: 1,
        state: 'confirmed',
        content: JSON.stringify(mapped),
        contentHash: contentHash(mapped),
        confirmedBy: 'olive@harbour.example',
        confirmedAt: startedAt,
      })
      .returning('id'),
  );
  const setId = await mapRecords(db, tenantId, { migrationId, exportId, mappingVersionId });
  const connectionId = await idOf(
    db
      .insertInto('loader.connection')
      .values({
        tenantId,
        baseUrl: 'http://127.0.0.1:1',
        companyKey: `company-${migrationId}`,
        companyDomain: 'harbour-sandbox',
        sealedToken: Buffer.from('sealed'),
        state: 'ready',
        plan: 'Growth',
        seats: 2,
        planSource: 'given',
      })
      .returning('id'),
  );
  const runId = await idOf(
    db
      .insertInto('loader.run')
      .values({
        tenantId,
        migrationId,
        connectionId,
        exportId,
        mappingVersionId,
        setId,
        kind: 'production',
        status,
        phase: ended ? 'verify' : 'deals',
        reason: options.reason ?? null,
        waivers: JSON.stringify(options.waivers ?? []),
        plan: JSON.stringify({
          tokens: { planned: 65, floor: 60, by_operation: { createPerson: 10, createDeal: 10 } },
        }),
        startedAt,
        finishedAt: ended ? finishedAt : null,
      })
      .returning('id'),
  );
  await loadRecords(db, tenantId, { runId, connectionId, ended });
  return { runId, migrationId, exportId, connectionId };
}

function record(targetKey: string, entity: string, sourceObject: string, payload: object) {
  return { targetKey, entity, sourceObject, payload, payloadHash: hashOf(payload) };
}

async function idOf(query: { executeTakeFirstOrThrow(): Promise<{ id: string }> }): Promise<string> {
  return (await query.executeTakeFirstOrThrow()).id;
}

async function stageFiles(db: Database, tenantId: string, exportId: string): Promise<void> {
  const column = (header: string, field: string) => ({ header, field });
  const files = [
    {
      object: 'customer',
      path: 'customers_1.csv',
      rowCount: 3,
      firstRow: 1,
      columns: [column('Name', 'name')],
    },
    {
      object: 'customer',
      path: 'customers_2.csv',
      rowCount: 2,
      firstRow: 4,
      columns: [column('Name', 'name')],
    },
    {
      object: 'booking',
      path: 'bookings.csv',
      rowCount: 2,
      firstRow: 1,
      columns: [column('Total', 'total')],
    },
    {
      object: 'payment',
      path: 'payments.csv',
      rowCount: 2,
      firstRow: 1,
      columns: [column('Amount', 'amount')],
    },
    {
      object: 'refund',
      path: 'refunds.csv',
      rowCount: 1,
      firstRow: 1,
      columns: [column('Amount', 'amount')],
    },
  ];
  const fileIds: Record<string, string> = {};
  for (const { columns, ...file } of files) {
    fileIds[file.object] = await idOf(
      db
        .insertInto('ingest.exportFile')
        .values({
          tenantId,
          exportId,
          kind: 'table',
          state: 'staged',
          blob: '0'.repeat(32),
          bytes: 100,
          sha256: 'f'.repeat(64),
          columns: JSON.stringify(columns),
          ...file,
        })
        .returning('id'),
    );
  }
  for (const parent of ['staged_row', 'staged_ref']) {
    const partition = sql.id('ingest', `${parent}_${exportId.replaceAll('-', '')}`);
    await sql`create table ${partition} partition of ${sql.id('ingest', parent)} for values in (${sql.lit(exportId)})`.execute(
      db,
    );
  }
  const amounts = [
    { object: 'payment', rowNumber: 1, sourceId: '7', amount: '$1,100.00' },
    { object: 'payment', rowNumber: 2, sourceId: '8', amount: 'a lot' },
    { object: 'refund', rowNumber: 1, sourceId: '3', amount: '-50' },
  ];
  for (const { amount, ...row } of amounts) {
    await db
      .insertInto('ingest.stagedRow')
      .values({
        ...row,
        tenantId,
        exportId,
        fileId: fileIds[row.object] ?? '',
        cells: [amount],
        rowHash: Buffer.from('hash'),
        refs: [],
      })
      .execute();
  }
  await db
    .insertInto('core.finding')
    .values([
      finding(tenantId, exportId, 'orphan_reference', 'block', 'customer'),
      finding(tenantId, exportId, 'invalid_phone', 'warn', 'customer'),
      finding(tenantId, exportId, 'invalid_phone', 'warn', 'customer'),
    ])
    .execute();
}

function finding(tenantId: string, exportId: string, code: string, severity: string, object: string) {
  return { tenantId, migrationId: exportId, exportId, origin: 'assess', code, severity, object };
}

async function mapRecords(
  db: Database,
  tenantId: string,
  of: { migrationId: string; exportId: string; mappingVersionId: string },
): Promise<string> {
  const setId = await idOf(
    db
      .insertInto('transform.mappedSet')
      .values({ tenantId, ...of, state: 'mapped', finishedAt: startedAt })
      .returning('id'),
  );
  await db
    .insertInto('transform.mappedRecord')
    .values(records.map((row) => ({ tenantId, setId, ...row, payload: JSON.stringify(row.payload) })))
    .execute();
  const outcome = (object: string, rowNumber: number, sourceId: string, name: string, reason = '') => ({
    tenantId,
    setId,
    object,
    rowNumber,
    sourceId,
    outcome: name,
    reason,
  });
  await db
    .insertInto('transform.sourceOutcome')
    .values([
      outcome('customer', 1, '1', 'mapped'),
      outcome('customer', 2, '2', 'mapped'),
      outcome('customer', 3, '3', 'merged'),
      outcome('customer', 4, '4', 'excluded', 'deleted'),
      outcome('customer', 5, hostile, 'rejected', 'orphan_reference'),
      outcome('booking', 1, '10', 'mapped'),
      outcome('booking', 2, '11', 'mapped'),
      outcome('payment', 1, '7', 'mapped'),
      outcome('payment', 2, '8', 'rejected', 'unparseable_amount'),
      outcome('refund', 1, '3', 'mapped'),
    ])
    .execute();
  return setId;
}

async function loadRecords(
  db: Database,
  tenantId: string,
  { runId, connectionId, ended }: { runId: string; connectionId: string; ended: boolean },
): Promise<void> {
  const written = records.filter(({ entity, targetKey }) =>
    ended ? targetKey !== 'customer:2' : entity === 'person' && targetKey !== 'customer:2',
  );
  for (const [index, { targetKey, entity, payload, payloadHash }] of written.entries()) {
    const image = canonicalImage(payload);
    await db
      .insertInto('loader.targetRecord')
      .values({
        tenantId,
        connectionId,
        targetKey,
        entity,
        targetId: String(500 + index),
        payload: JSON.stringify(payload),
        payloadHash,
        afterImage: ended ? JSON.stringify(image) : null,
        createdByRun: runId,
        writtenByRun: runId,
      })
      .execute();
    const [sourceType = '', sourceId = ''] = targetKey.split(':');
    await db
      .insertInto('loader.crosswalk')
      .values({ tenantId, connectionId, sourceType, sourceId, targetKey, role: 'primary' })
      .execute();
    await db
      .insertInto('loader.recordOutcome')
      .values({ tenantId, runId, targetKey, entity, outcome: index === 0 ? 'updated' : 'created' })
      .execute();
  }
  if (ended) {
    await db
      .insertInto('loader.crosswalk')
      .values({
        tenantId,
        connectionId,
        sourceType: 'customer',
        sourceId: hostile,
        slot: '@2',
        targetKey: 'customer:1',
        role: 'merged',
      })
      .execute();
    await db
      .insertInto('loader.recordOutcome')
      .values({
        tenantId,
        runId,
        targetKey: 'customer:2',
        entity: 'person',
        outcome: 'failed',
        code: 'field_refused',
        detail: 'Pipedrive refused the field name.',
      })
      .execute();
    await db
      .insertInto('loader.verification')
      .values([
        { tenantId, runId, entity: 'person', records: 1, fields: 4, differences: 1, finishedAt },
        { tenantId, runId, entity: 'deal', records: 2, fields: 8, differences: 0, finishedAt },
        { tenantId, runId, entity: 'activity', records: 2, fields: 8, differences: 0, finishedAt },
      ])
      .execute();
    await db
      .insertInto('loader.difference')
      .values({ tenantId, runId, entity: 'person', targetKey: 'customer:1', field: 'phone', kind: 'changed' })
      .execute();
  }
  await db
    .insertInto('loader.tokenUse')
    .values([
      { tenantId, connectionId, runId, operation: 'createPerson', day: '2026-11-20', calls: 1, tokens: 5 },
      { tenantId, connectionId, runId, operation: 'createPerson', day: '2026-11-21', calls: 1, tokens: 5 },
      { tenantId, connectionId, runId, operation: 'createDeal', day: '2026-11-21', calls: 2, tokens: 10 },
    ])
    .execute();
  const started = ['mapping', 'provision', 'organizations', 'persons', 'products', 'deals'];
  await db
    .insertInto('loader.runPhase')
    .values(
      phases.map(({ name, entity }, position) => ({
        tenantId,
        runId,
        phase: name,
        position,
        entity,
        state: ended ? 'done' : !started.includes(name) ? 'pending' : name === 'deals' ? 'running' : 'done',
        planned: records.filter((row) => row.entity === entity).length,
        startedAt: ended || started.includes(name) ? startedAt : null,
        finishedAt: ended || (started.includes(name) && name !== 'deals') ? finishedAt : null,
      })),
    )
    .execute();
}

/** As the loader's verification leaves it: only the fields that were set, decimals as text, notes as bare words. */
function canonicalImage(payload: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      name,
      name === 'value' ? String(Number(value)) : String(value).replaceAll('<br>', ' '),
    ]),
  );
}
