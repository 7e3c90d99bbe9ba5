import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openApi } from '../api/client.js';
import { openTerminal } from '../terminal/terminal.js';
import { inspectPackage } from './inspect-package.js';
import { type MigrationOrder, migratePackage } from './migrate-package.js';

const counts = { planned: 1, created: 1, updated: 0, unchanged: 0, failed: 0, waiting: 0 };
const summary = {
  status: 'done',
  source: { customer: { rows: 2, mapped: 1, merged: 0, excluded: {}, rejected: { missing_key: 1 } } },
  target: { person: counts },
  balanced: true,
  verified: { records: 1, fields: 9, differences: 0 },
  findings: { missing_key: 1 },
  tokens: { planned: 12, spent: 12, floor: 11 },
  waivers: [],
};
const run = {
  id: 'r1',
  status: 'done',
  phases: [{ phase: 'persons', entity: 'person', state: 'done', ...counts }],
  tokens: { planned: 12, spent: 12 },
  documents_ready: true,
};
const mapping = {
  id: 'v1',
  number: 1,
  state: 'proposed',
  content_hash: 'abc',
  content: {
    schema: {
      fields: [{ entity: 'person', name: 'OctopusPro ID', type: 'varchar' }],
      pipelines: [],
      activityTypes: [],
    },
    objects: [{ object: 'customer', rows: 2, supported: true, columns: [{ target: null }] }],
    lossy: [{ object: 'customer', says: 'The password is never carried over.' }],
  },
};
const documents: Record<string, string> = {
  'summary.json': JSON.stringify(summary),
  'crosswalk.csv': 'source_type\n',
};

/** The API as docs/api.md has it, by "METHOD path"; a test replaces what it is about. */
const contract: Record<string, [number, unknown]> = {
  'POST /v1/migrations': [201, { id: 'm1', settings: { country: 'AU' } }],
  'POST /v1/connections': [201, { id: 'c1', base_url: 'x', plan: 'growth', seats: 5, plan_source: 'given' }],
  'POST /v1/migrations/m1/exports': [202, { id: 'e1', state: 'received' }],
  'GET /v1/migrations/m1/exports/e1': [
    200,
    {
      id: 'e1',
      state: 'assessed',
      objects: [{ object: 'customer', rows: 2 }],
      findings: { missing_key: 1 },
    },
  ],
  'POST /v1/mappings': [201, mapping],
  'POST /v1/mappings/v1/confirm': [200, {}],
  'POST /v1/runs': [201, { ...run, status: 'queued', documents_ready: false }],
  'GET /v1/runs/r1': [200, run],
  'GET /v1/reports/r1': [200, summary],
  'GET /v1/reports/r1/documents': [
    200,
    {
      items: Object.entries(documents).map(([name, content]) => ({
        name,
        media_type: 'text/plain',
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      })),
      next_cursor: null,
    },
  ],
};

