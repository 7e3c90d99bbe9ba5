import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '@octopipe/shared/core/clock';
import { createLogger } from '@octopipe/shared/core/logger';
import type { RunningService } from '@octopipe/shared/service/service';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { parseMasterKey } from '@octopipe/shared/tenancy/secrets';
import { getOrCreateTenant, type Tenant } from '@octopipe/shared/tenancy/tenant';
import { createTestDatabase, type TestDatabase } from '@octopipe/shared/testing/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { ReporterConfig } from './config.js';
import { createContext, type ReporterContext } from './context.js';
import { create } from './service.js';
import { hostile, seedRun } from './testing/seed-run.js';

const DocumentList = z.strictObject({
  items: z.array(
    z.strictObject({ name: z.string(), media_type: z.string(), bytes: z.number(), sha256: z.string() }),
  ),
  next_cursor: z.string().nullable(),
});

let database: TestDatabase;
let root: string;
let ctx: ReporterContext;
let service: RunningService;
let tenant: Tenant;
let otherTenant: Tenant;
let viewerKey: string;
let otherKey: string;
let operatorKey: string;
let done: string;
let running: string;
let cancelled: string;

beforeAll(async () => {
  database = await createTestDatabase();
  root = await mkdtemp(join(tmpdir(), 'octopipe-reporter-'));
  const config: ReporterConfig = {
    db: { url: database.url, poolSize: 4 },
    queue: { redisUrl: undefined, concurrency: 2, sweepIntervalMs: 100, lockMs: 10_000 },
    files: { root },
    http: { host: '127.0.0.1', port: 0 },
    log: { level: 'error' },
    masterKey: parseMasterKey(randomBytes(32).toString('base64')),
  };
  const logger = createLogger('reporter', 'error');
  ctx = createContext(config, logger);
  tenant = await getOrCreateTenant(ctx.db, ctx.masterKey, { slug: 'harbour', name: 'Harbour & Sons' });
  otherTenant = await getOrCreateTenant(ctx.db, ctx.masterKey, { slug: 'other', name: 'Other' });
  viewerKey = await createApiKey(ctx.db, { role: 'viewer', label: 'viewer', tenantId: tenant.id });
  otherKey = await createApiKey(ctx.db, { role: 'tenant_admin', label: 'other', tenantId: otherTenant.id });
  operatorKey = await createApiKey(ctx.db, { role: 'operator', label: 'operator' });
  const waivers = [{ gate: 'rehearsal', actor: 'olive@harbour.example' }];
  done = (await seedRun(ctx.db, tenant, { waivers })).runId;
  running = (await seedRun(ctx.db, tenant, { status: 'running' })).runId;
  cancelled = (await seedRun(ctx.db, tenant, { status: 'cancelled' })).runId;
  service = await create(config, { logger });
  await untilReady(`/v1/reports/${done}`);
});

afterAll(async () => {
  await service.destroy();
  await ctx.destroy();
  await database.drop();
  await rm(root, { recursive: true, force: true });
});

test('an ended run gets its report by the sweep and the queue, without anybody asking', async () => {
  const answer = await call(`/v1/reports/${done}`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ run_id: done, status: 'done', balanced: true });
});

test('lists the documents by name, in pages', async () => {
  const all = await listOf(`/v1/reports/${done}/documents`);
  expect(all.next_cursor).toBeNull();
  expect(all.items.map((item) => item.name)).toEqual([
    'billing-disputes.html',
    'crosswalk.csv',
    'inventories.json',
    'inventories.xlsx',
    'inventory-automations.html',
    'inventory-faqs.html',
    'inventory-forms-and-fields.html',
    'inventory-manual-review.html',
    'inventory-out-of-scope.html',
    'inventory-portal.html',
    'mapped.ndjson',
    'reconciliation.html',
    'reconciliation.json',
    'summary.json',
  ]);
  const first = await listOf(`/v1/reports/${done}/documents?limit=8`);
  const rest = await listOf(`/v1/reports/${done}/documents?limit=8&cursor=${first.next_cursor}`);
  expect([...first.items, ...rest.items]).toEqual(all.items);
  expect(rest.next_cursor).toBeNull();
});

