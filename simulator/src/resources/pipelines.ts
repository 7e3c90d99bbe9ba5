import type { Account } from '../account/account.js';
import { insertStages } from '../account/default-stages.js';
import type { SimRecord } from '../account/entities.js';
import { badRequest } from '../api/answers.js';
import { crudHandlers, type V2Resource } from './v2-crud.js';

export const pipelines: V2Resource = {
  entity: 'pipelines',
  blank: (account) => ({
    name: '',
    order_nr: 1 + [...account.all('pipelines')].length,
    is_deal_probability_enabled: true,
  }),
  settle() {},
  mayDelete: (account, { id }) => assertNoDeals(account, 'pipeline_id', id),
  changed(account, record, op) {
    // Open question #16.
    if (op === 'create' && account.switches.new_pipeline_stages === 'five') insertStages(account, record.id);
    if (op !== 'delete') return;
    for (const stage of account.all('stages')) if (stage.pipeline_id === record.id) stage.is_deleted = true;
  },
};

export const pipelineHandlers = crudHandlers(pipelines, {
  create: 'createPipeline',
  get: 'getPipeline',
  list: 'getPipelines',
  update: 'updatePipeline',
  delete: 'deletePipeline',
});

/** Probe list #18: deleting a stage or pipeline that still has deals is refused. */
export function assertNoDeals(account: Account, property: 'pipeline_id' | 'stage_id', id: number): void {
  const holds = (deal: SimRecord) => deal[property] === id;
  if ([...account.all('deals')].some(holds))
    throw badRequest('It still has deals. Move or delete them first.');
}
