import { cleanText } from './text.js';

/**
 * The values of a multi-value cell: a JSON array, or separated by newline, `;`, `|` or `,`. Where the option list is
 * known its labels are found first, so that `Nursery, upstairs` stays one value (D28).
 */
export function parseList(text: string | undefined, options: ReadonlyArray<string> = []): string[] {
  const cell = cleanText(text ?? '');
  if (cell === '') return [];
  const values = jsonList(cell) ?? splitByOptions(cell, options) ?? splitByDelimiter(cell);
  return [...new Set(values.map((value) => cleanText(value)).filter((value) => value !== ''))];
}

/** The label without what an export may add to it: ` (+$50.00, +30 min)`. */
export function withoutOptionSuffix(label: string): string {
  return label.replace(
    /\s*\((?:[+-]\s*[^()\d]{0,4}[\d.,]+(?:\s*(?:min|mins|minutes|h|hrs?))?(?:\s*,\s*)?)+\)\s*$/i,
    '',
  );
}

/** What makes two option labels the same one. */
export function optionKey(label: string): string {
  return withoutOptionSuffix(cleanText(label)).toLowerCase().replace(/\s+/g, ' ');
}

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map((item) => String(item ?? '')) : undefined;
  } catch {
    // Not JSON after all: "[see notes]" is one value.
    return undefined;
  }
}

/** Longest label first; undefined unless the whole cell is made of labels and separators. */
function splitByOptions(text: string, options: ReadonlyArray<string>): string[] | undefined {
  const byLength = [...options].sort((a, b) => b.length - a.length);
  const found: string[] = [];
  let rest = text;
  while (rest !== '') {
    const option = byLength.find((label) => label !== '' && startsWithLabel(rest, label));
    if (option === undefined) return undefined;
    found.push(option);
    rest = rest
      .slice(option.length)
      .replace(/^\s*\([^()]*\)/, '')
      .replace(/^\s*[;|,\n]?\s*/, '');
  }
  return found;
}

function startsWithLabel(text: string, label: string): boolean {
  if (!text.toLowerCase().startsWith(label.toLowerCase())) return false;
  return /^\s*(?:$|[;|,\n(])/.test(text.slice(label.length));
}

function splitByDelimiter(text: string): string[] {
  const delimiter = ['\n', ';', '|', ','].find((candidate) => text.includes(candidate));
  return delimiter === undefined ? [text] : text.split(delimiter);
}
