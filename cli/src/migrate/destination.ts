import { CliError } from '../exit-codes.js';

/** `acme.pipedrive.com`, `https://acme.pipedrive.com/deals` and `http://127.0.0.1:4010` alike; the origin only. */
export function parseDestination(given: string): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw wrong(given, error);
  }
  if (!['http:', 'https:'].includes(url.protocol) || url.hostname === '') throw wrong(given);
  if (url.username !== '' || url.password !== '')
    throw new CliError('usage', '--to must not hold a login; pass the API token with --token.');
  return url.origin;
}

function wrong(given: string, cause?: unknown): CliError {
  return new CliError(
    'usage',
    `--to ${given} is not an address; name the account like https://your-company.pipedrive.com.`,
    { cause },
  );
}
