import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiProblem, openApi } from './client.js';

let server: Server;
let baseUrl: string;
let answers: Array<{ status: number; body: unknown }>;
let seen: Array<{ call: string; idempotencyKey: string | undefined; body: string }>;

beforeEach(async () => {
  answers = [];
  seen = [];
  server = createServer((req, res) => {
    void read(req).then((request) => {
      seen.push(request);
      const answer = answers.shift() ?? { status: 500, body: {} };
      res.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function read(req: IncomingMessage) {
  const body = (await buffer(req)).toString();
  const key = req.headers['idempotency-key'];
  return {
    call: `${req.method} ${req.url}`,
    idempotencyKey: typeof key === 'string' ? key : undefined,
    body,
  };
}

function open(signal = new AbortController().signal) {
  return openApi({ baseUrl, key: 'o2p_live_x', tenant: 'acme', signal });
}

const away = { status: 502, body: { code: 'service_away', detail: 'The ingest service did not answer.' } };

test('a service that is away is asked again, with the same idempotency key and the whole upload', async () => {
  answers = [away, { status: 202, body: { id: 'e1', state: 'received' } }];
  const sent = await open().sendExport('m1', () => Readable.from(['the ', 'package']));
  expect(sent).toEqual({ id: 'e1', state: 'received' });
  expect(seen.map(({ call, body }) => ({ call, body }))).toEqual([
    { call: 'POST /v1/migrations/m1/exports?tenant=acme', body: 'the package' },
    { call: 'POST /v1/migrations/m1/exports?tenant=acme', body: 'the package' },
  ]);
  expect(seen[0]?.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
  expect(seen[1]?.idempotencyKey).toBe(seen[0]?.idempotencyKey);
});

test('an account that cannot be reached is an answer, not a service that is away', async () => {
  answers = [{ status: 502, body: { code: 'account_unreachable', detail: 'No answer from the account.' } }];
  await expect(open().connect({ base_url: 'http://x', api_token: 't' })).rejects.toMatchObject({
    name: 'ApiProblem',
    code: 'account_unreachable',
  });
  expect(seen).toHaveLength(1);
});

test('a problem carries its code and names the bad fields', async () => {
  answers = [
    {
      status: 422,
      body: {
        code: 'invalid_request',
        detail: 'Not of the documented form.',
        errors: [{ pointer: '/plan', message: 'unknown plan' }],
      },
    },
  ];
  await expect(open().getRun('r1')).rejects.toEqual(
    new ApiProblem(422, 'invalid_request', 'Not of the documented form. (/plan: unknown plan)'),
  );
});

test('an answer of another form says so', async () => {
  answers = [{ status: 200, body: { id: 7 } }];
  await expect(open().getRun('r1')).rejects.toThrow(/form this build does not know \(id: /);
});

test('Ctrl-C ends a wait for a service at once, with its own reason', async () => {
  answers = Array.from({ length: 50 }, () => away);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('stopped by hand')), 50);
  await expect(open(controller.signal).getRun('r1')).rejects.toThrow('stopped by hand');
});