test('a document comes with its type, name, length and hash, and not again when the caller has it', async () => {
  const { items } = await listOf(`/v1/reports/${done}/documents`);
  for (const { name, media_type, bytes, sha256 } of items) {
    const answer = await call(`/v1/reports/${done}/documents/${name}`);
    const body = Buffer.from(await answer.arrayBuffer());
    expect({
      type: answer.headers.get('content-type'),
      disposition: answer.headers.get('content-disposition'),
      etag: answer.headers.get('etag'),
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
    }).toEqual({
      type: media_type,
      disposition: `attachment; filename="${name}"`,
      etag: `"${sha256}"`,
      bytes,
      sha256,
    });
    const again = await call(`/v1/reports/${done}/documents/${name}`, viewerKey, {
      'if-none-match': `"${sha256}"`,
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
  }
});

test('says by phase why estimate, plan and spent tokens differ, during the run, too', async () => {
  const counts = {
    reckoned: z.number(),
    estimated: z.number().nullable(),
    planned: z.number().nullable(),
    spent: z.number(),
  };
  const Comparison = z.object({
    ...counts,
    phases: z.array(
      z.object({
        phase: z.string(),
        ...counts,
        differences: z.array(
          z.object({
            step: z.string(),
            tokens: z.number(),
            reasons: z.array(z.object({ code: z.string(), tokens: z.number(), says: z.string() })),
          }),
        ),
      }),
    ),
  });
  for (const run of [done, running]) {
    const answer = await call(`/v1/reports/${run}/tokens`);
    expect(answer.status).toBe(200);
    const { phases, ...all } = Comparison.parse(await answer.json());
    // Two persons and two deals were planned and written, though not all of what was mapped.
    expect(all).toMatchObject({ planned: 20, spent: 20 });
    expect(phases.map(({ phase }) => phase)).toEqual(['provision', 'load', 'verify']);
    for (const { differences, ...phase } of phases) {
      expect(differences.map(({ step }) => step)).toEqual(['mapping', 'account', 'sending']);
      const columns = [phase.reckoned, phase.estimated, phase.planned, phase.spent];
      for (const [i, { tokens, reasons }] of differences.entries()) {
        expect(tokens).toBe((columns[i + 1] ?? 0) - (columns[i] ?? 0));
        expect(reasons.reduce((sum, reason) => sum + reason.tokens, 0)).toBe(tokens);
      }
    }
  }
  const refused = await Promise.all([
    call(`/v1/reports/${done}/tokens`, otherKey),
    call('/v1/reports/00000000-0000-4000-8000-000000000000/tokens'),
  ]);
  for (const answer of refused)
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'run_not_found' }),
    ]);
});

test('not ready, foreign, absent, malformed and unnamed', async () => {
  const absent = '00000000-0000-4000-8000-000000000000';
  const answers: Record<string, unknown> = {};
  for (const [name, path, key] of [
    ['running', `/v1/reports/${running}`, viewerKey],
    ['running, list', `/v1/reports/${running}/documents`, viewerKey],
    ['running, document', `/v1/reports/${running}/documents/summary.json`, viewerKey],
    ['cancelled', `/v1/reports/${cancelled}`, viewerKey],
    ['absent', `/v1/reports/${absent}`, viewerKey],
    ['foreign', `/v1/reports/${done}`, otherKey],
    ['foreign, list', `/v1/reports/${done}/documents`, otherKey],
    ['foreign, document', `/v1/reports/${done}/documents/summary.json`, otherKey],
    ['no such document', `/v1/reports/${done}/documents/..%2Fsecret`, viewerKey],
    ['malformed', '/v1/reports/7', viewerKey],
    ['operator without a tenant', `/v1/reports/${done}`, operatorKey],
    ['operator, other tenant', `/v1/reports/${done}?tenant=other`, operatorKey],
    ['foreign tenant named', `/v1/reports/${done}?tenant=harbour`, otherKey],
    ['no key', `/v1/reports/${done}`, ''],
  ] as const) {
    const answer = await call(path, key);
    const { code } = z.object({ code: z.string() }).parse(await answer.json());
    answers[name] = [answer.status, code];
  }
  expect(answers).toEqual({
    running: [409, 'report_not_ready'],
    'running, list': [409, 'report_not_ready'],
    'running, document': [409, 'report_not_ready'],
    cancelled: [409, 'report_not_ready'],
    absent: [404, 'run_not_found'],
    foreign: [404, 'run_not_found'],
    'foreign, list': [404, 'run_not_found'],
    'foreign, document': [404, 'run_not_found'],
    'no such document': [404, 'document_not_found'],
    malformed: [422, 'invalid_request'],
    'operator without a tenant': [422, 'tenant_required'],
    'operator, other tenant': [404, 'run_not_found'],
    'foreign tenant named': [404, 'tenant_not_found'],
    'no key': [401, 'unauthorized'],
  });
  expect((await call(`/v1/reports/${done}?tenant=harbour`, operatorKey)).status).toBe(200);
});

