import type { DestinationSchema, FieldEntity, LabelEntity } from '@octopipe/shared/domain/mapping/content';
import { labelKey } from '@octopipe/shared/domain/mapping/labels';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { fieldEntities, fieldOperations } from '@octopipe/shared/pipedrive/planned-calls';
import { z } from 'zod';
import type { Account } from '../destination/account.js';
import { nextPosition } from '../destination/entity-table.js';

/** The documented way to the options of a built-in field, where v2 refuses it (probe list #15). Products have no labels. */
export const labelOperations: Record<
  Exclude<LabelEntity, 'lead'>,
  { list: OperationName; update: OperationName }
> = {
  organization: { list: 'getOrganizationFieldsV1', update: 'updateOrganizationFieldV1' },
  person: { list: 'getPersonFieldsV1', update: 'updatePersonFieldV1' },
  deal: { list: 'getDealFieldsV1', update: 'updateDealFieldV1' },
};

export const RemoteField = z.object({
  field_name: z.string(),
  field_code: z.string(),
  field_type: z.string(),
  is_custom_field: z.boolean(),
  options: z.array(z.object({ id: z.union([z.number(), z.string()]), label: z.string() })).nullish(),
});
export type RemoteField = z.infer<typeof RemoteField>;

export const RemotePipeline = z.object({ id: z.number(), name: z.string(), add_time: z.string().nullish() });
export const RemoteStage = z.object({
  id: z.number(),
  name: z.string(),
  pipeline_id: z.number(),
  add_time: z.string().nullish(),
});
export const RemoteActivityType = z.object({
  id: z.number(),
  name: z.string(),
  key_string: z.string(),
  active_flag: z.boolean().nullish(),
});
export type RemoteActivityType = z.infer<typeof RemoteActivityType>;

/** One that is switched off stays in the list. */
export function isActive(type: RemoteActivityType): boolean {
  return type.active_flag !== false;
}

export const RemoteLeadLabel = z.object({ id: z.string(), name: z.string() });

/** What stands in the account before or after provisioning. */
export interface AccountSchema {
  fields: Record<FieldEntity, RemoteField[]>;
  pipelines: Array<z.infer<typeof RemotePipeline>>;
  stages: Array<z.infer<typeof RemoteStage>>;
  activityTypes: RemoteActivityType[];
  /** Listed only when somebody asks for labels of leads. */
  leadLabels: Array<z.infer<typeof RemoteLeadLabel>>;
}

/** What `readAccountSchema` begins with, and with it every try to provision. */
export const firstSchemaCall = fieldOperations[fieldEntities[0] ?? 'deal'].list;

/** Lists everything a mapping can need: 4 × 10 + 20 + 10 + 5 + 5 tokens on an account of ordinary size. */
export async function readAccountSchema(
  account: Account,
  withLeadLabels: boolean,
  signal: AbortSignal,
): Promise<AccountSchema> {
  const fields = {} as AccountSchema['fields'];
  for (const entity of fieldEntities)
    fields[entity] = z.array(RemoteField).parse(await listAll(account, fieldOperations[entity].list, signal));
  return {
    fields,
    pipelines: z.array(RemotePipeline).parse(await listAll(account, 'getPipelines', signal)),
    stages: z.array(RemoteStage).parse(await listAll(account, 'getStages', signal)),
    activityTypes: z
      .array(RemoteActivityType)
      .parse((await account.read({ operation: 'getActivityTypes' }, signal)).data),
    leadLabels: withLeadLabels
      ? z.array(RemoteLeadLabel).parse((await account.read({ operation: 'getLeadLabels' }, signal)).data)
      : [],
  };
}

export function hasLeadLabels(schema: DestinationSchema): boolean {
  return schema.labels?.some((label) => label.entity === 'lead') ?? false;
}

/** The built-in field whose options are the labels of an entity; v2 has called it by two names. */
export function labelFieldOf(account: AccountSchema, entity: FieldEntity): RemoteField | undefined {
  return account.fields[entity].find(
    (field) => !field.is_custom_field && ['label_ids', 'label'].includes(field.field_code),
  );
}

/** A label of this name, whatever its case: the same word twice would be for nobody's good. */
export function findLabel(
  account: AccountSchema,
  entity: string,
  name: string,
): { id: number | string; name: string } | undefined {
  const standing =
    entity === 'lead'
      ? account.leadLabels
      : (labelFieldOf(account, entity as FieldEntity)?.options ?? []).map(({ id, label }) => ({
          id,
          name: label,
        }));
  return (
    standing.find((label) => label.name === name) ??
    standing.find((label) => labelKey(label.name) === labelKey(name))
  );
}

async function listAll(account: Account, operation: OperationName, signal: AbortSignal): Promise<unknown[]> {
  const items: unknown[] = [];
  let cursor: string | undefined;
  do {
    const { data, more } = await account.read(
      { operation, query: { limit: 500, ...(cursor ? { cursor } : {}) } },
      signal,
      // One page is planned.
      cursor ? 'asked_by_answers' : undefined,
    );
    items.push(...(Array.isArray(data) ? data : []));
    cursor = nextPosition({ paging: 'cursor' } as Parameters<typeof nextPosition>[0], more);
  } while (cursor !== undefined);
  return items;
}
