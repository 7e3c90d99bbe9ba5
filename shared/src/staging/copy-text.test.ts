import { expect, test } from 'vitest';
import { canonicalObject } from '../octopuspro/canonical-fields.js';
import { encodeRows, planRows } from './copy-text.js';

const header = ['Note ID', 'Object', 'Object ID', 'Body', 'Attachment IDs', 'password'];
const columns = [
  { header: 'Note ID', field: 'note_id' },
  { header: 'Object', field: 'object' },
  { header: 'Object ID', field: 'object_id' },
  { header: 'Body', field: 'body' },
  { header: 'Attachment IDs', field: 'attachment_ids' },
];
const plan = planRows(canonicalObject('note'), 'f', header, columns);
const fieldsOf = (record: string[] | null) => encodeRows(plan, [record], 7).trimEnd().split('\t');

test('a row: object, number, file, id, cells without the dropped ones, hash, references', () => {
  const [object, row, file, id, cells, hash, refs] = fieldsOf([
    '1',
    'booking',
    '10',
    'hello',
    '["5","6"]',
    'hunter2',
  ]);
  expect([object, row, file, id]).toEqual(['note', '7', 'f', '1']);
  expect(cells).toBe('{"1","booking","10","hello","[\\\\"5\\\\",\\\\"6\\\\"]"}');
  expect(hash).toMatch(/^\\\\x[0-9a-f]{32}$/);
  expect(refs).toBe(
    '{{object_id,booking,"10"},{attachment_ids,attachment,"5"},{attachment_ids,attachment,"6"}}',
  );
});

test('backslash, quote, tab and line ends are escaped for COPY and for the array in it', () => {
  expect(fieldsOf(['1', '', '', 'a\\b "c"\td\ne\rf', '', ''])[4]).toBe(
    '{"1","","","a\\\\\\\\b \\\\"c\\\\"\\td\\ne\\rf",""}',
  );
  expect(fieldsOf([' 1\\2\u200b', '', '', '', '', ''])[3]).toBe('1\\\\2');
});

test('rows without key have none, ragged and broken rows have no cells', () => {
  expect(fieldsOf([' \u00a0', '', '', 'x', '', ''])[3]).toBe('\\N');
  expect(fieldsOf(['1', 'too', 'few'])).toEqual(['note', '7', 'f', '\\N', '{}', '\\\\x', '{}']);
  expect(fieldsOf(null)[4]).toBe('{}');
});

test('rows with characters that could not be read are told, with the stored cell', () => {
  const damaged: unknown[] = [];
  const records = [
    ['1', 'booking', '10', 'caf\uFFFD', '', 'x'],
    ['2', 'booking', '10', 'café', '', '\uFFFD'],
    [' ', '\uFFFD', '10', '\uFFFD', '', ''],
  ];
  encodeRows(plan, records, 7, (row) => damaged.push(row));
  expect(damaged).toEqual([
    { rowNumber: 7, sourceId: '1', cell: 3 },
    { rowNumber: 9, sourceId: null, cell: 1 },
  ]);
});

test('the header again is no record, joined with a mark or not; a record with one word of it is', () => {
  const again = ['note', '7', 'f', '\\N', '{}', '\\\\x00', '{}'];
  expect(fieldsOf(header)).toEqual(again);
  expect(fieldsOf([`\uFEFF${header[0]}`, ...header.slice(1, 5), ' password '])).toEqual(again);
  expect(fieldsOf(['Note ID', 'Object', 'Object ID', 'Body', 'Attachment IDs', ''])[3]).toBe('Note ID');
  const odd = planRows(canonicalObject('note'), 'f', ['Note ID', 'column 2', 'Body', 'Body (2)'], columns);
  const encoded = encodeRows(odd, [['Note ID', '', 'Body', 'Body']], 7).split('\t');
  expect(encoded[4]).toBe('{}');
});

test('the hash is of the stored cells and their headers, not of what was dropped', () => {
  const hashOf = (record: string[]) => fieldsOf(record)[5];
  const row = ['1', 'booking', '10', 'hello', '', 'one'];
  expect(hashOf(row)).toBe(hashOf([...row.slice(0, 5), 'two']));
  expect(hashOf(row)).not.toBe(hashOf(['1', 'booking', '10', 'hello!', '', 'one']));
});
