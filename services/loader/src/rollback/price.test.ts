import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { expect, it } from 'vitest';
import { callsOf, type EntityWork } from './price.js';

const none = { deletes: 0, restores: 0, archived: 0, staying: 0 };
const work = (some: Partial<Record<Entity, Partial<EntityWork>>>) =>
  Object.fromEntries(entities.map((entity) => [entity, { ...none, ...some[entity] }])) as Record<
    Entity,
    EntityWork
  >;

it('prices a delete each, a look a batch, and one reading of what is left', () => {
  expect(
    callsOf(
      work({
        deal: { deletes: 150, archived: 20, staying: 501 },
        activity: { deletes: 101 },
        note: { deletes: 3 },
        lead: { deletes: 2 },
        person: { restores: 4, staying: 4 },
      }),
      { getPipelines: 1, deletePipeline: 1 },
    ),
  ).toEqual({
    getOrganizations: 1,
    updatePerson: 4,
    getPersons: 1 + 1,
    getProducts: 1,
    deleteLead: 2,
    getLead: 2,
    // What hangs on leads, then what is left.
    getActivities: 1 + 2 + 1,
    getNotes: 1 + 1 + 1,
    getFiles: 1 + 2 + 1,
    getLeads: 1,
    getArchivedLeads: 1,
    deleteDeal: 150,
    updateDeal: 20,
    getDeals: 2 + 2,
    getArchivedDeals: 1 + 1,
    deleteActivity: 101,
    deleteNote: 3,
    getPipelines: 1,
    deletePipeline: 1,
  });
});
