import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

// A real process is to die, so this runs the build.
const build = new URL('../../dist/core/failpoints.js', import.meta.url).href;
const folder = await mkdtemp(join(tmpdir(), 'octopipe-failpoints-'));
afterAll(() => rm(folder, { recursive: true }));

const place = 'loader.before_intent';

test.each([
  ['unset: nothing dies', undefined, '123456 end'],
  ['another place: nothing dies', 'loader.after_intent', '123456 end'],
  ['the first pass', place, '1 SIGKILL'],
  ['the n-th pass', `${place}:3`, '123 SIGKILL'],
  ['more passes than there are', `${place}:7`, '123456 end'],
  ['the first pass with that what', `${place}@deal`, '12 SIGKILL'],
  ['the n-th pass with that what', `${place}@deal:2`, '1234 SIGKILL'],
  ['a what that never passes', `${place}@note`, '123456 end'],
  ['of several, the one that comes first', `${place}@deal:2,${place}:3`, '123 SIGKILL'],
  ['the start of a name is not the name', 'loader.before', '123456 end'],
])('%s', async (_case, wanted, expected) => {
  expect(await passes(wanted === undefined ? {} : { OCTOPIPE_FAILPOINT: wanted })).toBe(expected);
});

test('with a mark only the first process dies at each of them', async () => {
  const mark = join(folder, 'mark');
  const env = { OCTOPIPE_FAILPOINT: `${place}:2,${place}@deal:2`, OCTOPIPE_FAILPOINT_MARK: mark };
  expect(await passes(env)).toBe('12 SIGKILL');
  expect(existsSync(`${mark}.${place}:2`)).toBe(true);
  expect(await passes(env)).toBe('1234 SIGKILL');
  expect(await passes(env)).toBe('123456 end');
});

/** Six passes, persons and deals by turns, each said before it is made; then how the process ended. */
async function passes(env: Record<string, string>): Promise<string> {
  const script = `
    import { writeSync } from 'node:fs';
    const { failpoint } = await import(${JSON.stringify(build)});
    process.on('exit', () => writeSync(1, ' end'));
    for (let pass = 1; pass <= 6; pass++) {
      writeSync(1, String(pass));
      failpoint(${JSON.stringify(place)}, pass % 2 === 0 ? 'deal' : 'person');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = child.stdout.setEncoding('utf8').toArray();
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return (await said).join('') + (signal ? ` ${signal}` : '');
}
