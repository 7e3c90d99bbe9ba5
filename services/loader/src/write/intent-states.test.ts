import { expect, it } from 'vitest';
import { afterLook, type IntentState, intentMoves, isUnknown } from './intent-states.js';

const states: IntentState[] = ['planned', 'sent', 'ambiguous', 'confirmed', 'rejected'];

it('all moves, as the story above load-batch tells them; none leaves `confirmed` or `rejected`', () => {
  const told = Object.entries(intentMoves).map(
    ([move, { from, to }]) => `${from.join(' or ')} → ${to}: ${move}`,
  );
  expect(told).toEqual([
    'planned → sent: send',
    'sent or ambiguous or planned → confirmed: confirm',
    'sent → rejected: refuse',
    'sent → planned: handBack',
    'sent → ambiguous: lose',
    'sent → ambiguous: giveUp',
    'ambiguous → confirmed: find',
    'ambiguous → ambiguous: lookAgain',
    'ambiguous → planned: release',
    'planned → planned: leave',
    'planned → rejected: drop',
    'planned or sent or ambiguous → ambiguous: doubt',
  ]);
});

it('a create is released by the second look that finds nothing, an update or a delete by the first', () => {
  const next = (operation: string, probes: number) => afterLook({ operation, probes });
  expect([next('create', 0), next('create', 1), next('create', 2)]).toEqual([
    'lookAgain',
    'release',
    'release',
  ]);
  expect([next('update', 0), next('delete', 0)]).toEqual(['release', 'release']);
});

it('whether a sent or an ambiguous one was written is not known', () => {
  expect(states.filter(isUnknown)).toEqual(['sent', 'ambiguous']);
});
