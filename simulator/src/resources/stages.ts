import { badRequest } from '../api/answers.js';
import { assertNoDeals } from './pipelines.js';
import { assertExists } from './references.js';
import { crudHandlers, type V2Resource } from './v2-crud.js';

export const stages: V2Resource = {
  entity: 'stages',
  blank: () => ({
    name: '',
    pipeline_id: null,
    order_nr: 0,
    deal_probability: 100,
    is_deal_rot_enabled: false,
    days_to_rotten: null,
  }),
  settle({ account }, draft, given, before) {
    assertExists(account, 'pipelines', 'pipeline_id', given.pipeline_id);
    if (draft.is_deal_rot_enabled === true && !draft.days_to_rotten) {
      throw badRequest("'days_to_rotten' is required when rotting is enabled.");
    }
    // The order cannot be set: a stage goes to the end of its pipeline.
    if (before?.pipeline_id !== draft.pipeline_id) {
      draft.order_nr =
        1 + [...account.all('stages')].filter((s) => s.pipeline_id === draft.pipeline_id).length;
    }
  },
  mayDelete: (account, { id }) => assertNoDeals(account, 'stage_id', id),
};

export const stageHandlers = crudHandlers(stages, {
  create: 'createStage',
  get: 'getStage',
  list: 'getStages',
  update: 'updateStage',
  delete: 'deleteStage',
});
