import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedCall {
  at: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export interface Recorder {
  url: string;
  calls: RecordedCall[];
  close(): Promise<void>;
}

/** What a repetition needs; the rest is made anew by whoever sends it. */
const kept = ['content-type', 'x-api-token', 'authorization', 'accept'];

/** Stands between the loader and an account, passes everything on and keeps each request as it was sent. */
export async function startRecorder(account: string): Promise<Recorder> {
  const calls: RecordedCall[] = [];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method = '', url = '', headers } = request;
      const own = Object.fromEntries(
        kept.flatMap((name) => {
          const value = headers[name];
          return typeof value === 'string' ? [[name, value]] : [];
        }),
      );
      calls.push({ at: Date.now(), method, path: url, headers: own, body });
      const passedOn = http.request(
        new URL(url, account),
        { method, agent, headers: { ...headers, host: new URL(account).host } },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      passedOn.on('error', () => response.destroy());
      passedOn.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async close() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
