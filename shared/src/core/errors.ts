import type { ProblemCode, StatusOf } from './problems.js';

/**
 * Errors are classified once, near their source, by what the caller should do (see queue/worker.ts and
 * http/error-handler.ts, the only two translators). Anything else that is thrown is a bug and fails loudly.
 */

/** The world is busy or closed for a while: hand the job back and try again after `delayMs`. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  constructor(
    readonly delayMs: number,
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: try again in ${delayMs} ms`, options);
  }
}

/** One record cannot be written as it is; the rest goes on. `code` is from domain/findings.ts. Carries no content. */
export class RecordRejected extends Error {
  override readonly name = 'RecordRejected';
  constructor(
    readonly code: string,
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${detail}`, options);
  }
}

/** The run cannot go on without a person. `code` is stable; the message is one sentence that says what to do. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An answer to an HTTP caller, RFC 9457. `code` is of the catalogue; `fields` names each bad field by JSON pointer. */
export class Problem<C extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly status: StatusOf<C>,
    readonly code: C,
    message: string,
    readonly fields: ReadonlyArray<{ pointer: string; message: string }> = [],
    /** What else stands in the body, and headers that go with it. */
    readonly more: { members?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message);
  }
}

/**
 * The tenant is being purged, or is gone: nothing is done for it any more. A caller hears what a caller who named no
 * tenant of ours hears; a job is dropped.
 */
export class TenantGone extends Problem<'tenant_not_found'> {
  constructor() {
    super(404, 'tenant_not_found', 'There is no such tenant for this key.');
  }
}

/** A start-up or configuration mistake: printed as one sentence, without a stack. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
