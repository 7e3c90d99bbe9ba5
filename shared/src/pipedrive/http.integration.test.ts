import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { factsOf, type OperationName, operationNames } from './facts/index.js';
import { createHttp, type PipedriveHttp } from './http.js';

/** What a request ends in, for each way in which a server can answer or fail to. */
describe('createHttp', () => {
  let server: Server | undefined;
  let http: PipedriveHttp | undefined;
  afterEach(async () => {
    http?.close();
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
  });

  async function against(listener: RequestListener, timeoutMs = 400): Promise<PipedriveHttp> {
    const started = createServer(listener);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    http = createHttp({
      baseUrl: `http://127.0.0.1:${(started.address() as AddressInfo).port}`,
      apiToken: 'secret-token',
      timeoutMs,
    });
    return http;
  }
  const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
    against((_req, res) => {
      res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  const create = { operation: 'createDeal', json: { title: 'x' } } as const;

  it('sends the token as a header, the body as JSON, and reads limits and clock', async () => {
    let seen: { url: string | undefined; token: unknown; body: string } | undefined;
    const client = await against((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      req.on('end', () => {
        seen = { url: req.url, token: req.headers['x-api-token'], body };
        res.writeHead(200, {
          'x-ratelimit-limit': '40',
          'x-daily-ratelimit-token-limit': '300000',
          'x-daily-ratelimit-token-remaining': '299995',
          date: 'Sun, 22 Nov 2026 10:00:00 GMT',
        });
        res.end('{"success":true,"data":{"id":7},"additional_data":{"next_cursor":null}}');
      });
    });
    const outcome = await client.send({ operation: 'updateDeal', path: { id: 7 }, json: { title: 'é' } });
    expect(seen).toEqual({ url: '/api/v2/deals/7', token: 'secret-token', body: '{"title":"é"}' });
    expect(outcome).toEqual({
      kind: 'ok',
      data: { id: 7 },
      more: { next_cursor: null },
      limits: {
        burstLimit: 40,
        dailyLimit: 300_000,
        dailyRemaining: 299_995,
        serverTime: new Date('2026-11-22T10:00:00Z'),
      },
    });
  });

  /** What arrives, and in which type, when the operation's body is sent. */
  async function sentBody(operation: OperationName): Promise<{ type: string | undefined; body: string }> {
    const arrived: Array<{ type: string | undefined; body: string }> = [];
    const client = await against((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        arrived.push({ type: req.headers['content-type'], body: Buffer.concat(chunks).toString() });
        res.writeHead(200).end('{"success":true,"data":null}');
      });
    });
    const { bodyKind, pathParams } = factsOf(operation);
    const path = Object.fromEntries(pathParams.map(({ name }) => [name, 7]));
    const outcome = await client.send({
      operation,
      path,
      ...(bodyKind === 'multipart'
        ? { upload: { fields: { deal_id: '7' }, fileName: 'é.txt', content: Buffer.from('x') } }
        : { json: { name: 'é & 1+1', description: null } }),
    });
    expect(outcome.kind).toBe('ok');
    return arrived[0] ?? { type: undefined, body: '' };
  }

  const withBody = operationNames.filter((operation) => factsOf(operation).bodyKind !== 'none');
  it.each(withBody)('%s is sent in the content type that the description names', async (operation) => {
    const { type, body } = await sentBody(operation);
    const { bodyKind } = factsOf(operation);
    if (bodyKind === 'json') {
      expect(type).toBe('application/json');
      expect(JSON.parse(body)).toEqual({ name: 'é & 1+1', description: null });
    } else if (bodyKind === 'form') {
      expect(type).toBe('application/x-www-form-urlencoded');
      expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ name: 'é & 1+1', description: '' });
    } else {
      expect(type).toMatch(/^multipart\/form-data; boundary=/);
      expect(body).toContain('filename="é.txt"');
    }
  });

  it('a body that the description does not know is no request', async () => {
    const client = await answering(200, '{"success":true}');
    const upload = { fields: {}, fileName: 'a.txt', content: Buffer.from('x') };
    await expect(client.send({ operation: 'createDeal', upload })).rejects.toThrow('takes no such body');
    await expect(client.send({ operation: 'uploadFile', json: {} })).rejects.toThrow('takes no such body');
  });

  it.each([
    [
      '400 with a code is a definite no',
      400,
      '{"success":false,"error":"bad","code":"ERR_X"}',
      { kind: 'refused', status: 400, code: 'ERR_X', message: 'bad' },
    ],
    [
      '403 as JSON is a definite no',
      403,
      '{"success":false,"error":"no rights"}',
      { kind: 'refused', status: 403, code: 'http_403' },
    ],
    ['403 as a page is a block', 403, '<html>Cloudflare</html>', { kind: 'blocked' }],
    [
      '404 is a definite no',
      404,
      '{"success":false,"error":"Entity was not found"}',
      { kind: 'refused', status: 404 },
    ],
    [
      '401 is about the token',
      401,
      '{"success":false,"error":"unauthorized access"}',
      { kind: 'unauthorized' },
    ],
    ['500 may have been carried out', 500, '{"success":false}', { kind: 'unknown', reason: 'status_500' }],
    ['503 may have been carried out', 503, '<html>', { kind: 'unknown', reason: 'status_503' }],
    ['409 may have been carried out', 409, '{}', { kind: 'unknown', reason: 'status_409' }],
    [
      '200 without JSON may have been carried out',
      200,
      '<html>',
      { kind: 'unknown', reason: 'unreadable_200' },
    ],
    [
      '200 cut in the middle may have been carried out',
      200,
      '{"success":true,"data":{"id":',
      { kind: 'unknown', reason: 'unreadable_200' },
    ],
    ['200 that does not say success may have been carried out', 200, '{"data":{}}', { kind: 'unknown' }],
  ])('%s', async (_name, status, body, expected) => {
    expect(await (await answering(status, body)).send(create)).toMatchObject(expected);
  });

  it('tells a spent day from a short 429, and reads retry-after', async () => {
    expect(await (await answering(429, '{}', { 'retry-after': '3' })).send(create)).toMatchObject({
      kind: 'throttled',
      daily: false,
      retryAfterMs: 3_000,
    });
    server?.close();
    expect(
      await (await answering(429, '{}', { 'x-daily-ratelimit-token-remaining': '0' })).send(create),
    ).toMatchObject({ kind: 'throttled', daily: true, retryAfterMs: undefined });
    server?.close();
    const left = { 'retry-after': '3', 'x-daily-ratelimit-token-remaining': '4' };
    const client = await answering(429, '{}', left);
    expect(await client.send(create)).toMatchObject({ daily: true });
    expect(await client.send({ operation: 'getCurrentUser' })).toMatchObject({ daily: false });
  });

  it('a file may take longer, by its size, than a request without one', async () => {
    const client = await against((req, res) => {
      req.resume();
      setTimeout(() => res.end('{"success":true,"data":{"id":7}}'), 600);
    }, 200);
    expect(await client.send(create)).toMatchObject({ kind: 'unknown' });
    const upload = { fields: {}, fileName: 'a.pdf', content: Buffer.alloc(200_000) };
    expect(await client.send({ operation: 'uploadFile', upload })).toMatchObject({ kind: 'ok' });
  });

  it('a connection that is cut, or stays silent, leaves the outcome unknown', async () => {
    expect(await (await against((req) => req.socket.destroy())).send(create)).toMatchObject({
      kind: 'unknown',
    });
    server?.closeAllConnections();
    server?.close();
    expect(await (await against(() => {}, 150)).send(create)).toMatchObject({ kind: 'unknown' });
    server?.closeAllConnections();
    server?.close();
    const trickling = await against((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.write('{"success":');
    }, 150);
    expect(await trickling.send(create)).toMatchObject({ kind: 'unknown' });
  });

  it('a connection that never stood is a definite no', async () => {
    http = createHttp({ baseUrl: 'http://127.0.0.1:9', apiToken: 't', timeoutMs: 400 });
    expect(await http.send(create)).toEqual({ kind: 'not_sent', reason: 'ECONNREFUSED' });
  });

  it('does not follow redirects: the token goes nowhere else', async () => {
    expect(
      await (await answering(302, '', { location: 'http://127.0.0.1:9/' })).send({ operation: 'getUsers' }),
    ).toMatchObject({ kind: 'refused', status: 302 });
  });
});