test('the console asks a stranger to sign in, and brings him where he wanted to go', async () => {
  const bare = await visit('/');
  expect([bare.status, bare.headers.get('location')]).toEqual([302, '/console']);
  const away = await visit(`/console/runs/${done}`);
  expect([away.status, away.headers.get('location')]).toEqual([
    303,
    `/console/sign-in?next=${encodeURIComponent(`/console/runs/${done}`)}`,
  ]);
  const form = await visit(away.headers.get('location') ?? '');
  expect(await form.text()).toContain(`name="next" value="/console/runs/${done}"`);
  const signedIn = await signIn({ key: viewerKey, tenant: '', next: `/console/runs/${done}` });
  expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, `/console/runs/${done}`]);
  expect(signedIn.headers.get('set-cookie')).toMatch(
    /^octopipe_console=[\w-]+; Max-Age=28800; Path=\/console; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  const elsewhere = await signIn({ key: viewerKey, tenant: '', next: '//evil.example' });
  expect(elsewhere.headers.get('location')).toBe('/console/runs');
});

test('sign-in refuses wrong keys and foreign companies alike, and never shows the key again', async () => {
  for (const [key, slug] of [
    ['o2p_live_wrong', 'harbour'],
    [viewerKey, 'other'],
    [operatorKey, 'nobody'],
  ] as const) {
    const answer = await signIn({ key, tenant: slug, next: '' });
    const page = await answer.text();
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect([401, 404]).toContain(answer.status);
    expect(page).toContain('This key and this company do not go together.');
    expect(page).not.toContain(key);
  }
  const unnamed = await signIn({ key: operatorKey, tenant: '', next: '' });
  expect(await unnamed.text()).toContain('Name the company');
  const foreign = await visit('/console/sign-in', { 'sec-fetch-site': 'cross-site' }, 'POST');
  expect(foreign.status).toBe(403);
});

test('the pages of a signed-in viewer', async () => {
  const cookie = await cookieFor(viewerKey);
  const list = await (await visit('/console/runs', { cookie })).text();
  for (const runId of [done, running, cancelled]) expect(list).toContain(`/console/runs/${runId}`);
  const page = await visit(`/console/runs/${done}`, { cookie });
  const ended = await page.text();
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(ended).toContain('<h1>Finished</h1>');
  expect(ended).toContain('Harbour &amp; Sons &lt;Move&gt;');
  expect(ended).toContain('waived by <strong>olive@harbour.example</strong>');
  expect(ended).toContain(`/console/runs/${done}/documents/reconciliation.html`);
  expect(ended).not.toContain('http-equiv="refresh"');
  expect(ended).not.toContain(hostile);
});

