import type { RunStatus } from '@octopipe/shared/domain/run/states';
import { type Html, html } from './html.js';

/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 record`, `2,000 records`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** An exact decimal string for the eye: groups of three, at least two decimals, nothing rounded. */
export function money(amount: string): string {
  const [, sign = '', whole = amount, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction.padEnd(2, '0')}`;
}

/** A moment in the reader's zone with the zone named, and exact for machines. */
export function moment(at: Date | null, timeZone: string): Html {
  if (at === null) return html`–`;
  const text = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: knownZone(timeZone),
  }).format(at);
  return html`<time datetime="${at.toISOString()}">${text} (${knownZone(timeZone)})</time>`;
}

/** A zone this runtime does not know (a typing mistake in the settings) must not cost us the report. */
function knownZone(timeZone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch {
    return 'UTC';
  }
}

/** `2 h 05 min`, `3 min 20 s`, `0.8 s`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${count(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `no_email_found` → `no email found`: codes stay recognisable, only readable. */
export function words(code: string): string {
  return code.replaceAll('_', ' ');
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A gate that can be waived, as POST /v1/runs names it, for somebody who does not know our words. */
export function gateWords(gate: string): string {
  return Object.hasOwn(gates, gate) ? (gates[gate] ?? gate) : capital(words(gate));
}

/** Who let a gate pass: a name is only what was typed, so the key that said it stands beside it. */
export function waivedBy({ actor, key }: { actor: string; key?: string | undefined }): Html {
  return html`waived by <strong>${actor}</strong>${key !== undefined && key !== actor && html` (with the key <strong>${key}</strong>)`}`;
}

const gates: Record<string, string> = {
  mapping_confirmation: 'Confirmation of the mapping by the customer',
  duplicate_customers: 'Looking at customers that seem to be one and the same: they were kept apart',
  rehearsal: 'Rehearsal before the real run',
  phase_gates: 'Stopping when records are refused',
};

/** The run's status as its reader says it. */
export const statusWords: Record<RunStatus, string> = {
  queued: 'Queued',
  running: 'Running',
  waiting_budget: 'Waiting for the daily allowance',
  waiting_person: 'Waiting for a person',
  paused: 'Paused',
  failed: 'Stopped',
  done: 'Finished',
  rolled_back: 'Rolled back',
  cancelled: 'Cancelled',
};
