import { describe, expect, it } from 'vitest';
import { withoutCommonFolder } from './connector.js';

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
