import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { problems } from '../core/problems.js';
import { type Database, openDatabase } from '../db/index.js';
import { commonProblems, isOfTenant, type Route, type Thing } from '../http/route.js';
import type { CommonConfig } from '../service/config.js';
import type { RunningService } from '../service/service.js';
import { createApiKey, type Role, roles, tenantRoles } from '../tenancy/api-key.js';
import { parseMasterKey } from '../tenancy/secrets.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { type SeededTenant, seedTenant } from './seed-tenants.js';

export interface MatrixOptions {
  routes: ReadonlyArray<Route<never>>;
  start(config: CommonConfig): Promise<RunningService>;
  /** Bodies in place of the documented example, where that would do something outside (`POST /v1/connections`). */
  bodies?: Record<string, unknown>;
}

interface Holder {
  role: Role;
  secret: string;
  tenant: SeededTenant;
  isBound: boolean;
}

interface Sent {
  status: number;
  text: string;
  code: string | undefined;
  /** Without what names this request: its id, and the ids that were asked for. */
  shown: string;
}

/**
 * The authorisation matrix of one service, made from its route registry: every route × four roles × three tenants ×
 * (own, foreign, missing, malformed) for every id that the route declares, and what is about all tenants without one. A new route is in it without anybody
 * thinking of it; a new kind of id does not compile until testing/seed-tenants.ts has one of it.
 */
