import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DocumentEntry } from '../api/answers.js';
import type { Api } from '../api/client.js';
import { CliError } from '../exit-codes.js';

export interface SavedDocument {
  name: string;
  path: string;
  bytes: number;
}

/** Downloads all documents of a run; each is whole and as the server hashed it, or not there. */
export async function saveDocuments(api: Api, runId: string, folder: string): Promise<SavedDocument[]> {
  await mkdir(folder, { recursive: true });
  const saved: SavedDocument[] = [];
  for (const document of await api.listDocuments(runId)) {
    saved.push(await saveDocument(api, runId, document, folder));
  }
  return saved;
}

async function saveDocument(
  api: Api,
  runId: string,
  document: DocumentEntry,
  folder: string,
): Promise<SavedDocument> {
  // The name comes over the network: it must stay inside the folder.
  if (document.name !== basename(document.name) || document.name.startsWith('.'))
    throw new CliError('unexpected', `The run lists a document with an unsafe name ("${document.name}").`);
  const path = join(folder, document.name);
  const partial = `${path}.part`;
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(await api.openDocument(runId, document.name), hashing, createWriteStream(partial));
    if (hash.digest('hex') !== document.sha256) {
      throw new CliError(
        'unexpected',
        `The document ${document.name} arrived damaged; run the same command again to fetch it.`,
      );
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { name: document.name, path, bytes: document.bytes };
}
