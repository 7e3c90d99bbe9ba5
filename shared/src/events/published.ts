import { runStatuses } from '../domain/run/states.js';

/** What the outside is told, by webhook and as the events of a run. Each message carries ids, counts and codes, never a customer's value. */
export const messageTypes = {
  'export.assessed': 'An export is staged and assessed; its findings can be read.',
  'export.failed': 'An export could not be taken in; `reason` says why.',
  'mapping.proposed': 'A mapping version waits for confirmation.',
  'mapping.confirmed': 'A mapping version was confirmed, or its confirmation was waived (`waived`).',
  'migration.stage_changed': 'A migration reached another stage; `stage` names it.',
  'run.status_changed': 'A run has another status; `status` names it.',
  'run.phase_changed': 'A run entered another phase; `phase` names it.',
  'person.needed': 'A run waits for a person; `reason` says for what.',
  'report.ready': 'The documents of a run can be fetched.',
  'webhook.test': 'Sent on request, to try the receiver.',
} as const;
export type MessageType = keyof typeof messageTypes;

export const messageTypeNames = Object.keys(messageTypes) as [MessageType, ...MessageType[]];

export interface LoggedEvent {
  kind: string;
  facts: Record<string, string | number | boolean | null>;
}

export interface Message {
  type: MessageType;
  data: LoggedEvent['facts'];
}

/** What an event of the log tells the outside; kinds that are not named here are ours alone. */
export function messagesOf({ kind, facts }: LoggedEvent): Message[] {
  switch (kind) {
    case 'export.assessed':
    case 'export.failed':
    case 'mapping.proposed':
    case 'report.ready':
      return [{ type: kind, data: facts }];
    case 'mapping.confirmed':
    case 'mapping.waived':
      return [{ type: 'mapping.confirmed', data: { ...facts, waived: kind === 'mapping.waived' } }];
    case 'run.phase':
      return [{ type: 'run.phase_changed', data: facts }];
    default: {
      const status = runStatuses.find((candidate) => kind === `run.${candidate}`);
      if (status === undefined) return [];
      const changed: Message = { type: 'run.status_changed', data: { ...facts, status } };
      return status === 'waiting_person' ? [changed, { type: 'person.needed', data: facts }] : [changed];
    }
  }
}
