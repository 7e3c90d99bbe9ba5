import { expect, test } from 'vitest';
import { canonicalObjects } from './canonical-fields.js';

/**
 * The list is a contract: intake maps headers to it, mapping maps it to targets, customers prepare their exports by it.
 * A column may be added; one that is renamed or taken away breaks confirmed mappings, and this test says so.
 */
test('the canonical fields are those of the data sheet, object by object', async () => {
  const marks = { R: ' required', r: ' recommended', '': '' };
  const listing = canonicalObjects
    .map(({ object, file, key, fields }) =>
      [
        `${object} (${file}, key ${key ?? 'none'})`,
        ...fields.map(
          ({ header, field, type, required }) => `  ${header} → ${field}: ${type}${marks[required]}`,
        ),
      ].join('\n'),
    )
    .join('\n\n');
  await expect(`${listing}\n`).toMatchFileSnapshot('./canonical-fields.frozen.txt');
});

test('a field has one name and type in its object, and keys, display numbers and references are fields of it', () => {
  for (const { object, key, display, parents, fields } of canonicalObjects) {
    const names = fields.map(({ field }) => field);
    expect([object, names.filter((name, index) => names.indexOf(name) !== index)]).toEqual([object, []]);
    const referred = [
      ...(key === null ? [] : [key]),
      ...(display === null ? [] : [display]),
      ...parents.flatMap((rule) =>
        typeof rule.object === 'string' ? [rule.field] : [rule.field, rule.object.field],
      ),
      ...parents.flatMap((rule) => rule.number ?? []),
    ];
    expect([object, referred.filter((name) => !names.includes(name))]).toEqual([object, []]);
    const parentNames = parents.flatMap((rule) => (typeof rule.object === 'string' ? [rule.object] : []));
    const known = new Set(canonicalObjects.map((one) => one.object));
    expect(parentNames.filter((name) => !known.has(name))).toEqual([]);
  }
});
