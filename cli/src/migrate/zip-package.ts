import { createReadStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { ExportPackage } from './inspect-package.js';

/**
 * The package as the bytes to send. The same folder gives the same bytes on every machine and at every time, so that
 * a rerun is recognised by its hash and nothing is staged twice: sorted names, one date, one mode, and no compression
 * (its output differs between zlib versions, and the bytes go no further than this machine).
 */
export function zipPackage(source: ExportPackage): Readable {
  if (source.kind === 'zip') return createReadStream(source.path);
  const zip = new ZipFile();
  const output = new PassThrough();
  zip.on('error', (error: Error) => output.destroy(error));
  zip.outputStream.on('error', (error: Error) => output.destroy(error));
  zip.outputStream.pipe(output);
  for (const entry of source.entries) {
    // Opened one at a time: a package may hold more files than we may have open. The size is checked while it
    // streams, so a file that grows meanwhile ends the upload instead of being sent half.
    zip.addReadStreamLazy(entry.name, { ...sameForAll(), size: entry.bytes }, (give) => {
      const content = createReadStream(entry.path);
      content.on('error', (error) => output.destroy(error));
      give(null, content);
    });
  }
  zip.end();
  return output;
}

function sameForAll() {
  return {
    // The zip's own date has no time zone: midnight here is written as midnight everywhere.
    mtime: new Date(2000, 0, 1),
    forceDosTimestamp: true,
    mode: 0o100644,
    compress: false,
  };
}
