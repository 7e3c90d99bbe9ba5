import http from 'node:http';
import type { RecordedCall } from './recorder.js';

/**
 * Sends these calls, so many at a time, over connections that stay open; nothing is noted, looked up or retried. The
 * answers are read to their end. Throws at the first that is no success: then the work would not be the same.
 */
export async function sendAll(
  account: string,
  calls: ReadonlyArray<RecordedCall>,
  concurrency: number,
): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  let next = 0;
  const worker = async () => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) await send(account, call, agent);
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
  } finally {
    agent.destroy();
  }
}

function send(account: string, call: RecordedCall, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      new URL(call.path, account),
      { method: call.method, agent, headers: { ...call.headers, 'content-length': call.body.length } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve();
          else
            reject(
              new Error(
                `the repetition of ${call.method} ${call.path} was answered ${status}: ${Buffer.concat(chunks).toString().slice(0, 300)}`,
              ),
            );
        });
      },
    );
    request.on('error', reject);
    request.end(call.body);
  });
}
