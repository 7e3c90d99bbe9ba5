import { describe, expect, it } from 'vitest';
import { besideLines } from './valued-by-lines.js';

const line = (sum: unknown, more: object = {}) => ({ id: 1, sum, is_enabled: true, ...more });
const edited = (...fields: string[]) => ({ content: 'edited' as const, edited: fields });

describe('a deal whose value is not the one we wrote', () => {
  it.each([
    ['its lines come to it', 100, [line(40), line(60)], ['value'], 'untouched', []],
    ['and something else is changed', 100, [line(100)], ['title', 'value'], 'edited', ['title']],
    [
      'a line that does not count',
      40,
      [line(40), line(60, { is_enabled: false })],
      ['value'],
      'untouched',
      [],
    ],
    ['the account rounds their sum', 33.34, [line(16.666), line(16.667)], ['value'], 'untouched', []],
    ['a person set it', 999, [line(40), line(60)], ['value'], 'edited', ['value']],
    ['a person set it a few cents off', 100.03, [line(40), line(60)], ['value'], 'edited', ['value']],
    ['it has no lines', 0, [], ['value'], 'edited', ['value']],
    ['the lines show no sum', 0, [line(undefined)], ['value'], 'edited', ['value']],
    ['the value is as we wrote it', 100, [line(40), line(60)], ['title'], 'edited', ['title']],
  ] as const)('%s', (_what, value, lines, fields, content, left) => {
    expect(besideLines(edited(...fields), { id: 1, value }, lines)).toEqual({ content, edited: left });
  });
});
