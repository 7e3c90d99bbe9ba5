import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { prefixes } from '../cli/src/stack/gateway.js';
import { routes as ingest } from '../services/ingest/src/routes/index.js';
import { routes as loader } from '../services/loader/src/routes/index.js';
import { routes as reporter } from '../services/reporter/src/routes/index.js';
import { routes as transform } from '../services/transform/src/routes/index.js';
import { type ProblemKind, problems } from '../shared/src/core/problems.js';
import { openApiDocument, openApiPart } from '../shared/src/http/openapi.js';
import type { Route } from '../shared/src/http/route.js';

/** The contract as a whole: the services do not know each other, this test knows all four. */
const services: Record<string, ReadonlyArray<Route<never>>> = { ingest, transform, loader, reporter };
const all = Object.values(services).flat();
const document = openApiDocument(Object.values(services).map(openApiPart));

test('the OpenAPI document is lint clean', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // Deleting and listing have their problems by status like all others; a server is this installation.
    rules: { 'no-server-example.com': 'off', 'no-required-schema-properties-undefined': 'off' },
  });
  const found = await lintFromString({ source: JSON.stringify(document), config });
  expect(
    found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
}, 120_000);

test('every route is there once, under a prefix of its service, with a summary', () => {
  const operations = Object.entries(
    document.paths as Record<string, Record<string, { operationId: string }>>,
  ).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId }]) => ({ path, method, operationId })),
  );
  expect(operations).toHaveLength(all.length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(all.length);
  for (const [service, routes] of Object.entries(services)) {
    for (const { path, summary } of routes) {
      const served = prefixes.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))?.[1];
      expect([path, served, summary.length > 10]).toEqual([path, service, true]);
    }
  }
});

test('every body has an example, and every example is of its shape', () => {
  for (const { method, path, body } of all) {
    if (body instanceof z.ZodUndefined) continue;
    const examples = (body.meta()?.examples ?? []) as unknown[];
    expect([`${method} ${path}`, examples.length > 0]).toEqual([`${method} ${path}`, true]);
    for (const example of examples)
      expect([`${method} ${path}`, body.safeParse(example).error?.issues]).toEqual([
        `${method} ${path}`,
        undefined,
      ]);
  }
});

test('docs/errors.md is the catalogue (vitest -u writes it)', async () => {
  const rows = Object.entries(problems) as Array<[string, ProblemKind]>;
  const lines = rows.map(
    ([code, kind]) => `| \`${code}\` | ${kind.status.join(', ')} | ${kind.says} | ${kind.act} |`,
  );
  const text = `# Error codes

Every error is \`application/problem+json\` (RFC 9457) with one of these codes; a running installation shows them at \`/docs/errors\`.
Printed from \`shared/src/core/problems.ts\`: a code that is not there does not compile.

| Code | Status | What it means | What to do |
| --- | --- | --- | --- |
${lines.join('\n')}
`;
  await expect(text).toMatchFileSnapshot('../docs/errors.md');
});