test('the page of a run that goes on is live: a script of ours, and whole without it', async () => {
  const cookie = await cookieFor(viewerKey);
  const live = await visit(`/console/runs/${running}`, { cookie });
  const text = await live.text();
  expect(text).toContain('<noscript><meta http-equiv="refresh" content="2"></noscript>');
  const [, script] = /<script src="([^"]+)" defer><\/script>/.exec(text) ?? [];
  expect(script).toBe('/console/live.js');
  expect(live.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; connect-src 'self'$/,
  );
  const served = await visit(script ?? '', { cookie });
  expect([served.status, served.headers.get('content-type')]).toEqual([
    200,
    'text/javascript; charset=utf-8',
  ]);
  expect(await served.text()).toContain('new EventSource(');

  // What has ended, and what its reader stopped, runs nothing and opens nothing.
  for (const path of [done, cancelled, `${running}?refresh=off`].map((run) => `/console/runs/${run}`)) {
    const answer = await visit(path, { cookie });
    const still = await answer.text();
    expect(still).not.toContain('http-equiv="refresh"');
    expect(still).not.toContain('<script');
    expect(still).not.toContain('/events');
    expect(answer.headers.get('content-security-policy')).not.toContain('script-src');
  }
});

test('the speed of a run is that of the time in which it worked, as its log tells', async () => {
  const { runId, migrationId } = await seedRun(ctx.db, tenant, { status: 'running' });
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  await ctx.db
    .updateTable('loader.runPhase')
    .set({ startedAt: hoursAgo(10) })
    .where('runId', '=', runId)
    .where('phase', '=', 'deals')
    .execute();
  await ctx.db
    .insertInto('loader.recordOutcome')
    .values(
      Array.from({ length: 30 }, (_, n) => ({
        tenantId: tenant.id,
        runId,
        targetKey: `booking:many${n}`,
        entity: 'deal',
        outcome: 'created',
      })),
    )
    .execute();
  const of = (kind: string, hours: number) => ({
    tenantId: tenant.id,
    migrationId,
    runId,
    kind,
    at: hoursAgo(hours),
  });
  await ctx.db
    .insertInto('core.event')
    .values([
      of('run.running', 10.5),
      of('run.phase', 10),
      // Parked twice in a row is parked: half an hour of work in ten.
      of('run.waiting_budget', 9.5),
      of('run.paused', 9),
      of('run.running', 0),
    ])
    .execute();
  const page = await (await visit(`/console/runs/${runId}`, { cookie: await cookieFor(viewerKey) })).text();
  expect(page).toContain('<b>1</b><span>records a minute</span>');
});

test('a live page hears when there is something new, once for each version, and that the run is over', async () => {
  const cookie = await cookieFor(viewerKey);
  const { runId } = await seedRun(ctx.db, tenant, { status: 'running' });
  const path = `/console/runs/${runId}/events`;
  const versionShown = async () =>
    /data-version="([\w-]+)"/.exec(await (await visit(`/console/runs/${runId}`, { cookie })).text())?.[1] ??
    '';
  const of = (change: object) =>
    ctx.db.updateTable('loader.run').set(change).where('id', '=', runId).execute();

  const stream = await listen(`${path}?seen=${await versionShown()}`, { cookie });
  await of({ status: 'paused' });
  const news = await stream.until('page');
  expect(news.at(-1)).toMatchObject({ event: 'page', id: expect.stringMatching(/^[\w-]{22}$/) });
  stream.close();

  // What was seen last counts, whatever the address says, which stays the same when the browser comes again.
  const shown = await versionShown();
  const again = await listen(`${path}?seen=before`, { cookie, 'last-event-id': shown });
  await of({ status: 'cancelled', finishedAt: new Date() });
  const last = await again.until('end');
  await again.ended;
  const versions = last.slice(0, -1);
  expect(versions.map(({ event }) => event)).toEqual(versions.map(() => 'page'));
  // One for the end; another one where the test ran over a full minute.
  expect([1, 2]).toContain(new Set(versions.map(({ id }) => id)).size);
  expect(versions.map(({ id }) => id)).not.toContain(shown);
  expect(last.at(-1)).toEqual({ event: 'end', id: undefined });

  const foreign = await visit(path, { cookie: await cookieFor(otherKey) });
  const stranger = await visit(path);
  expect([foreign.status, stranger.status]).toEqual([404, 401]);
});

