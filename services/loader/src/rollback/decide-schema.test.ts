import { describe, expect, it } from 'vitest';
import type { AccountSchema } from '../provision/account-schema.js';
import { decideSchemaItem, SchemaUse } from './decide-schema.js';
import type { SchemaItem } from './schema-items.js';

const code = 'a'.repeat(40);
const account: AccountSchema = {
  fields: {
    organization: [],
    product: [],
    person: [
      {
        field_name: 'Pets',
        field_code: 'pets',
        field_type: 'set',
        is_custom_field: true,
        options: [
          { id: 1, label: 'Dog' },
          { id: 2, label: 'Cat' },
        ],
      },
      {
        field_name: 'Labels',
        field_code: 'label_ids',
        field_type: 'set',
        is_custom_field: false,
        options: [{ id: 31, label: 'VIP' }],
      },
    ],
    deal: [{ field_name: 'Nick', field_code: code, field_type: 'varchar', is_custom_field: true }],
  },
  pipelines: [{ id: 5, name: 'OctopusPro', add_time: '2026-01-01T00:00:00Z' }],
  stages: [
    { id: 50, name: 'New', pipeline_id: 5, add_time: '2026-01-01T00:00:09Z' },
    { id: 51, name: 'Qualified', pipeline_id: 5, add_time: '2026-01-01T00:00:01Z' },
  ],
  activityTypes: [
    { id: 8, name: 'Payment', key_string: 'payment', active_flag: true },
    { id: 9, name: 'Old', key_string: 'old', active_flag: false },
  ],
  leadLabels: [{ id: 'u-hot', name: 'Hot' }],
};
const item = (
  kind: SchemaItem['kind'],
  remoteId: string,
  name: string,
  more: Partial<SchemaItem> = {},
): SchemaItem => ({
  kind,
  entity: '',
  parent: '',
  name,
  actualName: name,
  remoteId,
  remoteKey: remoteId,
  ...more,
});
const pets = item('field', 'pets', 'Pets', { entity: 'person' });
const nick = item('field', code, 'Nick', { entity: 'deal' });
const dog = item('option', '1', 'Dog', { entity: 'person', parent: 'Pets' });
const stage = item('stage', '50', 'New', { parent: 'OctopusPro' });
const pipeline = item('pipeline', '5', 'OctopusPro');
const type = item('activity_type', '8', 'Payment', { remoteKey: 'payment' });
const label = item('label', '31', 'VIP', { entity: 'person' });
const leadLabel = item('label', 'u-hot', 'Hot', { entity: 'lead' });
const ours = { options: new Set(['Dog', 'Cat']), stages: new Set(['50']) };
const unused = new SchemaUse();

const used = new SchemaUse();
used.add('person', { id: 1, label_ids: [31], custom_fields: { pets: [1] } });
used.add('lead', { id: 'u', label_ids: ['u-hot'], [code]: 'x', [`${code}_currency`]: null });
used.add('deal', { id: 1, stage_id: 50, pipeline_id: 5, custom_fields: { [code]: null } });
used.add('activity', { id: 1, type: 'payment' });

describe('an item of the schema that we made', () => {
  it.each([
    ['field', pets],
    ['field of deals', nick],
    ['option', dog],
    ['label', label],
    ['label of leads', leadLabel],
    ['stage', stage],
    ['pipeline', pipeline],
    ['activity type', type],
  ])('%s goes when nothing uses it, and stays when something does', (_what, one) => {
    expect(decideSchemaItem(one, account, unused, ours)).toEqual({ action: 'delete' });
    expect(decideSchemaItem(one, account, used, ours)).toEqual({ action: 'keep', reason: 'in_use' });
  });

  it.each<[string, SchemaItem, object]>([
    ['is gone: another key', { ...pets, remoteKey: 'other' }, { action: 'gone' }],
    ['is gone: switched off', { ...type, remoteId: '9' }, { action: 'gone' }],
    ['was renamed', { ...nick, actualName: 'Nickname' }, { action: 'keep', reason: 'renamed' }],
    ['was renamed, a pipeline', { ...pipeline, actualName: 'Ours' }, { action: 'keep', reason: 'renamed' }],
  ])('%s', (_what, one, expected) => {
    expect(decideSchemaItem(one, account, unused, ours)).toEqual(expected);
  });

  it('stays when somebody gave it an option or a stage; a stage that came with the pipeline is nobody’s', () => {
    const added = { action: 'keep', reason: 'added_to' };
    expect(decideSchemaItem(pets, account, unused, { ...ours, options: new Set(['Dog']) })).toEqual(added);
    expect(decideSchemaItem(pipeline, account, unused, { ...ours, stages: new Set() })).toEqual(added);
  });

  it('an option that nobody chose goes although its field is used', () => {
    const cat = { ...dog, remoteId: '2', actualName: 'Cat' };
    expect(decideSchemaItem(cat, account, used, ours)).toEqual({ action: 'delete' });
  });
});
