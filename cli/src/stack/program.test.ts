import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startProgram } from './program.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'octopipe-program-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function start(source: string) {
  const script = join(root, 'main.mjs');
  writeFileSync(script, source);
  return startProgram({
    name: 'ingest',
    script,
    env: { PATH: process.env.PATH },
    ready: /^octopipe ingest ready at (http:\/\/\S+)/,
    logFile: join(root, 'ingest.log'),
    graceMs: 1_000,
  });
}

test('is ready with its address, and its lines are in its log', async () => {
  const program = await start(
    `console.log('octopipe ingest ready at http://127.0.0.1:4711\\n{"level":"info"}'); setInterval(() => {}, 1000);`,
  );
  expect(program.url).toBe('http://127.0.0.1:4711');
  await program.stop();
  await program.exited;
  expect(readFileSync(join(root, 'ingest.log'), 'utf8')).toContain('{"level":"info"}\n');
});

test('one that ends before it is ready says its last words and where the rest is', async () => {
  await expect(start(`console.error('ingest: the port is taken'); process.exit(1);`)).rejects.toThrow(
    `ingest ended before it was ready (ingest: the port is taken); see ${join(root, 'ingest.log')}.`,
  );
});
