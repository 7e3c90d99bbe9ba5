import { cutForNote, noteBytes, noteHtml } from '../convert/html.js';
import type { RowContext } from './define-object.js';
import { markerLine, type TargetKey } from './record.js';

/** One line of a readable block; lines without a value are left out. */
export type BlockLine = readonly [label: string, value: string | undefined];

/** `Amount: AUD 12.00`, one line each; the text without label stands last, after an empty line. */
export function block(lines: ReadonlyArray<BlockLine>, ...texts: ReadonlyArray<string | undefined>): string {
  const facts = lines.filter(([, value]) => value !== undefined && value !== '');
  return [
    facts.map(([label, value]) => `${label}: ${value}`).join('\n'),
    ...texts.filter((text) => text !== undefined && text !== ''),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A note's HTML with its marker as the last line. Cut text is reported; the marker is never cut. */
export function markedNote(text: string, key: TargetKey, tail: string | undefined, ctx: RowContext): string {
  const marker = noteHtml(markerLine(key, tail));
  const { text: short, cut } = cutForNote(text, mostBytes - noteBytes(marker));
  if (cut)
    ctx.find('value_too_long', 'note', { length: text.length, kept: short.length, limit_bytes: mostBytes });
  return short === '' ? marker : `${noteHtml(short)}<br><br>${marker}`;
}

/**
 * Notes and the notes of activities take 100,000 bytes of HTML (pipedrive-api.md 4.6, 4.7; "100 KB" may be 2,400 more).
 * The rest is for what stands between text and marker, and for what the account's own cleaning of HTML may add.
 */
const mostBytes = 98_000;
