const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The ids a path holds, by the names the log uses everywhere: `/v1/migrations/:id` gives `migrationId`. Only what has
 * the form of our ids; other parts of a path are the caller's text.
 */
export function idsOf(pattern: string, params: Record<string, unknown>): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [, list = '', name = ''] of pattern.matchAll(/([\w-]+)\/:(\w+)/g)) {
    const value = params[name];
    if (typeof value === 'string' && uuid.test(value))
      ids[name === 'id' ? `${list.replace(/s$/, '')}Id` : name] = value;
  }
  return ids;
}
