import { RunStopped } from '@octopipe/shared/core/errors';
import type { DestinationSchema } from '@octopipe/shared/domain/mapping/content';
import { labelKey } from '@octopipe/shared/domain/mapping/labels';
import { fieldOperations } from '@octopipe/shared/pipedrive/planned-calls';
import { z } from 'zod';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable, nextPosition } from '../destination/entity-table.js';
import { type AccountSchema, labelFieldOf, labelOperations, RemoteLeadLabel } from './account-schema.js';
import { AddedOptions, make, type Scope, saveItem, tryToMake } from './apply-schema.js';
import type { PlannedItem } from './plan-schema.js';

export type LabelledEntity = keyof typeof labelOperations;

interface Label {
  id: number | string;
  label: string;
}

/**
 * Makes the labels that are missing and binds those that stand, by name. Labels of persons, organizations and deals are
 * options of a field that every account has; those of leads are things of their own, with a colour. As with the rest of
 * the schema, a repeat finds what was made in the lists that were read at its start.
 */
export async function applyLabels(
  ctx: LoaderContext,
  account: Account,
  scope: Scope,
  schema: DestinationSchema,
  remote: AccountSchema,
  items: ReadonlyArray<PlannedItem>,
  signal: AbortSignal,
): Promise<void> {
  const labels = items.filter((item) => item.kind === 'label');
  for (const entity of Object.keys(labelOperations) as LabelledEntity[]) {
    const wanted = labels.filter((item) => item.entity === entity);
    if (wanted.length > 0) await applyToField(ctx, account, scope, remote, entity, wanted, signal);
  }
  for (const item of labels.filter(({ entity }) => entity === 'lead')) {
    const standing = find(
      remote.leadLabels.map(({ id, name }) => ({ id, label: name })),
      item,
    );
    const color = schema.labels?.find((label) => label.entity === 'lead' && label.name === item.name)?.color;
    const made =
      standing ??
      RemoteLeadLabel.parse(
        await make(account, {
          operation: 'createLeadLabel',
          json: { name: item.actualName, color: color ?? 'gray' },
        }),
      );
    await saveItem(ctx, scope, item, String(made.id), String(made.id), standing === undefined);
  }
}

async function applyToField(
  ctx: LoaderContext,
  account: Account,
  scope: Scope,
  remote: AccountSchema,
  entity: LabelledEntity,
  wanted: ReadonlyArray<PlannedItem>,
  signal: AbortSignal,
): Promise<void> {
  const field = labelFieldOf(remote, entity);
  if (!field)
    throw new RunStopped(
      'label_field_missing',
      `The account lists no label field of ${entity}s, so their labels have no place; check that the API token belongs to an admin user, or leave the labels out of the mapping, then resume the run.`,
    );
  const standing: Label[] = field.options ?? [];
  const missing = wanted.filter((item) => !find(standing, item));
  const options =
    missing.length === 0
      ? standing
      : await addLabels(account, entity, field.field_code, standing, missing, signal);
  for (const item of wanted) {
    const made = find(options, item);
    if (!made) throw new Error(`the account's answer does not hold a label of ${entity} that was added`);
    await saveItem(ctx, scope, item, String(made.id), String(made.id), missing.includes(item));
  }
}

/** Adds options to a built-in field: by the options call, which may be refused there (probe list #15), else by the v1 field. */
async function addLabels(
  account: Account,
  entity: LabelledEntity,
  fieldCode: string,
  standing: Label[],
  missing: ReadonlyArray<PlannedItem>,
  signal: AbortSignal,
): Promise<Label[]> {
  const outcome = await tryToMake(account, {
    operation: fieldOperations[entity].addOptions,
    path: { field_code: fieldCode },
    json: missing.map(({ actualName }) => ({ label: actualName })),
  });
  if (outcome.kind === 'ok') return [...standing, ...AddedOptions.parse(outcome.data)];
  return rewriteLabels(account, entity, missing, signal);
}

const V1Field = z.object({ id: z.number().nullable(), key: z.string(), options: AddedOptions.nullish() });

/**
 * The documented way: the field with its whole list. An option that the list does not name is dropped by Pipedrive, so
 * it is read right before it is written: a label that somebody adds between the two would be lost.
 */
async function rewriteLabels(
  account: Account,
  entity: LabelledEntity,
  missing: ReadonlyArray<PlannedItem>,
  signal: AbortSignal,
): Promise<Label[]> {
  const field = await readLabelFieldV1(account, entity, signal);
  const stillMissing = missing.filter((item) => !find(field.options, item));
  if (stillMissing.length === 0) return field.options;
  const data = await make(
    account,
    {
      operation: labelOperations[entity].update,
      path: { id: String(field.id) },
      json: {
        options: [
          ...field.options.map(({ id, label }) => ({ id, label })),
          ...stillMissing.map(({ actualName }) => ({ label: actualName })),
        ],
      },
    },
    'asked_by_answers',
  );
  return z.object({ options: AddedOptions }).parse(data).options;
}

/** The label field as v1 knows it, with its whole list. */
export async function readLabelFieldV1(
  account: Account,
  entity: LabelledEntity,
  signal: AbortSignal,
): Promise<{ id: number; options: Label[] }> {
  let field: z.infer<typeof V1Field> | undefined;
  let start: string | undefined = '0';
  while (start !== undefined && !field) {
    const { data, more } = await account.read(
      { operation: labelOperations[entity].list, query: { limit: 500, start } },
      signal,
      'asked_by_answers',
    );
    field = z
      .array(V1Field)
      .parse(data)
      .find(({ key }) => key === 'label' || key === 'label_ids');
    // v1 lists page as notes do.
    start = nextPosition(entityTable.note, more);
  }
  if (!field || field.id === null)
    throw new Error(`v1 lists no label field of ${entity} that can be changed`);
  return { id: field.id, options: field.options ?? [] };
}

function find(labels: ReadonlyArray<Label>, { actualName }: PlannedItem): Label | undefined {
  return (
    labels.find(({ label }) => label === actualName) ??
    labels.find(({ label }) => labelKey(label) === labelKey(actualName))
  );
}
