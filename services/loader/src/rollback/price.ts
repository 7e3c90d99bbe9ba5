import { type Entity, entities, wholeOf } from '@octopipe/shared/domain/run/states';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { entityTable } from '../destination/entity-table.js';
import { childLists } from './links.js';

/** What is to be done with the records of one entity, and how many the account will still list afterwards. */
export interface EntityWork {
  deletes: number;
  restores: number;
  /** Of both, how many stand in the archive. */
  archived: number;
  staying: number;
}

export type Calls = Partial<Record<OperationName, number>>;

/** Records that one look by ids, or one page of latest changes, answers for. */
const perLook = 100;

/**
 * The calls of a rollback after its look: a delete or a patch each, one out of the archive before it, one list page per
 * batch to look again, and at the end one reading of what is left, to see what still uses our schema.
 */
export function callsOf(work: Record<Entity, EntityWork>, schema: Calls): Calls {
  const calls: Calls = {};
  const add = (operation: OperationName, count: number) => {
    if (count > 0) calls[operation] = (calls[operation] ?? 0) + count;
  };
  for (const entity of entities) {
    const { deletes, restores, archived, staying } = work[entity];
    const rules = entityTable[entity];
    if (rules.under) {
      // Looked at with every batch of what they stand under, and deleted with it.
      const whole = wholeOf[entity];
      if (deletes + staying > 0 && whole !== undefined)
        add(rules.list, Math.ceil(work[whole].deletes / perLook) + Math.ceil(work[whole].staying / perLook));
      continue;
    }
    const batches = Math.ceil((deletes + restores) / perLook);
    add(rules.remove, deletes);
    add(rules.update, restores + archived);
    if (entity === 'lead') add('getLead', deletes + restores);
    else add(rules.list, batches);
    if (rules.archive && entity !== 'lead') add(rules.archive, Math.ceil(archived / perLook));
    for (const child of childLists[entity] ?? []) add(entityTable[child].list, batches);
    add(rules.list, Math.max(1, Math.ceil(staying / rules.pageSize)));
    if (rules.archive) add(rules.archive, 1);
  }
  for (const [operation, count] of Object.entries(schema)) add(operation as OperationName, count);
  return calls;
}
