import type { IncomingMessage } from 'node:http';
import type { OperationFacts } from '@octopipe/shared/pipedrive/facts/index';
import busboy from 'busboy';
import type { FileStore, StoredBytes } from '../account/file-store.js';
import type { Draft, Json } from '../json.js';
import { MAX_FILE_BYTES } from '../limits/plans.js';
import { badRequest, Refusal, v1Failed } from './answers.js';

export interface UploadedFile extends StoredBytes {
  readonly part: string;
  readonly name: string;
  readonly contentType: string;
}

export type ReceivedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: Json }
  | { readonly kind: 'multipart'; readonly fields: Draft; readonly files: readonly UploadedFile[] };

const MAX_JSON_BYTES = 10 * 1024 * 1024;

/** Reads the whole body before anything is decided, so that a handler can run in one go. */
export async function receiveBody(
  request: IncomingMessage,
  facts: OperationFacts,
  store: FileStore,
): Promise<ReceivedBody> {
  switch (facts.bodyKind) {
    case 'none':
      request.resume();
      return { kind: 'none' };
    case 'json':
      return { kind: 'json', value: parseJson(await readText(request), request, facts) };
    case 'form':
      return { kind: 'json', value: parseForm(await readText(request), request) };
    case 'multipart':
      return await receiveMultipart(request, store);
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES)
      throw new Refusal({ status: 413, json: { success: false, error: 'Payload too large' } });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string, request: IncomingMessage, facts: OperationFacts): Json {
  const type = request.headers['content-type'] ?? '';
  if (text === '') return {};
  if (facts.version === 'v1' && type.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  // v2 takes JSON only.
  if (!type.startsWith('application/json')) throw badRequest('Content-Type must be application/json');
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw facts.version === 'v2' ? badRequest('The body is not valid JSON') : v1Failed(400, 'Bad request');
  }
}

/** What the service makes of another content type is documented nowhere: refused, so that nobody sends one unnoticed. */
function parseForm(text: string, request: IncomingMessage): Json {
  if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    throw v1Failed(400, 'The request must be application/x-www-form-urlencoded.');
  return Object.fromEntries(new URLSearchParams(text));
}

async function receiveMultipart(request: IncomingMessage, store: FileStore): Promise<ReceivedBody> {
  if (!request.headers['content-type']?.startsWith('multipart/form-data')) {
    request.resume();
    throw v1Failed(400, 'The request must be multipart/form-data.');
  }
  const fields: Draft = {};
  const writes: Promise<UploadedFile & { tooLarge: boolean }>[] = [];
  const form = busboy({
    headers: request.headers,
    defParamCharset: 'utf8',
    limits: { fileSize: MAX_FILE_BYTES },
  });
  form.on('field', (name, value) => {
    fields[name] = value;
  });
  form.on('file', (part, stream, { filename, mimeType }) => {
    writes.push(
      store.keep(stream).then((stored) => ({
        ...stored,
        part,
        name: filename ?? '',
        contentType: mimeType,
        tooLarge: stream.truncated === true,
      })),
    );
  });
  await new Promise<void>((resolve, reject) => {
    form.once('close', resolve);
    form.once('error', reject);
    request.once('error', reject);
    request.pipe(form);
  }).catch(() => {
    throw v1Failed(400, 'The multipart body could not be read.');
  });
  const files = await Promise.all(writes);
  if (files.some((file) => file.tooLarge)) {
    await Promise.all(files.map((file) => store.drop(file.path)));
    throw v1Failed(413, 'The file is too large.');
  }
  return { kind: 'multipart', fields, files };
}
