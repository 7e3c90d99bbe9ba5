import { defineObject, excluded, type Inventory, type ObjectDefinition } from '../mapping/define-object.js';

/**
 * What Pipedrive has no place for is written down instead, for a person who rebuilds or reviews it. Its rows are
 * excluded by the rule `inventory_only`; each definition says in which inventory they stand, and why there.
 */
export const inventoryOnly: ReadonlyArray<ObjectDefinition> = [
  listed('automation', {
    name: 'automations',
    why: 'Automations cannot be moved: Pipedrive builds them another way, by hand.',
  }),
  listed('message_template', {
    name: 'automations',
    why: 'Texts of automations and of messages: they go into the templates of Pipedrive by hand.',
  }),
  listed('portal_setting', { name: 'portal', why: 'Pipedrive has no customer portal.' }),
  listed('service_area', {
    name: 'manual-review',
    why: 'Pipedrive knows no areas: where a worker or service is offered has to be planned elsewhere.',
  }),
  listed('pay_rate', {
    name: 'manual-review',
    why: 'Pay is for your payroll, not for a CRM: the inventory counts the rates and repeats no amount.',
  }),
];

function listed(name: string, inventory: Inventory): ObjectDefinition {
  return defineObject({ name, inventory, map: () => excluded('inventory_only') });
}
