import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readEnv } from './env.js';
import { SetupError } from './errors.js';

const shape = {
  DATABASE_URL: z.string().startsWith('postgres'),
  API_KEY: z.string(),
  PORT: z.coerce.number().int().max(65_535).default(8080),
};

const folder = mkdtempSync(join(tmpdir(), 'octopipe-env-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('reads, converts and fills in; keys nobody asked for stay out', () => {
  expect(readEnv(shape, { DATABASE_URL: 'postgres://db', API_KEY: 'k', PORT: '81', HOME: '/root' })).toEqual({
    DATABASE_URL: 'postgres://db',
    API_KEY: 'k',
    PORT: 81,
  });
});

test('an empty value counts as not set: compose files hand on what they do not have', () => {
  expect(readEnv(shape, { DATABASE_URL: 'postgres://db', API_KEY: 'k', PORT: '', API_KEY_FILE: '' })).toEqual(
    {
      DATABASE_URL: 'postgres://db',
      API_KEY: 'k',
      PORT: 8080,
    },
  );
});

test('all problems come in one sentence, also a secret file that is not there', () => {
  const env = { DATABASE_URL: 'mysql://db', PORT: '70000', API_KEY_FILE: join(folder, 'absent') };
  const error = errorOf(() => readEnv(shape, env));
  expect(error).toBeInstanceOf(SetupError);
  expect(error.message).toMatch(/^The environment is not complete: .*\.$/);
  expect(error.message).not.toContain('\n');
  for (const key of ['DATABASE_URL: ', 'PORT: ', 'API_KEY_FILE: ']) expect(error.message).toContain(key);
  expect(error.message).toContain(env.API_KEY_FILE);
});

test('a missing value is named', () => {
  expect(errorOf(() => readEnv(shape, {})).message).toMatch(/DATABASE_URL: .*; API_KEY: /);
});

test('a value is never quoted: it may be a secret', () => {
  const error = errorOf(() =>
    readEnv({ DATABASE_URL: shape.DATABASE_URL }, { DATABASE_URL: 'canary-secret' }),
  );
  expect(error.message).not.toContain('canary');
});

test('KEY_FILE names a file with the value, wins over KEY, and loses its last line break', () => {
  const file = join(folder, 'key');
  writeFileSync(file, 'from-file\n');
  const env = { DATABASE_URL: 'postgres://db', API_KEY: 'from-env', API_KEY_FILE: file };
  expect(readEnv(shape, env).API_KEY).toBe('from-file');
});

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not throw an Error');
}
