import { Problem } from '../core/errors.js';

/**
 * The only hosts we talk to: a company's own Pipedrive domain over https, or a host that this installation allows by
 * name for rehearsals (the simulator). Everything else would let a caller make us connect anywhere.
 */
export function parseBaseUrl(text: string, allowedTestHosts: ReadonlyArray<string>): URL {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw notAHost();
  }
  const isPipedrive =
    url.protocol === 'https:' && /^[a-z0-9-]+\.pipedrive\.com$/.test(url.hostname) && url.port === '';
  const isTestHost =
    (url.protocol === 'http:' || url.protocol === 'https:') && allowedTestHosts.includes(url.hostname);
  if ((!isPipedrive && !isTestHost) || url.username !== '' || url.password !== '') throw notAHost();
  return new URL(url.origin);
}

/** Does not quote what was given: people paste a token, or a password before the host. */
function notAHost(): Problem {
  return new Problem(
    422,
    'not_a_pipedrive_host',
    'This is not a Pipedrive account address; give it as https://<company>.pipedrive.com.',
    [{ pointer: '/base_url', message: 'expected https://<company>.pipedrive.com' }],
  );
}
