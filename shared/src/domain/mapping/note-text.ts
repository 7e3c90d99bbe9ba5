import { noteHtml } from '../convert/html.js';
import { cutText } from '../convert/text.js';
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
  const { text: short, cut } = cutText(text, textLimit);
  if (cut) ctx.find('value_too_long', 'note', { length: text.length, limit: textLimit });
  const marker = noteHtml(markerLine(key, tail));
  return short === '' ? marker : `${noteHtml(short)}<br><br>${marker}`;
}

/**
 * Notes take about 100,000 bytes of HTML (pipedrive-api.md 4.6, 4.7). A character of text is at most six bytes of it
 * (`&quot;`), but a text of quotes only is not worth halving everyone's room: 4 bytes of UTF-8 for each 2 units is the
 * worst that real text does.
 */
const textLimit = 24_000;
