import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvRecord, createCsvReader } from './csv.js';
import { createEncodingProbe, type Delimiter, decodeText, detectDelimiter } from './text.js';

function read(text: string, pieces = [text.length], delimiter: Delimiter = ',', limit?: number): CsvRecord[] {
  const reader = createCsvReader(delimiter, limit);
  const records: CsvRecord[] = [];
  let at = 0;
  for (const size of pieces) {
    records.push(...reader.push(text.slice(at, at + size)));
    at += size;
  }
  if (at < text.length) records.push(...reader.push(text.slice(at)));
  return [...records, ...reader.end()];
}

/** One character at a time: every place where a piece may end. */
const drop = (text: string) => Array<number>(text.length).fill(1);

describe('as csv-parse reads it', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[a",;\t\n\r é]{0,8}$/),
    fc.constant(''),
  );
  test.each([',', ';', '\t'] as const)(
    'any table written with %j comes back, however it is cut',
    (delimiter) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 2, max: 5 }).chain((width) =>
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
              minLength: 1,
              maxLength: 6,
            }),
          ),
          fc.constantFrom('\n', '\r\n'),
          fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
          (rows, ending, pieces) => {
            const text = stringify(rows, { delimiter, record_delimiter: ending, quoted_match: /[\r\n]|^\s/ });
            const oracle = parse(text, { delimiter, record_delimiter: ending }) as string[][];
            const notEmpty = (row: CsvRecord) => row?.join('') !== '' || (row?.length ?? 0) > 1;
            expect(read(text, pieces, delimiter).filter(notEmpty)).toEqual(oracle.filter(notEmpty));
          },
        ),
      );
    },
  );
});

describe('the defects of real exports', () => {
  test.each([
    [
      'LF, CRLF and CR',
      'a,b\r\n1,2\n3,4\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'CR alone',
      'a,b\r1,2\r3,4',
      [
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'no line end at the end',
      'a,b\n1,"2"',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['blank after the comma', 'a, "b, c",d', [['a', 'b, c', 'd']]],
    ['quotes, delimiters and line ends in quotes', '"a ""x""","b,\nc"\n', [['a "x"', 'b,\nc']]],
    ['a quote inside an unquoted cell', '5" pipe,2', [['5" pipe', '2']]],
    [
      'empty lines',
      'a,b\n\n\r\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['trailing delimiter', 'a,"b",\n', [['a', 'b', '']]],
    ['too many and too few cells are left to the caller', '1,2,3\n4\n', [['1', '2', '3'], ['4']]],
    ['a quote that closes too early', 'a,"b" c,d\n1,2,3\n', [null, ['1', '2', '3']]],
    [
      'an unclosed quote spoils its row, not the file',
      'a,b\n1,"two\n3,4\n5,6\n',
      [['a', 'b'], null, ['3', '4'], ['5', '6']],
    ],
    ['nothing', '', []],
  ])('%s', (_name, text, expected) => {
    expect(read(text)).toEqual(expected);
    expect(read(text, drop(text))).toEqual(expected);
  });

  test('an unclosed quote does not hold the file in memory', () => {
    const text = `a,b\n1,"two\n${'3,4\n'.repeat(500)}`;
    const records = read(text, Array(20).fill(100), ',', 256);
    expect(records[1]).toBeNull();
    expect(records.filter((record) => record?.join() === '3,4').length).toBe(500);
  });
});

test.each([
  ['Name,"Note; long",Place\nA,"1;2;3",C\n', ','],
  ['Name;Amount;Place\nA;1,50;C\nB;2,75;D\n', ';'],
  ['Name\tNote\nA\tone, two, three\n', '\t'],
  ['Only\nOne\n', ','],
])('delimiter of %j', (sample, delimiter) => {
  expect(detectDelimiter(sample)).toBe(delimiter);
});

describe('encodings', () => {
  const utf16be = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();
  test.each([
    ['utf-8', Buffer.from('Zoë 🎆'), 'Zoë 🎆'],
    ['utf-8', Buffer.from('\uFEFFZoë'), 'Zoë'],
    ['utf-16le', Buffer.from('\uFEFFZoë', 'utf16le'), 'Zoë'],
    ['utf-16be', utf16be('Zoë'), 'Zoë'],
    ['windows-1252', Buffer.from([0x5a, 0x6f, 0xeb, 0x20, 0x96]), 'Zoë –'],
    ['utf-8', Buffer.alloc(0), ''],
    // Cut in the middle of a character, at its end and before another one; one row pasted from Latin-1.
    ['utf-8', Buffer.concat([Buffer.from('Zoë'.repeat(9)), Buffer.from([0xc3])]), `${'Zoë'.repeat(9)}\uFFFD`],
    ['utf-8', Buffer.from([0xe2, 0x82, 0xc3, 0xab, 0x2c, 0xc3, 0xab]), '\uFFFDë,ë'],
    ['utf-8', Buffer.concat([Buffer.from('ëëë Zo'), Buffer.from([0xeb, 0x0a])]), 'ëëë Zo\uFFFD\n'],
    ['windows-1252', Buffer.from('Zo\xeb M\xfcller caf\xe9 \xc3\xab', 'latin1'), 'Zoë Müller café Ã«'],
  ])('%s', async (encoding, bytes, text) => {
    const probe = createEncodingProbe();
    const chunks = [...bytes].map((byte) => Buffer.from([byte]));
    for (const chunk of bytes.length > 2 ? [bytes.subarray(0, 3), bytes.subarray(3)] : chunks)
      probe.see(chunk);
    expect(probe.encoding()).toBe(encoding);
    const decoded: string[] = [];
    for await (const piece of decodeText(toAsync(chunks), probe.encoding())) decoded.push(piece);
    expect(decoded.join('')).toBe(text);
  });
});

test('what counts as broken is what the decoder cannot read, wherever the chunks are cut', () => {
  const bytes = fc.array(
    fc.constantFrom(0x41, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc3, 0xe0, 0xed, 0xf0, 0xf4, 0xff),
  );
  fc.assert(
    fc.property(bytes, fc.nat(), (all, at) => {
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(all));
      const broken = [...text].filter((sign) => sign === '\uFFFD').length;
      const whole = [...text].filter((sign) => sign > '\u007f').length - broken;
      const probe = createEncodingProbe();
      // An ASCII letter first: no mark decides.
      const file = Buffer.from([0x41, 0x41, 0x41, ...all]);
      const cut = 3 + (at % (all.length + 1));
      probe.see(file.subarray(0, cut));
      probe.see(file.subarray(cut));
      expect(probe.encoding()).toBe(broken === 0 || whole >= broken ? 'utf-8' : 'windows-1252');
    }),
  );
});

async function* toAsync(chunks: Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  yield* chunks;
}
