import type { Tx } from '@octopipe/shared/db/index';
import type { FieldEntity } from '@octopipe/shared/domain/mapping/content';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { fieldEntities, fieldOperations } from '@octopipe/shared/pipedrive/planned-calls';
import type { KnownItem } from '../provision/plan-schema.js';
import type { Calls } from './price.js';

type ItemKind = KnownItem['kind'];

/** An item of the destination that we made. */
export interface SchemaItem {
  kind: ItemKind;
  entity: string;
  parent: string;
  name: string;
  actualName: string;
  remoteId: string | null;
  remoteKey: string | null;
}

const fieldDeletes: Record<FieldEntity, OperationName> = {
  organization: 'deleteOrganizationField',
  person: 'deletePersonField',
  product: 'deleteProductField',
  deal: 'deleteDealField',
};
const optionDeletes: Record<FieldEntity, OperationName> = {
  organization: 'deleteOrganizationFieldOptions',
  person: 'deletePersonFieldOptions',
  product: 'deleteProductFieldOptions',
  deal: 'deleteDealFieldOptions',
};

/**
 * In the order in which they go: a stage before its pipeline. An option goes with its field when that is ours; only
 * those in a field of the customer's go by themselves.
 */
export const removalOrder: ReadonlyArray<ItemKind> = [
  'field',
  'option',
  'label',
  'activity_type',
  'stage',
  'pipeline',
];

export function removalOf(item: Pick<SchemaItem, 'kind' | 'entity'>): OperationName {
  switch (item.kind) {
    case 'field':
      return fieldDeletes[item.entity as FieldEntity];
    case 'label':
      // Those of leads are things of their own, the others options of a field that every account has.
      return item.entity === 'lead' ? 'deleteLeadLabel' : optionDeletes[item.entity as FieldEntity];
    case 'option':
      return optionDeletes[item.entity as FieldEntity];
    case 'activity_type':
      return 'deleteActivityType';
    case 'stage':
      return 'deleteStage';
    case 'pipeline':
      return 'deletePipeline';
  }
}

/** What runs of this migration made in this account and no rollback has removed. */
export async function readSchemaItems(
  tx: Tx,
  run: { migrationId: string; connectionId: string },
): Promise<SchemaItem[]> {
  const rows = await tx
    .selectFrom('loader.destinationItem as item')
    .innerJoin('loader.run as maker', 'maker.id', 'item.createdByRun')
    .select([
      'item.kind',
      'item.entity',
      'item.parent',
      'item.name',
      'item.actualName',
      'item.remoteId',
      'item.remoteKey',
    ])
    .where('item.connectionId', '=', run.connectionId)
    .where('maker.migrationId', '=', run.migrationId)
    .where('item.remoteKey', 'is not', null)
    .orderBy('item.kind')
    .orderBy('item.entity')
    .orderBy('item.parent')
    .orderBy('item.name')
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as ItemKind }));
}

/** What removing all of it costs at most, with the lists that are read first. */
export async function countSchemaCalls(
  tx: Tx,
  run: { migrationId: string; connectionId: string },
): Promise<{ items: number; calls: Calls }> {
  const items = await readSchemaItems(tx, run);
  const calls: Calls = { getPipelines: 1, getStages: 1, getActivityTypes: 1 };
  if (hasLeadLabel(items)) calls.getLeadLabels = 1;
  for (const entity of fieldEntities) calls[fieldOperations[entity].list] = 1;
  for (const item of items) {
    const operation = removalOf(item);
    calls[operation] = (calls[operation] ?? 0) + 1;
  }
  return { items: items.length, calls };
}

export function hasLeadLabel(items: ReadonlyArray<SchemaItem>): boolean {
  return items.some(({ kind, entity }) => kind === 'label' && entity === 'lead');
}
