import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { stylesheet } from './stylesheet.js';

export interface PageParts {
  title: string;
  body: Html;
  /** Of a page that renews itself: by this script of ours, and where scripts do not run, whole and every so often. */
  live?: { script: string; refreshSeconds: number };
}

/**
 * A whole document: console pages and the report are the same paper. Self-contained: the style inline (its hash is in
 * `contentSecurityPolicy`), no request to anywhere, and no script but that of a page that is live.
 */
export function page(parts: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${
  parts.live &&
  html`<noscript><meta http-equiv="refresh" content="${parts.live.refreshSeconds}"></noscript>
<script src="${parts.live.script}" defer></script>`
}
<title>${parts.title}</title>
<style>${new Html(stylesheet)}</style>
</head>
<body>
${parts.body}
</body>
</html>
`.text;
}

const styleHash = createHash('sha256').update(stylesheet).digest('base64');

/** Nothing may load or run; our own style may apply, our own forms may be sent to us. */
export const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** The same, but for a script of ours and what it asks of us. */
export const livePolicy = `${contentSecurityPolicy}; script-src 'self'; connect-src 'self'`;
