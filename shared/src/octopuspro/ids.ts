/** An id as it is compared: without blanks, no-break and zero-width spaces around it (D34). */
export function cleanId(text: string): string {
  return text.replace(/^[\s\u200B-\u200D\u2060\uFEFF]+|[\s\u200B-\u200D\u2060\uFEFF]+$/g, '');
}

/** The ids in a cell of several: a JSON array, or a list separated by `;`, `,`, `|` or line ends. */
export function idsOfCell(cell: string): string[] {
  const text = cleanId(cell);
  if (text === '') return [];
  if (text.startsWith('[')) {
    // What our own generator writes, without the detour over JSON.parse: this runs for every row.
    if (plainList.test(text)) return text.slice(2, -2).split('","');
    const parsed = parseList(text);
    if (parsed) return parsed.map((item) => cleanId(String(item))).filter((id) => id !== '');
  }
  return text
    .split(/[;,|\n]/)
    .map(cleanId)
    .filter((id) => id !== '');
}

const plainList = /^\["[^"\\\s]+"(?:,"[^"\\\s]+")*\]$/;

function parseList(text: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
