import { isAscii } from 'node:buffer';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
export type Delimiter = ',' | ';' | '\t';

/**
 * Watches a file's bytes go by and says at the end which encoding they are in: by BOM, else by what the bytes beyond ASCII
 * are. In Windows-1252 hardly two of them make a character of UTF-8, so one that is cut off or pasted from elsewhere among
 * whole ones does not make another encoding of the file.
 */
export function createEncodingProbe(): { see(chunk: Buffer): void; encoding(): Encoding } {
  let head: Buffer | undefined;
  const counter = createUtf8Counter();
  return {
    see(chunk) {
      head ??= chunk;
      counter.see(chunk);
    },
    encoding() {
      const byMark = encodingOfMark(head ?? Buffer.alloc(0));
      if (byMark) return byMark;
      const { whole, broken } = counter.counts();
      return broken === 0 || whole >= broken ? 'utf-8' : 'windows-1252';
    },
  };
}

/** Counts characters of more than one byte, and bytes that are of none, as the decoder tells them apart. */
function createUtf8Counter(): { see(chunk: Buffer): void; counts(): { whole: number; broken: number } } {
  let whole = 0;
  let broken = 0;
  // Of the character that has begun: bytes to come, and what the next of them may be.
  let missing = 0;
  let lowest = 0x80;
  let highest = 0xbf;
  const begin = (byte: number) => {
    missing = byte < 0xc2 || byte > 0xf4 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    if (missing === 0) broken += 1;
  };
  return {
    see(chunk) {
      // Most of a file is ASCII, which Node tells many times faster than a loop over bytes.
      if (missing === 0 && isAscii(chunk)) return;
      // By index: an iterator over the bytes takes several times as long.
      for (let index = 0; index < chunk.length; index += 1) {
        const byte = chunk[index] ?? 0;
        if (missing === 0 && byte < 0x80) continue;
        if (missing > 0 && byte >= lowest && byte <= highest) {
          missing -= 1;
          lowest = 0x80;
          highest = 0xbf;
          if (missing === 0) whole += 1;
          continue;
        }
        if (missing > 0) broken += 1;
        missing = 0;
        if (byte >= 0x80) begin(byte);
      }
    },
    counts: () => ({ whole, broken: broken + (missing > 0 ? 1 : 0) }),
  };
}

function encodingOfMark(head: Buffer): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  return undefined;
}

/**
 * Bytes to text, chunk by chunk. The BOM is not part of the text; what is not valid becomes U+FFFD, and so does NUL,
 * which Postgres cannot hold: it shows instead of vanishing.
 */
export async function* decodeText(
  chunks: AsyncIterable<unknown>,
  encoding: Encoding,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk as Buffer, { stream: true });
    if (text !== '') yield withoutNul(text);
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}

function withoutNul(text: string): string {
  return text.includes('\u0000') ? text.replaceAll('\u0000', '\uFFFD') : text;
}

/** The delimiter that splits the first lines into the most cells of equal number; comma when none does. */
export function detectDelimiter(sample: string): Delimiter {
  const lines = unquoted(sample)
    .split(/\r\n|\n|\r/)
    .filter((line) => line !== '')
    .slice(0, 20);
  const first = lines[0] ?? '';
  let best: { delimiter: Delimiter; score: number } = { delimiter: ',', score: 0 };
  for (const delimiter of [',', ';', '\t'] as const) {
    const inHeader = first.split(delimiter).length - 1;
    const agreeing = lines.filter((line) => line.split(delimiter).length - 1 === inHeader).length;
    const score = inHeader * (agreeing / Math.max(lines.length, 1));
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/** Quoted parts hold delimiters and line ends that separate nothing. */
function unquoted(sample: string): string {
  return sample.replace(/"(?:[^"]|"")*"/g, '""');
}
