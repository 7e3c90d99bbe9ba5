import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import { tokenCost } from './costs.js';
import { factsOf, type OperationFacts, type OperationName } from './facts/index.js';

/** One request to Pipedrive, in the words of the facts table. */
export interface ApiRequest {
  operation: OperationName;
  /** Values of the path's placeholders. */
  path?: Record<string, string | number>;
  query?: Record<string, string | number>;
  /** As JSON, or where the description asks for that as a form. */
  json?: unknown;
  /** multipart/form-data: plain fields and exactly one file. */
  upload?: { fields: Record<string, string>; fileName: string; content: Buffer };
}

/** What the rate limit headers said; all of them may be missing. */
export interface LimitHeaders {
  burstLimit?: number;
  dailyLimit?: number;
  dailyRemaining?: number;
  /** Server clock, from the Date header. */
  serverTime?: Date;
}

/**
 * What became of a request, by what the caller should do:
 * ok: done · refused: a definite no, nothing was written · throttled: a definite no, slow the company down ·
 * unauthorized, blocked: stop the account · not_sent: a definite no, the connection never stood ·
 * unknown: the request left us and no readable answer came; it may have been carried out.
 */
export type ApiOutcome =
  | { kind: 'ok'; data: unknown; more: unknown; limits: LimitHeaders }
  | { kind: 'refused'; status: number; code: string; message: string; limits: LimitHeaders }
  | { kind: 'throttled'; daily: boolean; retryAfterMs: number | undefined; limits: LimitHeaders }
  | { kind: 'unauthorized'; limits: LimitHeaders }
  | { kind: 'blocked'; limits: LimitHeaders }
  | { kind: 'not_sent'; reason: string }
  | { kind: 'unknown'; reason: string; limits: LimitHeaders };

/** One account's transport. Only this file knows axios. It never retries: re-sending is a decision of the write path. */
export interface PipedriveHttp {
  send(request: ApiRequest, signal?: AbortSignal): Promise<ApiOutcome>;
  close(): void;
}

const maxAnswerBytes = 64 * 1024 * 1024;

/** 100 kB/s: the eight uploads that one run may have in flight then want a way out of 6.4 Mbit/s, which most have. */
const slowestUploadBytesPerMs = 100;

/** How long a request may take: one that carries a file by its size more, or none would ever get through a slow line. */
export function timeoutOf({ upload }: Pick<ApiRequest, 'upload'>, timeoutMs: number): number {
  return timeoutMs + Math.ceil((upload?.content.length ?? 0) / slowestUploadBytesPerMs);
}

export function createHttp(options: { baseUrl: string; apiToken: string; timeoutMs: number }): PipedriveHttp {
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 16 }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: 16 }),
  };
  const client = axios.create({
    baseURL: options.baseUrl.replace(/\/+$/, ''),
    headers: { 'x-api-token': options.apiToken, accept: 'application/json' },
    allowAbsoluteUrls: false,
    maxRedirects: 0,
    maxContentLength: maxAnswerBytes,
    maxBodyLength: maxAnswerBytes,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
    proxy: false,
    ...agents,
  });
  return {
    send: (request, signal) => send(client, request, options.timeoutMs, signal),
    close() {
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

async function send(
  client: AxiosInstance,
  request: ApiRequest,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ApiOutcome> {
  const facts = factsOf(request.operation);
  const url = facts.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(request.path?.[name] ?? '')),
  );
  // axios' own timeout does not cover a peer that accepts and then stays silent in every phase; the abort does.
  const mostMs = timeoutOf(request, timeoutMs);
  const deadline = AbortSignal.timeout(mostMs);
  try {
    const response: AxiosResponse<string> = await client.request({
      method: facts.method,
      url,
      timeout: mostMs,
      ...(request.query ? { params: request.query } : {}),
      ...bodyOf(facts, request),
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    return classifyAnswer(
      response.status,
      String(response.data ?? ''),
      readLimits(response),
      response.headers,
      tokenCost(request.operation),
    );
  } catch (error) {
    return classifyFailure(error);
  }
}

/** The body in the content type that the published description names: in another a field is not seen, and the answer is a yes. */
function bodyOf(
  { operation, bodyKind }: OperationFacts,
  { json, upload }: ApiRequest,
): { data?: string | FormData; headers?: Record<string, string> } {
  if ((upload !== undefined && bodyKind !== 'multipart') || (json !== undefined && bodyKind === 'multipart'))
    throw new Error(`${operation} takes no such body`);
  if (upload) return { data: toMultipart(upload) };
  if (json === undefined) return {};
  return bodyKind === 'form'
    ? { data: toForm(json), headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    : { data: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
}

/** A form has no null: what is to be cleared is sent empty. */
function toForm(json: unknown): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries((json ?? {}) as Record<string, unknown>))
    form.set(name, String(value ?? ''));
  return form.toString();
}

function toMultipart(upload: NonNullable<ApiRequest['upload']>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(upload.content)]), upload.fileName);
  return form;
}

