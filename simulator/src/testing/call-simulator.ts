import type { Entity, SimRecord } from '../account/entities.js';
import type { FaultRule } from '../faults/rules.js';
import type { Draft, Json, JsonObject } from '../json.js';
import type { RunningSimulator } from '../server.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body, or its text when it is not JSON. */
  readonly body: Draft & { data?: Draft; error?: string; code?: string };
  readonly text: string;
}

export interface LedgerLine {
  readonly seq: number;
  readonly op: 'create' | 'update' | 'delete';
  readonly entity: Entity;
  readonly id: number | string;
  readonly operation: string;
  readonly body: Json;
  readonly record: SimRecord;
}

/** A bare client for the tests: no retries, no types, everything visible. */
export function callsTo(simulator: RunningSimulator) {
  const send = async (
    method: string,
    path: string,
    body?: Json,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const response = await fetch(simulator.url + path, {
      method,
      headers: {
        'x-api-token': simulator.token,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {}, text };
  };
  const control = async (path: string, body: Json = {}) => {
    const reply = await send('POST', `/__sim/${path}`, body);
    if (reply.status !== 200) throw new Error(`/__sim/${path}: ${reply.text}`);
    return reply.body;
  };
  return {
    send,
    get: (path: string) => send('GET', path),
    post: (path: string, body: Json) => send('POST', path, body),
    put: (path: string, body: Json) => send('PUT', path, body),
    patch: (path: string, body: Json) => send('PATCH', path, body),
    remove: (path: string) => send('DELETE', path),
    control,
    faults: (rules: Partial<FaultRule>[], seed = 1) =>
      control('faults', { seed, rules: rules as unknown as Json }),
    async state(): Promise<Record<Entity, SimRecord[]>> {
      return (await send('GET', '/__sim/state')).body as unknown as Record<Entity, SimRecord[]>;
    },
    async ledger(): Promise<LedgerLine[]> {
      const { text } = await send('GET', '/__sim/ledger');
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as LedgerLine);
    },
    async requests() {
      return (await send('GET', '/__sim/requests')).body as unknown as {
        operations: Record<string, Record<string, number>>;
        unexpected: Record<string, number>;
        tokens: { today: number; total: number; daily_limit: number; remaining: number };
      };
    },
    /** Creates and answers the data; fails loudly, because the test is about something else. */
    async create(path: string, body: JsonObject): Promise<Draft & { id: number }> {
      const reply = await send('POST', path, body);
      if (reply.status > 299) throw new Error(`POST ${path}: ${reply.status} ${reply.text}`);
      return reply.body.data as Draft & { id: number };
    },
  };
}

export type Calls = ReturnType<typeof callsTo>;
