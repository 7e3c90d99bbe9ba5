import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../core/errors.js';

/** How long a caller may take over the body of a request. */
export interface BodyTimes {
  /** Over all of a JSON body or a form: a few MB at most. */
  wholeMs: number;
  /** Between two pieces of a streamed body. All of it may take hours: packages are large and lines are slow. */
  idleMs: number;
}

/** Shorter than the 60 s after which proxies before us (nginx) give up by themselves: then the caller hears why. */
export const defaultBodyTimes: BodyTimes = { wholeMs: 50_000, idleMs: 45_000 };

/** How long what still comes after the answer is read away: cut at once, the caller would see a reset in its place. */
const lingerMs = 5_000;

/** Has a whole body read by `reader` (express.json and the like), in its time. */
export function readInTime(
  reader: RequestHandler,
  req: Request,
  res: Response,
  { wholeMs }: BodyTimes,
): Promise<void> {
  const reading = new Promise<void>((resolve, reject) => {
    reader(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
  return inTime(
    reading,
    wholeMs,
    `The body had not come after ${secondsOf(wholeMs)} s, and the request was given up.`,
  );
}

/**
 * The pieces of a streamed body as they come. Only the wait for the caller counts, not what is done with a piece: a slow
 * disk of ours is not the caller's fault. Left early, the connection stays open: an answer has to go out on it.
 */
export async function* piecesInTime(
  req: IncomingMessage,
  { idleMs }: BodyTimes,
): AsyncGenerator<Buffer, void, undefined> {
  const pieces: AsyncIterator<Buffer> = req.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await inTime(
        pieces.next(),
        idleMs,
        `No byte of the upload had come for ${secondsOf(idleMs)} s, and it was given up; nothing of it was kept.`,
      );
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: after a pause it ends with the piece that did not come.
    void pieces.return?.();
  }
}

/**
 * Cuts a connection whose request is answered and whose body still drips in; nobody reads that any more, and nothing
 * else would end it.
 */
export function cutWhatDrips(req: IncomingMessage, res: ServerResponse): void {
  res.once('finish', () => {
    if (req.complete || req.destroyed) return;
    const cut = setTimeout(() => req.socket.destroy(), lingerMs);
    req.once('close', () => clearTimeout(cut));
  });
}

async function inTime<T>(work: Promise<T>, ms: number, says: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      // The rest of the body would be read as the next request.
      () => reject(new Problem(408, 'body_too_slow', says, [], { headers: { connection: 'close' } })),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function secondsOf(ms: number): number {
  return ms / 1000;
}
