import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { hashOf } from '@octopipe/shared/core/canonical-json';
import { sleep } from '@octopipe/shared/core/clock';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { z } from 'zod';
import {
  Connection,
  type DocumentEntry,
  DocumentList,
  ExportAccepted,
  ExportStatus,
  Mapping,
  Migration,
  ProblemBody,
  RollbackSummary,
  Run,
  Summary,
  VerificationSummary,
  type Waiver,
} from './answers.js';

/** An answer of the API that is a problem (RFC 9457). `code` is stable. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface MigrationSettings {
  country?: string;
  currency?: string;
  time_zone?: string;
  date_format?: string;
  inquiries?: string;
  deal_lines?: string;
  quote_deals?: string;
  invoice_deals?: string;
  recurring_series?: string;
  match?: string[];
  conflict_policy?: string;
}

/** The part of the REST API that a migration from the command line needs, one method per call. */
export interface Api {
  openMigration(body: {
    tenant: string;
    tenant_name: string;
    reference: string;
    name: string;
    settings?: MigrationSettings;
  }): Promise<Migration>;
  /** All of them; over whatever stands. */
  changeSettings(migrationId: string, settings: MigrationSettings): Promise<void>;
  /** `body` is called again for a second attempt: a stream can be read only once. */
  sendExport(migrationId: string, body: () => Readable): Promise<ExportAccepted>;
  getExport(migrationId: string, exportId: string): Promise<ExportStatus>;
  connect(body: { base_url: string; api_token: string; plan?: string; seats?: number }): Promise<Connection>;
  proposeMapping(body: { migration_id: string; export_id: string }): Promise<Mapping>;
  confirmMapping(id: string, body: { content_hash: string; waived: boolean }): Promise<void>;
  createRun(body: {
    migration_id: string;
    connection_id: string;
    mapping_version_id: string;
    kind: 'production' | 'dry_run';
    plan_hash?: string;
    waivers: Waiver[];
  }): Promise<Run>;
  getRun(id: string): Promise<Run>;
  moveRun(id: string, move: 'resume' | 'cancel'): Promise<Run>;
  /** Takes a load back; looks first, and waits to be resumed. */
  startRollback(loadId: string, body: { entities?: string[] }): Promise<Run>;
  startVerify(loadId: string): Promise<Run>;
  getSummary(runId: string): Promise<Summary>;
  getRollbackSummary(runId: string): Promise<RollbackSummary>;
  getVerificationSummary(runId: string): Promise<VerificationSummary>;
  listDocuments(runId: string): Promise<DocumentEntry[]>;
  openDocument(runId: string, name: string): Promise<Readable>;
}

interface Call {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  body?: unknown;
  /** The ETag of what is edited. */
  ifMatch?: string;
  stream?: () => Readable;
}

/** A service that is starting again is back within seconds; a minute without an answer is a failure worth telling. */
const patienceMs = 60_000;

