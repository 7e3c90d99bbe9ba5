import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/**
 * One JSON line per event. The message is a fixed sentence; facts are fields: ids, keys, counts, codes.
 * Never a value of a customer's record, never a credential: the redaction below is the second lock, not the first.
 */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [...credentials, 'req.headers', 'res.headers', 'config', '*.config'],
        censor: '[redacted]',
      },
      serializers: { err: withoutContents },
      // An error without a sentence beside it: pino would take the error's own message for the line's.
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[];
          const fields = first instanceof Error ? { err: first } : first;
          const isBare =
            rest.length === 0 && typeof fields === 'object' && fields !== null && 'err' in fields;
          method.apply(this, (isBare ? [fields, 'error'] : [fields, ...rest]) as typeof args);
        },
      },
    },
    ...(destination ? [destination] : []),
  );
}

// On the line itself, in a field, and in a field's field.
const credentials = ['token', 'apiToken', 'api_token', 'password', 'authorization'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** An error for the log: name, code and stack frames. Messages of foreign errors may quote contents, so only our own pass. */
function withoutContents(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const ours = ['RetryLater', 'RunStopped', 'RecordRejected', 'Problem', 'SetupError'].includes(error.name);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const { stack = '', message } = error;
  // The stack opens with the message, which may have lines of its own that look like frames.
  const below = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : '';
  const frames = below
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 12);
  return {
    name: error.name,
    ...(code ? { code } : {}),
    ...(ours ? { message: error.message } : {}),
    frames,
    ...(error.cause ? { cause: withoutContents(error.cause) } : {}),
  };
}
