import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SetupError } from './errors.js';

/**
 * Reads the process environment through a zod shape and reports all problems in one message.
 * For every key X, `X_FILE` may name a file that holds the value (secrets in containers).
 * The only reader of process.env; configs are built from its result by pure functions.
 */
export function readEnv<S extends z.ZodRawShape>(
  shape: S,
  env: NodeJS.ProcessEnv = process.env,
): z.infer<z.ZodObject<S>> {
  const raw: Record<string, string> = {};
  const unread: Record<string, string> = {};
  for (const key of Object.keys(shape)) {
    const file = env[`${key}_FILE`];
    try {
      const value = file ? readFileSync(file, 'utf8').trim() : env[key];
      if (value !== undefined && value !== '') raw[key] = value;
    } catch (error) {
      unread[key] = `${key}_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`;
    }
  }
  const parsed = z.object(shape).safeParse(raw);
  if (parsed.success && Object.keys(unread).length === 0) return parsed.data;
  const problems = (parsed.error?.issues ?? [])
    .filter((issue) => !(String(issue.path[0]) in unread))
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new SetupError(
    `The environment is not complete: ${[...problems, ...Object.values(unread)].join('; ')}.`,
  );
}
