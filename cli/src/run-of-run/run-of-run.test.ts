import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openApi } from '../api/client.js';
import { openTerminal } from '../terminal/terminal.js';
import { rollBack } from './roll-back.js';
import { verify } from './verify.js';

const previewed = {
  id: 'r2',
  kind: 'rollback',
  status: 'waiting_person',
  reason_code: 'rollback_preview',
  reason: 'It would delete 3 records.',
  tokens: { planned: 30, spent: 10 },
  rollback: {
    entities: {
      person: { delete: 3, restore: 1, restored: 0, gone: 0, keep: { edited: 2 } },
      note: { delete: 1, restore: 0, restored: 0, gone: 1, keep: {} },
    },
    schema_items: 5,
    days: 1,
  },
};
const done = { ...previewed, status: 'done', reason_code: null, documents_ready: true };
const counts = { planned: 6, deleted: 3, restored: 1, gone: 0, kept: 2, failed: 0, waiting: 0 };
const summary = {
  status: 'done',
  balanced: true,
  records: { person: counts },
  kept: { edited: 2 },
  schema: { removed: 5, kept: [] },
  others: { unchanged: true },
  tokens: { planned: 30, spent: 28 },
  duration_ms: 4_000,
};
const verified = {
  status: 'done',
  verified: { records: 6, fields: 60, differences: 0 },
  by_kind: {},
  cost_share: 0.009,
  tokens: { spent: 90 },
};
const document = 'a document';

let server: Server;
let out: string;
let said: string;
let calls: string[];
let answers: Record<string, [number, unknown]>;
/** What GET of the run answers, after a resume and before. */
let resumed: boolean;

beforeEach(async () => {
  out = mkdtempSync(join(tmpdir(), 'octopipe-rollback-'));
  said = '';
  calls = [];
  resumed = false;
  answers = {
    'POST /v1/runs/r1/rollback': [
      201,
      { ...previewed, status: 'running', reason_code: null, rollback: null },
    ],
    'POST /v1/runs/r1/verify': [201, { id: 'r2', kind: 'verify', status: 'queued' }],
    'GET /v1/reports/r2': [200, summary],
    'GET /v1/reports/r2/documents': [
      200,
      {
        items: [
          {
            name: 'rollback.html',
            media_type: 'text/html',
            bytes: document.length,
            sha256: createHash('sha256').update(document).digest('hex'),
          },
        ],
        next_cursor: null,
      },
    ],
  };
  server = createServer((req, res) => {
    void text(req).then((body) => {
      const call = `${req.method} ${req.url?.split('?')[0]}`;
      if (req.method === 'POST') calls.push(`${call} ${body}`);
      if (call.endsWith('/documents/rollback.html')) return res.end(document);
      if (call === 'POST /v1/runs/r2/resume') resumed = true;
      const ofRun = call === 'GET /v1/runs/r2' || call === 'POST /v1/runs/r2/resume';
      const [status, answer] =
        answers[call] ??
        (ofRun ? [200, resumed ? done : previewed] : [404, { code: 'run_not_found', detail: call }]);
      return res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  rmSync(out, { recursive: true, force: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const order = (loadId = 'r1') => ({ loadId, out, defaultOut: out, unattended: true, logsDir: '/logs' });

function client() {
  const signal = new AbortController().signal;
  const write = (line: string) => {
    said += line;
  };
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    api: openApi({ baseUrl, key: 'k', tenant: 'acme', signal }),
    terminal: openTerminal({ json: false, env: {}, stdout: { write }, stderr: { write } }),
    signal,
  };
}

test('without --yes a rollback shows what it would do, and nothing is changed', async () => {
  await expect(
    rollBack({ ...order(), entities: undefined, goesAhead: false }, client()),
  ).rejects.toMatchObject({
    ending: 'confirmation',
    message: expect.stringContaining('/v1/runs/r2/resume'),
  });
  expect(calls).toEqual(['POST /v1/runs/r1/rollback {}']);
  expect(said).toMatch(/person\s+3\s+1\s+2\s+0/);
  expect(said).toContain('keep, edited: 2');
  expect(said).toContain('Tokens: 30 planned, 1 day.');
});

test('with --yes it goes ahead after the look, and leaves the documents', async () => {
  await expect(
    rollBack({ ...order(), entities: ['person', 'note'], goesAhead: true }, client()),
  ).resolves.toBe('ok');
  expect(calls).toEqual([
    'POST /v1/runs/r1/rollback {"entities":["person","note"]}',
    'POST /v1/runs/r2/resume {}',
  ]);
  expect(said).toMatch(/person\s+6\s+3\s+1\s+2\s+0\s+0/);
  expect(said).toContain("The company's own records say the same as before.");
  expect(readdirSync(out)).toEqual(['rollback.html']);
});

test('what Pipedrive refused spoils the ending', async () => {
  answers['GET /v1/reports/r2'] = [200, { ...summary, balanced: false }];
  await expect(rollBack({ ...order(), entities: undefined, goesAhead: true }, client())).resolves.toBe(
    'notBalanced',
  );
});

test('a run that is not there is a wrong input', async () => {
  await expect(
    rollBack({ ...order('r9'), entities: undefined, goesAhead: false }, client()),
  ).rejects.toMatchObject({ ending: 'usage' });
});

test('verify says what it read back and what that cost', async () => {
  resumed = true;
  answers['GET /v1/reports/r2'] = [200, verified];
  await expect(verify(order(), client())).resolves.toBe('ok');
  expect(said).toContain('Read back: 6 records, 60 fields, 0 differences.');
  expect(said).toContain('0.9 % of what the load took');
  answers['GET /v1/reports/r2'] = [
    200,
    { ...verified, verified: { records: 6, fields: 60, differences: 2 }, by_kind: { changed_by_person: 2 } },
  ];
  await expect(verify(order(), client())).resolves.toBe('notBalanced');
  expect(said).toContain('changed by person: 2');
});
