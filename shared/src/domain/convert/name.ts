import { oneLine } from './text.js';

/** `Ada Lovelace`; undefined when both parts are empty. */
export function fullName(first: string | undefined, last: string | undefined): string | undefined {
  const name = oneLine([first, last].filter(Boolean).join(' '));
  return name === '' ? undefined : name;
}

/** `Lovelace, Ada` → `Ada Lovelace`; everything else unchanged. */
export function displayName(text: string | undefined): string | undefined {
  const name = oneLine(text ?? '');
  const match = /^([^,]+), ([^,]+)$/.exec(name);
  if (match && !/^(?:pty|ltd|inc|llc|co)\b/i.test(match[2] ?? '')) return `${match[2]} ${match[1]}`;
  return name === '' ? undefined : name;
}

/** What makes two spellings one name: case, accents, punctuation and blanks do not count. */
export function nameKey(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/&/g, ' and ')
    .replace(/['’.]/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** As nameKey, without the legal form at the end: `Tidewater Dental Pty Ltd` is `Tidewater Dental`. */
export function companyKey(name: string): string {
  const key = nameKey(name);
  const bare = key.replace(
    /(?: (?:pty|ltd|limited|inc|incorporated|llc|llp|plc|gmbh|co|corp|corporation|company))+$/,
    '',
  );
  return bare === '' ? key : bare;
}
