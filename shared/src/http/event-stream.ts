import type { Response } from 'express';

/** One server-sent event. Without an id it is a state and not an event: Last-Event-ID stays where it was. */
export interface Frame {
  id?: string;
  event: string;
  data: unknown;
}

/** Proxies cut what is silent for a minute. */
const beatMs = 15_000;
/** A key may be revoked while its stream is open: whoever wants more comes again, and is looked at again. */
const lifetimeMs = 15 * 60_000;
/** A reader who is so far behind has stopped reading; where it stopped it can go on. */
const mostBufferedBytes = 1_000_000;

/** Calls `then` when the reader has left, at once when it was gone before we came to that: its `close` is not told twice. */
export function onceLeft(res: Response, then: () => void): void {
  if (res.closed || res.destroyed) then();
  else res.once('close', then);
}

/** Answers with an event stream. It ends when the reader leaves or lags, when its time is over, or with `closing`. */
export function openEventStream(
  res: Response,
  closing: AbortSignal,
): { send(frames: ReadonlyArray<Frame>): void; end(): void } {
  res.status(200);
  res.setHeader('content-type', 'text/event-stream; charset=utf-8');
  res.setHeader('cache-control', 'no-store');
  // nginx would hold the events back.
  res.setHeader('x-accel-buffering', 'no');
  res.flushHeaders();
  const end = () => void res.end();
  // Between our end and the reader's close a write would be an error.
  const beat = setInterval(() => {
    if (!res.writableEnded) res.write(': beat\n\n');
  }, beatMs);
  const over = setTimeout(end, lifetimeMs);
  closing.addEventListener('abort', end);
  if (closing.aborted) end();
  onceLeft(res, () => {
    clearInterval(beat);
    clearTimeout(over);
    closing.removeEventListener('abort', end);
  });
  return {
    send(frames) {
      if (res.writableEnded || frames.length === 0) return;
      res.write(frames.map(textOf).join(''));
      if (res.writableLength > mostBufferedBytes) res.destroy();
    },
    end,
  };
}

/** JSON has no line breaks outside its strings, and escaped ones in them: one data line is enough. */
function textOf({ id, event, data }: Frame): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
