import { describe, expect, it } from 'vitest';
import { differingFields } from './canonical.js';
import { nameDifferences } from './name-differences.js';

const sent = { title: 'Bond clean', value: '100' };
const after = { ...sent, owner_id: '3' };
const look = (now: Record<string, unknown>, change: object = {}) => ({
  sent,
  listed: { title: now.title, value: now.value },
  differing: differingFields(sent, { title: now.title, value: now.value }),
  after,
  now,
  ...change,
});

describe('the differences of a record', () => {
  it.each<[string, Parameters<typeof nameDifferences>[0], ReturnType<typeof nameDifferences>]>([
    ['none', look(after), []],
    ['changed since', look({ ...after, value: '90' }), [{ field: 'value', kind: 'changed_by_person' }]],
    [
      'emptied since',
      look({ title: 'Bond clean', owner_id: '3' }),
      [{ field: 'value', kind: 'changed_by_person' }],
    ],
    [
      'never what we sent',
      look({ ...after, value: '99' }, { after: { ...after, value: '99' } }),
      [{ field: 'value', kind: 'changed_by_us' }],
    ],
    ['cut', look({ ...after, title: 'Bond' }), [{ field: 'title', kind: 'truncated' }]],
    [
      'longer than sent',
      look({ ...after, title: 'Bond cleaning' }),
      [{ field: 'title', kind: 'changed_by_person' }],
    ],
    [
      'nobody kept what it said',
      look({ ...after, value: '99' }, { after: null }),
      [{ field: 'value', kind: 'changed_by_us' }],
    ],
    ['a field that we did not send', look({ ...after, owner_id: '4' }), []],
  ])('%s', (_what, record, expected) => {
    expect(nameDifferences(record, false)).toEqual(expected);
  });

  it('looked at closely, tells what somebody changed beyond what we sent', () => {
    expect(nameDifferences(look({ ...after, owner_id: '4', label_ids: ['7'], title: 'X' }), true)).toEqual([
      { field: 'title', kind: 'changed_by_person' },
      { field: 'label_ids', kind: 'changed_by_person' },
      { field: 'owner_id', kind: 'changed_by_person' },
    ]);
    expect(nameDifferences(look({ ...after, owner_id: '4' }, { after: null }), true)).toEqual([]);
  });
});
