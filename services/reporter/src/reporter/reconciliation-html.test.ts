import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { expect, test } from 'vitest';
import type { ReportFacts } from './gather-facts.js';
import { reconcile } from './reconcile.js';
import { reconciliationHtml } from './reconciliation-html.js';

const hostile = `</style></title><img src=x onerror="alert('x')">`;

const content: MappingContent = {
  settings: {
    country: 'AU',
    currency: 'AUD',
    timeZone: hostile,
    dateFormat: hostile,
    pipeline: hostile,
    dealValue: 'booking_total',
    includeDeleted: false,
  },
  schema: { fields: [], pipelines: [], activityTypes: [] },
  objects: [
    {
      object: hostile,
      rows: 1,
      supported: false,
      columns: [
        { header: hostile, field: null, target: null, confidence: 0, evidence: hostile, lossy: hostile },
      ],
    },
  ],
  bookingStatuses: {},
  duplicates: [{ customers: [hostile, '2'], grade: 'sure', evidence: [], mergeInto: null }],
  lossy: [{ object: hostile, says: hostile }],
};

const facts: ReportFacts = {
  run: {
    id: 'r',
    migrationId: 'm',
    connectionId: 'c',
    exportId: 'e',
    mappingVersionId: 'v',
    setId: 's',
    kind: 'production',
    ofRunId: null,
    entities: null,
    status: 'failed',
    phase: null,
    reasonCode: hostile,
    reason: hostile,
    resumeAt: null,
    waivers: [],
    plan: {},
    createdAt: new Date(0),
    startedAt: null,
    finishedAt: null,
  },
  migration: { id: 'm', name: hostile, reference: hostile },
  exported: { sha256: hostile, bytes: 1 },
  connection: { companyDomain: hostile, companyKey: hostile, plan: hostile, seats: 1 },
  lossy: content.lossy,
  mapping: { number: 1, contentHash: hostile, confirmedBy: hostile, confirmedAt: null, content },
  reconciliation: reconcile({
    status: 'failed',
    reason: hostile,
    stagedRows: [{ object: hostile, rows: 2 }],
    unreadFiles: [{ file: hostile, rows: null }],
    outcomes: [
      { object: hostile, outcome: 'rejected', reason: hostile, rows: 1 },
      { object: '__proto__', outcome: 'excluded', reason: '__proto__', rows: 1 },
    ],
    entities: [{ entity: hostile, planned: 9, created: 1, updated: 0, unchanged: 0, failed: 1, waiting: 1 }],
    unknownOutcomes: 1,
    verification: [{ entity: hostile, records: 0, fields: 0, differences: 1 }],
    differences: [{ entity: hostile, kind: 'missing', differences: 1 }],
    unequalSums: [hostile],
  }),
  verification: [{ entity: hostile, records: 0, fields: 0, differences: 1, finishedAt: new Date(0) }],
  matches: [{ entity: hostile, matched: 1, asked: 1, createdAnew: 1 }],
  deals: [
    {
      currency: hostile,
      status: hostile,
      plannedDeals: 1,
      planned: '1',
      readDeals: 0,
      read: '0',
      equal: false,
    },
  ],
  payments: [
    { object: 'payment', rows: 1, stated: '1', activities: 1, read: '0', unreadable: 1, equal: false },
  ],
  findings: [{ code: hostile, severity: hostile, count: 1 }],
  tokens: {
    planned: null,
    floor: null,
    spent: 1,
    plannedBy: { [hostile]: 1 },
    use: [{ operation: hostile, calls: 1, tokens: 1 }],
  },
  merged: [{ object: 'customer', sourceId: hostile, survivingId: `${hostile}2` }],
  waivers: [
    { gate: hostile, actor: 'Jo', key: hostile, at: hostile },
    { gate: hostile, actor: hostile },
  ],
  phases: [],
  durationMs: 0,
};

test('nothing that came from outside becomes markup, wherever it stands', async () => {
  const page = await reconciliationHtml(
    facts,
    {
      rejected: () => only({ object: hostile, sourceId: hostile, file: hostile, fileRow: 1, code: hostile }),
      failed: () => only({ entity: hostile, targetKey: hostile, code: hostile, detail: hostile }),
      differences: () =>
        only({ entity: hostile, targetKey: hostile, field: hostile, kind: 'changed' as const }),
      matches: () =>
        only({
          entity: hostile,
          targetKey: hostile,
          reason: hostile,
          candidates: [{ id: hostile, by: [hostile] }],
          decision: 'match',
          targetId: hostile,
          decidedBy: hostile,
        }),
    },
    [{ name: hostile, bytes: 1, sha256: hostile }],
  );
  expect(page).not.toContain('<img');
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  expect(page.match(/<\/title>/g)).toHaveLength(1);
  expect(page).toContain('<h1>Not everything is accounted for.</h1>');
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;x&#39;)&quot;&gt;');
});

test('long lists are cut in the page and say where the rest is', async () => {
  const many = Array.from({ length: 500 }, (_, index) => ({
    entity: 'person',
    targetKey: `customer:${index}`,
    field: 'name',
    kind: 'changed' as const,
  }));
  const reconciliation = {
    ...facts.reconciliation,
    verified: { records: 500, fields: 500, differences: 500 },
  };
  const page = await reconciliationHtml(
    { ...facts, reconciliation },
    { rejected: () => only(), failed: () => only(), differences: () => only(...many), matches: () => only() },
    [],
  );
  expect(page).toContain('The first 200 of 500; all of them are in reconciliation.json under “differences”.');
  expect(page).toContain('customer:199');
  expect(page).not.toContain('customer:200');
});

async function* only<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}
