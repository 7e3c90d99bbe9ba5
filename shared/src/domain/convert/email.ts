export interface Emails {
  /** Lower case, without repeats, in the order of the cell. */
  valid: string[];
  /** How many pieces of the cell were not addresses; words for "nothing" do not count. */
  invalid: number;
}

/** The addresses of one cell: two are split, `mailto:` and angle brackets come off, `n/a` is nothing (D06). */
export function parseEmails(text: string | undefined): Emails {
  if (text === undefined) return { valid: [], invalid: 0 };
  const pieces = text
    .normalize('NFKC')
    .split(/[\s;,/|]+/)
    .map((piece) => piece.replace(/^(?:mailto:)?[<("']*|[>)"'.]*$/gi, '').toLowerCase())
    .filter((piece) => piece !== '');
  if (nothing.has(text.trim().toLowerCase())) return { valid: [], invalid: 0 };
  const addresses = pieces.filter((piece) => address.test(piece) && !placeholders.has(piece));
  // "Name <name@x.example>" has words beside the address; they are no second, broken address.
  const broken = pieces.filter((piece) => piece.includes('@') && !addresses.includes(piece));
  const invalid = addresses.length === 0 ? Math.max(1, broken.length) : broken.length;
  return { valid: [...new Set(addresses)], invalid };
}

/** The domain, unless it belongs to a provider that unrelated people share. */
export function companyDomain(email: string): string | undefined {
  const domain = email.split('@')[1];
  return domain === undefined || freeMail.has(domain) ? undefined : domain;
}

const address = /^[^\s@<>()[\],;:"\\]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}$/u;
const nothing = new Set(['n/a', 'na', 'none', 'null', '-', '.', 'no', 'no email', 'unknown', 'tba']);
const placeholders = new Set([
  'none@none.com',
  'no@no.com',
  'na@na.com',
  'noemail@noemail.com',
  'test@test.com',
]);

/** The large free providers, and those of our tenants' home markets. A list, because "same company" must not rest on them. */
const freeMail = new Set([
  ...['gmail.com', 'googlemail.com', 'outlook.com', 'outlook.com.au', 'hotmail.com', 'hotmail.com.au'],
  ...['hotmail.co.uk', 'live.com', 'live.com.au', 'live.co.uk', 'msn.com', 'yahoo.com', 'yahoo.com.au'],
  ...[
    'yahoo.co.uk',
    'yahoo.co.nz',
    'ymail.com',
    'rocketmail.com',
    'icloud.com',
    'me.com',
    'mac.com',
    'aol.com',
  ],
  ...[
    'proton.me',
    'protonmail.com',
    'gmx.com',
    'gmx.de',
    'mail.com',
    'zoho.com',
    'fastmail.com',
    'fastmail.fm',
  ],
  ...['bigpond.com', 'bigpond.net.au', 'optusnet.com.au', 'tpg.com.au', 'iinet.net.au', 'westnet.com.au'],
  ...['internode.on.net', 'dodo.com.au', 'ozemail.com.au', 'xtra.co.nz', 'slingshot.co.nz', 'btinternet.com'],
  ...['sky.com', 'talktalk.net', 'virginmedia.com', 'ntlworld.com', 'comcast.net', 'verizon.net', 'att.net'],
  ...['sbcglobal.net', 'cox.net', 'charter.net', 'bellsouth.net', 'rogers.com', 'shaw.ca', 'sympatico.ca'],
]);
