import { expect, test } from 'vitest';
import { spawnWatched } from './spawn-watched.js';

test('is the program itself: pid, output and exit code', async () => {
  const { child, pid, exited } = await spawnWatched('/bin/sh', ['-c', 'echo $$; exit 7'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = await child.stdout?.setEncoding('utf8').toArray();
  expect(said?.join('')).toBe(`${pid}\n`);
  expect(await exited).toEqual({ code: 7, signal: null });
});

test('stops with the wished signal', async () => {
  const watched = await spawnWatched('sleep', ['60'], { stopSignal: 'SIGINT' });
  expect(await watched.stop()).toEqual({ code: null, signal: 'SIGINT' });
  expect(await watched.stop()).toEqual({ code: null, signal: 'SIGINT' });
});

test('insists when the program does not listen', async () => {
  const deaf = await spawnWatched(
    '/bin/sh',
    ['-c', 'trap "" TERM; echo deaf; while :; do sleep 0.05; done'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      graceMs: 200,
    },
  );
  await new Promise((resolve) => deaf.child.stdout?.once('data', resolve));
  expect(await deaf.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('an unknown program ends with 127', async () => {
  const { exited } = await spawnWatched('/no/such/program', []);
  expect(await exited).toEqual({ code: 127, signal: null });
});
