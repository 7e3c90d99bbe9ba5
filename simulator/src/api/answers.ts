import type { Json, JsonObject } from '../json.js';

/** What one request is answered with. `file` streams from disk, `html` is for the pages that are no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: JsonObject;
  readonly html?: string;
  readonly file?: { readonly path: string; readonly size: number; readonly contentType: string };
}

/** Thrown by rules to refuse a request; carries the whole answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(readonly answer: Answer) {
    super(`refused with ${answer.status}`);
  }
}

export function ok(data: Json, additional?: JsonObject, status = 200): Answer {
  return { status, json: { success: true, data, ...(additional && { additional_data: additional }) } };
}

/** Bodies as captured from the live service or printed in its documentation; see "literal bodies" in the facts sheet. */
const DEVELOPERS = 'Please check developers.pipedrive.com';
const ABOUT_API = `${DEVELOPERS} for more information about Pipedrive API.`;

function refusal(status: number, json: JsonObject): Refusal {
  return new Refusal({ status, json: { success: false, ...json } });
}

/** v2: the shape of the request is wrong. */
export function invalid(path: string, problem: string): Refusal {
  return refusal(400, {
    error: `Validation failed: ${path}: ${problem}`,
    code: 'ERR_SCHEMA_VALIDATION_FAILED',
  });
}

export function notAllowed(path: string): Refusal {
  return invalid(path, `Parameter '${path}' is not allowed for this request`);
}

/** v2: the shape is right, a rule forbids it. */
export function badRequest(problem: string, code = 'ERR_BAD_REQUEST'): Refusal {
  return refusal(400, { error: problem, code });
}

export function v1Failed(status: number, error: string): Refusal {
  return refusal(status, { error, error_info: ABOUT_API, data: null, additional_data: null });
}

/** v1 words for a rule shared with v2: the same status and message in the body of v1. */
export function asV1<Result>(rule: () => Result): Result {
  try {
    return rule();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, json } = error.answer;
    const code = json?.code;
    throw refusal(status, {
      error: json?.error ?? 'Bad request',
      ...(status === 403 && code !== undefined && { code }),
      error_info: ABOUT_API,
      data: null,
      additional_data: null,
    });
  }
}

export function forbidden(error: string, code?: string): Refusal {
  return refusal(403, {
    error,
    ...(code && { code }),
    error_info: DEVELOPERS,
    data: null,
    additional_data: null,
  });
}

/** Documented without any code. */
export function forbiddenPlainly(error: string): Refusal {
  return refusal(403, { error, error_info: DEVELOPERS, data: null, additional_data: null });
}

export function notFound(): Refusal {
  return refusal(404, {
    error: 'Entity was not found',
    error_info: 'Object was not found.',
    data: null,
    additional_data: null,
  });
}

/** Leads have words of their own; those for a label are ours. */
export function leadNotFound(error: string): Refusal {
  return refusal(404, { error, error_info: 'Object was not found.', data: null, additional_data: null });
}

export function gone(): Refusal {
  return refusal(410, {
    error: 'Entity was already deleted',
    error_info: 'Object is gone.',
    data: null,
    additional_data: null,
  });
}

export const unauthorized: Answer = {
  status: 401,
  headers: { 'x-401-by-gw': 'true' },
  json: { success: false, error: 'unauthorized access', errorCode: 401, error_info: DEVELOPERS },
};

export const overLimit: Answer = {
  status: 429,
  json: {
    success: false,
    error: 'request over limit',
    error_info: ABOUT_API,
    data: null,
    additional_data: null,
  },
};

export const internalError: Answer = {
  status: 500,
  json: { success: false, error: 'Internal Server Error', code: 'ERR_UNKNOWN' },
};

export const unfinishedRequest: Answer = { status: 400, json: { success: false, error: 'Bad request' } };

export const unknownPath: Answer = {
  status: 404,
  json: {
    success: false,
    error: 'Unknown method .',
    error_info: ABOUT_API,
    data: null,
    additional_data: null,
  },
};

/** 502, 503 and 504 come from machines in front of the API and are no JSON. */
export function gatewayError(status: 502 | 503 | 504): Answer {
  return {
    status,
    html: `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`,
  };
}

export const blockedPage: Answer = {
  status: 403,
  html: '<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Sorry, you have been blocked</h1><p>Cloudflare is protecting this site.</p></body></html>',
};