test('the report opens in the browser, data files are saved, and nothing of it may run', async () => {
  const cookie = await cookieFor(viewerKey);
  const report = await visit(`/console/runs/${done}/documents/reconciliation.html`, { cookie });
  expect(report.headers.get('content-disposition')).toBe('inline; filename="reconciliation.html"');
  // Of our site, or a browser would send its links to the sign-in page; never `allow-scripts` beside that.
  expect(report.headers.get('content-security-policy')).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-same-origin allow-downloads",
  );
  const links = [...(await report.text()).matchAll(/href="([\w.-]+)"/g)].map(([, name]) => name);
  expect(links).toContain('inventory-automations.html');
  for (const name of links)
    expect((await visit(`/console/runs/${done}/documents/${name}`, { cookie })).status).toBe(200);
  const csv = await visit(`/console/runs/${done}/documents/crosswalk.csv`, { cookie });
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="crosswalk.csv"');
  expect((await visit(`/console/runs/${running}/documents/summary.json`, { cookie })).status).toBe(409);
});

test('a foreign session sees nothing, a forged or revoked one is signed out', async () => {
  const foreign = await cookieFor(otherKey);
  expect((await visit(`/console/runs/${done}`, { cookie: foreign })).status).toBe(404);
  expect((await visit(`/console/runs/${done}/documents/summary.json`, { cookie: foreign })).status).toBe(404);
  expect((await visit('/console/runs/nonsense', { cookie: foreign })).status).toBe(404);
  expect(await (await visit('/console/runs', { cookie: foreign })).text()).toContain('No run yet');
  const forged = `${foreign.slice(0, -4)}AAAA`;
  expect((await visit('/console/runs', { cookie: forged })).status).toBe(303);
  const shortLived = await createApiKey(ctx.db, { role: 'viewer', label: 'leaver', tenantId: tenant.id });
  const cookie = await cookieFor(shortLived);
  expect((await visit('/console/runs', { cookie })).status).toBe(200);
  await ctx.db
    .updateTable('core.apiKey')
    .set({ expiresAt: new Date() })
    .where('label', '=', 'leaver')
    .execute();
  expect((await visit('/console/runs', { cookie })).status).toBe(303);
  const out = await visit('/console/sign-out', { cookie: foreign }, 'POST');
  expect(out.headers.get('set-cookie')).toMatch(/^octopipe_console=; Max-Age=0;/);
});

function call(path: string, key = viewerKey, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}${path}`, {
    headers: { ...headers, ...(key && { authorization: `Bearer ${key}` }) },
  });
}

/** Frames of an event stream as they come. */
async function listen(path: string, headers: Record<string, string>) {
  const left = new AbortController();
  const answer = await fetch(`${service.url}${path}`, { headers, signal: left.signal });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  const frames: Array<{ event: string; id: string | undefined }> = [];
  const reading = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = /^event: (.+)$/m.exec(block)?.[1];
        if (event !== undefined) frames.push({ event, id: /^id: (.+)$/m.exec(block)?.[1] });
      }
    }
  })();
  const ended = reading.catch((error: unknown) => {
    if (!left.signal.aborted) throw error;
  });
  return {
    ended,
    close: () => left.abort(),
    async until(event: string) {
      while (!frames.some((frame) => frame.event === event)) await sleep(50);
      return frames;
    },
  };
}

async function listOf(path: string): Promise<z.infer<typeof DocumentList>> {
  return DocumentList.parse(await (await call(path)).json());
}

function visit(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${service.url}${path}`, { method, headers, redirect: 'manual' });
}

