import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Answer } from './answers.js';

/** `onlyHalf` announces the whole length, sends half of it and breaks the connection. */
export function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  { onlyHalf = false } = {},
): void {
  if (response.destroyed) return;
  const body = Buffer.from(answer.html ?? (answer.json ? JSON.stringify(answer.json) : ''));
  const length = answer.file?.size ?? body.length;
  response.writeHead(answer.status, {
    ...headers,
    ...answer.headers,
    'content-type': contentTypeOf(answer),
    'content-length': length,
  });
  const sent = onlyHalf ? Math.floor(length / 2) : length;
  const breakOff = () => {
    if (onlyHalf) response.destroy();
  };
  if (!answer.file) {
    response.write(body.subarray(0, sent), breakOff);
    if (!onlyHalf) response.end();
    return;
  }
  if (sent === 0) {
    if (onlyHalf) breakOff();
    else response.end();
    return;
  }
  const stream = createReadStream(answer.file.path, { end: sent - 1 });
  stream.once('error', () => response.destroy());
  stream.once('end', breakOff);
  stream.pipe(response, { end: !onlyHalf });
}

function contentTypeOf(answer: Answer): string {
  if (answer.file) return answer.file.contentType;
  return answer.html === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
}
