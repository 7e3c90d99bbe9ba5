import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Problem, RecordRejected, RetryLater, RunStopped, SetupError } from './errors.js';
import { createLogger, type Logger } from './logger.js';

const canary = 'canary-4711@example.test';

test('a line has its service, level as a word, ISO time and fixed message', () => {
  const { lines } = logged((log) => log.child({ tenantId: 't1' }).info({ rows: 3 }, 'file staged'));
  expect(lines).toEqual([
    {
      level: 'info',
      service: 'loader',
      tenantId: 't1',
      rows: 3,
      msg: 'file staged',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    },
  ]);
});

test('lines under the level are not written', () => {
  const { lines } = logged((log) => log.debug('chatter'), 'info');
  expect(lines).toEqual([]);
});

test.each([
  ['the message', () => new Error(`duplicate key: (email)=(${canary})`)],
  ['a message that looks like stack frames', () => new Error(`bad row:\n    at ${canary}\nat ${canary}`)],
  [
    'a field',
    () => Object.assign(new Error('x'), { detail: `Key (email)=(${canary})`, config: { data: canary } }),
  ],
  ['the cause', () => new Error('x', { cause: new Error(canary) })],
  ['a cause that is no error', () => new Error('x', { cause: canary })],
  ['the cause of one of ours', () => new RetryLater(5, 'busy', { cause: new Error(canary) })],
  ['a validation error', () => z.object({ a: z.literal('b') }).safeParse({ a: canary, [canary]: 1 }).error],
  ['a thrown string', () => canary],
  ['a list of errors', () => new AggregateError([new Error(canary)], canary)],
])('of a foreign error nothing but name, code and frames: %s', (_where, make) => {
  const { text, lines } = logged((log) => log.error({ err: make() }, 'job failed'));
  expect(lines).toHaveLength(1);
  expect(text).not.toContain(canary);
});

test.each<[string, (log: Logger, error: Error) => void]>([
  ['handed over alone', (log, error) => log.error(error)],
  ['with a message', (log, error) => log.error(error, 'job failed')],
  ['in a field, without a message', (log, error) => log.error({ err: error })],
])('the message of a foreign error stays out however it is handed over: %s', (_how, write) => {
  const { text, lines } = logged((log) => write(log, new TypeError(canary)));
  expect(lines).toMatchObject([{ err: { name: 'TypeError' } }]);
  expect(text).not.toContain(canary);
});

test.each([
  new RetryLater(1_500, 'budget_spent'),
  new RunStopped('token_refused', 'Pipedrive refuses the token; connect again.'),
  new RecordRejected('email_invalid', 'customer 17'),
  new Problem(404, 'run_not_found', 'There is no such run.'),
  new SetupError('REDIS_URL: must start with redis.'),
])('our own errors say what they are: $name', (error) => {
  const { lines } = logged((log) => log.error({ err: error }, 'job failed'));
  expect(lines).toMatchObject([{ err: { name: error.name, message: error.message } }]);
});

test('a foreign error keeps what helps: name, code, frames of the place, and the same of its cause', () => {
  const cause = Object.assign(new Error(canary), { name: 'DatabaseError', code: '23505' });
  const { lines } = logged((log) => log.error({ err: new Error(canary, { cause }) }, 'job failed'));
  expect(lines).toMatchObject([
    {
      err: {
        name: 'Error',
        frames: expect.arrayContaining([expect.stringContaining('logger.test.ts')]),
        cause: { name: 'DatabaseError', code: '23505' },
      },
    },
  ]);
});

test.each(['token', 'apiToken', 'api_token', 'password', 'authorization'])(
  'a credential is struck out wherever it stands: %s',
  (name) => {
    const fields = { [name]: canary, one: { [name]: canary, kept: 'acme', two: { [name]: canary } } };
    const struck = {
      [name]: '[redacted]',
      one: { [name]: '[redacted]', kept: 'acme', two: { [name]: '[redacted]' } },
    };
    const { text, lines } = logged((log) => {
      log.info(fields, 'connected');
      log.child(fields).info('connected');
    });
    expect(lines).toMatchObject([struck, struck]);
    expect(text).not.toContain(canary);
  },
);

test('a config is struck out whole: it holds the key to everything', () => {
  const { text } = logged((log) =>
    log.info({ config: { any: canary }, service: { config: { any: canary } } }, 'x'),
  );
  expect(text).not.toContain(canary);
});

test('the headers of a request or an answer are struck out', () => {
  const { text } = logged((log) => {
    log.info({ req: { headers: { authorization: `Bearer ${canary}` } } }, 'request');
    log.info({ res: { headers: { 'set-cookie': canary } } }, 'answer');
  });
  expect(text).not.toContain(canary);
});

/** What `write` puts into the log: as text and line by line. */
function logged(
  write: (log: Logger) => void,
  level = 'debug',
): { text: string; lines: Array<Record<string, unknown>> } {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  write(createLogger('loader', level, destination));
  const lines = text.split('\n').filter((line) => line !== '');
  return { text, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
