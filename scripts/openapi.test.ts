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
import { missing } from '../shared/src/http/openapi-examples.js';
import { commonProblems, type Route } from '../shared/src/http/route.js';

interface Answer {
  content: Record<string, { example?: unknown; examples?: Record<string, unknown> }>;
}

function operationOf({ method, path }: Route<never>): { responses: Record<string, Answer> } {
  const paths = document.paths as Record<string, Record<string, { responses: Record<string, Answer> }>>;
  const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method];
  if (!operation) throw new Error(`${method} ${path} is not in the document`);
  return operation;
}

/** The contract as a whole: the services do not know each other, this test knows all four. */
const services: Record<string, ReadonlyArray<Route<never>>> = { ingest, transform, loader, reporter };
const all = Object.values(services).flat();
const document = openApiDocument(Object.values(services).map(openApiPart));

test('the OpenAPI document is lint clean', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // Deleting and listing have their problems by status like all others; a server is this installation.
    rules: {
      ...{ 'no-server-example.com': 'off', 'no-required-schema-properties-undefined': 'off' },
      // Each tag has its row in openapi.ts, and no row is of nothing.
      ...{ 'operation-tag-defined': 'error', 'tag-description': 'error', 'no-unused-tags': 'error' },
    },
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

test('every JSON answer has an example of its shape, in which nothing is missing', () => {
  let shown = 0;
  for (const route of all) {
    const name = `${route.method.toUpperCase()} ${route.path}`;
    const operation = operationOf(route);
    for (const [status, shape] of Object.entries(route.answers)) {
      const { content } = operation.responses[status] as Answer;
      if (shape.meta()?.mediaType !== undefined) continue;
      const example = content['application/json']?.example;
      expect([name, status, example === undefined, JSON.stringify(example).includes(missing)]).toEqual([
        name,
        status,
        false,
        false,
      ]);
      expect([name, status, shape.safeParse(example).error?.issues]).toEqual([name, status, undefined]);
      shown += 1;
    }
    // Each code that a route may answer with is shown, too: the linter sees whether it is of the shape of a problem.
    for (const code of [...route.problems, ...commonProblems])
      for (const status of problems[code].status)
        expect([
          name,
          Object.keys(operation.responses[status]?.content['application/problem+json']?.examples ?? {}),
        ]).toEqual([name, expect.arrayContaining([code])]);
  }
  expect(shown).toBeGreaterThan(50);
});

test('every prefix under /v1 has a route, and a tag that says what it is', () => {
  const tags = new Map(
    (document.tags as Array<{ name: string; description: string }>).map((tag) => [tag.name, tag]),
  );
  for (const [prefix, service] of prefixes.filter(([path]) => path.startsWith('/v1/'))) {
    expect([prefix, services[service]?.some(({ path }) => `${path}/`.startsWith(`${prefix}/`))]).toEqual([
      prefix,
      true,
    ]);
    expect([prefix, (tags.get(prefix.slice(4))?.description.length ?? 0) > 10]).toEqual([prefix, true]);
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
