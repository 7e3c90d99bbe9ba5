import { strFromU8, unzipSync } from 'fflate';
import readWorkbook from 'read-excel-file/node';
import { afterEach, expect, test, vi } from 'vitest';
import { type Sheet, workbookOf } from './workbook.js';

const nasty = [
  '=1+1',
  '+61 400 000 000',
  '-5',
  '@SUM(A1)',
  '\t=1',
  '＝1+1',
  'line one\nline two',
  '<b>&"é中😀',
  '\u0000x\u000b',
];
const sheet: Sheet = {
  name: 'Rules',
  columns: nasty.map((_, index) => ({ says: `Column ${index + 1}`, width: 20 })),
  rows: [nasty, [3, null, '', 'x'.repeat(40_000)]],
};

afterEach(() => {
  vi.useRealTimers();
});

test('what looks like a formula is text, figures are numbers, and a cell that is too long says where the rest is', async () => {
  const book = await workbookOf([sheet]);
  const [found] = await readWorkbook(book);
  expect(found?.data[1]).toEqual([...nasty.slice(0, 4), '=1', ...nasty.slice(5, 8), 'x']);
  expect(found?.data[2]?.slice(0, 3)).toEqual([3, null, null]);
  const long = String(found?.data[2]?.[3]);
  expect([long.length, long.slice(-31)]).toEqual([32_767, ' … (longer in inventories.json)']);
  for (const [path, part] of Object.entries(unzipSync(book)))
    expect([path, strFromU8(part).match(/<f[ >/]/)]).toEqual([path, null]);
});

test('the same sheets are the same bytes at any time', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2001, 1, 3) });
  const first = await workbookOf([sheet, { ...sheet, name: 'Empty', rows: [] }]);
  vi.setSystemTime(Date.UTC(2030, 5, 6, 7, 8, 9));
  expect(await workbookOf([sheet, { ...sheet, name: 'Empty', rows: [] }])).toEqual(first);
});
