import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { stylesheet } from './stylesheet.js';

/**
 * A whole document: console pages and the report are the same paper. Self-contained: no script, no request to
 * anywhere, the style inline (its hash is in `contentSecurityPolicy`).
 */
export function page(parts: { title: string; body: Html; refreshSeconds?: number }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${parts.refreshSeconds !== undefined && html`<meta http-equiv="refresh" content="${parts.refreshSeconds}">`}
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
