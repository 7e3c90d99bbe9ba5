import type { FieldEntity } from '@octopipe/shared/domain/mapping/content';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { z } from 'zod';
import type { Account } from '../destination/account.js';
import { nextPosition } from '../destination/entity-table.js';

/** The calls that make and list custom fields, by entity. */
export const fieldOperations: Record<
  FieldEntity,
  { list: OperationName; create: OperationName; addOptions: OperationName }
> = {
  organization: {
    list: 'getOrganizationFields',
    create: 'createOrganizationField',
    addOptions: 'addOrganizationFieldOptions',
  },
  person: { list: 'getPersonFields', create: 'createPersonField', addOptions: 'addPersonFieldOptions' },
  product: { list: 'getProductFields', create: 'createProductField', addOptions: 'addProductFieldOptions' },
  deal: { list: 'getDealFields', create: 'createDealField', addOptions: 'addDealFieldOptions' },
};
export const fieldEntities = Object.keys(fieldOperations) as FieldEntity[];

export const RemoteField = z.object({
  field_name: z.string(),
  field_code: z.string(),
  field_type: z.string(),
  is_custom_field: z.boolean(),
  options: z.array(z.object({ id: z.union([z.number(), z.string()]), label: z.string() })).nullish(),
});
export type RemoteField = z.infer<typeof RemoteField>;

export const RemotePipeline = z.object({ id: z.number(), name: z.string() });
export const RemoteStage = z.object({ id: z.number(), name: z.string(), pipeline_id: z.number() });
export const RemoteActivityType = z.object({
  id: z.number(),
  name: z.string(),
  key_string: z.string(),
  active_flag: z.boolean().nullish(),
});

/** What stands in the account before or after provisioning. */
export interface AccountSchema {
  fields: Record<FieldEntity, RemoteField[]>;
  pipelines: Array<z.infer<typeof RemotePipeline>>;
  stages: Array<z.infer<typeof RemoteStage>>;
  activityTypes: Array<z.infer<typeof RemoteActivityType>>;
}

/** Lists everything a mapping can need: 4 × 10 + 20 + 5 + 5 tokens on an account of ordinary size. */
export async function readAccountSchema(account: Account, signal: AbortSignal): Promise<AccountSchema> {
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
  };
}

async function listAll(account: Account, operation: OperationName, signal: AbortSignal): Promise<unknown[]> {
  const items: unknown[] = [];
  let cursor: string | undefined;
  do {
    const { data, more } = await account.read(
      { operation, query: { limit: 500, ...(cursor ? { cursor } : {}) } },
      signal,
    );
    items.push(...(Array.isArray(data) ? data : []));
    cursor = nextPosition({ paging: 'cursor' } as Parameters<typeof nextPosition>[0], more);
  } while (cursor !== undefined);
  return items;
}
