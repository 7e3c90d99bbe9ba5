import { defineObject, merged } from '../mapping/define-object.js';

/** A form: its name heads the activities of its responses. */
export const form = defineObject({
  name: 'form',
  structure: { form_id: 'the key', name: 'in subject and note of its responses' },
  notMigrated: {
    display_to: 'Pipedrive has no forms: the template is for the inventory.',
    display_at: 'Pipedrive has no forms: the template is for the inventory.',
    services: 'Pipedrive has no forms: the template is for the inventory.',
    statuses: 'Pipedrive has no forms: the template is for the inventory.',
    mandatory: 'Pipedrive has no forms: the template is for the inventory.',
    active: 'Responses of inactive forms are kept too.',
  },
  lossy: ['Pipedrive has no forms and checklists: responses migrate, the templates do not.'],
  map: () => merged([]),
});

/** A question of a form: its label stands before the answers. */
export const formField = defineObject({
  name: 'form_field',
  needs: ['form'],
  structure: {
    form_field_id: 'the key',
    form_id: 'which form',
    label: 'before the answer',
    type: 'how the answer is read',
    options: 'how a list of answers is read',
  },
  notMigrated: {
    mandatory: 'Pipedrive has no forms: the template is for the inventory.',
    photo_rule: 'Pipedrive has no forms: the template is for the inventory.',
    order: 'Answers stand in the order of the export.',
  },
  map: () => merged([]),
});
