import { RunStopped } from '@octopipe/shared/core/errors';
import type { DestinationSchema } from '@octopipe/shared/domain/mapping/content';
import { markerFieldName } from '@octopipe/shared/domain/mapping/record';
import { fieldEntities } from '@octopipe/shared/pipedrive/planned-calls';
import { type PlanName, plans } from '@octopipe/shared/pipedrive/plans';
import { sharesType } from '../destination/kind-in-subject.js';
import { type AccountSchema, findLabel } from './account-schema.js';

/** What we know of one item of the destination, by our own name for it. `remoteKey` null: planned, perhaps made, not confirmed. */
export interface KnownItem {
  kind: 'field' | 'option' | 'pipeline' | 'stage' | 'activity_type' | 'label';
  entity: string;
  parent: string;
  name: string;
  itemType: string;
  actualName: string;
  remoteId: string | null;
  remoteKey: string | null;
}

export type PlannedItem = Pick<KnownItem, 'kind' | 'entity' | 'parent' | 'name' | 'itemType' | 'actualName'>;

/**
 * The names our items will have: an item that stands in the account and is not ours keeps its owner, ours is called
 * `<name> (OctopusPro)`. Activity types and labels are the exception: one with the same name says the same thing and is used.
 * Items known from an earlier run keep the name they were given. So does a kind of activity that shares a type, under
 * whose name it is known: as long as activities of ours stand (`hasActivities`), those that come are written like them.
 *
 * After a restore (`isInDoubt`) what stands and is not known may have been made by us since the backup; not so, if no
 * marker field stands: that is made first of all. Then the last in the row of names that ours would have been given, of our
 * type and with our options, is taken for ours; never to be removed by a rollback, for it may be theirs.
 */
export function nameItems(
  schema: DestinationSchema,
  account: AccountSchema,
  known: ReadonlyArray<KnownItem>,
  hasActivities: boolean,
  isInDoubt = false,
): PlannedItem[] {
  const kept = known.filter((item) => hasActivities || !sharesType(item));
  const knownNames = new Map(kept.map((item) => [identity(item), item.actualName]));
  const items: PlannedItem[] = [];
  const mayStand = isInDoubt && hasMarkerField(account);
  const add = (
    item: Omit<PlannedItem, 'actualName'>,
    taken: ReadonlySet<string>,
    alike: ReadonlyArray<string> = [],
  ) => {
    const ours = mayStand ? lastName(item.name, alike) : undefined;
    items.push({ ...item, actualName: knownNames.get(identity(item)) ?? ours ?? freeName(item.name, taken) });
  };
  for (const field of schema.fields) {
    const taken = new Set(account.fields[field.entity].map((remote) => remote.field_name.toLowerCase()));
    const alike = account.fields[field.entity].filter(
      (remote) =>
        remote.is_custom_field &&
        remote.field_type === field.type &&
        field.options.every((label) => remote.options?.some((option) => option.label === label)),
    );
    add(
      { kind: 'field', entity: field.entity, parent: '', name: field.name, itemType: field.type },
      taken,
      alike.map((remote) => remote.field_name),
    );
  }
  const pipelineNames = new Set(account.pipelines.map((pipeline) => pipeline.name.toLowerCase()));
  for (const pipeline of schema.pipelines) {
    add(
      { kind: 'pipeline', entity: '', parent: '', name: pipeline.name, itemType: '' },
      pipelineNames,
      account.pipelines.map(({ name }) => name),
    );
    // Stages live inside our own pipeline: nobody else's can be in the way.
    for (const stage of pipeline.stages)
      add({ kind: 'stage', entity: '', parent: pipeline.name, name: stage, itemType: '' }, new Set());
  }
  for (const type of schema.activityTypes)
    add(
      { kind: 'activity_type', entity: '', parent: '', name: type.name, itemType: type.iconKey },
      new Set(),
    );
  for (const { entity, name } of schema.labels ?? []) {
    const item = { kind: 'label' as const, entity, parent: '', name, itemType: '' };
    const actualName = knownNames.get(identity(item)) ?? findLabel(account, entity, name)?.name ?? name;
    items.push({ ...item, actualName });
  }
  return items;
}

export function identity(item: Pick<KnownItem, 'kind' | 'entity' | 'parent' | 'name'>): string {
  return [item.kind, item.entity, item.parent, item.name].join('|');
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name.toLowerCase())) return name;
  for (let n = 1; ; n += 1) {
    const candidate = nameBeside(name, n);
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

function nameBeside(name: string, n: number): string {
  return n === 1 ? `${name} (OctopusPro)` : `${name} (OctopusPro ${n})`;
}

/** Of what stands, the last that can have been given this name. */
function lastName(name: string, alike: ReadonlyArray<string>): string | undefined {
  const candidates = [name, ...alike.map((_, i) => nameBeside(name, i + 1))];
  return candidates.filter((candidate) => alike.includes(candidate)).at(-1);
}

function hasMarkerField(account: AccountSchema): boolean {
  return fieldEntities.some((entity) =>
    account.fields[entity].some((field) => field.is_custom_field && field.field_name === markerFieldName),
  );
}

/** Refuses before the first write what the plan cannot hold, with what to do. */
export function assertFieldRoom(plan: PlanName, need: { newFields: number; existingFields: number }): void {
  const fieldCap = plans[plan].customFields;
  if (need.existingFields + need.newFields > fieldCap) {
    throw new RunStopped(
      'custom_field_cap',
      `The mapping needs ${need.newFields} new custom fields, the account has ${need.existingFields}, and plan ${plan} allows ${fieldCap}: upgrade the plan or leave fields out of the mapping. Nothing was written.`,
    );
  }
}

/** Custom fields in use: the cap counts all entities together. */
export function countCustomFields(account: AccountSchema): number {
  return fieldEntities.reduce(
    (sum, entity) => sum + account.fields[entity].filter((field) => field.is_custom_field).length,
    0,
  );
}
