import type { Delimiter } from './text.js';

/** A record's cells, or null when its quotes are broken: the row is counted and set aside, never guessed at. */
export type CsvRecord = string[] | null;

export interface CsvReader {
  /** Takes the next piece of text and answers the records that are complete with it. */
  push(text: string): CsvRecord[];
  /** The records left at the end of the file. */
  end(): CsvRecord[];
}

/** A record longer than this is an unclosed quote, not a note: 64 times the longest note of the data sheet. */
export const maxRecordLength = 4 * 2 ** 20;

/**
 * RFC 4180 over pieces of text, with the recovery that we need: an unclosed or misplaced quote spoils its own record
 * only, and reading goes on at the next line. csv-parse, the oracle of our tests, loses the rest of the file there,
 * and takes three times as long (60,000 rows of 77 columns: 47,000 rows/s against 125,000). Empty lines are no records.
 * LF, CRLF and CR end a record; blanks before an opening quote are skipped.
 */
export function createCsvReader(delimiter: Delimiter, limit = maxRecordLength): CsvReader {
  let rest = '';
  let newline: '\n' | '\r' | undefined;
  return {
    push(text) {
      rest = rest === '' ? text : rest + text;
      newline ??= lineEndOf(rest);
      if (newline === undefined && rest.length < limit) return [];
      return take(false);
    },
    end() {
      newline ??= lineEndOf(`${rest} `) ?? '\n';
      const records = take(true);
      rest = '';
      return records;
    },
  };

  function take(last: boolean): CsvRecord[] {
    const scan = { text: rest, at: 0, newline: newline ?? '\n', last, delimiter, limit, nextQuote: -1 };
    const records: CsvRecord[] = [];
    while (scan.at < scan.text.length) {
      const record = readRecord(scan);
      if (record === undefined) break;
      if (record !== 'empty') records.push(record);
    }
    rest = scan.text.slice(scan.at);
    return records;
  }
}

/** Told by the first line end outside of quotes; undefined while there is none. CR alone is what old Macs wrote. */
function lineEndOf(text: string): '\n' | '\r' | undefined {
  let quoted = false;
  for (let at = 0; at < text.length && at < maxRecordLength; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 34) quoted = !quoted;
    if (quoted) continue;
    if (unit === 10) return '\n';
    if (unit === 13 && at + 1 < text.length) return text.charCodeAt(at + 1) === 10 ? '\n' : '\r';
  }
  return undefined;
}

interface Scan {
  text: string;
  at: number;
  newline: '\n' | '\r';
  last: boolean;
  delimiter: Delimiter;
  limit: number;
  /** Position of the first quote at or after `at`; the text's length when there is none, -1 when not looked up. */
  nextQuote: number;
}

/** The record at `scan.at`, after which `scan.at` stands; undefined (and no move) when its end is not here yet. */
function readRecord(scan: Scan): CsvRecord | 'empty' | undefined {
  const { text, at, delimiter } = scan;
  const end = text.indexOf(scan.newline, at);
  if (end === -1 && !scan.last && text.length - at < scan.limit) return undefined;
  const lineEnd = end === -1 ? text.length : end;
  if (scan.nextQuote < at) scan.nextQuote = nextQuote(text, at);
  if (scan.nextQuote >= lineEnd) {
    scan.at = Math.min(lineEnd + 1, text.length);
    const line = text.slice(at, withoutReturn(text, at, lineEnd));
    return line === '' ? 'empty' : line.split(delimiter);
  }
  return readQuotedRecord(scan);
}

function withoutReturn(text: string, from: number, lineEnd: number): number {
  return lineEnd > from && text.charCodeAt(lineEnd - 1) === 13 ? lineEnd - 1 : lineEnd;
}

/** For records that hold a quote: quoted cells one by one, what lies between them split at once. */
function readQuotedRecord(scan: Scan): CsvRecord | undefined {
  const { text, delimiter, newline, last } = scan;
  const cells: string[] = [];
  let at = scan.at;
  let lineEnd = -1;
  let quote = scan.nextQuote;
  for (;;) {
    if (lineEnd < at) lineEnd = endOfLine(text, at, newline);
    if (quote < at) quote = nextQuote(text, at);
    if (quote >= lineEnd) {
      if (lineEnd === text.length && !last && text.length - scan.at < scan.limit) return undefined;
      const tail = text.slice(at, withoutReturn(text, at, lineEnd));
      for (const cell of tail.split(delimiter)) cells.push(cell);
      scan.at = Math.min(lineEnd + 1, text.length);
      scan.nextQuote = quote;
      return cells;
    }
    const before = text.lastIndexOf(delimiter, quote);
    if (before >= at) {
      for (const cell of text.slice(at, before).split(delimiter)) cells.push(cell);
      at = before + 1;
    }
    const open = openingQuote(text, at);
    if (open === -1) {
      // A quote within an unquoted cell is a character like any other.
      const next = text.indexOf(delimiter, at);
      const cellEnd = next === -1 || next > lineEnd ? lineEnd : next;
      if (cellEnd === lineEnd && lineEnd === text.length && !last) {
        if (text.length - scan.at < scan.limit) return undefined;
      }
      if (cellEnd === lineEnd) {
        cells.push(text.slice(at, withoutReturn(text, at, lineEnd)));
        scan.at = Math.min(lineEnd + 1, text.length);
        return cells;
      }
      cells.push(text.slice(at, cellEnd));
      at = cellEnd + 1;
      continue;
    }
    const close = closingQuote(text, open + 1);
    if (close === -1 || (close === text.length - 1 && !last)) {
      if (!last && text.length - scan.at < scan.limit) return undefined;
      if (close === -1) return spoilt(scan, open);
    }
    const cell = text.slice(open + 1, close);
    cells.push(cell.includes('"') ? cell.replaceAll('""', '"') : cell);
    at = close + 1;
    while (text[at] === ' ') at += 1;
    if (at >= text.length) {
      if (!last) return text.length - scan.at < scan.limit ? undefined : spoilt(scan, open);
      scan.at = text.length;
      return cells;
    }
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    if (text[at] === '\r' && at + 1 === text.length && !last && newline === '\n') return undefined;
    const ending = text[at] === '\r' && text[at + 1] === '\n' ? 2 : text[at] === newline ? 1 : 0;
    if (ending === 0) return spoilt(scan, at);
    scan.at = at + ending;
    return cells;
  }
}

/** Goes on after the line on which the quotes went wrong. */
function spoilt(scan: Scan, from: number): CsvRecord | undefined {
  const lineEnd = endOfLine(scan.text, from, scan.newline);
  if (lineEnd === scan.text.length && !scan.last && scan.text.length - scan.at < scan.limit) return undefined;
  scan.at = Math.min(lineEnd + 1, scan.text.length);
  return null;
}

/** The text's length when there is none. */
function nextQuote(text: string, at: number): number {
  const quote = text.indexOf('"', at);
  return quote === -1 ? text.length : quote;
}

function openingQuote(text: string, at: number): number {
  let start = at;
  while (text[start] === ' ') start += 1;
  return text[start] === '"' ? start : -1;
}

/** The first quote from `at` that is not doubled, -1 when there is none. */
function closingQuote(text: string, at: number): number {
  let quote = text.indexOf('"', at);
  while (quote !== -1 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}

function endOfLine(text: string, at: number, newline: string): number {
  const end = text.indexOf(newline, at);
  return end === -1 ? text.length : end;
}
