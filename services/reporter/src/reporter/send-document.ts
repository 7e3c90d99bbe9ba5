import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { ReporterContext } from '../context.js';
import type { ReportDocument } from './documents.js';

/** Streams a document, decrypting on the way; answers 304 when the caller has these bytes already. */
export async function sendDocument(
  ctx: ReporterContext,
  tenantId: string,
  document: ReportDocument,
  req: Request,
  res: Response,
  disposition: 'attachment' | 'inline',
): Promise<void> {
  const etag = `"${document.sha256}"`;
  if (req.get('if-none-match') === etag) {
    res.setHeader('etag', etag).status(304).end();
    return;
  }
  const content = await ctx.files.open(tenantId, await ctx.dataKey(tenantId), document.blob);
  // Only now: if opening failed, the error's own answer must not carry the headers of a document.
  res.setHeader('etag', etag);
  res.setHeader('cache-control', 'private, no-cache');
  res.setHeader('content-type', document.mediaType);
  res.setHeader('content-disposition', `${disposition}; filename="${document.name}"`);
  res.setHeader('content-length', document.bytes);
  try {
    await pipeline(content, res);
  } catch (error) {
    if (!res.headersSent) throw error;
    // The caller went away, or the file is damaged. The connection is cut already; the declared length tells the caller.
    ctx.logger.warn({ document: document.name, err: error }, 'document not sent to its end');
  }
}
