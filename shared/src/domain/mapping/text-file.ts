import { createHash } from 'node:crypto';
import type { TextFileSymbol } from './record.js';

/** A file of our own making. UTF-8 without a byte order mark, lines end in \n: the same bytes everywhere. */
export function textFile(text: string): TextFileSymbol {
  const bytes = Buffer.from(text, 'utf8');
  return {
    $textFile: {
      text,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.byteLength,
    },
  };
}
