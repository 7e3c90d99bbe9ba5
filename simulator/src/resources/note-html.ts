/** The real whitelist is not documented (probe list #19); this is the one we code against. */
const allowed = new Set(['p', 'br', 'b', 'i', 'u', 'ul', 'ol', 'li', 'a']);

/** Removes comments, scripts with their content, and tags that are not allowed; their text stays. */
export function sanitised(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<\/?([a-z][a-z0-9]*)\b([^>]*)>/gi, (tag, name: string, attributes: string) => {
      const lower = name.toLowerCase();
      if (!allowed.has(lower)) return '';
      if (tag.startsWith('</')) return `</${lower}>`;
      const href = lower === 'a' ? /\shref\s*=\s*("[^"]*"|'[^']*')/i.exec(attributes)?.[0] : undefined;
      return `<${lower}${href ?? ''}>`;
    });
}
