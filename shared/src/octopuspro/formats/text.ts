export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
export type Delimiter = ',' | ';' | '\t';

/** Watches a file's bytes go by and says at the end which encoding they are in: by BOM, else UTF-8 when all is valid UTF-8. */
export function createEncodingProbe(): { see(chunk: Buffer): void; encoding(): Encoding } {
  let head: Buffer | undefined;
  let valid = true;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return {
    see(chunk) {
      head ??= chunk;
      if (!valid) return;
      try {
        decoder.decode(chunk, { stream: true });
      } catch {
        valid = false;
      }
    },
    encoding() {
      const byMark = encodingOfMark(head ?? Buffer.alloc(0));
      if (byMark) return byMark;
      try {
        if (valid) decoder.decode();
      } catch {
        valid = false;
      }
      return valid ? 'utf-8' : 'windows-1252';
    },
  };
}

function encodingOfMark(head: Buffer): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
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
