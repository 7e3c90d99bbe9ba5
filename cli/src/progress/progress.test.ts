import { describe, expect, test } from 'vitest';
import { Run, type RunPhase } from '../api/answers.js';
import { createPlainLines } from './plain-lines.js';
import { createProgress } from './progress.js';
import { renderBars } from './render-bars.js';

// Local time, so that the lines read the same wherever the test runs.
const start = new Date(2026, 10, 22, 14, 0, 0).getTime();
const at = (seconds: number) => start + seconds * 1_000;

function phase(name: string, state: string, counts: Partial<RunPhase> = {}): Partial<RunPhase> {
  return { phase: name, state, ...counts };
}

function runWith(given: Record<string, unknown>) {
  return Run.parse({ id: 'run-1', status: 'running', ...given });
}

const story: Array<[number, Run]> = [
  [
    0,
    runWith({
      phases: [phase('mapping', 'running'), phase('persons', 'pending', { planned: 0 })],
    }),
  ],
  [
    1,
    runWith({
      phases: [phase('mapping', 'done'), phase('persons', 'running', { planned: 1_200 })],
      tokens: { planned: 12_000, spent: 0, spent_today: 0, daily_limit: 300_000 },
    }),
  ],
  [
    2,
    runWith({
      phases: [phase('mapping', 'done'), phase('persons', 'running', { planned: 1_200, created: 40 })],
      tokens: { planned: 12_000, spent: 400, spent_today: 400, daily_limit: 300_000 },
    }),
  ],
  [
    3,
    runWith({
      phases: [
        phase('mapping', 'done'),
        phase('persons', 'running', { planned: 1_200, created: 80, failed: 1 }),
      ],
      tokens: { planned: 12_000, spent: 800, spent_today: 800, daily_limit: 300_000 },
    }),
  ],
  [
    5,
    runWith({
      phases: [
        phase('mapping', 'done'),
        phase('persons', 'running', { planned: 1_200, created: 160, failed: 1 }),
      ],
      tokens: { planned: 12_000, spent: 1_600, spent_today: 1_600, daily_limit: 300_000 },
    }),
  ],
  [
    6,
    runWith({
      status: 'waiting_budget',
      resume_at: new Date(at(36_000)).toISOString(),
      phases: [
        phase('mapping', 'done'),
        phase('persons', 'running', { planned: 1_200, created: 160, failed: 1 }),
      ],
      tokens: { planned: 12_000, spent: 1_600, spent_today: 300_000, daily_limit: 300_000 },
    }),
  ],
  [
    7,
    runWith({
      status: 'waiting_budget',
      resume_at: new Date(at(36_000)).toISOString(),
      phases: [
        phase('mapping', 'done'),
        phase('persons', 'running', { planned: 1_200, created: 160, failed: 1 }),
      ],
      tokens: { planned: 12_000, spent: 1_600, spent_today: 300_000, daily_limit: 300_000 },
    }),
  ],
  [
    36_100,
    runWith({
      status: 'done',
      phases: [
        phase('mapping', 'done'),
        phase('persons', 'done', { planned: 1_200, created: 1_190, unchanged: 9, failed: 1 }),
      ],
      tokens: { planned: 12_000, spent: 12_000, spent_today: 10_400, daily_limit: 300_000 },
    }),
  ],
];

test('plain lines: one per phase end and status change, between them one every two seconds at most', () => {
  const observe = createProgress();
  const lines = createPlainLines();
  const log = story.flatMap(([seconds, run]) =>
    lines(observe(run, at(seconds))).map((line) => `${seconds}s${line}`),
  );
  expect(log).toEqual([
    '0s  mapping: working · tokens 0',
    '1s  mapping: done',
    '2s  persons: 40/1,200, 40.0/s · tokens 400 of 12,000 planned · today 400 of 300,000 · ETA 14:01 (in 58 s)',
    '5s  persons: 161/1,200, 40.3/s, failed 1 · tokens 1,600 of 12,000 planned · today 1,600 of 300,000 · ETA 14:00 (in 33 s)',
    "6s  The day's tokens are spent; resumes at Mon 00:00 (in 10 h 00 min).",
    '36100s  persons: done, 1,200 of 1,200 (created 1,190, unchanged 9, failed 1)',
  ]);
});

describe('bars', () => {
  const observe = createProgress();
  const views = story.map(([seconds, run]) => observe(run, at(seconds)));
  const plain = (text: string) => text;
  const paint = { bold: plain, dim: plain, green: plain, yellow: plain, red: plain };

  test('a line per phase, then tokens', () => {
    const view = views[3];
    if (!view) throw new Error('no view');
    expect(renderBars(view, { columns: 100, rows: 24, paint })).toEqual([
      '  mapping       done',
      '  persons       █░░░░░░░░░░░░░░░░░░░░░░░░░░░  81/1,200  40.5/s  failed 1',
      '  tokens 800 of 12,000 planned · today 800 of 300,000 · ETA 14:00 (in 42 s)',
    ]);
  });

  test('a waiting run says until when', () => {
    const view = views[5];
    if (!view) throw new Error('no view');
    expect(renderBars(view, { columns: 100, rows: 24, paint }).at(-1)).toMatch(
      /The day's tokens are spent; resumes at Mon 00:00/,
    );
  });

  test.each([20, 40, 61, 80, 200])('no line is wider than %i columns', (columns) => {
    for (const view of views)
      for (const line of renderBars(view, { columns, rows: 24, paint }))
        expect(line.length).toBeLessThan(columns + 1);
  });

  test('a low screen shows the phase at work', () => {
    const many = Run.parse({
      id: 'r',
      status: 'running',
      phases: [...'abcdefghij'].map((name, at) => ({
        phase: name,
        state: at < 6 ? 'done' : at === 6 ? 'running' : 'pending',
      })),
    });
    const lines = renderBars(createProgress()(many, at(0)), { columns: 80, rows: 6, paint });
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('  g             working …');
  });
});
