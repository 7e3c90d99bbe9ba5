import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Doorkeeper {
  url: string;
  /** From here on every request is answered 401, as after the token was revoked; `open` takes it back. */
  revoke(): void;
  open(): void;
  close(): Promise<void>;
}

/** Stands before the simulator and passes everything on, until the token is "revoked": the simulator cannot do that. */
export async function startDoorkeeper(
  target: string,
  afterCreates = Number.POSITIVE_INFINITY,
): Promise<Doorkeeper> {
  let isOpen = true;
  let creates = 0;
  const server = createServer((incoming, outgoing) => {
    if (incoming.method === 'POST' && /\/(organizations|persons)$/.test(incoming.url ?? '')) creates += 1;
    if (creates > afterCreates) {
      isOpen = false;
      creates = Number.NEGATIVE_INFINITY;
    }
    if (!isOpen) {
      incoming.resume();
      outgoing.writeHead(401, { 'content-type': 'application/json' });
      outgoing.end('{"success":false,"error":"unauthorized access","errorCode":401}');
      return;
    }
    const onward = request(
      new URL(incoming.url ?? '/', target),
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    revoke: () => {
      isOpen = false;
    },
    open: () => {
      isOpen = true;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
