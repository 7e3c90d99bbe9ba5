import { z } from 'zod';
import type { Account } from '../account/account.js';
import { type FieldEntity, fieldEntities, type SimRecord } from '../account/entities.js';
import { insertUser } from '../account/found-account.js';
import { newField } from '../account/new-field.js';
import { type Draft, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { activities } from '../resources/activities.js';
import { completeAddress } from '../resources/addresses.js';
import { blankLine } from '../resources/deal-products.js';
import { settleStage } from '../resources/deal-stage.js';
import { settleValue } from '../resources/deal-value.js';
import { deals } from '../resources/deals.js';
import { blankLead } from '../resources/leads.js';
import { organizations } from '../resources/organizations.js';
import { contactValues, persons } from '../resources/persons.js';
import { products } from '../resources/products.js';
import type { V2Resource } from '../resources/v2-crud.js';

const Row = z.record(z.string(), z.json());
const Rows = z.array(Row).optional();

export const SeedPlan = z.strictObject({
  users: Rows,
  organizations: Rows,
  persons: Rows,
  deals: Rows,
  products: Rows,
  activities: Rows,
  notes: Rows,
  leads: Rows,
  leadLabels: Rows,
  dealProducts: Rows,
  dealFields: Rows,
  personFields: Rows,
  organizationFields: Rows,
  productFields: Rows,
});
export type SeedPlan = z.infer<typeof SeedPlan>;

/** References between records of one plan are the caller's business: ids are answered, so seed parents first. */
const order = [
  'users',
  ...fieldEntities,
  'organizations',
  'persons',
  'products',
  'deals',
  'dealProducts',
  'leadLabels',
  'leads',
  'activities',
  'notes',
] as const satisfies readonly (keyof SeedPlan)[];

/** The customer's own records: there before us, unchecked, without tokens and without ledger lines. */
export function seedRecords(account: Account, plan: SeedPlan): Record<string, (number | string)[]> {
  return Object.fromEntries(
    order.flatMap((entity) => {
      const rows = plan[entity];
      return rows ? [[entity, rows.map((row) => seedOne(account, entity, row as JsonObject))] as const] : [];
    }),
  );
}

function seedOne(account: Account, entity: (typeof order)[number], row: JsonObject): number | string {
  if (entity === 'users') return insertUser(account, row).id;
  if (isFieldEntity(entity)) return String(seedField(account, entity, row).field_code);
  if (entity === 'leadLabels') return String(account.insert('leadLabels', { color: 'gray', ...row }).uuid);
  if (entity === 'leads') return String(account.insert('leads', { ...blankLead(account), ...row }).uuid);
  if (entity === 'dealProducts') return seedLine(account, row).id;
  if (entity === 'notes')
    return account.insert('notes', { user_id: account.caller().id, ...noteLinks, ...row }).id;
  const draft: Draft = { ...resources[entity].blank(account), ...row };
  complete[entity]?.(account, draft, row);
  return account.insert(entity, draft).id;
}

const resources = { organizations, persons, products, deals, activities } satisfies Record<
  string,
  V2Resource
>;
const noteLinks = { content: '', deal_id: null, person_id: null, org_id: null, lead_id: null };

const complete: Partial<
  Record<keyof typeof resources, (account: Account, draft: Draft, row: JsonObject) => void>
> = {
  organizations(_account, draft, row) {
    if (row.address !== undefined) draft.address = completeAddress(row.address);
  },
  persons(_account, draft, row) {
    draft.emails = contactValues(row.emails ?? []);
    draft.phones = contactValues(row.phones ?? []);
  },
  deals(account, draft, row) {
    settleStage(account, draft, row, undefined);
  },
};

function seedLine(account: Account, row: JsonObject): SimRecord {
  const line = account.insert('dealProducts', { ...blankLine, order_nr: 0, ...row });
  const deal = account.find('deals', line.deal_id);
  if (!deal) throw new Error(`deal ${String(line.deal_id)} does not exist`);
  settleValue(account, deal);
  return line;
}

function seedField(account: Account, entity: FieldEntity, row: JsonObject): SimRecord {
  const type = String(row.field_type ?? 'varchar');
  const labels = listOf(row.options).map(
    (option): Json => (typeof option === 'string' ? option : (objectOf(option).label ?? '')),
  );
  const options =
    type === 'enum' || type === 'set'
      ? labels.map((label) => ({ id: account.nextId('options'), label }))
      : null;
  const name = String(row.field_name ?? 'Field');
  return account.insert(
    entity,
    newField({ code: account.nextFieldCode(), name, type, options, custom: true }),
  );
}

function isFieldEntity(entity: string): entity is FieldEntity {
  return fieldEntities.some((known) => known === entity);
}
