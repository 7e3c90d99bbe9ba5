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
    by_phase: {
      provision: { createDeal: 5, deleteDeal: 3, getPipelines: 5 },
      load: { createPerson: 2_505, updatePerson: 10, uploadFile: 30 },
      verify: { getFiles: 40, getPersons: 20 },
    },
  });
});

it('prices lines by deal: one call from six lines on, and lists of a hundred deals', () => {
  const deals = [
    { creates: 5, total: 5 },
    { creates: 6, total: 6 },
    // One bulk call of a hundred, and two single ones.
    { creates: 102, total: 102 },
    { creates: 0, total: 3 },
    ...Array.from({ length: 97 }, () => ({ creates: 0, total: 5 })),
  ];
  const work = { ...none, line: { creates: 113, updates: 1, total: 601, byParent: deals } };
  expect(planTokens(work, {}, {}).by_operation).toEqual({
    createDealProduct: 7 * 5,
    createDealProducts: 2 * 25,
    updateDealProduct: 5,
    // 596 lines of the first hundred deals fill two pages, the last deal is a list of its own.
    getProductsOfDeals: 3 * 10,
  });
});

it('reads past what the account has of its own, where there is something of ours to find', () => {
  const work = {
    ...none,
    person: { creates: 0, updates: 0, total: 510, foreign: 700 },
    deal: { ...none.deal, foreign: 9_000 },
  };
  expect(planTokens(work, {}, {}).by_operation).toEqual({ getPersons: 3 * 10 });
});

it('costs nothing when there is nothing to do', () => {
  expect(planTokens(none, {}, {})).toEqual({
    planned: 0,
    floor: 0,
    by_operation: {},
    by_phase: { provision: {}, load: {}, verify: {} },
  });
});
