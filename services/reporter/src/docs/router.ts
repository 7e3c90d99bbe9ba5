import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { openApiDocument } from '@octopipe/shared/http/openapi';
import { readApiParts } from '@octopipe/shared/service/api-parts';
import type { Express, Response } from 'express';
import type { ReporterContext } from '../context.js';
import { contentSecurityPolicy } from '../html/page.js';
import { errorsPage } from './errors-page.js';

/** The viewer comes with our own dependencies: the page works without the internet and tells nobody that it is read. */
const viewer = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const assets: Record<string, { type: string; read(): Promise<Buffer | string> }> = {
  'viewer.css': { type: 'text/css', read: () => readFile(path.join(viewer, 'swagger-ui.css')) },
  'viewer.js': { type: 'text/javascript', read: () => readFile(path.join(viewer, 'swagger-ui-bundle.js')) },
  'start.js': { type: 'text/javascript', read: async () => start },
};

const start = `window.ui = SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null,
  docExpansion: 'none', defaultModelsExpandDepth: 0, displayRequestDuration: true, persistAuthorization: false,
});
`;

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>octopipe API</title>
<link rel="stylesheet" href="/docs/assets/viewer.css">
</head>
<body>
<noscript>This page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>, the error codes at <a href="/docs/errors">/docs/errors</a>.</noscript>
<div id="docs"></div>
<script src="/docs/assets/viewer.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
`;

/** Nothing from anywhere else; the viewer styles its own elements and draws its icons from data URIs. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/openapi.json`, the page that shows it, and the catalogue of error codes: for everybody, they hold no data. */
export function addDocs(app: Express, ctx: ReporterContext): void {
  app.get('/openapi.json', async (_req, res) => {
    const document = openApiDocument(await readApiParts(ctx.db));
    res.setHeader('cache-control', 'no-cache');
    res.json(document);
  });
  app.get('/docs', (_req, res) => sendPage(res, docsPage, docsPolicy));
  app.get('/docs/errors', (_req, res) => sendPage(res, errorsPage(), contentSecurityPolicy));
  app.get('/docs/assets/:name', async (req, res, next) => {
    const asset = Object.hasOwn(assets, req.params.name) ? assets[req.params.name] : undefined;
    if (!asset) return next();
    res.setHeader('cache-control', 'public, max-age=3600');
    res.type(asset.type).send(await asset.read());
  });
}

function sendPage(res: Response, page: string, policy: string): void {
  res.setHeader('content-security-policy', policy);
  res.setHeader('referrer-policy', 'no-referrer');
  res.setHeader('x-frame-options', 'DENY');
  res.type('html').send(page);
}
