const yes = new Set(['true', 'yes', 'y', '1', 'on', 'checked', '✓', '✔', 'x', 't', 'enabled', 'active']);
const no = new Set(['false', 'no', 'n', '0', 'off', 'unchecked', '✗', 'f', 'disabled', 'inactive', '-']);

/** The words for yes and no of D29; undefined for anything else. */
export function parseBool(text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase() ?? '';
  if (yes.has(word)) return true;
  if (no.has(word)) return false;
  return undefined;
}
