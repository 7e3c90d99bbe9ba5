import { defineObject, excluded, merged } from '../mapping/define-object.js';
import { labelKey } from '../mapping/labels.js';

/** The tenant's list of labels: becomes labels of the account, made before the first record. */
export const label = defineObject({
  name: 'label',
  structure: {
    label_id: 'the key',
    name: 'the name of the label',
    colour: 'the nearest colour of a label of leads',
    applies_to: 'the kinds of records that get it',
  },
  lossy: [
    'Labels keep their names. Pipedrive colours those of persons, organizations and deals itself; labels of leads take the nearest of its colours.',
  ],
  map(row, _refs, ctx) {
    const key = labelKey(row.fields.name ?? '');
    const { labels } = ctx.content.schema;
    if (!labels) return excluded('not_in_mapping');
    // Of workers only, for example, who are no records of ours.
    return labels.some(({ name }) => labelKey(name) === key) ? merged([]) : excluded('unused_label');
  },
});
