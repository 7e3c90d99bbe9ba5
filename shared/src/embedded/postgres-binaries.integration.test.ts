import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPostgresBinaries } from './postgres-binaries.js';

let cache: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  cache = mkdtempSync('/tmp/octopipe-binaries-');
  await chmod(cache, 0o755);
  env = { ...process.env, OCTOPIPE_CACHE_DIR: cache };
});

afterEach(() => rm(cache, { recursive: true, force: true }));

test('two copies at once end as one whole copy that everybody may run', async () => {
  const [one, other] = await Promise.all([findPostgresBinaries(env), findPostgresBinaries(env)]);
  expect(other).toEqual(one);
  expect(one.source).toBe('embedded');
  expect(await readdir(cache)).toEqual([`postgres-${one.version}-${process.platform}-${process.arch}`]);
  expect((await stat(join(one.binDir, 'initdb'))).mode & 0o777).toBe(0o755);
  expect(execFileSync(join(one.binDir, 'postgres'), ['--version'], { env: {}, encoding: 'utf8' })).toContain(
    '18.',
  );
});

test('half a copy is not used, and one left long ago is removed', async () => {
  const name = basename(join((await findPostgresBinaries(env)).binDir, '..'));
  await truncate(join(cache, name, 'bin', 'postgres'), 1000);
  const abandoned = join(cache, `${name}.0123.tmp`);
  await mkdir(abandoned);
  await utimes(abandoned, 0, 0);

  const { binDir } = await findPostgresBinaries(env);
  expect((await stat(join(binDir, 'postgres'))).size).toBeGreaterThan(1_000_000);
  expect(await readdir(cache)).toEqual([name]);
});

test('a cache that others may write to is not trusted with programs', async () => {
  await chmod(cache, 0o777);
  await findPostgresBinaries(env);
  expect((await stat(cache)).mode & 0o022).toBe(0);

  await writeFile(join(cache, 'file'), '');
  await expect(findPostgresBinaries({ OCTOPIPE_CACHE_DIR: join(cache, 'file') })).rejects.toThrow(
    'set OCTOPIPE_CACHE_DIR to a folder',
  );
});
