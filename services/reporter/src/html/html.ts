/** A piece of HTML that is safe as it stands: made by `html` or from a constant of ours. */
export class Html {
  constructor(readonly text: string) {}
}

type Piece = string | number | Html | null | undefined | false | ReadonlyArray<Piece>;

/**
 * Every value is escaped unless it is Html itself, so a page can only be unsafe where somebody writes `new Html`.
 * Attribute values must be quoted in the template: the escaping covers both kinds of quotes, not bare attributes.
 */
export function html(strings: TemplateStringsArray, ...values: Piece[]): Html {
  const parts = strings.map((text, index) => text + (index < values.length ? render(values[index]) : ''));
  return new Html(parts.join(''));
}

function render(value: Piece): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeHtml(String(value));
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
