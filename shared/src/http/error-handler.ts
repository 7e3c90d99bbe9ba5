import type { ErrorRequestHandler, RequestHandler } from 'express';
import { isDatabaseAway } from '../core/database-away.js';
import { Problem, RetryLater, RunStopped } from '../core/errors.js';
import type { Logger } from '../core/logger.js';

/** The one place that turns an error into `application/problem+json` (RFC 9457). The inside of a 500 stays inside. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    const problem = toProblem(error);
    const requestId: unknown = res.locals.requestId;
    if (problem.status >= 500)
      logger.error({ requestId, method: req.method, route: req.route?.path, err: error }, 'request failed');
    if (problem.status === 503) res.setHeader('retry-after', '5');
    if (problem.status === 401) res.setHeader('www-authenticate', 'Bearer');
    for (const [name, value] of Object.entries(problem.more.headers ?? {})) res.setHeader(name, value);
    res
      .status(problem.status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          // Relative (RFC 9457 3.1.1): our own docs page explains it, wherever this installation stands.
          type: `/docs/errors#${problem.code}`,
          title: problem.code.replaceAll('_', ' '),
          status: problem.status,
          detail: problem.message,
          instance: req.originalUrl.split('?')[0],
          code: problem.code,
          requestId,
          ...(problem.fields.length > 0 ? { errors: problem.fields } : {}),
          ...problem.more.members,
        }),
      );
  };
}

export const notFoundHandler: RequestHandler = (req) => {
  throw new Problem(
    404,
    'no_such_route',
    `There is no ${req.method} ${req.path} here; the routes are listed at /docs.`,
  );
};

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RunStopped)
    return new Problem(409, 'run_stopped', error.message, [], { members: { reason: error.code } });
  if (error instanceof RetryLater)
    return new Problem(503, 'try_later', 'The service cannot do this right now; try again shortly.', [], {
      members: { reason: error.code },
    });
  if (isDatabaseAway(error))
    return new Problem(
      503,
      'database_unavailable',
      'The database cannot be reached right now; try again shortly.',
    );
  if (error instanceof SyntaxError && 'body' in error)
    return new Problem(400, 'malformed_json', 'The body is not valid JSON.');
  if (isOfBodyParser(error)) {
    return error.status === 413
      ? new Problem(413, 'body_too_large', 'The body is larger than this route accepts.')
      : new Problem(
          error.status === 415 ? 415 : 400,
          'unreadable_body',
          'The body cannot be read; send JSON in UTF-8.',
        );
  }
  if (error instanceof URIError)
    return new Problem(400, 'malformed_path', 'The path holds a broken percent escape.');
  return new Problem(
    500,
    'internal_error',
    'Something went wrong on our side; quote the requestId to support.',
  );
}

/** What express.json gives for a body that it refuses. Errors of our own calls to others have a status too, but no `expose`. */
function isOfBodyParser(error: unknown): error is { status: number } {
  return (
    error instanceof Error &&
    'expose' in error &&
    error.expose === true &&
    'type' in error &&
    'status' in error
  );
}
