import { z } from 'zod';
import { type ProblemCode, type ProblemKind, problems } from '../core/problems.js';
import { exampleOf } from './openapi-examples.js';
import { commonProblems, type Route } from './route.js';

type Json = Record<string, unknown>;

/** What one service puts into the document: its paths, and the shapes that they name. */
export interface OpenApiPart {
  paths: Record<string, Json>;
  schemas: Record<string, Json>;
}

/** One service's routes as OpenAPI 3.1, from the same zod shapes that validate. Pure: same routes, same bytes. */
export function openApiPart(routes: ReadonlyArray<Route<never>>): OpenApiPart {
  const part: OpenApiPart = { paths: {}, schemas: {} };
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    part.paths[path] = { ...part.paths[path], [route.method]: operationOf(route, part.schemas) };
  }
  return part;
}

/** The whole document. The parts come from the services that run, so it speaks of what is there. */
export function openApiDocument(parts: ReadonlyArray<OpenApiPart>): Json {
  const paths: Record<string, Json> = {};
  const schemas: Record<string, Json> = { Problem: problemSchema };
  for (const part of parts) {
    for (const [path, item] of Object.entries(part.paths)) paths[path] = { ...paths[path], ...item };
    for (const [name, schema] of Object.entries(part.schemas)) addSchema(schemas, name, schema);
  }
  const used = new Set(Object.keys(paths).map(tagOf));
  return {
    openapi: '3.1.1',
    info: {
      title: 'octopipe',
      version: '1',
      summary: 'Moves a company from OctopusPro into Pipedrive.',
      description,
      license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
      contact: { name: 'The team that runs this installation' },
    },
    servers: [{ url: '/', description: 'This installation' }],
    security: [{ apiKey: [] }],
    tags: Object.entries(tags)
      .filter(([name]) => used.has(name))
      .map(([name, text]) => ({ name, description: text })),
    paths: sorted(paths),
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `Bearer o2p_live_…`.' },
      },
      schemas: sorted(schemas),
      examples: problemExamples(JSON.stringify(paths)),
    },
  };
}

const description = `JSON in and out, \`Authorization: Bearer o2p_live_…\`. Keys that are not bound to a tenant name it with \`?tenant=<slug>\`;
foreign and absent answer alike. Times are RFC 3339 UTC, money is a decimal string with a currency. Lists answer
\`{ "items": […], "next_cursor": … }\`. Every POST may carry an \`Idempotency-Key\`: its repeats get the first answer, byte
by byte, for a day. \`RateLimit\` tells what is left of the key's minute. Errors are \`application/problem+json\` (RFC 9457)
with a stable \`code\`: [all codes](/docs/errors).`;

/** A tag is the first word of the path after /v1. One without a row here has no description and fails the lint. */
const tags: Record<string, string> = {
  migrations: 'One tenant’s move: its settings, its exports, what was found in them, its events.',
  mappings: 'What becomes what. A person confirms it before anything is written.',
  connections: 'Access to a Pipedrive account.',
  runs: 'Passes of a confirmed mapping into an account.',
  owners: 'Which Pipedrive user each worker is bound to.',
  crosswalk: 'Which source record is in which Pipedrive record.',
  estimates: 'Tokens, days and price, before anything begins.',
  reports: 'What an ended run has done, and its documents.',
  webhooks: 'Messages to your own server.',
  keys: 'API keys: operators of the installation only.',
  tenants: 'Whole tenants: operators of the installation only.',
  purges: 'How far the purge of a tenant is, and its receipt: operators of the installation only.',
};

function tagOf(path: string): string {
  return /^\/v1\/([\w-]+)/.exec(path)?.[1] ?? 'other';
}

function operationOf(route: Route<never>, schemas: Record<string, Json>): Json {
  const named = `${route.method.toUpperCase()} ${route.path}`;
  const body = schemaOf(route.body, 'input', schemas);
  return {
    operationId: operationIdOf(route),
    tags: [tagOf(route.path)],
    summary: route.summary,
    description: `For keys of the roles ${route.roles.join(', ')}.${scopeWords[route.scope] ?? ''}`,
    parameters: [
      ...parametersOf(route.params, 'path', schemas),
      ...parametersOf(route.query, 'query', schemas),
      ...headersOf(route),
    ],
    ...(route.streams !== undefined
      ? { requestBody: { required: true, content: { [route.streams]: { schema: binary } } } }
      : body !== undefined
        ? { requestBody: { required: true, content: { 'application/json': contentOf(route.body, body) } } }
        : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, shape]) => [
          status,
          answerOf(named, status, shape, schemas),
        ]),
      ),
      ...problemsOf(route),
    },
  };
}

const scopeWords: Partial<Record<Route<never>['scope'], string>> = {
  installation: ' The key must not be bound to a tenant.',
  tenant_or_all:
    ' An operator whose key is bound to no tenant and who names none is answered for all of them.',
};