// Only a failure before the connection stood is a definite no; everything later may have reached the server.
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function classifyFailure(error: unknown): ApiOutcome {
  const code = error instanceof AxiosError ? (error.code ?? 'UNKNOWN') : undefined;
  if (code === undefined) throw error;
  if (neverConnected.has(code)) return { kind: 'not_sent', reason: code };
  return { kind: 'unknown', reason: code, limits: {} };
}

function classifyAnswer(
  status: number,
  text: string,
  limits: LimitHeaders,
  headers: AxiosResponse['headers'],
  tokens: number,
): ApiOutcome {
  const body = parseJson(text);
  if (status >= 200 && status < 300) {
    if (body === undefined || !('success' in body) || body.success !== true)
      return { kind: 'unknown', reason: `unreadable_${status}`, limits };
    return { kind: 'ok', data: body.data, more: body.additional_data, limits };
  }
  if (status === 429) {
    const retryAfter = Number(headers['retry-after']);
    return {
      kind: 'throttled',
      // With fewer left than it costs, no pause helps, whatever `retry-after` says.
      daily: limits.dailyRemaining !== undefined && limits.dailyRemaining < tokens,
      retryAfterMs: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter * 1000 : undefined,
      limits,
    };
  }
  if (status === 401) return { kind: 'unauthorized', limits };
  if (status === 403 && body === undefined) return { kind: 'blocked', limits };
  if (status === 408 || status === 409 || status === 425 || status >= 500)
    return { kind: 'unknown', reason: `status_${status}`, limits };
  return {
    kind: 'refused',
    status,
    code: errorCode(body) ?? `http_${status}`,
    message: errorMessage(body),
    limits,
  };
}

function readLimits(response: AxiosResponse): LimitHeaders {
  const limits: LimitHeaders = {};
  const burst = headerNumber(response, 'x-ratelimit-limit');
  const daily = headerNumber(response, 'x-daily-ratelimit-token-limit');
  const remaining = headerNumber(response, 'x-daily-ratelimit-token-remaining');
  const date = Date.parse(String(response.headers.date ?? ''));
  if (burst !== undefined) limits.burstLimit = burst;
  if (daily !== undefined) limits.dailyLimit = daily;
  if (remaining !== undefined) limits.dailyRemaining = remaining;
  if (Number.isFinite(date)) limits.serverTime = new Date(date);
  return limits;
}

function headerNumber(response: AxiosResponse, name: string): number | undefined {
  const text: unknown = response.headers[name];
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON: an HTML error page, an empty or a cut-off body. The callers above say what that means.
    return undefined;
  }
}

function errorCode(body: Record<string, unknown> | undefined): string | undefined {
  return typeof body?.code === 'string' ? body.code : undefined;
}

/** Pipedrive's own words; may name fields of the account, so it goes to the tenant's tables and never to the log. */
function errorMessage(body: Record<string, unknown> | undefined): string {
  const text = body?.error ?? body?.message ?? '';
  return (typeof text === 'string' ? text : JSON.stringify(text)).slice(0, 300);
}
