import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// Real processes run the build; `npm test` makes it first.
const built = fileURLToPath(new URL('../../dist/stack/stack-lock.js', import.meta.url));

const contender = `
  import { lockStack } from ${JSON.stringify(built)};
  try {
    const { release } = lockStack(process.argv[1]);
    setTimeout(() => { console.log('won'); release(); }, 400);
  } catch (error) { console.log(error.message); }
`;

test('of processes that start at the same moment exactly one gets the lock, also over a stale one', async () => {
  const root = mkdtempSync(join(tmpdir(), 'octopipe-lock-'));
  const file = join(root, 'stack.lock');
  try {
    const said = await Promise.all([1, 2, 3].map(() => contend(file)));
    expect(said.filter((line) => line === 'won')).toHaveLength(1);
    expect(said.filter((line) => /^Another octopipe \(pid \d+\) is running/.test(line))).toHaveLength(2);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

async function contend(file: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', contender, file]);
  return (await text(child.stdout)).trim();
}
