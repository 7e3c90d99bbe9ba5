import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios from 'axios';
import { type AddressRules, assertAddressAllowed, guardedLookup, parseWebhookUrl } from './guard-address.js';

/** A receiver that takes longer has not received: it is asked to answer first and work later. */
const timeoutMs = 10_000;

export type PostResult = { kind: 'ok' | 'refused'; status: number } | { kind: 'failed'; error: string };

/** Sends one message. Never follows a redirect, uses no proxy, reads little of the answer, keeps no connection. */
export async function postMessage(
  target: string,
  body: string,
  headers: Record<string, string>,
  rules: AddressRules,
): Promise<PostResult> {
  const agents: Array<HttpAgent | HttpsAgent> = [];
  try {
    // Again, and not only when it was registered: the rules may have become stricter since.
    const url = parseWebhookUrl(target, rules);
    assertAddressAllowed(url, rules);
    const lookup = guardedLookup(url, rules);
    agents.push(new HttpAgent({ lookup }), new HttpsAgent({ lookup }));
    const answer = await axios.post(url.href, body, {
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'octopipe-webhooks' },
      httpAgent: agents[0],
      httpsAgent: agents[1],
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      maxRedirects: 0,
      maxContentLength: 64 * 1024,
      proxy: false,
      responseType: 'text',
      validateStatus: () => true,
      transformRequest: (data) => data,
    });
    return { kind: answer.status >= 200 && answer.status < 300 ? 'ok' : 'refused', status: answer.status };
  } catch (error) {
    // A code or the name of the error, never its text: that may hold parts of the URL.
    const { code, name } = error as { code?: string; name?: string };
    return { kind: 'failed', error: code ?? name ?? 'unknown' };
  } finally {
    for (const agent of agents) agent.destroy();
  }
}
