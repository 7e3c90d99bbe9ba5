import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import { badRequest } from '../api/answers.js';
import type { Draft, Json, JsonObject } from '../json.js';
import { assertExists } from './references.js';

/** A stage brings its pipeline; a pipeline alone means its first stage; neither means the account's first pipeline. */
export function settleStage(
  account: Account,
  draft: Draft,
  given: JsonObject,
  before: SimRecord | undefined,
): void {
  assertExists(account, 'stages', 'stage_id', given.stage_id);
  assertExists(account, 'pipelines', 'pipeline_id', given.pipeline_id);
  const stage = chosenStage(account, given, before);
  if (!stage) throw badRequest("'pipeline_id' has no stage to put the deal into.");
  if (typeof given.pipeline_id === 'number' && stage.pipeline_id !== given.pipeline_id) {
    throw badRequest("'stage_id' does not belong to 'pipeline_id'.");
  }
  draft.stage_id = stage.id;
  draft.pipeline_id = stage.pipeline_id;
  if (before && before.stage_id !== stage.id) draft.stage_change_time = account.now();
}

function chosenStage(
  account: Account,
  given: JsonObject,
  before: SimRecord | undefined,
): SimRecord | undefined {
  if (typeof given.stage_id === 'number') return account.live('stages', given.stage_id);
  if (typeof given.pipeline_id === 'number') {
    const stays = before?.pipeline_id === given.pipeline_id;
    return stays ? account.live('stages', before?.stage_id) : firstStage(account, given.pipeline_id);
  }
  if (before) return account.table('stages').get(Number(before.stage_id));
  const [first] = [...account.all('pipelines')].sort(byOrder);
  return first && firstStage(account, first.id);
}

function firstStage(account: Account, pipelineId: Json): SimRecord | undefined {
  return [...account.all('stages')].filter((stage) => stage.pipeline_id === pipelineId).sort(byOrder)[0];
}

function byOrder(a: SimRecord, b: SimRecord): number {
  return Number(a.order_nr) - Number(b.order_nr);
}
