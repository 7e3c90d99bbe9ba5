import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface LostCommit {
  /** Postgres, seen through a line that may break. */
  url: string;
  /** The next transaction with this text in one of its statements is committed, and the line breaks before the answer. */
  loseCommitOf(text: string): void;
  /** How many answers were lost. */
  lost(): number;
  close(): Promise<void>;
}

/** Stands before Postgres and passes everything on. A stopped server cannot show this: it either has committed and said so, or has not. */
export async function startLostCommit(databaseUrl: string): Promise<LostCommit> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let wanted: string | undefined;
  let lost = 0;
  const server = createServer((client) => {
    const postgres = connect(Number(target.port), target.hostname);
    let isWanted = false;
    let isLosing = false;
    const cut = () => {
      client.destroy();
      postgres.destroy();
    };
    for (const socket of [client, postgres]) {
      sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (chunk) => {
      if (chunk.includes('begin\0')) isWanted = false;
      if (wanted !== undefined && chunk.includes(wanted)) isWanted = true;
      if (isWanted && chunk.includes('commit\0')) {
        isLosing = true;
        wanted = undefined;
      }
      postgres.write(chunk);
    });
    postgres.on('data', (chunk) => {
      if (isLosing) {
        lost += 1;
        cut();
      } else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    loseCommitOf(text) {
      wanted = text;
    },
    lost: () => lost,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
