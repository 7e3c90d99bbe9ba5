/**
 * Names the company behind an address, for budgets, locks and connections. Pipedrive's own id alone: one company answers
 * under several hosts (`api.`, a renamed domain), and taking them for two would write everything twice. A test host has
 * ids of its own.
 */
export function companyKeyOf(url: URL, companyId: string): string {
  const home = url.hostname.endsWith('.pipedrive.com') ? 'pipedrive.com' : url.host;
  return `${home}#${companyId}`;
}
