import { expect, test } from 'vitest';
import { openTerminal } from './terminal.js';

function open(screen: { isTTY: boolean }, options: { json?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const written = { out: '', err: '' };
  const terminal = openTerminal({
    json: options.json ?? false,
    env: options.env ?? {},
    stdout: {
      ...screen,
      columns: 80,
      rows: 24,
      write: (text) => {
        written.out += text;
      },
    },
    stderr: {
      write: (text) => {
        written.err += text;
      },
    },
    now: () => new Date('2026-11-22T12:00:00Z'),
  });
  return { terminal, written };
}

test('live lines are overwritten in place and make room for sentences', () => {
  const { terminal, written } = open({ isTTY: true });
  terminal.live(['one', 'two']);
  terminal.live(['three']);
  terminal.live(['three']);
  terminal.say('a sentence');
  terminal.live(['four']);
  terminal.keep();
  terminal.say('below');
  expect(written.out.split('\x1b').join('^')).toBe(
    'one^[K\ntwo^[K\n^[J^[2A\rthree^[K\n^[J^[1A\r^[Ja sentence\nfour^[K\n^[Jbelow\n',
  );
});

test('into a file: no live lines, no colours', () => {
  const { terminal, written } = open({ isTTY: false });
  terminal.live(['one']);
  terminal.say(terminal.paint.bold('a sentence'));
  terminal.event('never', {});
  expect(written).toEqual({ out: 'a sentence\n', err: '' });
});

test('NO_COLOR is respected, and live lines stay', () => {
  const { terminal } = open({ isTTY: true }, { env: { NO_COLOR: '1' } });
  expect([terminal.isLive, terminal.paint.red('x')]).toEqual([true, 'x']);
  expect(open({ isTTY: true }).terminal.paint.red('x')).toBe('\x1b[31mx\x1b[39m');
});

test('--json keeps stdout for objects and sends sentences to stderr', () => {
  const { terminal, written } = open({ isTTY: true }, { json: true });
  terminal.live(['one']);
  terminal.say('a sentence');
  terminal.event('run', { run_id: 'r1' });
  expect(written).toEqual({
    out: '{"event":"run","at":"2026-11-22T12:00:00.000Z","run_id":"r1"}\n',
    err: 'a sentence\n',
  });
});
