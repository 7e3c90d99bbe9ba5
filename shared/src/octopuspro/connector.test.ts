import { describe, expect, it } from 'vitest';
import { classifyFile, holdsUnreadData, withoutCommonFolder } from './connector.js';

describe('the folder that a package was packed with', () => {
  it.each([
    ['taken off', ['export/a.csv', 'export/attachments/x.pdf'], ['a.csv', 'attachments/x.pdf']],
    [
      'taken off beside what a Mac adds',
      ['export/a.csv', '__MACOSX/export/._a.csv'],
      ['a.csv', '__MACOSX/export/._a.csv'],
    ],
    ['none', ['a.csv', 'attachments/x.pdf'], ['a.csv', 'attachments/x.pdf']],
    ['ours', ['attachments/x.pdf', 'attachments/y.pdf'], ['attachments/x.pdf', 'attachments/y.pdf']],
    ['two', ['one/a.csv', 'two/b.csv'], ['one/a.csv', 'two/b.csv']],
    ['only what a Mac adds', ['__MACOSX/._a.csv'], ['__MACOSX/._a.csv']],
  ])('%s', (_case, paths, expected) => {
    expect(paths.map(withoutCommonFolder(paths))).toEqual(expected);
  });
});

describe('files that are not read', () => {
  it.each([
    ['bookings.xlsx', 'unknown', 'booking', true],
    ['bookings.csv.gz', 'unknown', 'booking', true],
    ['customers_2024-05-01.xls', 'unknown', 'customer', true],
    ['invoices.xml', 'unknown', 'invoice', true],
    ['whole export.xlsx', 'unknown', null, true],
    ['backup 2.zip', 'unknown', null, true],
    ['read-me.md', 'unknown', null, false],
    ['checksums.sha256', 'unknown', null, false],
  ])('%s is %s', (path, kind, object, unread) => {
    expect([classifyFile(path), holdsUnreadData(path, object)]).toEqual([{ kind, object }, unread]);
  });

  it('what is read stays what it is, and attachments are files whatever they hold', () => {
    expect(classifyFile('bookings.csv')).toEqual({ kind: 'table', object: 'booking' });
    expect(classifyFile('service_areas.geojson')).toEqual({ kind: 'json', object: 'service_area' });
    expect(classifyFile('attachments/bookings/10/quantities.xlsx').kind).toBe('attachment');
  });
});
