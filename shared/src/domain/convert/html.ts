import { compile } from 'html-to-text';
import { cleanText, cutText } from './text.js';

/** Readable text of a cell that may be HTML: tags, entities, scripts and pixels go, links and lists stay readable (D30). */
export function plainText(text: string): string {
  const clean = cleanText(text);
  return looksLikeHtml(clean) ? cleanText(toText(clean)) : clean;
}

/** A text as the HTML of a Pipedrive note: escaped, so that nothing of the source is ever markup, with its line breaks. */
export function noteHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character).replace(/\n/g, '<br>');
}

/** The beginning of a text whose `noteHtml` has at most so many bytes of UTF-8; says whether something was lost. */
export function cutForNote(text: string, most: number): { text: string; cut: boolean } {
  // Most texts are far from any limit: no sign of one UTF-16 unit becomes more than this.
  if (text.length * mostOfUnit <= most) return { text, cut: false };
  let bytes = 0;
  let [fits, units] = [0, 0];
  for (const sign of text) {
    bytes += bytesOf(sign);
    if (bytes > most) return cutText(text, Math.max(1, fits));
    units += sign.length;
    // The ellipsis has to fit, too.
    if (bytes <= most - 3) fits = units + 1;
  }
  return { text, cut: false };
}

/** What a piece of HTML counts for; a line break as an account may write it. */
export function noteBytes(html: string): number {
  return Buffer.byteLength(html.replaceAll('<br>', lineBreak));
}

const lineBreak = '<br />';
const mostOfUnit = 6;

function bytesOf(sign: string): number {
  if (sign === '\n') return lineBreak.length;
  return escapes[sign]?.length ?? Buffer.byteLength(sign);
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A known tag or an entity; `a < b` and `I <3 you` are text. */
function looksLikeHtml(text: string): boolean {
  return (
    /<\/?(?:p|br|b|i|u|em|strong|div|span|a|ul|ol|li|h[1-6]|table|t[rdh]|img|script|style|font|blockquote|pre|hr|html|body)\b[^>]*>/i.test(
      text,
    ) || /&(?:amp|lt|gt|quot|nbsp|ndash|mdash|rsquo|lsquo|hellip|#\d{2,6}|#x[\da-f]{2,6});/i.test(text)
  );
}

/** Compiled once: doing so for each text takes 800 µs, converting one 60. */
const toText = compile({
  wordwrap: false as const,
  // More than a record of a package may have (4 MiB, formats/csv.ts): what is beyond is dropped without a word, and an
  // e-mail's pictures may stand in it before its text.
  limits: { maxInputLength: 5_000_000 },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'script', format: 'skip' },
    { selector: 'style', format: 'skip' },
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
    { selector: 'p', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'ul', options: { itemPrefix: '- ', leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});
