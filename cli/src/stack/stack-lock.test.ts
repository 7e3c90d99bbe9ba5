import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockStack } from './stack-lock.js';

let root: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'octopipe-lock-'));
  file = join(root, 'stack.lock');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('held once, released, taken again, and nothing is left behind', () => {
  const lock = lockStack(file);
  expect(() => lockStack(file)).toThrow(`Another octopipe (pid ${process.pid}) is running`);
  lock.release();
  lockStack(file).release();
  expect(readdirSync(root)).toEqual([]);
});

test('another live process holds it until it is killed', async () => {
  const other = spawn('sleep', ['60']);
  await once(other, 'spawn');
  // '' stands for a system that does not tell when a process started: then the pid alone decides.
  writeFileSync(file, JSON.stringify({ pid: other.pid, startedAt: '' }));
  expect(() => lockStack(file)).toThrow(`pid ${other.pid}`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  lockStack(file).release();
});

test('a number that was given to another process since does not hold it', () => {
  const { release } = lockStack(file);
  const held = JSON.parse(readFileSync(file, 'utf8'));
  release();
  writeFileSync(file, JSON.stringify({ ...held, startedAt: `${held.startedAt}0` }));
  lockStack(file).release();
});

test('a lock cut short by a full disk does not block', () => {
  writeFileSync(file, '{"pid":');
  lockStack(file).release();
});

test('release leaves a lock alone that somebody else has taken', () => {
  const lock = lockStack(file);
  writeFileSync(file, JSON.stringify({ pid: 1, startedAt: '' }));
  lock.release();
  expect(existsSync(file)).toBe(true);
});