function operationIdOf({ method, path }: Route<never>): string {
  const words = path
    .split('/')
    .slice(2)
    .map((word) => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word)));
  return method + words.join('').replace(/[^A-Za-z0-9]/g, '');
}

function capital(word: string): string {
  return (
    word.charAt(0).toUpperCase() +
    word.slice(1).replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase())
  );
}

function parametersOf(shape: z.ZodType, where: 'path' | 'query', schemas: Record<string, Json>): Json[] {
  const object = schemaOf(shape, 'input', schemas) as
    | { properties?: Record<string, Json>; required?: string[] }
    | undefined;
  return Object.entries(object?.properties ?? {}).map(([name, schema]) => {
    const { description: text, ...rest } = schema;
    return {
      name,
      in: where,
      required: where === 'path' || (object?.required ?? []).includes(name),
      ...(text === undefined ? {} : { description: text }),
      schema: rest,
    };
  });
}

function headersOf(route: Route<never>): Json[] {
  return [
    ...(route.method === 'post'
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description:
              'Makes the request safe to repeat. 1 to 255 visible ASCII characters; a UUID does well.',
            schema: { type: 'string', maxLength: 255 },
          },
        ]
      : []),
    ...(route.ifMatch === undefined
      ? []
      : [
          {
            name: 'If-Match',
            in: 'header',
            required: route.ifMatch === 'required',
            description: 'The ETag of what you read: if somebody edited it in between, nothing is changed.',
            schema: { type: 'string' },
          },
        ]),
  ];
}

const binary = { type: 'string', contentMediaType: 'application/octet-stream' };

function contentOf(shape: z.ZodType, schema: Json): Json {
  const [example] = (shape.meta()?.examples ?? []) as unknown[];
  const { examples: _shownBeside, ...rest } = schema;
  return { schema: rest, ...(example === undefined ? {} : { example }) };
}

function answerOf(named: string, status: string, shape: z.ZodType, schemas: Record<string, Json>): Json {
  const mediaType = shape.meta()?.mediaType as string | undefined;
  const words: Record<string, string> = { 200: 'Done', 201: 'Made', 202: 'Taken; it is worked on' };
  const schema = mediaType === undefined ? schemaOf(shape, 'output', schemas) : binary;
  if (schema === undefined) throw new Error(`${named} answers ${status} with nothing; say what it answers.`);
  return {
    description: words[status] ?? 'Answered',
    headers: {
      RateLimit: { description: 'What is left of the minute.', schema: { type: 'string' } },
      'X-Request-Id': { description: 'Quote it to support.', schema: { type: 'string' } },
    },
    content: {
      [mediaType ?? 'application/json']:
        mediaType === undefined ? { schema, example: exampleOf(schema, schemas) } : { schema },
    },
  };
}

/** By status; the codes of the catalogue that come with it stand in its description. */
function problemsOf(route: Route<never>): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  const repeated: ProblemCode[] =
    route.method === 'post' ? ['request_in_flight', 'idempotency_key_reused'] : [];
  for (const code of new Set<ProblemCode>([...route.problems, ...repeated, ...commonProblems])) {
    for (const status of problems[code].status) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problems[code].says}`).join('\n\n'),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
            ),
          },
        },
      },
    ]),
  );
}

/** One of each code that an answer refers to. */
function problemExamples(paths: string): Record<string, Json> {
  const all = Object.entries(problems) as Array<[ProblemCode, ProblemKind]>;
  const used = all.filter(([code]) => paths.includes(`"#/components/examples/${code}"`));
  return Object.fromEntries(
    used.map(([code, { status, says }]) => [
      code,
      {
        value: {
          type: `/docs/errors#${code}`,
          title: code.replaceAll('_', ' '),
          status: status[0],
          detail: says,
          code,
          requestId: '7d0f6a7e-4c1b-4b8e-9a55-1f3c5f0e2b77',
        },
      },
    ]),
  );
}

const problemSchema: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'Where the code is explained, relative to this installation.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was attempted, what was found, what to do.' },
    instance: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problems) },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: { pointer: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** JSON Schema of a shape. Shapes with an id are named in `schemas` and referred to. Undefined for no body at all. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output', schemas: Record<string, Json>): Json | undefined {
  if (shape instanceof z.ZodUndefined) return undefined;
  const made = z.toJSONSchema(shape, { io, unrepresentable: 'any' }) as Json;
  const { $schema: _dialect, $defs, id, ...schema } = renamed(made) as Json;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
    const { id: _name, ...rest } = definition;
    addSchema(schemas, name, rest);
  }
  if (typeof id !== 'string') return schema;
  addSchema(schemas, id, schema);
  return { $ref: `#/components/schemas/${id}` };
}

/** Two shapes of one name would make the document lie about one of them. */
function addSchema(schemas: Record<string, Json>, name: string, schema: Json): void {
  const known = schemas[name];
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
    throw new Error(`Two different shapes are called ${name}; give one of them another id.`);
  schemas[name] = schema;
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : renamed(member),
    ]),
  );
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
