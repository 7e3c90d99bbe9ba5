import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { inSpan, startTracing, traceBindings } from './tracing.js';

const canary = 'canary@example.test';

interface Sent {
  url: string | undefined;
  key: string | undefined;
  body: string;
}

test('off: work is done, nothing is recorded, no id is bound', async () => {
  const tracing = await startTracing('loader', undefined);
  expect(await inSpan('job load-batch', 'job', {}, async (span) => traceBindings(span))).toEqual({});
  await tracing.stop();
});

test('on: spans arrive at the collector nested, named and with ids; an error by its name alone', async () => {
  const collector = await startCollector();
  const tracing = await startTracing('loader', { endpoint: collector.url, headers: { 'x-key': 'k1' } });
  const bound = await inSpan('job load-batch', 'job', { runId: 'r1' }, async (span) => {
    await inSpan('addDeal', 'call', {}, async () => {
      throw new TypeError(canary);
    }).catch(() => {});
    return traceBindings(span);
  });
  await tracing.stop();
  const [sent] = collector.sent;
  await collector.close();
  expect([collector.sent.length, sent?.url, sent?.key]).toEqual([1, '/v1/traces', 'k1']);
  expect(sent?.body).not.toContain(canary);
  const { resource, scopeSpans } = JSON.parse(sent?.body ?? '').resourceSpans[0];
  expect(JSON.stringify(resource)).toContain('octopipe-loader');
  const [call, job] = scopeSpans[0].spans;
  expect(job).toMatchObject({
    name: 'job load-batch',
    traceId: bound.traceId,
    attributes: [{ key: 'runId', value: { stringValue: 'r1' } }],
  });
  expect(call).toMatchObject({
    name: 'addDeal',
    traceId: bound.traceId,
    parentSpanId: job.spanId,
    status: { message: 'TypeError' },
    events: [],
  });
});

test('a collector that is away costs spans, nothing else', async () => {
  const collector = await startCollector();
  await collector.close();
  const tracing = await startTracing('loader', { endpoint: collector.url, headers: {} });
  expect(await inSpan('job x', 'job', {}, async () => 'done')).toBe('done');
  await tracing.stop();
});

async function startCollector() {
  const sent: Sent[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      sent.push({ url: req.url, key: req.headers['x-key'] as string | undefined, body });
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
