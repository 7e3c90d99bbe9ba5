import { describe, expect, it } from 'vitest';
import { StateHash } from './state-hash.js';

const ann = { id: 1, name: 'Ann', update_time: '2026-01-01T00:00:00Z' };
const bob = { id: 2, name: 'Bob', phones: [] };
const stateOf = (...records: Array<{ id: number; name: string }>) => {
  const state = new StateHash();
  for (const record of records) state.add('person', record);
  return state;
};

describe('the state of an account', () => {
  it('is the same in any order, read twice, and touched without a change', () => {
    const state = stateOf(ann, bob).result();
    expect(state.records).toBe(2);
    expect(stateOf(bob, ann, ann).result()).toEqual(state);
    expect(stateOf({ ...ann, update_time: '2026-09-09T00:00:00Z' } as typeof ann, bob).result()).toEqual(
      state,
    );
  });

  it('differs with a content, a record more or less, and another id', () => {
    const state = stateOf(ann, bob).result();
    for (const other of [
      stateOf(ann),
      stateOf(ann, bob, { ...bob, id: 3 }),
      stateOf(ann, { ...bob, name: 'Rob' }),
      stateOf(ann, { ...bob, id: 3 }),
    ])
      expect(other.result().hash).not.toBe(state.hash);
  });

  it('tells an organization from a person of the same id', () => {
    const state = stateOf(ann);
    state.add('organization', { id: 2, name: 'Bob' });
    expect(state.result().hash).not.toBe(stateOf(ann, bob).result().hash);
  });

  it('leaves out what is named', () => {
    expect(stateOf(ann, bob).result(new Set(['person:2']))).toEqual(stateOf(ann).result());
  });
});