export function testAccessMatrix({ routes, start, bodies = {} }: MatrixOptions): void {
  const slugs = ['acme', 'beta', 'gamma'];
  let testDatabase: TestDatabase;
  let service: RunningService;
  let filesDir: string;
  let client: pg.Client;
  let tenants: SeededTenant[];
  let holders: Holder[];
  let owners: Holder[];
  let sent = 0;
  let held = 0;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    filesDir = await mkdtemp(path.join(tmpdir(), 'octopipe-matrix-'));
    const masterKey = parseMasterKey(randomBytes(32).toString('base64'));
    service = await start({
      db: { url: testDatabase.url, poolSize: 6 },
      // One sweep at the start, before there is anything: what is dumped below is what the routes did.
      queue: { redisUrl: undefined, concurrency: 1, sweepIntervalMs: 3_600_000, lockMs: 10_000 },
      files: { root: filesDir },
      http: { host: '127.0.0.1', port: 0 },
      log: { level: 'error' },
      masterKey,
    });
    client = new pg.Client({ connectionString: testDatabase.url });
    await client.connect();
    const database = openDatabase(testDatabase.url, { max: 2, onError: () => {}, applicationName: 'matrix' });
    tenants = [];
    for (const slug of slugs) tenants.push(await seedTenant(database.db, masterKey, filesDir, slug));
    holders = [];
    for (const tenant of tenants)
      for (const kind of keyKinds) {
        // Of keys that may be bound or not, the bound ones are tried of one tenant.
        if (kind.isBound && !tenantRoles.includes(kind.role) && tenant !== tenants[0]) continue;
        holders.push(await holderOf(database.db, tenant, kind));
      }
    owners = [];
    // One of everything for each kind: what one of them takes away is not missing for the next.
    for (const [n, kind] of keyKinds.entries())
      owners.push(
        await holderOf(database.db, await seedTenant(database.db, masterKey, filesDir, `owner-${n}`), kind),
      );
    await database.destroy();
  });

  afterAll(async () => {
    await client?.end();
    await service?.destroy();
    await testDatabase?.drop();
    if (filesDir) await rm(filesDir, { recursive: true, force: true });
    const result = held === 5 ? '0 leaks' : 'not all checks held';
    process.stdout.write(`access matrix: ${routes.length} routes, ${sent} requests, ${result}\n`);
  });

  test('strangers learn nothing and change nothing: foreign and absent answer alike', async () => {
    const before = await dump();
    // Side by side: none of them may change anything, so their order cannot matter.
    for (const holder of holders) await Promise.all(routes.map((route) => asStranger(holder, route)));
    expect(await dump()).toEqual(before);
    held += 1;
  }, 300_000);

  test('without a key, and with a role that may not, everything is refused alike', async () => {
    for (const route of routes) {
      const [tenant] = tenants as [SeededTenant];
      const nobody = await ask({ role: 'viewer', secret: '', tenant, isBound: true }, route, {});
      expect([nobody.status, nobody.code, nameOf(route)]).toEqual([401, 'unauthorized', nameOf(route)]);
      for (const holder of holders.filter((one) => !mayCall(one, route)))
        expect([(await ask(holder, route, {})).code, nameOf(route)]).toEqual(['forbidden', nameOf(route)]);
    }
    held += 1;
  });

  test('the owner is answered in the documented shape, or with a documented problem, and never as if its own were absent', async () => {
    // What takes things away comes last.
    const inOrder = [...routes].sort((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));
    for (const holder of owners) {
      for (const route of inOrder.filter((one) => mayCall(holder, one))) {
        const name = `${nameOf(route)} as ${whoIs(holder)}`;
        const absences: string[] = [];
        for (const [id, thing] of Object.entries(route.ids))
          absences.push((await ask(holder, route, { [id]: absent(thing) })).shown);
        const answer = await ask(holder, route, {});
        if (answer.status < 400) expectDocumented(route, answer);
        else {
          const may: string[] = [...route.problems, ...commonProblems];
          expect([may.includes(answer.code ?? ''), name, answer.text]).toEqual([true, name, answer.text]);
          expect([name, 'unauthorized', 'forbidden', 'tenant_not_found', 'internal_error']).not.toContain(
            answer.code,
          );
        }
        expect([name, answer.status === 404, answer.text]).toEqual([name, false, answer.text]);
        expect([name, absences.includes(answer.shown), answer.text]).toEqual([name, false, answer.text]);
        for (const other of tenants) if (route.scope !== 'installation') expectNothingOf(other, answer, name);
      }
    }
    held += 1;
  }, 300_000);

  test('a cursor that the list has not given is the mistake of the caller, not of ours', async () => {
    for (const route of routes.filter(({ query }) => 'cursor' in ((query as z.ZodObject).shape ?? {}))) {
      const holder = holders.find((one) => mayCall(one, route)) as Holder;
      for (const cursor of forgedCursors) {
        const answer = await ask(holder, route, {}, undefined, { cursor });
        // In a list by a text, many a text is a position.
        const isAnswered = answer.status === 200 || answer.code === 'invalid_request';
        expect([nameOf(route), cursor, isAnswered, answer.text]).toEqual([
          nameOf(route),
          cursor,
          true,
          answer.text,
        ]);
      }
    }
    held += 1;
  }, 300_000);

  test('of all tenants at once only an operator of the installation is told', async () => {
    for (const route of routes.filter(({ scope }) => scope === 'tenant_or_all')) {
      const name = nameOf(route);
      for (const holder of holders.filter((one) => mayCall(one, route))) {
        const { status, text } = await askOfNobody(holder, route);
        const told = tenants.filter((tenant) => isNamedIn(text, tenant)).map(({ slug }) => slug);
        const who = `${name} as ${holder.role}${holder.isBound ? ` of ${holder.tenant.slug}` : ''}`;
        if (holder.isBound) expect([who, status, told]).toEqual([who, 200, [holder.tenant.slug]]);
        else if (holder.role === 'operator') expect([who, status, told]).toEqual([who, 200, slugs]);
        else expect([who, status, text]).toEqual([who, 422, expect.stringContaining('tenant_required')]);
      }
      // A bound operator is not of the installation, whatever it names.
      const boundOperator = holders.find(({ role, isBound }) => role === 'operator' && isBound) as Holder;
      for (const slug of [tenants[1]?.slug, 'no-such-tenant'])
        expect([(await ask(boundOperator, route, {}, slug)).code, name]).toEqual(['tenant_not_found', name]);
    }
    held += 1;
  });

  /** Without a tenant and without a filter. */
  async function askOfNobody(holder: Holder, route: Route<never>): Promise<{ status: number; text: string }> {
    sent += 1;
    const answer = await fetch(new URL(route.path, service.url), {
      method: route.method.toUpperCase(),
      headers: { authorization: `Bearer ${holder.secret}` },
    });
    return { status: answer.status, text: await answer.text() };
  }

  async function asStranger(holder: Holder, route: Route<never>): Promise<void> {
    const others = tenants.filter((tenant) => tenant !== holder.tenant);
    const isAllowed = mayCall(holder, route);
    for (const [id, thing] of Object.entries(route.ids)) {
      const where = `${nameOf(route)} as ${whoIs(holder)}, ${id}`;
      const missing = await ask(holder, route, { [id]: absent(thing) });
      if (!isAllowed) expect([missing.status, where]).toEqual([403, where]);
      else if (isOfTenant(route)) {
        for (const other of others) {
          const foreign = await ask(holder, route, { [id]: other.things[thing] });
          expect({ where, answer: foreign.shown }).toEqual({ where, answer: missing.shown });
          expectNothingOf(other, foreign, where);
        }
        expect([foundNothing(missing), where]).toEqual([true, where]);
      }
      const malformed = await ask(holder, route, { [id]: '%00..%2f' });
      // An id of the source has any form: there, such a text is one that does not exist.
      const isRefused = 400 <= malformed.status && malformed.status < 500;
      expect([isRefused || foundNothing(malformed), where]).toEqual([true, where]);
      if (isUuid(thing) && isAllowed && isOfTenant(route))
        expect([malformed.status, malformed.code, where]).toEqual([422, 'invalid_request', where]);
    }
    if (!holder.isBound || route.scope === 'installation' || !isAllowed) return;
    const foreign = await ask(holder, route, {}, others[0]?.slug);
    const missing = await ask(holder, route, {}, 'no-such-tenant');
    expect({ name: nameOf(route), answer: foreign.shown }).toEqual({
      name: nameOf(route),
      answer: missing.shown,
    });
    expect([foreign.status, foreign.code]).toEqual([404, 'tenant_not_found']);
  }

  async function ask(
    holder: Holder,
    route: Route<never>,
    ids: Record<string, string>,
    tenantSlug = holder.isBound ? undefined : holder.tenant.slug,
    more: Record<string, string> = {},
  ): Promise<Sent> {
    sent += 1;
    const idFor = (name: string) => ids[name] ?? holder.tenant.things[route.ids[name] as Thing];
    const url = new URL(
      route.path.replace(/:(\w+)/g, (_all, name: string) => encodeURIComponent(idFor(name))),
      service.url,
    );
    if (tenantSlug !== undefined && isOfTenant(route)) url.searchParams.set('tenant', tenantSlug);
    for (const [name, value] of Object.entries(exampleOf(route.query) ?? {}))
      url.searchParams.set(name, String(value));
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    const inQuery = Object.keys((route.query as z.ZodObject).shape ?? {});
    for (const name of Object.keys(route.ids).filter((id) => inQuery.includes(id)))
      url.searchParams.set(name, idFor(name));
    const answer = await fetch(url, {
      method: route.method.toUpperCase(),
      headers: {
        ...(holder.secret === '' ? {} : { authorization: `Bearer ${holder.secret}` }),
        ...(route.method === 'get' ? {} : { 'content-type': route.streams ?? 'application/json' }),
        ...(route.ifMatch === undefined ? {} : { 'if-match': '"as it was read"' }),
      },
      ...(route.method === 'get' ? {} : bodyOf(holder, route, idFor, tenantSlug)),
    });
    const text = await readBriefly(answer);
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    expect(code === undefined || answer.status < 400 || code in problems).toBe(true);
    const shown = Object.keys(route.ids).reduce(
      (rest, name) =>
        rest.replaceAll(encodeURIComponent(idFor(name)), `<${name}>`).replaceAll(idFor(name), `<${name}>`),
      `${answer.status} ${text.replace(/"requestId":"[^"]*"/, '')}`,
    );
    return { status: answer.status, text, code: answer.status < 400 ? undefined : code, shown };
  }

  function bodyOf(
    holder: Holder,
    route: Route<never>,
    idFor: (name: string) => string,
    tenantSlug: string | undefined,
  ): { body?: string } {
    if (route.streams !== undefined) return { body: 'no package' };
    const example = (bodies[nameOf(route)] ?? exampleOf(route.body)) as Record<string, unknown> | undefined;
    if (example === undefined) return {};
    const inBody = Object.keys((route.body as z.ZodObject).shape ?? {});
    const body = { ...example };
    for (const name of Object.keys(route.ids).filter((id) => inBody.includes(id))) body[name] = idFor(name);
    if (!isOfTenant(route) && 'tenant' in example) body.tenant = tenantSlug ?? holder.tenant.slug;
    return { body: JSON.stringify(body) };
  }

  function expectDocumented(route: Route<never>, answer: Sent): void {
    const name = nameOf(route);
    const shape = route.answers[answer.status];
    expect([shape !== undefined, name, answer.status]).toEqual([true, name, answer.status]);
    if (shape === undefined || shape.meta()?.mediaType !== undefined) return;
    const parsed = shape.safeParse(JSON.parse(answer.text));
    expect({ name, error: parsed.error?.issues }).toEqual({ name, error: undefined });
  }

  /** All rows of all tables, but what counts requests and keeps answers. */
  async function dump(): Promise<Record<string, string>> {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname in ('core','ingest','transform','loader','reporter')
         and format('%s.%s', schemaname, tablename) not in ('core.rate_use','core.idempotency') order by 1`,
    );
    const tables: Record<string, string> = {};
    for (const { name } of rows) {
      const columns = name === 'core.api_key' ? `(to_jsonb(t) - 'last_used_at')::text` : 't::text';
      const { rows: hashes } = await client.query<{ hash: string }>(
        `select count(*) || ' ' || md5(coalesce(string_agg(${columns}, ',' order by ${columns}), '')) as hash from ${name} t`,
      );
      tables[name] = hashes[0]?.hash ?? '';
    }
    return tables;
  }
}

interface KeyKind {
  role: Role;
  isBound: boolean;
}

/** Every role, and bound to a tenant those that may be bound or not. */
const keyKinds: ReadonlyArray<KeyKind> = roles.flatMap((role) =>
  (tenantRoles.includes(role) ? [true] : [false, true]).map((isBound) => ({ role, isBound })),
);

async function holderOf(db: Database, tenant: SeededTenant, { role, isBound }: KeyKind): Promise<Holder> {
  const secret = await createApiKey(db, {
    role,
    label: `${role} of ${tenant.slug}`,
    requestsPerMinute: 1_000_000,
    ...(isBound ? { tenantId: tenant.id } : {}),
  });
  return { role, secret, tenant, isBound };
}

function whoIs({ role, isBound, tenant }: Holder): string {
  return `${isBound ? 'bound ' : ''}${role} of ${tenant.slug}`;
}

/** As the registry says it; the routes are asked whether they keep to it. */
function mayCall({ role, isBound }: KeyKind, route: Route<never>): boolean {
  return route.roles.includes(role) && !(isBound && route.scope === 'installation');
}

const someId = randomUUID();
/** What looks like a position of some list and is none that Postgres would take, and what is no cursor at all. */
const forgedCursors: ReadonlyArray<string> = [
  '-'.repeat(36),
  `${someId.slice(0, -1)}g`,
  someId.replaceAll('-', 'a'),
  `soon|${someId}`,
  `now|${someId}`,
  `2025-02-30 00:00:00+00|${someId}`,
  `1764500000000000|${'-'.repeat(36)}`,
  `${'9'.repeat(40)}|${someId}`,
  `${'9'.repeat(16)}|${someId}`,
  '9'.repeat(18),
  '9'.repeat(19),
  '-1',
  '\u0000',
  'a\u0000b',
  'a\tb\tc',
  '\t',
  "'; drop table loader.run; --",
  'ü\ud83d\ude00',
]
  .map((position) => Buffer.from(position).toString('base64url'))
  .concat(['', '%', '====', 'not base64 at all!', 'A']);

function nameOf(route: Route<never>): string {
  return `${route.method.toUpperCase()} ${route.path}`;
}

/** The documented example of a body; of a query, those of its members. */
function exampleOf(shape: z.ZodType): Record<string, unknown> | undefined {
  const [example] = (shape.meta()?.examples ?? []) as Array<Record<string, unknown>>;
  if (example !== undefined || !(shape instanceof z.ZodObject)) return example;
  const members = Object.entries(shape.shape as Record<string, z.ZodType>)
    .map(([name, member]) => [name, (member.meta()?.examples as unknown[] | undefined)?.[0]] as const)
    .filter(([, value]) => value !== undefined);
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

function isUuid(thing: Thing): boolean {
  return !['tenant', 'document', 'source_record'].includes(thing);
}

function absent(thing: Thing): string {
  return isUuid(thing) ? randomUUID() : `no-such-${thing.replace('_', '-')}`;
}

/** A problem that says so, or an empty list. */
function foundNothing({ status, text }: Sent): boolean {
  return status === 404 || (status === 200 && text.includes('"items":[]'));
}

function expectNothingOf(tenant: SeededTenant, { text }: Sent, where: string): void {
  const { document: _name, source_record: _slug, tenant: _asked, ...secret } = tenant.things;
  const found = [tenant.canary, tenant.id].filter((mark) => text.includes(mark));
  expect({ where, found }).toEqual({ where, found: [] });
  // An id that the caller named may come back in `instance`; others of that tenant may not.
  const named = Object.values(secret).filter((id) => text.includes(id));
  expect([named.length <= 1, where]).toEqual([true, where]);
}

/** By an id of something that it has: what was asked before may have changed its texts. */
function isNamedIn(text: string, { things }: SeededTenant): boolean {
  return Object.entries(things).some(([thing, id]) => isUuid(thing as Thing) && text.includes(id));
}

/** An event stream has no end: what came with its first bytes is enough to see. */
async function readBriefly(answer: Response): Promise<string> {
  if (!(answer.headers.get('content-type') ?? '').startsWith('text/event-stream')) return answer.text();
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return Buffer.from(first?.value ?? '').toString();
}
