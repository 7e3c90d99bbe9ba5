import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { type Octopipe, octopipe } from './programs.js';

/** What a portal, an operator and a customer's admin do over HTTP, and nothing but HTTP. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  body: T;
}

export type Caller = <T = Record<string, unknown>>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer<T>>;

export interface Served {
  url: string;
  operator: Caller;
  operatorKey: string;
  /** Every key that was made: what must never be told. */
  secrets: string[];
  /** Somebody with this key; unbound ones name the tenant in the path. */
  caller(key: string): Caller;
  /** A new key of this role, made by the operator. */
  newKey(role: 'portal' | 'tenant_admin' | 'viewer', tenant?: string): Promise<Caller>;
  /** Its embedded Postgres, and each service's own address: nobody outside the machine reaches these. */
  databaseUrl: string;
  serviceUrls: string[];
  stop(): Promise<void>;
}

/** `npm start -- serve`, until it is ready. */
export async function serve(stateDir: string, env: Record<string, string> = {}): Promise<Served> {
  const program: Octopipe = octopipe(['serve', '--state-dir', stateDir], env);
  const url = (await program.saw(/gateway +(http:\S+)/)).replace(/^gateway +/, '');
  const operatorKey = await program.saw(/o2p_live_\S+/);
  const { password } = JSON.parse(readFileSync(path.join(stateDir, 'postgres.secret'), 'utf8')) as {
    password: string;
  };
  const postgres = (await program.saw(/Postgres +\S+/)).replace(/^Postgres +/, '');
  const serviceUrls = [];
  for (const name of ['ingest', 'transform', 'loader', 'reporter'])
    serviceUrls.push((await program.saw(new RegExp(`${name} +http:\\S+`))).replace(/^\w+ +/, ''));
  const caller =
    (key: string): Caller =>
    async <T>(method: 'GET' | 'POST', to: string, body?: unknown, headers: Record<string, string> = {}) => {
      const isBytes = body instanceof Buffer;
      const response = await fetch(new URL(to, url), {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/zip' : 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as T };
    };
  const operator = caller(operatorKey);
  const masterKey = readFileSync(path.join(stateDir, 'master.key'), 'utf8').trim();
  const secrets = [operatorKey, masterKey, password];
  return {
    url,
    operator,
    operatorKey,
    secrets,
    caller,
    databaseUrl: `postgres://octopipe:${password}@${postgres}/octopipe`,
    serviceUrls,
    async newKey(role, tenant) {
      const made = await operator<{ secret: string }>('POST', '/v1/keys', {
        role,
        label: `${role} of a test`,
        ...(tenant === undefined ? {} : { tenant }),
      });
      if (made.status !== 201) throw new Error(`a key was not made: ${JSON.stringify(made)}`);
      secrets.push(made.body.secret);
      return caller(made.body.secret);
    },
    async stop() {
      program.signal('SIGINT');
      await program.exit;
    },
  };
}

export interface Summary {
  status: string;
  balanced: boolean;
  verified: { records: number; fields: number; differences: number };
  source: Record<string, { rows: number }>;
  tokens: { planned: number; spent: number; floor: number };
  duration_ms: number;
}

export interface Journey {
  tenant: string;
  migrationId: string;
  exportId: string;
  connectionId: string;
  runId: string;
  summary: Summary;
  /** From opening the migration to its reports. */
  milliseconds: number;
}

export const localeOfSamples = { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' };

/** One company's way: the portal opens the migration, the company's own admin does all the rest. */
export async function migrateOverHttp(
  portal: Caller,
  adminOf: (tenant: string) => Promise<Caller>,
  order: {
    tenant: string;
    zip: Buffer;
    sim: { url: string; token: string };
    /** What a person makes of the proposed content; absent: it is confirmed as it is. */
    edit?: (content: Record<string, unknown>) => Record<string, unknown>;
    /** Starts the run without a rehearsal; absent: the admin rehearses, and has exactly that written. */
    operator?: Caller;
  },
): Promise<Journey> {
  const start = Date.now();
  const migration = await made<{ id: string }>(
    portal('POST', '/v1/migrations', {
      tenant: order.tenant,
      tenant_name: order.tenant,
      reference: `order-${order.tenant}`,
      name: `${order.tenant} to Pipedrive`,
      settings: localeOfSamples,
    }),
  );
  const admin = await adminOf(order.tenant);
  const exported = await made<{ id: string }>(
    admin('POST', `/v1/migrations/${migration.id}/exports`, order.zip),
  );
  const connection = await made<{ id: string }>(
    admin('POST', '/v1/connections', { base_url: order.sim.url, api_token: order.sim.token }),
  );
  await reaches(
    () => admin<{ state: string }>('GET', `/v1/migrations/${migration.id}/exports/${exported.id}`),
    ({ state }) => state === 'assessed',
    ({ state }) => state === 'failed',
  );
  const ids = { migration_id: migration.id, export_id: exported.id };
  let mapping = await made<{ id: string; content_hash: string; content: Record<string, unknown> }>(
    admin('POST', '/v1/mappings', ids),
  );
  if (order.edit)
    mapping = await made(admin('POST', '/v1/mappings', { ...ids, content: order.edit(mapping.content) }));
  await made(admin('POST', `/v1/mappings/${mapping.id}/confirm`, { content_hash: mapping.content_hash }));
  const ofMapping = {
    migration_id: migration.id,
    connection_id: connection.id,
    mapping_version_id: mapping.id,
  };
  const run = await made<{ id: string }>(
    order.operator
      ? order.operator('POST', `/v1/runs?tenant=${order.tenant}`, {
          ...ofMapping,
          waivers: [{ gate: 'rehearsal', actor: 'the operator of a test' }],
        })
      : admin('POST', '/v1/runs', { ...ofMapping, plan_hash: await rehearse(admin, ofMapping) }),
  );
  await ended(admin, run.id, ({ documents_ready }) => documents_ready);
  const summary = await reaches(
    () => admin<Summary>('GET', `/v1/reports/${run.id}`),
    ({ status }) => status === 'done',
  );
  return {
    tenant: order.tenant,
    migrationId: migration.id,
    exportId: exported.id,
    connectionId: connection.id,
    runId: run.id,
    summary,
    milliseconds: Date.now() - start,
  };
}

/** Answers the hash of what a dry run would write. */
async function rehearse(admin: Caller, ofMapping: Record<string, string>): Promise<string | undefined> {
  const dry = await made<{ id: string }>(admin('POST', '/v1/runs', { ...ofMapping, kind: 'dry_run' }));
  return (await ended(admin, dry.id)).plan?.hash;
}

interface ShownRun {
  status: string;
  documents_ready: boolean;
  plan: { hash: string } | null;
}

function ended(admin: Caller, runId: string, isReady: (run: ShownRun) => boolean = () => true) {
  return reaches(
    () => admin<ShownRun>('GET', `/v1/runs/${runId}`),
    (run) => run.status === 'done' && isReady(run),
    ({ status }) => ['failed', 'cancelled', 'waiting_person'].includes(status),
  );
}

/** The body of a 2xx; anything else is a failure of the journey. */
export async function made<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { status, body } = await answer;
  if (status < 200 || status > 299) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** Asks until it is so. */
export async function reaches<T>(
  ask: () => Promise<Answer<T>>,
  isThere: (body: T) => boolean,
  isLost: (body: T) => boolean = () => false,
): Promise<T> {
  for (const end = Date.now() + 1_800_000; Date.now() < end; ) {
    const { status, body } = await ask();
    if (status === 200 && isThere(body)) return body;
    if (status === 200 && isLost(body)) throw new Error(`it ended otherwise: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('it never came to that');
}

/** A package folder as the zip that is sent. */
export async function zipOf(folder: string): Promise<Buffer> {
  const zip = new ZipFile();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    zip.addReadStreamLazy(path.relative(folder, file), { compress: false }, (give) =>
      give(null, createReadStream(file)),
    );
  }
  zip.end();
  return buffer(zip.outputStream);
}

/** Rows by object, as a salesperson would have them from the customer: counted in the files, a line a record. */
export function rowCounts(folder: string, files: Record<string, string>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(files).map(([object, file]) => [
      object,
      readFileSync(path.join(folder, file), 'utf8').trimEnd().split('\n').length - 1,
    ]),
  );
}
