import { describe, expect, it } from 'vitest';
import { gateOf, type PhaseFacts, waivedFor } from './gate.js';

const done: PhaseFacts = { planned: 10, written: 10, failed: 0, orphaned: 0, unknown: 0, due: 0 };

describe('the gate of a phase', () => {
  it.each([
    ['all written', {}, 'nothing', { open: true, waived: false }],
    ['nothing planned', { planned: 0, written: 0 }, 'nothing', { open: true, waived: false }],
    ['one waits', { written: 9 }, 'everything', { open: false, needsPerson: false }],
    ['one unknown', { unknown: 1 }, 'everything', { open: false, needsPerson: false }],
    [
      'one failed',
      { written: 9, failed: 1 },
      'nothing',
      { open: false, needsPerson: true, code: 'records_failed' },
    ],
    ['one failed, waived', { written: 9, failed: 1 }, 'everything', { open: true, waived: true }],
    [
      'children of a failed parent, whose failure was acknowledged',
      { written: 8, failed: 2, orphaned: 2 },
      'consequences',
      { open: true, waived: true },
    ],
    [
      'a failure of its own beside them',
      { written: 8, failed: 2, orphaned: 1 },
      'consequences',
      { open: false, needsPerson: true },
    ],
    [
      'failed and waiting: wait first',
      { written: 8, failed: 1 },
      'nothing',
      { open: false, needsPerson: false },
    ],
  ] as const)('%s', (_what, change, waived, expected) => {
    expect(gateOf({ ...done, ...change }, waived)).toMatchObject(expected);
  });

  it.each([
    ['none', [], 'nothing'],
    ['another gate', [{ gate: 'rehearsal' }], 'nothing'],
    ['given with the run', [{ gate: 'phase_gates' }], 'everything'],
    ['given for this phase', [{ gate: 'phase_gates', phase: 'deals' }], 'everything'],
    ['given for an earlier phase', [{ gate: 'phase_gates', phase: 'persons' }], 'consequences'],
  ])('a waiver: %s', (_what, waivers, expected) => {
    expect(waivedFor(waivers, 'deals')).toBe(expected);
  });
});