let root: string;
let server: Server;
let answers: Record<string, [number, unknown]>;
let calls: Array<[string, unknown]>;
let said: string;
let events: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'octopipe-migrate-'));
  mkdirSync(join(root, 'export'));
  writeFileSync(join(root, 'export', 'customers.csv'), 'Customer ID\n1\n\n');
  answers = { ...contract };
  calls = [];
  said = '';
  events = '';
  server = createServer((req, res) => {
    void text(req).then((body) => {
      const call = `${req.method} ${req.url?.split('?')[0]}`;
      const isJson = req.headers['content-type'] === 'application/json';
      if (req.method !== 'GET') calls.push([call, isJson ? JSON.parse(body) : body.slice(0, 2)]);
      const document = /documents\/(.+)$/.exec(call)?.[1];
      if (document !== undefined) return res.end(documents[document]);
      const [status, answer] = answers[call] ?? [404, { code: 'no_such_route', detail: call }];
      return res
        .writeHead(status, { 'content-type': 'application/json', etag: '"as-read"' })
        .end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  rmSync(root, { recursive: true, force: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function migrate(change: Partial<MigrationOrder>) {
  const signal = new AbortController().signal;
  const terminal = openTerminal({
    json: true,
    env: {},
    stdout: {
      write: (line) => {
        events += line;
      },
    },
    stderr: {
      write: (line) => {
        said += line;
      },
    },
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return migratePackage(
    {
      source: await inspectPackage(join(root, 'export')),
      tenant: { name: 'Acme', slug: 'acme' },
      reference: 'cli-1',
      destination: { url: 'https://acme.pipedrive.com', token: 'secret-token', plan: 'growth', seats: 5 },
      settings: { country: 'AU' },
      dryRun: false,
      planHash: undefined,
      waivedBy: 'cli --yes',
      out: join(root, 'out'),
      defaultOut: join(root, 'state-out'),
      unattended: true,
      logsDir: join(root, 'logs'),
      onRun: () => {},
      ...change,
    },
    { api: openApi({ baseUrl, key: 'o2p_live_x', tenant: 'acme', signal }), terminal, signal },
  );
}

test('a dry run prints the plan with its forecast and hash; the run after it carries the hash', async () => {
  const plan = {
    hash: 'f'.repeat(64),
    by_operation: { createDeal: 1_200, createPerson: 3 },
    not_yet_known: ['person'],
  };
  const owners = {
    ...{ matched: 4, unmatched: 2, records: 1_300 },
    workers: [{ source_key: 'fieldworker:7', name: 'De\u001b\re', why: 'no_user', records: 1_200 }],
  };
  const dry = {
    ...run,
    kind: 'dry_run',
    plan,
    owners,
    tokens: { planned: 90_000, spent: 12, daily_share: 40_000 },
  };
  answers['GET /v1/runs/r1'] = [200, { ...dry, documents_ready: false }];
  await expect(migrate({ dryRun: true })).resolves.toBe('ok');
  expect(calls.at(-1)?.[1]).toMatchObject({ kind: 'dry_run' });
  expect(said).toContain('Plan of 1,203 calls that write; nothing was written.');
  expect(said).toMatch(/createDeal +1,200\n +createPerson +3\n/);
  expect(said).toContain(
    '90,000 tokens, with provisioning and reading everything back: 3 days at 40,000 a day.',
  );
  expect(said).toMatch(/is updated instead of created:\s+person\./);
  expect(said.replaceAll(/\s+/g, ' ')).toContain(
    '2 of 6 workers match no user of the account by e-mail: 1,300',
  );
  expect(said).toMatch(/Dee \(fieldworker:7\) +no user has their e-mail +1,200\nAnd 1 more\./);
  expect(said).toContain(`Plan hash ${plan.hash}`);

  answers['GET /v1/runs/r1'] = [
    200,
    { ...dry, status: 'waiting_person', reason_code: 'deal_cap', reason: 'Too many.' },
  ];
  await expect(migrate({ dryRun: true })).rejects.toMatchObject({ ending: 'refused' });

  answers['GET /v1/runs/r1'] = [200, run];
  await expect(migrate({ planHash: plan.hash })).resolves.toBe('ok');
  expect(calls.at(-1)?.[1]).toMatchObject({ kind: 'production', plan_hash: plan.hash });
});

test('other settings than those of an earlier run of the command are changed, and what is said now holds', async () => {
  answers['POST /v1/migrations'] = [200, { id: 'm1', settings: { country: 'NZ' } }];
  answers['GET /v1/migrations/m1'] = [200, { id: 'm1', settings: { country: 'NZ' } }];
  answers['PATCH /v1/migrations/m1'] = [200, { id: 'm1', settings: { country: 'AU' } }];
  await expect(migrate({})).resolves.toBe('ok');
  expect(calls.slice(0, 2)).toEqual([
    ['POST /v1/migrations', expect.objectContaining({ settings: { country: 'AU' } })],
    ['PATCH /v1/migrations/m1', { settings: { country: 'AU' } }],
  ]);
});

test('with --yes: package in, documents out, each gate waived by name', async () => {
  await expect(migrate({})).resolves.toBe('ok');
  expect(calls).toEqual([
    [
      'POST /v1/migrations',
      {
        tenant: 'acme',
        tenant_name: 'Acme',
        reference: 'cli-1',
        name: 'Acme to acme.pipedrive.com',
        settings: { country: 'AU' },
      },
    ],
    [
      'POST /v1/connections',
      { base_url: 'https://acme.pipedrive.com', api_token: 'secret-token', plan: 'growth', seats: 5 },
    ],
    ['POST /v1/migrations/m1/exports', 'PK'],
    ['POST /v1/mappings', { migration_id: 'm1', export_id: 'e1' }],
    ['POST /v1/mappings/v1/confirm', { content_hash: 'abc', waived: true }],
    [
      'POST /v1/runs',
      {
        migration_id: 'm1',
        connection_id: 'c1',
        kind: 'production',
        mapping_version_id: 'v1',
        waivers: ['mapping_confirmation', 'rehearsal', 'phase_gates'].map((gate) => ({
          gate,
          actor: 'cli --yes',
        })),
      },
    ],
  ]);
  expect(readdirSync(join(root, 'out')).sort()).toEqual(['crosswalk.csv', 'mapping.json', 'summary.json']);
  expect(readFileSync(join(root, 'out', 'crosswalk.csv'), 'utf8')).toBe('source_type\n');
  expect(said).toContain('Waived by cli --yes: mapping confirmation, rehearsal, phase gates');
  expect(said).toContain('Everything is balanced and verified.');
  const names = events
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  expect(names.filter((name) => name !== 'progress')).toEqual([
    'migration',
    'connected',
    'export',
    'assessed',
    'mapping',
    'waived',
    'run',
    'result',
  ]);
  expect(said + events + readFileSync(join(root, 'out', 'mapping.json'), 'utf8')).not.toContain(
    'secret-token',
  );
});

test('without --yes nothing is confirmed and no run is made', async () => {
  await expect(migrate({ waivedBy: undefined, out: undefined })).rejects.toMatchObject({
    ending: 'confirmation',
    message: expect.stringContaining('POST /v1/mappings/v1/confirm {"content_hash":"abc"}'),
  });
  expect(calls.map(([call]) => call)).not.toContain('POST /v1/mappings/v1/confirm');
  expect(calls.map(([call]) => call)).not.toContain('POST /v1/runs');
  expect(existsSync(join(root, 'state-out', 'mapping-v1', 'mapping.json'))).toBe(true);
  expect(said).toContain('- customer: The password is never carried over.');
});

test('a mapping that a person has confirmed needs no --yes, and then nothing is waived', async () => {
  answers['POST /v1/mappings'] = [200, { ...mapping, state: 'confirmed', confirmed_by: 'Ann' }];
  await expect(migrate({ waivedBy: undefined })).resolves.toBe('ok');
  expect(calls.find(([call]) => call === 'POST /v1/runs')?.[1]).toMatchObject({ waivers: [] });
});

test('without a rehearsal nobody writes; the command says how to have one', async () => {
  answers['POST /v1/mappings'] = [200, { ...mapping, state: 'confirmed', confirmed_by: 'Ann' }];
  answers['POST /v1/runs'] = [409, { code: 'rehearsal_missing', detail: 'No dry run has ended.' }];
  await expect(migrate({ waivedBy: undefined })).rejects.toMatchObject({
    ending: 'confirmation',
    message: expect.stringContaining('--dry-run'),
  });
});

test('customers that look alike are counted before anything is written, and with --yes kept apart by a waiver of its own', async () => {
  const group = (mergeInto: string | null) => ({
    customers: ['9', '12'],
    grade: 'sure',
    evidence: [{ customers: ['9', '12'], same: ['name', 'email'] }],
    mergeInto,
  });
  const duplicates = [group(null), group('9')];
  answers['POST /v1/mappings'] = [200, { ...mapping, content: { ...mapping.content, duplicates } }];
  await expect(migrate({})).resolves.toBe('ok');
  expect(said).toContain('1 group that may be one and the same, 1 of them surely: kept apart');
  expect(said).toContain('1 group merged into one, as the mapping says');
  expect(said.replace(/\s+/g, ' ')).toContain(
    'Waived by cli --yes: mapping confirmation, duplicate customers,',
  );
  expect(calls.find(([call]) => call === 'POST /v1/runs')?.[1]).toMatchObject({
    waivers: [{}, { gate: 'duplicate_customers', actor: 'cli --yes' }, {}, {}],
  });
  // A person finds in the file what the groups rest on.
  const saved = JSON.parse(readFileSync(join(root, 'out', 'mapping.json'), 'utf8'));
  expect(saved.content.duplicates).toEqual(duplicates);
});

test.each([
  ['POST /v1/connections', 422, 'token_refused', 'refused', /refused the token; copy it again/],
  ['POST /v1/connections', 502, 'account_unreachable', 'refused', /cannot be reached; check --to/],
  ['POST /v1/connections', 422, 'not_a_pipedrive_host', 'usage', /does not look like a Pipedrive account/],
  ['POST /v1/mappings', 422, 'settings_missing', 'usage', /--country AU --currency AUD --timezone/],
  ['POST /v1/runs', 409, 'connection_busy', 'notBalanced', /as the API said/],
])('%s → %i %s ends as it should', async (call, status, code, ending, sentence) => {
  answers[call] = [status, { code, detail: 'as the API said' }];
  await expect(migrate({})).rejects.toMatchObject({ ending, message: expect.stringMatching(sentence) });
});

test('a package that cannot be read says why', async () => {
  answers['GET /v1/migrations/m1/exports/e1'] = [
    200,
    { id: 'e1', state: 'failed', error_code: 'no_files', error_detail: 'There is no known file in it.' },
  ];
  await expect(migrate({})).rejects.toMatchObject({
    ending: 'usage',
    message: 'The package cannot be read: There is no known file in it. Correct it and run again.',
  });
});

test('a run that waits for a person ends an unattended command with the reason', async () => {
  answers['GET /v1/runs/r1'] = [
    200,
    { ...run, status: 'waiting_person', reason_code: 'deal_cap', reason: 'The plan allows 2,500 deals.' },
  ];
  await expect(migrate({})).rejects.toMatchObject({
    ending: 'refused',
    message: expect.stringMatching(/waits for a person: The plan allows 2,500 deals\. Then run the same/),
  });
});

test('a rerun resumes what was paused, but accepts failed records only with --yes', async () => {
  answers['POST /v1/runs'] = [200, { ...run, status: 'paused' }];
  answers['POST /v1/runs/r1/resume'] = [200, { ...run, status: 'running' }];
  await expect(migrate({})).resolves.toBe('ok');
  expect(calls.at(-1)?.[0]).toBe('POST /v1/runs/r1/resume');

  calls = [];
  const held = {
    ...run,
    status: 'waiting_person',
    reason_code: 'records_failed',
    reason: '2 records failed.',
  };
  answers['POST /v1/mappings'] = [200, { ...mapping, state: 'confirmed' }];
  answers['POST /v1/runs'] = [200, held];
  answers['GET /v1/runs/r1'] = [200, held];
  await expect(migrate({ waivedBy: undefined })).rejects.toMatchObject({ ending: 'notBalanced' });
  expect(calls.map(([call]) => call)).not.toContain('POST /v1/runs/r1/resume');
});

test('what is not balanced ends with 4, and says what', async () => {
  answers['GET /v1/reports/r1'] = [200, { ...summary, verified: { records: 1, fields: 9, differences: 2 } }];
  await expect(migrate({})).resolves.toBe('notBalanced');
  expect(said).toContain('- 2 differences from what was written.');
});
