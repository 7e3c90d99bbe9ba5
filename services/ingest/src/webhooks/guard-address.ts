import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Problem } from '@octopipe/shared/core/errors';
import ipaddr from 'ipaddr.js';

export type Resolver = (hostname: string) => Promise<Array<{ address: string; family: number }>>;

export interface AddressRules {
  /** Host names of this installation's own test receivers: any scheme, port and address is allowed for them. */
  testHosts: ReadonlyArray<string>;
  resolve: Resolver;
}

export const systemResolver: Resolver = (hostname) => dnsLookup(hostname, { all: true });

/**
 * The ports a receiver may listen on: others are somebody's database, mail server or console. The NetworkPolicies let ingest
 * out to these.
 */
export const webhookPorts = [443, 8443];

/** The URL of a webhook as a person may register it; throws a Problem that says what is wrong. No look-up yet. */
export function parseWebhookUrl(text: string, rules: AddressRules): URL {
  const refuse = (message: string) =>
    new Problem(422, 'webhook_url_refused', `The webhook's URL is refused: ${message}.`, [
      { pointer: '/url', message },
    ]);
  const url = URL.parse(text);
  if (!url) throw refuse('it is not a URL');
  if (url.username !== '' || url.password !== '') throw refuse('it carries a user name or password');
  if (url.hash !== '') throw refuse('it carries a fragment');
  if (isTestHost(url, rules)) return url;
  if (url.protocol !== 'https:') throw refuse('only https is allowed');
  // The scheme's own port is not written out.
  if (!webhookPorts.includes(Number(url.port || 443)))
    throw refuse(`only the ports ${webhookPorts.join(' and ')} are allowed`);
  const host = bareHost(url);
  if (isIP(host) !== 0 && !isPublic(host)) throw refuse('it leads into a network that is not public');
  return url;
}

/**
 * The look-up that a delivery connects by: the name is resolved once, every address must be public, and the socket goes
 * to the checked address itself. So a name that answers differently a second time (rebinding) has nothing to gain.
 */
export function guardedLookup(url: URL, rules: AddressRules): LookupFunction {
  return (hostname, options, done) => {
    const refuse = (error: Error) => done(error, '', 0);
    const answer = (addresses: Array<{ address: string; family: number }>) => {
      const bad = addresses.find(({ address }) => !isPublic(address));
      const [first] = addresses;
      if (!first) return refuse(new AddressRefused('the name has no address'));
      if (bad && !isTestHost(url, rules))
        return refuse(new AddressRefused('the name leads into a network that is not public'));
      return typeof options === 'object' && options.all
        ? done(null, addresses)
        : done(null, first.address, first.family);
    };
    rules.resolve(hostname).then(answer, refuse);
  };
}

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** An IP literal never reaches the look-up: it is checked before the call. */
export function assertAddressAllowed(url: URL, rules: AddressRules): void {
  const host = bareHost(url);
  if (isIP(host) !== 0 && !isPublic(host) && !isTestHost(url, rules))
    throw new AddressRefused('the address is in a network that is not public');
}

function isTestHost(url: URL, rules: AddressRules): boolean {
  return (url.protocol === 'http:' || url.protocol === 'https:') && rules.testHosts.includes(bareHost(url));
}

/** `[::1]` → `::1` */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Only what the registries call global unicast; an IPv4 address inside an IPv6 one counts as that IPv4 address. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === 'unicast';
}
