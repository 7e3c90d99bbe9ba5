/** NFC, line ends as \n, no NUL, control or zero-width characters, no lone surrogates, trimmed: what every target stores unchanged. */
export function cleanText(text: string): string {
  // Most cells are plain ASCII on one line: one test spares them five rewrites.
  if (/^[\x20-\x7e]*$/.test(text)) return text.trim();
  return text
    .replace(/\r\n?/g, '\n')
    .replace(lineSeparators, '\n')
    .replace(neverStored, '')
    .replace(/\p{Surrogate}/gu, '')
    .replace(/\u00a0/g, ' ')
    .normalize('NFC')
    .trim();
}

/** As cleanText, on one line with single blanks: titles, names, subjects. */
export function oneLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ');
}

/** At most `limit` UTF-16 units, never half a code point; says whether something was lost. */
export function cutText(text: string, limit: number): { text: string; cut: boolean } {
  if (text.length <= limit) return { text, cut: false };
  // The ellipsis tells the reader that there was more.
  let end = limit - 1;
  if (isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
  return { text: `${text.slice(0, end).trimEnd()}…`, cut: true };
}

/** The first line that is not empty. */
export function firstLine(text: string): string {
  return (
    cleanText(text)
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}

// Line and paragraph separators, vertical tab, form feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are line ends in disguise.
const lineSeparators = /[\u2028\u2029\u000b\u000c]/g;
// Zero-width joiner (U+200D) stays: emoji families are made of it. Direction marks stay: right-to-left names need them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the purpose.
const neverStored = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u200b\ufeff]/g;

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
