import { describe, expect, it } from 'vitest';
import { contentOf, imageRestored, type KnownImages } from './content-of.js';

const before = { name: 'Anne', phones: [{ value: '1' }] };
const after = { name: 'Ann', phones: [{ value: '1' }], 'custom_fields.m': 'customer:1' };
const ours: KnownImages = { after, before: null, written: new Set(), arrived: {}, unarchived: false };
const theirs: KnownImages = { ...ours, before, written: new Set(['name', 'custom_fields.m']) };

describe('what a record says now', () => {
  it.each<[string, KnownImages, Record<string, unknown>, string, string[], string[]]>([
    ['what we wrote', ours, after, 'untouched', [], []],
    ['something else', ours, { ...after, name: 'Annie' }, 'edited', ['name'], []],
    ['more', ours, { ...after, org_id: '4' }, 'edited', ['org_id'], []],
    ['less', ours, { name: 'Ann' }, 'edited', ['custom_fields.m', 'phones'], []],
    ['anything, never read back', { ...ours, after: null }, after, 'unread', [], []],
    ['archived by a person', ours, { ...after, is_archived: true }, 'edited', ['is_archived'], []],
    ['what we wrote into theirs', theirs, after, 'untouched', [], ['custom_fields.m', 'name']],
    ['what it said before us', theirs, before, 'restored', [], []],
    ['as before us where we wrote, changed elsewhere', theirs, { ...before, phones: [] }, 'restored', [], []],
    ['half as before us', theirs, { ...after, name: 'Anne' }, 'untouched', [], ['custom_fields.m']],
    [
      'in one field of ours what somebody wrote there since',
      theirs,
      { ...after, name: 'Annie', phones: [] },
      'untouched',
      ['name'],
      ['custom_fields.m'],
    ],
    [
      'in each field of ours what somebody wrote there since',
      theirs,
      { ...after, name: 'Annie', 'custom_fields.m': 'mine' },
      'restored',
      ['custom_fields.m', 'name'],
      [],
    ],
    ['as before us, never read back', { ...theirs, after: null }, before, 'restored', [], []],
    ['theirs, never read back', { ...theirs, after: null }, after, 'unread', [], []],
  ])('%s', (_what, known, now, content, edited, standing) => {
    expect(contentOf(known, now)).toEqual({ content, edited, standing });
  });

  it('taken out of the archive by this rollback is no edit; anything else still is', () => {
    const archived = { ...ours, after: { ...after, is_archived: true }, unarchived: true };
    expect(contentOf(archived, after).content).toBe('untouched');
    expect(contentOf(archived, { ...after, name: 'Annie' })).toMatchObject({
      content: 'edited',
      edited: ['name'],
    });
    expect(contentOf({ ...archived, unarchived: false }, after).content).toBe('edited');
  });

  it('says of theirs what they say again once the standing fields are put back', () => {
    const linked = { ...after, org_id: '9', phones: [] };
    expect(imageRestored(before, linked, ['name', 'org_id', 'custom_fields.m'])).toEqual({
      name: 'Anne',
      phones: [],
      org_id: undefined,
      'custom_fields.m': undefined,
    });
  });
});