function signIn(form: { key: string; tenant: string; next: string }): Promise<Response> {
  return fetch(`${service.url}/console/sign-in`, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
}

async function cookieFor(key: string): Promise<string> {
  const answer = await signIn({ key, tenant: '', next: '' });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function untilReady(path: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if ((await call(path)).ok) return;
  }
  throw new Error(`${path} was not ready within 30 s`);
}

test('an estimate from row counts: for those who sell and operate, not for a tenant', async () => {
  const ask = (key: string, body: unknown) =>
    fetch(`${service.url}/v1/estimates`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const answer = await ask(operatorKey, {
    rows: { booking: 5_000, customer: 1_800 },
    plan: 'growth',
    seats: 5,
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    records: { deal: 5_000, person: 1_800 },
    time: { plan: 'growth', days: 1 },
    complexity: { grade: expect.stringMatching(/^[A-D]$/) },
  });
  expect((await ask(viewerKey, { rows: {} })).status).toBe(403);
  expect((await ask(operatorKey, { rows: { spaceship: 1 } })).status).toBe(422);
});

test('an estimate of an export follows the mapping, else the order, says so, and is what its run reckons with', async () => {
  const Body = z.object({
    records: z.record(z.string(), z.number()),
    tokens: z.object({ total: z.number() }),
    price: z.object({ lines: z.array(z.object({ says: z.string() })) }),
    assumptions: z.array(z.string()),
  });
  const estimate = async (body: object) => {
    const answer = await fetch(`${service.url}/v1/estimates/export?tenant=harbour`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return Body.parse(await answer.json());
  };
  const reckonedOf = async (runId: string) => {
    const { reckoned } = z
      .object({ reckoned: z.number() })
      .parse(await (await call(`/v1/reports/${runId}/tokens`)).json());
    return reckoned;
  };
  const policy = { existing: 'match' as const, policy: 'fill_empty' as const, fields: {} };
  const orders = [
    {
      settings: { deal_lines: 'products', inquiries: 'deals', match: ['persons', 'products'] },
      mapping: {
        dealLines: 'products' as const,
        inquiries: 'deals' as const,
        matching: { person: policy, product: policy },
      },
      choices: ['inquiries: deals', 'deal_lines: products', 'matching: persons, products'],
    },
    {
      settings: { deal_lines: 'text' },
      mapping: {},
      choices: ['inquiries: leads', 'deal_lines: text', 'matching: none'],
    },
  ];
  const found: Array<z.infer<typeof Body>> = [];
  for (const { settings, mapping, choices } of orders) {
    const { runId, exportId } = await seedRun(ctx.db, tenant, { status: 'running', settings, mapping });
    for (const object of ['booking_service', 'inquiry'])
      await ctx.db
        .insertInto('ingest.exportFile')
        .values({
          tenantId: tenant.id,
          exportId,
          ...{ kind: 'table', state: 'staged', blob: '0'.repeat(32), bytes: 1, sha256: 'f'.repeat(64) },
          ...{ object, path: `${object}.csv`, rowCount: 40, firstRow: 1, columns: '[]' },
        })
        .execute();
    const setVersion = (version: { state: string; confirmedBy: string | null; confirmedAt: Date | null }) =>
      ctx.db.updateTable('transform.mappingVersion').set(version).where('exportId', '=', exportId).execute();
    // As it is asked before anybody has confirmed anything.
    await setVersion({ state: 'proposed', confirmedBy: null, confirmedAt: null });
    const ordered = await estimate({ export_id: exportId });
    expect(ordered.tokens.total).toBe(await reckonedOf(runId));
    const whose = (text: string, name: string) =>
      `${text}, ${name in settings ? 'as the migration has ordered' : 'as nothing else was said'}.`;
    expect(ordered.assumptions.slice(0, 3)).toEqual(
      ['inquiries', 'deal_lines', 'match'].map((name, i) => whose(choices[i] ?? '', name)),
    );
    found.push(ordered);
    await setVersion({ state: 'confirmed', confirmedBy: 'olive@harbour.example', confirmedAt: new Date() });
    const mapped = await estimate({ export_id: exportId });
    expect(mapped.assumptions.slice(0, 3)).toEqual(
      choices.map((text) => `${text}, as the confirmed mapping says.`),
    );
    expect(mapped.price).toEqual(ordered.price);
    // Who asks for something else is answered that.
    const asked = await estimate({ export_id: exportId, deal_lines: 'text', matching: true });
    expect(asked.assumptions.slice(1, 3)).toEqual([
      'deal_lines: text, as asked.',
      `matching: ${choices[2] === 'matching: none' ? 'organizations, persons, products' : 'persons, products'}, as asked.`,
    ]);
  }
  const [lines, plain] = found;
  expect([lines?.records.line, lines?.records.lead]).toEqual([52, undefined]);
  expect([plain?.records.line, plain?.records.lead]).toEqual([undefined, 16]);
  expect(lines?.price.lines.filter(({ says }) => says.startsWith('Matching'))).toHaveLength(1);
});
