import type { Account } from './account.js';

const names: readonly (readonly [string, number])[] = [
  ['Qualified', 100],
  ['Contact Made', 100],
  ['Demo Scheduled', 100],
  ['Proposal Made', 100],
  ['Negotiations Started', 100],
];

export function insertStages(account: Account, pipelineId: number): void {
  for (const [index, [name, probability]] of names.entries()) {
    account.insert('stages', {
      name,
      pipeline_id: pipelineId,
      order_nr: index + 1,
      deal_probability: probability,
      is_deal_rot_enabled: false,
      days_to_rotten: null,
    });
  }
}
