import { expect, test } from 'vitest';
import { type RunStatus, type StageFacts, stageOf } from './states.js';

type Load = [status: RunStatus, wrote: boolean];
const mapped: StageFacts = {
  cancelled: false,
  exportState: 'assessed',
  mappingState: 'confirmed',
  loads: [],
};

test.each<[string, Load[], ReturnType<typeof stageOf>]>([
  ['never loaded', [], 'mapped'],
  ['loading for the first time', [['queued', false]], 'loading'],
  ['waiting for a person', [['waiting_person', true]], 'loading'],
  ['given up before the first write', [['cancelled', false]], 'mapped'],
  ['given up half-way', [['failed', true]], 'mapped'],
  ['loaded', [['done', true]], 'verified'],
  [
    'loaded again with nothing to write',
    [
      ['done', true],
      ['done', false],
    ],
    'verified',
  ],
  [
    'loaded, and the next run cancelled at once',
    [
      ['done', true],
      ['cancelled', false],
    ],
    'verified',
  ],
  [
    'loaded, and two runs refused as plan_changed',
    [
      ['done', true],
      ['failed', false],
      ['failed', false],
    ],
    'verified',
  ],
  [
    'loaded, and the next run given up half-way',
    [
      ['done', true],
      ['cancelled', true],
    ],
    'mapped',
  ],
  [
    'that, and one more cancelled at once',
    [
      ['done', true],
      ['failed', true],
      ['cancelled', false],
    ],
    'mapped',
  ],
  [
    'loaded, and loading again',
    [
      ['done', true],
      ['running', false],
    ],
    'loading',
  ],
  ['taken back', [['rolled_back', true]], 'rolled_back'],
  [
    'taken back, and the next run cancelled at once',
    [
      ['rolled_back', true],
      ['cancelled', false],
    ],
    'rolled_back',
  ],
  [
    'taken back, and loaded again',
    [
      ['rolled_back', true],
      ['done', true],
    ],
    'verified',
  ],
])('the stage of what is %s', (_what, loads, stage) => {
  expect(stageOf({ ...mapped, loads: loads.map(([status, wrote]) => ({ status, wrote })) })).toBe(stage);
});

test.each<[Partial<StageFacts>, ReturnType<typeof stageOf>]>([
  [{ cancelled: true, loads: [{ status: 'done', wrote: true }] }, 'cancelled'],
  [{ mappingState: 'rehearsed' }, 'rehearsed'],
  [{ mappingState: 'proposed' }, 'assessed'],
  [{ mappingState: 'none', exportState: 'staged' }, 'staged'],
  [{ mappingState: 'none', exportState: 'failed' }, 'waiting_for_export'],
  [{ mappingState: 'none', exportState: 'none' }, 'waiting_for_export'],
])('before anything is loaded: %j', (facts, stage) => {
  expect(stageOf({ ...mapped, ...facts })).toBe(stage);
});
