import { compile } from 'html-to-text';
import { cleanText } from './text.js';

/** Readable text of a cell that may be HTML: tags, entities, scripts and pixels go, links and lists stay readable (D30). */
export function plainText(text: string): string {
  const clean = cleanText(text);
  return looksLikeHtml(clean) ? cleanText(toText(clean)) : clean;
}

/** A text as the HTML of a Pipedrive note: escaped, so that nothing of the source is ever markup, with its line breaks. */
export function noteHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character).replace(/\n/g, '<br>');
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
  // A note is at most 100,000 characters; the default stops at 16 MiB, far beyond what we could use.
  limits: { maxInputLength: 2_000_000 },
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