export function openApi(options: {
  baseUrl: string;
  key: string;
  tenant: string;
  signal: AbortSignal;
  patience?: number;
}): Api {
  const http = axios.create({
    baseURL: options.baseUrl,
    headers: { authorization: `Bearer ${options.key}` },
    params: { tenant: options.tenant },
    // Ours is always on this machine; a proxy of the environment is for the world outside.
    proxy: false,
    maxRedirects: 0,
    maxBodyLength: Number.POSITIVE_INFINITY,
    validateStatus: () => true,
    signal: options.signal,
  });
  const patience = options.patience ?? patienceMs;
  const json = async <S extends z.ZodType>(shape: S, call: Call): Promise<z.infer<S>> =>
    readAnswer(shape, call, await send(http, call, patience, options.signal));
  const post = <S extends z.ZodType>(shape: S, path: string, body: unknown) =>
    json(shape, { method: 'POST', path, body });
  const get = <S extends z.ZodType>(shape: S, path: string) => json(shape, { method: 'GET', path });

  return {
    openMigration: (body) => post(Migration, '/v1/migrations', body),
    async changeSettings(id, settings) {
      const path = `/v1/migrations/${id}`;
      for (;;) {
        const call = { method: 'GET', path } as const;
        const read = await send(http, call, patience, options.signal);
        if (hashOf(readAnswer(Migration, call, read).settings) === hashOf(settings)) return;
        const ifMatch = String(read.headers.etag);
        try {
          await json(z.unknown(), { method: 'PATCH', path, body: { settings }, ifMatch });
          return;
        } catch (error) {
          // Somebody was faster, or our own first attempt was and its answer got lost: what stands now decides.
          if (!(error instanceof ApiProblem) || error.code !== 'edited_meanwhile') throw error;
        }
      }
    },
    sendExport: (id, stream) =>
      json(ExportAccepted, { method: 'POST', path: `/v1/migrations/${id}/exports`, stream }),
    getExport: (id, exportId) => get(ExportStatus, `/v1/migrations/${id}/exports/${exportId}`),
    connect: (body) => post(Connection, '/v1/connections', body),
    proposeMapping: (body) => post(Mapping, '/v1/mappings', body),
    confirmMapping: async (id, body) => {
      await post(z.unknown(), `/v1/mappings/${id}/confirm`, body);
    },
    createRun: (body) => post(Run, '/v1/runs', body),
    getRun: (id) => get(Run, `/v1/runs/${id}`),
    moveRun: (id, move) => post(Run, `/v1/runs/${id}/${move}`, {}),
    startRollback: (id, body) => post(Run, `/v1/runs/${id}/rollback`, body),
    startVerify: (id) => post(Run, `/v1/runs/${id}/verify`, {}),
    getSummary: (id) => get(Summary, `/v1/reports/${id}`),
    getRollbackSummary: (id) => get(RollbackSummary, `/v1/reports/${id}`),
    getVerificationSummary: (id) => get(VerificationSummary, `/v1/reports/${id}`),
    async listDocuments(id) {
      const items: DocumentEntry[] = [];
      let cursor: string | null | undefined;
      do {
        const suffix = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
        const page = await get(DocumentList, `/v1/reports/${id}/documents${suffix}`);
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor);
      return items;
    },
    async openDocument(id, name) {
      const path = `/v1/reports/${id}/documents/${encodeURIComponent(name)}`;
      const answer = await http.get<Readable>(path, { responseType: 'stream' });
      if (answer.status === 200) return answer.data;
      answer.data.resume();
      throw new ApiProblem(
        answer.status,
        'document_unavailable',
        `The document ${name} cannot be read (HTTP ${answer.status}).`,
      );
    },
  };
}

/** Every POST carries one Idempotency-Key through all its attempts, so an answer that got lost doubles nothing. */
async function send(
  http: AxiosInstance,
  call: Call,
  patience: number,
  signal: AbortSignal,
): Promise<AxiosResponse<unknown>> {
  const headers = {
    ...(call.method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    ...(call.stream ? { 'content-type': 'application/zip' } : {}),
    ...(call.ifMatch === undefined ? {} : { 'if-match': call.ifMatch }),
  };
  const deadline = Date.now() + patience;
  for (;;) {
    const body = call.stream?.();
    let waitMs = 500;
    try {
      const answer = await http.request<unknown>({
        method: call.method,
        url: call.path,
        headers,
        data: body ?? call.body,
      });
      if (!isAway(answer) || Date.now() > deadline) return answer;
      if (answer.status === 429) waitMs = Number(answer.headers['retry-after'] ?? 1) * 1_000;
    } catch (error) {
      signal.throwIfAborted();
      // What could not be read from disk will not be readable in a second either.
      if (body?.errored) throw body.errored;
      if (!axios.isAxiosError(error) || Date.now() > deadline) throw error;
    } finally {
      body?.destroy();
    }
    await sleep(waitMs, signal);
    signal.throwIfAborted();
  }
}

/** Worth another try: a service that starts again, and our own request whose first attempt died with its service. */
const passing = [
  'service_away',
  'database_unavailable',
  'try_later',
  'request_in_flight',
  'too_many_requests',
];

/** A 502 that a service itself gives is about the account (`account_unreachable`), and is an answer. */
function isAway(answer: AxiosResponse<unknown>): boolean {
  if (answer.status < 400) return false;
  const problem = ProblemBody.safeParse(answer.data);
  if (problem.success) return passing.includes(problem.data.code);
  return answer.status === 502 || answer.status === 503;
}

function readAnswer<S extends z.ZodType>(shape: S, call: Call, answer: AxiosResponse<unknown>): z.infer<S> {
  const where = `${call.method} ${call.path}`;
  if (answer.status >= 400) {
    const problem = ProblemBody.safeParse(answer.data);
    if (!problem.success)
      throw new ApiProblem(answer.status, 'no_problem', `${where} answered ${answer.status}.`);
    const { code, detail, errors } = problem.data;
    const fields = errors.map((field) => `${field.pointer}: ${field.message}`).join('; ');
    throw new ApiProblem(answer.status, code, fields === '' ? detail : `${detail} (${fields})`);
  }
  const parsed = shape.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new ApiProblem(
    answer.status,
    'unexpected_answer',
    `${where} answered in a form this build does not know (${first?.path.join('.')}: ${first?.message}); build everything from the same commit.`,
  );
}
