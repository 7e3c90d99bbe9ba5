import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { expect, it } from 'vitest';
import { planTokens } from './plan-tokens.js';

const none = Object.fromEntries(
  entities.map((entity) => [entity, { creates: 0, updates: 0, total: 0 }]),
) as Record<Entity, { creates: number; updates: number; total: number }>;

it('prices creates, updates, list pages and provisioning; overhead is planned but not floor', () => {
  const work = {
    ...none,
    person: { creates: 501, updates: 2, total: 510 },
    file: { creates: 3, updates: 0, total: 101 },
  };
  expect(planTokens(work, { getPipelines: 1, createStage: 0 }, { createDeal: 1, deleteDeal: 1 })).toEqual({
    planned: 2_505 + 10 + 20 + 30 + 40 + 5 + 5 + 3,
    floor: 2_505 + 10 + 20 + 30 + 40 + 5,
    by_operation: {
      createDeal: 5,
      createPerson: 2_505,
      deleteDeal: 3,
      getFiles: 40,
      getPersons: 20,
      getPipelines: 5,
      updatePerson: 10,
      uploadFile: 30,
    },
  });
});

it('costs nothing when there is nothing to do', () => {
  expect(planTokens(none, {}, {})).toEqual({ planned: 0, floor: 0, by_operation: {} });
});
